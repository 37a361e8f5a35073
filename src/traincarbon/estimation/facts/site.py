"""The facts about a site: its facility, its grid and the price of its electricity."""

from typing import TYPE_CHECKING

from traincarbon.database.load import Database
from traincarbon.database.select import nearest, prior, sigma_of
from traincarbon.estimation.facts.electricity_price import electricity_price
from traincarbon.estimation.facts.evidence import Given, Part, from_prior, given
from traincarbon.estimation.facts.intensity import intensity_of
from traincarbon.estimation.facts.intensity_split import NO_SPLIT, split_of_lifecycle, split_of_place
from traincarbon.estimation.facts.question import Subject
from traincarbon.uncertain import Uncertain

if TYPE_CHECKING:
    from traincarbon.database.place_names import Place


class FacilityFacts(Part):
    """Power and water of the facility, and the water of making its electricity."""

    pue: Given | None = None
    wue_l_per_kwh: Given | None = None
    grid_water_l_per_kwh: Given | None = None


class ElectricityFacts(Part):
    """Carbon intensity of the grid and price of its electricity."""

    carbon_intensity: Given | None = None
    direct_intensity: Given | None = None
    """Of the emissions at the stacks, which are Scope 2; None where it cannot be told from the rest."""
    upstream_intensity: Given | None = None
    """Of the rest of the lifecycle, fuels, plants and losses, which are Scope 3."""
    electricity_price: Given | None = None


def facility_facts(subject: Subject, database: Database) -> FacilityFacts:
    """Return PUE and water of the region, else of its operator's fleet, else of the range of facilities.

    Raises:
        DatabaseError: a prior is missing.
    """
    country = subject.place.zone.partition("-")[0] if subject.place is not None else ""
    scope = f"zone={country}" if prior(database, "grid_water_l_per_kwh", f"zone={country}") else "zone=*"
    return FacilityFacts(
        pue=_of_facility("pue", "", subject, database),
        wue_l_per_kwh=_of_facility("wue_l_per_kwh", "L/kWh", subject, database),
        grid_water_l_per_kwh=from_prior(database, "grid_water_l_per_kwh", scope, "L/kWh", "water consumed in making electricity"),
    )


def _of_facility(name: str, unit: str, subject: Subject, database: Database) -> Given:
    """Return the column *name* of the region, else of its operator's fleet, else the prior of all facilities."""
    place = subject.place
    if place is not None and place.site:
        return _of_own_site(name, unit, place, database)
    region = place.region if place is not None else None
    operator = region["provider"] if region is not None else subject.hardware.operator
    rows = [row for row in database.rows("facilities", operator) if row[name]]
    own = nearest((row for row in rows if region is not None and row["scope"] == region["name"]), subject.question.start)
    row = own or nearest((row for row in rows if row["scope"] == "fleet"), subject.question.start)
    if row is None:
        where = "no region named" if place is None else f"no value for {place.name}"
        return from_prior(database, name, "scope=*", unit, f"{where}: from hyperscale fleets to the average of the industry")
    sigma, value = sigma_of(database, name, "scope=region" if row is own else "scope=fleet"), float(row[name])
    where = f"{operator} {row['scope']}" if row is own else f"{operator}'s fleet"
    return given(name, Uncertain(value, {name: sigma}) if value else 0.0, unit, f"{where}, {row['year']}", row, assumed=row is not own)


def _of_own_site(name: str, unit: str, place: "Place", database: Database) -> Given:
    """Return the prior of a site of one's own; where there is none, nothing is used there but power."""
    if prior(database, name, f"site={place.site}") is None:
        return Given(name, 0.0, unit, f"{place.site}: cooled by air, no water evaporates", assumed=True)
    return from_prior(database, name, f"site={place.site}", unit, f"{place.site}: little but the machine itself")


def electricity_facts(subject: Subject, database: Database) -> ElectricityFacts:
    """Return carbon intensity and price of the electricity of the place, else the range of the world.

    Raises:
        PlanError: the place has no intensity on the basis asked for.
        DatabaseError: a prior is missing.
    """
    place, question = subject.place, subject.question
    if place is None or not place.zone:
        reason = (
            "no region named: the grids of cloud regions, weighted by the electricity of data centres"
            if place is None
            else f"no place named, as {place.site}:france: the range of grids"
        )
        world = from_prior(database, "carbon_intensity", "scope=world", "g/kWh", reason)
        split = NO_SPLIT if question.is_intensity_stated else split_of_lifecycle(world, database)
        return ElectricityFacts(
            carbon_intensity=world,
            direct_intensity=split.direct,
            upstream_intensity=split.upstream,
            electricity_price=electricity_price(place, question.start, database),
        )
    intensity, warnings = intensity_of(place, question, database)
    split = split_of_place(place, question, intensity, database)
    return ElectricityFacts(
        carbon_intensity=intensity,
        direct_intensity=split.direct,
        upstream_intensity=split.upstream,
        electricity_price=electricity_price(place, question.start, database),
        warnings=warnings,
    )
