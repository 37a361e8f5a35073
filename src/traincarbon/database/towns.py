"""The zones of large towns and of parts of countries, as Bavaria, by the names that they have in several languages."""

from collections.abc import Iterator

from traincarbon.database.load import Database
from traincarbon.database.names import squeeze, without_accents


def zones_of_part(database: Database, text: str) -> tuple[str, ...]:
    """Return the zones of the large town called *text*, else of the states, provinces and districts of that name or ISO code.

    Where there are several such towns, those of all towns and parts are returned; none if nothing is called so.
    """
    return database.remember(_zones_of_part, text.strip().lower())


def _zones_of_part(database: Database, text: str) -> tuple[str, ...]:
    towns = tuple(_zones_named(database, "towns", text))
    return towns if len(towns) == 1 else tuple(dict.fromkeys((*towns, *_zones_named(database, "subdivisions", text))))


def _zones_named(database: Database, table: str, text: str) -> Iterator[str]:
    """Yield the zones of *table* that *text* is a name of, or a code as ``de-by``, which keeps its hyphen, for without it some are words."""
    code, wanted = text.replace("_", "-"), squeeze(without_accents(text))
    if not wanted or ";" in wanted:
        return
    for row in database.all_rows(table):
        names = row["names"]
        if f";{code};" in f";{names};" or (
            f";{wanted};" in f";{squeeze(_read_as(wanted, names))};"
            and any(wanted == squeeze(without_accents(name)) for name in names.split(";") if not _is_code(name))
        ):
            yield row["zone"]


def _read_as(wanted: str, names: str) -> str:
    """Return *names* without accents, and without letters that *wanted* cannot hold, in less time than it takes to keep them."""
    if names.isascii() or not wanted.isascii():
        return without_accents(names)
    from unicodedata import normalize

    return normalize("NFKD", names).encode("ascii", "ignore").decode("ascii")


def _is_code(name: str) -> bool:
    return name[2:3] == "-"
