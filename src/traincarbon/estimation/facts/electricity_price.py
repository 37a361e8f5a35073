"""The price of electricity at a place: that of its zone, else of its country, else of its continent, else of the world."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import Row
from traincarbon.database.select import nearest, sigma_of
from traincarbon.estimation.facts.evidence import Given, from_prior, given
from traincarbon.uncertain import Uncertain

if TYPE_CHECKING:
    from traincarbon.database.place_names import Place

_SECTORS = {
    "": ("industrial", "non-household", "services", "business", "commercial"),
    "home": ("household",),
    "on-prem": ("services", "business", "commercial", "non-household", "industrial"),
}
"""Kind of site to the tariffs that are paid there, the most fitting first."""


class _Area(NamedTuple):
    """A zone whose price may be used.

    Attributes:
        zone: The zone, as in electricity.csv.
        scope: The scope of the prior that holds its spread.
    """

    zone: str
    scope: str


def electricity_price(place: "Place | None", start: str | None, database: Database) -> Given:
    """Return the price of electricity at *place*, on the tariff of the site: households at home, businesses on-prem, else large users.

    Raises:
        DatabaseError: a prior is missing.
    """
    if place is not None and place.zone:
        for area in _areas(place.zone, database):
            quoted = _quoted(database.rows("electricity", area.zone), _SECTORS[place.site], start)
            if quoted is not None:
                return _given(quoted, area, place, database)
    if place is not None and place.site:
        who = "households" if place.site == "home" else "businesses"
        return from_prior(database, "electricity_price", f"site={place.site}", "$/kWh", f"tariffs of {who} of the world")
    why = "industrial prices of the world" if place is None else f"no price of {place.name} is known"
    return from_prior(database, "electricity_price", "scope=world", "$/kWh", why)


def _areas(zone: str, database: Database) -> Iterator[_Area]:
    """Yield the *zone*, its country and its continent."""
    yield _Area(zone, "scope=zone")
    country = zone.partition("-")[0]
    if country != zone:
        yield _Area(country, "scope=country")
    for row in database.rows("continents", country):
        yield _Area(row["continent"], "scope=continent")


def _quoted(rows: tuple[Row, ...], sectors: tuple[str, ...], start: str | None) -> Row | None:
    """Return the row of the most fitting sector that has one, the nearest to *start*."""
    for sector in sectors:
        found = nearest((row for row in rows if row["sector"] == sector), start)
        if found is not None:
            return found
    return None


def _given(quoted: Row, area: _Area, place: "Place", database: Database) -> Given:
    value = Uncertain(float(quoted["price_usd_per_kwh"]), {"electricity_price": sigma_of(database, "electricity_price", area.scope)})
    if area.zone == place.zone:
        return given("electricity_price", value, "$/kWh", f"{quoted['sector']} price of {place.name}, {quoted['year']}", quoted)
    name = next((row["name"] for row in database.rows("zones", area.zone)), area.zone)
    reason = f"{quoted['sector']} price of {name}, {quoted['year']}: none of {place.name} is known"
    return given("electricity_price", value, "$/kWh", reason, quoted, assumed=True)
