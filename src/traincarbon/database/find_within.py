"""Find places that are written from the smallest part to the largest, as on model cards."""

from traincarbon.database.find import LONGEST_SHOWN, refuse_ambiguous
from traincarbon.database.load import Database
from traincarbon.database.place_names import Place, place_names, plain, zone_of, zone_place

_MOST_PARTS = 4
"""Commas in the name of a place."""


def place_within(database: Database, text: str) -> Place | None:
    """Return the zone of a place that is written from the smallest part to the largest, as on model cards: ``Brooklyn, NY, USA``, ``Austin, TX``."""
    *parts, last = [part.strip() for part in text.split(",")]
    if not parts or len(parts) > _MOST_PARTS or not last:
        return None
    country = next((place for place in place_names(database).get(plain(last), {}).values() if place.region is None), None)
    states = states_abbreviated(database, last)
    for state in states:
        if country is None or any(state.zone in _zones_named_in(database, state.zone.partition("-")[0], part) for part in parts):
            return state
    if country is None:
        return None
    if states and not any(_is_in(country.zone, _zones_named_in(database, country.zone, part)) for part in parts):
        refuse_ambiguous("region or zone", text, [*(state.zone for state in states), country.zone], "carbon db list zones")
    for part in parts:
        zones = {zone for zone in _zones_named_in(database, country.zone, part) if _is_in(country.zone, {zone}) and zone != country.zone}
        rows = database.rows("zones", zones.pop()) if len(zones) == 1 else ()
        if rows:
            return zone_place(rows[0])
    return country._replace(name=f"{text[:LONGEST_SHOWN]} (all of {country.name})")


def _is_in(country: str, zones: set[str]) -> bool:
    """Return whether one of *zones* is in *country*, or is it; bidding zones, as SE3, have no hyphen."""
    return any(zone.partition("-")[0].rstrip("0123456789") == country for zone in zones)


def _zones_named_in(database: Database, country: str, part: str) -> set[str]:
    """Return the zones that *part* of a country names: by its code there, by a name of a zone or region, or by that of a town."""
    from traincarbon.database.towns import zones_of_part

    known = place_names(database).get(plain(f"{country}-{part}"), {}) or place_names(database).get(plain(part), {})
    return {zone_of(database, place) for place in known.values()} or set(zones_of_part(database, part))


def states_abbreviated(database: Database, text: str) -> list[Place]:
    """Return the state of the US and the province of Canada of which *text* is the abbreviation."""
    found = (database.rows("zones", f"{country}-{text.strip().upper()}") for country in ("US", "CA")) if len(text.strip()) == len("TX") else ()
    return [zone_place(rows[0]) for rows in found if rows]
