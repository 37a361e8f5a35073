"""The zones of large towns that have no cloud region, by the names that they have in several languages."""

from traincarbon.database.load import Database
from traincarbon.database.names import squeeze, without_accents


def zones_of_town(database: Database, text: str) -> tuple[str, ...]:
    """Return the zones in which there is a large town called *text*; none if there is no such town."""
    return database.remember(_zones_by_town, None).get(squeeze(without_accents(text)), ())


def _zones_by_town(database: Database, _key: None) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in database.all_rows("towns"):
        for name in row["names"].split(";"):
            spelling = squeeze(without_accents(name))
            if row["zone"] not in found.get(spelling, ()):
                found[spelling] = (*found.get(spelling, ()), row["zone"])
    return found
