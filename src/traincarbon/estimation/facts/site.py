"""The facts about a site: its facility, its grid and the price of its electricity."""

from math import hypot

from traincarbon.database.find import Place
from traincarbon.database.load import Database
from traincarbon.database.records import Row
from traincarbon.database.select import nearest, prior, sigma_of, year_of
from traincarbon.errors import PlanError
from traincarbon.estimation.facts.evidence import Given, Part, from_prior, given
from traincarbon.estimation.facts.question import Question, Subject
from traincarbon.uncertain import Uncertain

_OLD_YEARS = 2
"""Years between an intensity and the start from which a reader is warned."""
_SCALED_SIGMA = 0.1
"""Extra log-spread of a state's lifecycle intensity that is scaled from its direct one."""


class FacilityFacts(Part):
    """Power and water of the facility, and the water of making its electricity."""

    pue: Given | None = None
    wue_l_per_kwh: Given | None = None
    grid_water_l_per_kwh: Given | None = None


class ElectricityFacts(Part):
    """Carbon intensity of the grid and price of its electricity."""

    carbon_intensity: Given | None = None
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


def electricity_facts(subject: Subject, database: Database) -> ElectricityFacts:
    """Return carbon intensity and price of the electricity of the place, else the range of the world.

    Raises:
        PlanError: the place has no intensity on the basis asked for.
        DatabaseError: a prior is missing.
    """
    place, question = subject.place, subject.question
    if place is None:
        reason = "no region named: the range of grids on which clouds run"
        return ElectricityFacts(
            carbon_intensity=from_prior(database, "carbon_intensity", "scope=world", "g/kWh", reason),
            electricity_price=from_prior(database, "electricity_price", "scope=world", "$/kWh", "industrial prices of the world"),
        )
    intensity, warnings = _intensity(place, question, database)
    quoted = nearest(database.rows("electricity", place.zone), question.start)
    if quoted is None:
        price = from_prior(database, "electricity_price", "scope=world", "$/kWh", f"no price of {place.name} is known")
    else:
        value = Uncertain(float(quoted["price_usd_per_kwh"]), {"electricity_price": sigma_of(database, "electricity_price", "scope=zone")})
        price = given("electricity_price", value, "$/kWh", f"{quoted['sector']} price of {place.name}, {quoted['year']}", quoted)
    return ElectricityFacts(carbon_intensity=intensity, electricity_price=price, warnings=warnings)


def _intensity(place: Place, question: Question, database: Database) -> tuple[Given | None, tuple[str, ...]]:
    """Return the intensity of the grid at *place*, with a warning if it is old; None if it is unknown and the plan states its own."""
    rows = database.rows("grid", place.zone)
    basis = question.basis or "lifecycle"
    own = [row for row in database.rows("grid", place.id) if row["basis"] == basis]
    row = nearest(own or [row for row in rows if row["basis"] == basis], question.start)
    sigma = sigma_of(database, "carbon_intensity", "scope=zone")
    if row is not None:
        value = Uncertain(float(row["intensity_gco2e_per_kwh"]), {"carbon_intensity": sigma})
        reason = f"{place.name}, {row['year']}, {basis}, {row['boundary']}"
        return given("carbon_intensity", value, "g/kWh", reason, row), _warning_if_old(place, row, question.start)
    direct = nearest((row for row in rows if row["basis"] == "direct"), question.start)
    country = database.rows("grid", place.zone.partition("-")[0])
    same_year = nearest((row for row in country if row["basis"] == "direct"), direct["year"] if direct is not None else None)
    then = nearest((row for row in country if row["basis"] == "lifecycle"), question.start)
    if basis != "lifecycle" or direct is None or same_year is None or then is None or same_year is direct:
        if question.is_intensity_stated:
            return None, ()
        known = sorted({row["basis"] for row in rows})
        raise PlanError(f"no {basis} intensity of {place.name} is known", hint=f"known is {' and '.join(known)}" if known else "give carbon_intensity")
    ratio = float(then["intensity_gco2e_per_kwh"]) / float(same_year["intensity_gco2e_per_kwh"])
    value = Uncertain(float(direct["intensity_gco2e_per_kwh"]) * ratio, {"carbon_intensity": hypot(sigma, _SCALED_SIGMA)})
    reason = f"{place.name}, {direct['year']}, direct, × {ratio:.2f}: its country's lifecycle of {then['year']} over direct of {same_year['year']}"
    return given("carbon_intensity", value, "g/kWh", reason, direct, assumed=True), _warning_if_old(place, then, question.start)


def _warning_if_old(place: Place, row: Row, start: str | None) -> tuple[str, ...]:
    if start is None or abs(int(row["year"]) - year_of(start)) < _OLD_YEARS:
        return ()
    return (f"the intensity of {place.name} is of {row['year']}: none is known for {start}",)
