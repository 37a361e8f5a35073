"""The zones of large towns and of parts of countries, as Bavaria, by the names that they have in several languages."""

from traincarbon.database.load import Database
from traincarbon.database.names import squeeze, without_accents


def zones_of_part(database: Database, text: str) -> tuple[str, ...]:
    """Return the zones of the large town called *text*, else of the states, provinces and districts of that name or ISO code.

    Where there are several such towns, those of all towns and parts are returned; none if nothing is called so.
    """
    towns, parts = (database.remember(_zones_by_name, table) for table in ("towns", "subdivisions"))
    spelling = squeeze(without_accents(text))
    in_towns = towns.get(spelling, ())
    if len(in_towns) == 1:
        return in_towns
    code = text.strip().lower().replace("_", "-")
    return tuple(dict.fromkeys((*in_towns, *parts.get(code, ()), *parts.get(spelling, ()))))


def _zones_by_name(database: Database, table: str) -> dict[str, tuple[str, ...]]:
    """Return the zones by the squeezed names of *table*; a code, as ``de-by``, keeps its hyphen, for without it some are words."""
    found: dict[str, tuple[str, ...]] = {}
    for row in database.all_rows(table):
        for name in row["names"].split(";"):
            spelling = name if name[2:3] == "-" else squeeze(without_accents(name))
            if row["zone"] not in found.get(spelling, ()):
                found[spelling] = (*found.get(spelling, ()), row["zone"])
    return found
