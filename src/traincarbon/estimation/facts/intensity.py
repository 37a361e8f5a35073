"""The carbon intensity of a place: what its provider states, else its grid, else what follows from the other basis."""

from math import hypot
from typing import TYPE_CHECKING

from traincarbon.database.load import Database
from traincarbon.database.records import Row
from traincarbon.database.select import grid_of, nearest, need_prior, sigma_of, time_of, year_of
from traincarbon.errors import PlanError
from traincarbon.estimation.facts.evidence import Given, given
from traincarbon.estimation.facts.question import Question
from traincarbon.formulas.carbon import direct_gco2e_per_kwh, lifecycle_gco2e_per_kwh
from traincarbon.uncertain import Uncertain

if TYPE_CHECKING:
    from traincarbon.database.place_names import Place

_OLD_YEARS = 2
"""Years between an intensity and the start from which a reader is warned."""
_SCALED_SIGMA = 0.1
"""Extra log-spread of an intensity that is scaled as those of its country are."""
_OTHER = {"lifecycle": "direct", "direct": "lifecycle"}
_COLUMN = "intensity_gco2e_per_kwh"


def intensity_of(place: "Place", question: Question, database: Database) -> tuple[Given | None, tuple[str, ...]]:
    """Return the intensity at *place* on the basis of *question*, with a warning if it is old; None if it is unknown and the plan states its own.

    The provider's own figure for its region comes first, unless one of the grid is nearer to the start.
    A figure on the other basis is scaled: by the country's ratio of the two, else by that of the grids of which both are known.

    Raises:
        PlanError: no intensity of the place is known.
        DatabaseError: a prior is missing.
    """
    basis, start = question.basis or "lifecycle", question.start
    row = _row_of(place, basis, start, database)
    if row is None:
        if question.is_intensity_stated:
            return None, ()
        raise PlanError(f"no {basis} intensity of {place.name} is known", hint="give carbon_intensity")
    if row["basis"] != basis:
        return _scaled(place, row, question, database)
    value = Uncertain(float(row[_COLUMN]), {"carbon_intensity": sigma_of(database, "carbon_intensity", "scope=zone")})
    return given("carbon_intensity", value, "g/kWh", f"{_where(place, row, database)}, {row['year']}, {basis}, {row['boundary']}", row), _warning_if_old(
        place, row, start
    )


def _row_of(place: "Place", basis: str, start: str | None, database: Database) -> Row | None:
    """Return the row that serves best: of the provider, the grid or the state, on the basis asked for or the other one.

    A later one of these is taken only where it is nearer to a start that the earlier one is years away from.
    """
    best: Row | None = None
    for zone in (place.region["region"] if place.region is not None else "", grid_of(database, place.id, place.zone), place.zone):
        rows = database.rows("grid", zone)
        row = nearest((row for row in rows if row["basis"] == basis), start) or nearest((row for row in rows if row["basis"] == _OTHER[basis]), start)
        if row is not None and (best is None or _is_nearer(row, best, start)):
            best = row
    return best


def _is_nearer(row: Row, best: Row, start: str | None) -> bool:
    """Return whether *row* is of a year nearer to *start* than *best*, which is years away from it."""
    if start is None:
        return False
    years, best_years = (abs(time_of(each["year"]) - time_of(start)) for each in (row, best))
    return best_years >= _OLD_YEARS and years < best_years


def _where(place: "Place", row: Row, database: Database) -> str:
    """Return the name of *place*, and of the grid that *row* is of where that is another."""
    if row["zone"] in (place.zone, place.id):
        return place.name
    return f"{place.name}, grid of {next((zone['name'] for zone in database.rows('zones', row['zone'])), row['zone'])}"


def _scaled(place: "Place", row: Row, question: Question, database: Database) -> tuple[Given, tuple[str, ...]]:
    """Return the intensity of *row*, which is on the other basis, on that of *question*, with a warning if it is old.

    Raises:
        DatabaseError: a prior is missing.
    """
    stated, basis = float(row[_COLUMN]), _OTHER[row["basis"]]
    sigma = sigma_of(database, "carbon_intensity", "scope=zone")
    country = database.rows("grid", place.zone.partition("-")[0])
    there = nearest((each for each in country if each["basis"] == row["basis"]), row["year"])
    here = nearest((each for each in country if each["basis"] == basis), question.start)
    where = f"{_where(place, row, database)}, {row['year']}, {row['basis']}"
    if there is not None and here is not None and there is not row and float(there[_COLUMN]) > 0.0:
        ratio = float(here[_COLUMN]) / float(there[_COLUMN])
        value = Uncertain(stated * ratio, {"carbon_intensity": hypot(sigma, _SCALED_SIGMA)})
        reason = f"{where}, × {ratio:.2f}: its country's {basis} of {here['year']} over {row['basis']} of {there['year']}"
        return given("carbon_intensity", value, "g/kWh", reason, row, assumed=True), _warning_if_old(place, here, question.start)
    upstream, plants = need_prior(database, "upstream_factor", "*"), need_prior(database, "plants_gco2e_per_kwh", "*")
    constants = {"upstream_factor": upstream.value.median, "plants_gco2e_per_kwh": plants.value.median}
    if basis == "lifecycle":
        scaled = lifecycle_gco2e_per_kwh(direct_gco2e_per_kwh=stated, **constants)
    else:
        scaled = direct_gco2e_per_kwh(lifecycle_gco2e_per_kwh=stated, **constants)
    spreads = {"carbon_intensity": hypot(sigma, upstream.value.sigma)}
    reason = f"{where}, {stated:g} g, scaled to {basis} as grids of which both are known"
    return given("carbon_intensity", Uncertain(scaled, spreads) if scaled else 0.0, "g/kWh", reason, row, assumed=True), _warning_if_old(
        place, row, question.start
    )


def _warning_if_old(place: "Place", row: Row, start: str | None) -> tuple[str, ...]:
    if start is None or abs(int(row["year"]) - year_of(start)) < _OLD_YEARS:
        return ()
    return (f"the intensity of {place.name} is of {row['year']}: none is known for {start}",)
