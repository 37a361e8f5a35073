"""Reading the database, strictly and only as much as is asked for."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from os import PathLike, environ, fspath, listdir, path
from typing import Any

from traincarbon.database.records import FACT_KEYS, KINDS, PRODUCTS, TABLES, Fact, Product, Row
from traincarbon.database.row_checks import NEVER_IN_A_KEY, row_faults
from traincarbon.errors import DatabaseError, NotFoundError
from traincarbon.paths import settings_folder

_MOST = 1e30
"""No fact comes near this."""
READ = frozenset(("accelerators", "servers", "benches", "sources.toml", "published_runs.csv", *(f"{table}.csv" for table in TABLES)))
"""Files and folders of a database; nothing else in its folder is looked at."""
_EVERY = "\n"
"""Stands for all keys of a table; no key can look like it."""


class Database:
    """The facts of one or more folders; a later folder adds to the earlier ones and wins over them.

    Nothing is read before it is asked for, and what was read is kept.

    Args:
        roots: Folders in the layout of ``hardware_db``, ours first, then the user's own.
    """

    def __init__(self, roots: Sequence[str]) -> None:
        self.roots = tuple(roots)
        self._texts: dict[str, tuple[tuple[str, str], ...]] = {}
        self._rows: dict[tuple[str, str], tuple[Row, ...]] = {}
        self._products: dict[tuple[str, str], Product | None] = {}
        self._sources: dict[str, dict[str, Any]] | None = None
        self._replaced: dict[str, dict[str, list[Row]]] = {}
        self.cache: dict[Any, Any] = {}
        """What callers worked out from the facts and want to keep with them."""

    def product(self, folder: str, id: str) -> Product | None:
        """Return the product of that exact *id* in *folder*, or None where there is none.

        Raises:
            DatabaseError: its file is not TOML or breaks the schema.
        """
        key = (folder, id)
        if key not in self._products:
            self._products[key] = self._read_product(folder, id)
        return self._products[key]

    def ids(self, folder: str) -> list[str]:
        """Return the ids of all products in *folder*, sorted."""
        found = {name[:-5] for root in self.roots for name in _list(path.join(root, folder)) if name.endswith(".toml")}
        return sorted(found)

    def products(self, folder: str) -> Iterator[Product]:
        """Yield every product in *folder*, by id."""
        for id in self.ids(folder):
            product = self.product(folder, id)
            if product is not None:
                yield product

    def rows(self, table: str, key: str) -> tuple[Row, ...]:
        """Return the rows of *table* whose first column is *key*, the user's own first.

        Raises:
            DatabaseError: the table is not in its schema.
        """
        place = (table, key)
        if not key or not NEVER_IN_A_KEY.isdisjoint(key):
            return ()
        if table in self._replaced:
            return tuple(self._replaced[table].get(key, ()))
        if place not in self._rows:
            found: list[Row] = []
            for root, text in self._table(table):
                found += _strict(table, root, _lines(text, key))
            self._rows[place] = tuple(found)
        return self._rows[place]

    def all_rows(self, table: str) -> tuple[Row, ...]:
        """Return every row of *table*, the user's own first.

        Raises:
            DatabaseError: the table is not in its schema.
        """
        place = (table, _EVERY)
        if table in self._replaced:
            return tuple(row for rows in self._replaced[table].values() for row in rows)
        if place not in self._rows:
            self._rows[place] = tuple(row for root, text in self._table(table) for row in _strict(table, root, text.split("\n")[1:]))
        return self._rows[place]

    def unchecked_rows(self, table: str) -> Iterator[Row]:
        """Yield every row of *table* whatever its cells hold, for those who look for faults.

        Raises:
            DatabaseError: the table has other columns, or a row has more or fewer cells than there are columns.
        """
        for root, text in self._table(table):
            yield from _parse(table, root, text.split("\n")[1:])

    def replace(self, table: str, rows: Sequence[Row]) -> "Database":
        """Return a database with the same facts but *rows* as the whole of *table*."""
        other = Database(self.roots)
        by_key: dict[str, list[Row]] = {}
        for row in rows:
            by_key.setdefault(row[TABLES[table][0]], []).append(row)
        other._replaced = {**self._replaced, table: by_key}
        other._products = self._products
        return other

    def sources(self) -> dict[str, dict[str, Any]]:
        """Return the bibliography: key to title, publisher, url and so on.

        Raises:
            DatabaseError: a ``sources.toml`` is not TOML.
        """
        if self._sources is None:
            self._sources = {}
            for root in self.roots:
                file = path.join(root, "sources.toml")
                for key, entry in (_toml(file) if path.exists(file) else {}).items():
                    if not isinstance(entry, dict) or not all(str(text).isprintable() for text in (key, *entry.values())):
                        raise DatabaseError(f"{file}: [{key!r}] is no entry of printable texts", hint="an entry has title, publisher, published")
                    self._sources[key] = entry
        return self._sources

    def raw(self, folder: str, id: str) -> Iterator[tuple[str, str]]:
        """Yield root and text of each file that states *id* in *folder*, ours first."""
        for root in self.roots:
            file = path.join(root, folder, f"{id}.toml")
            if path.exists(file):
                yield root, _read(file)

    def _read_product(self, folder: str, id: str) -> Product | None:
        known_keys, known_facts = PRODUCTS[folder]
        keys: dict[str, str] = {}
        aliases: tuple[str, ...] = ()
        facts: dict[str, Fact] = {}
        for root in self.roots:
            file = path.join(root, folder, f"{id}.toml")
            if not path.exists(file):
                continue
            for name, content in _toml(file).items():
                if isinstance(content, dict):
                    if name not in known_facts:
                        raise DatabaseError(f"{file}: unknown fact {name!r}", hint=f"known are {', '.join(sorted(known_facts))}")
                    facts[name] = _fact(file, name, content, root)
                elif name not in known_keys:
                    raise DatabaseError(f"{file}: unknown key {name!r}", hint=f"known are {', '.join(sorted(known_keys))}")
                elif name == "aliases":
                    aliases += tuple(_text(file, name, alias) for alias in (content if isinstance(content, list) else [content]))
                else:
                    keys[name] = _text(file, name, content)
        if not keys and not facts:
            return None
        if "name" not in keys:
            raise DatabaseError(f"{folder}/{id}.toml has no name", hint='add: name = "…"')
        return Product(id, folder, keys, aliases, facts)

    def _table(self, table: str) -> tuple[tuple[str, str], ...]:
        if table not in self._texts:
            found = []
            for root in reversed(self.roots):
                file = path.join(root, f"{table}.csv")
                if path.exists(file):
                    text = _read(file)
                    header = tuple(text.partition("\n")[0].rstrip("\r").split(","))
                    if header != TABLES[table]:
                        raise DatabaseError(f"{file}: the columns are not those of the schema", hint=f"expected {','.join(TABLES[table])}")
                    found.append((root, text))
            self._texts[table] = tuple(found)
        return self._texts[table]


def open_database(folder: str | PathLike[str] | None = None) -> Database:
    """Return the database: ours, the user's own folder, that of ``$CARBON_DB``, and *folder*; entries of a later one override those of an earlier one.

    The object is shared: opening the same folders again costs nothing.

    Args:
        folder: One more folder in the form of ``hardware_db``.

    Raises:
        NotFoundError: *folder* or ``$CARBON_DB`` names no folder.
    """
    given = fspath(folder) if folder is not None else ""
    return _open(given, environ.get("CARBON_DB", ""), environ.get("XDG_CONFIG_HOME", ""))


@lru_cache(maxsize=8)
def _open(given: str, from_environment: str, config_home: str) -> Database:  # noqa: ARG001  part of the key
    roots = [builtin_root()]
    own = own_root()
    if path.isdir(own):
        roots.append(own)
    for named, name in ((from_environment, "$CARBON_DB"), (given, "--db")):
        if named:
            if not path.isdir(named):
                raise NotFoundError(f"no folder {named!r}, named by {name}", hint="make the folder, or leave the option out")
            held = set(_list(named))
            if held and held.isdisjoint(READ):
                raise NotFoundError(
                    f"no facts in {named!r}, named by {name}", hint="name the folder that holds accelerators/, servers/ or tables as prices.csv"
                )
            roots.append(path.abspath(named))
    return Database(roots)


def own_root() -> str:
    """Return the folder of the user's own facts, whether it exists or not."""
    return path.join(settings_folder(), "hardware_db")


def forget_databases() -> None:
    """Let the next :func:`open_database` read anew: files were written."""
    _open.cache_clear()


def calibrations_folder() -> str:
    """Return the folder of named calibrations: ``$CARBON_CALIBRATIONS``, else the one beside the user's own facts."""
    return _calibrations(environ.get("CARBON_CALIBRATIONS", ""), environ.get("XDG_CONFIG_HOME", ""))


@lru_cache(maxsize=8)
def _calibrations(from_environment: str, config_home: str) -> str:  # noqa: ARG001  part of the key
    return from_environment or path.join(settings_folder(), "calibrations")


def builtin_root() -> str:
    """Return the folder of our own facts: inside the package when installed, else that of the checkout."""
    package = path.dirname(path.dirname(path.abspath(__file__)))
    shipped = path.join(package, "hardware_db")
    return shipped if path.isdir(shipped) else path.join(path.dirname(path.dirname(package)), "hardware_db")


def _list(folder: str) -> list[str]:
    return listdir(folder) if path.isdir(folder) else []


def _read(file: str) -> str:
    try:
        with open(file, encoding="utf-8-sig", newline="") as stream:
            return stream.read()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise DatabaseError(f"cannot read {file}: {reason}", hint="it must be a readable file in UTF-8") from error


def _toml(file: str) -> dict[str, Any]:
    import tomllib  # tables need none of it, and who reads only those starts sooner

    try:
        return tomllib.loads(_read(file).replace("\r\n", "\n"))
    except (ValueError, RecursionError) as error:
        raise DatabaseError(f"{file} is not TOML: {error}", hint="is the file cut off?") from error


def _text(file: str, name: str, content: object) -> str:
    if not isinstance(content, str) or not content.isprintable():
        raise DatabaseError(f"{file}: {name} must be printable text, not {content!r}", hint=f'write {name} = "…"')
    return content


def _fact(file: str, name: str, content: dict[str, Any], origin: str) -> Fact:
    unknown = content.keys() - FACT_KEYS
    if unknown:
        raise DatabaseError(f"{file}: [{name}] has unknown keys {sorted(unknown)}", hint=f"known are {', '.join(sorted(FACT_KEYS))}")
    value: Any = content.get("value")
    low: Any = content.get("low", value)
    high: Any = content.get("high", value)
    for number in (value, low, high):
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0.0 < number < _MOST:
            raise DatabaseError(f"{file}: [{name}] {str(number)[:40]!r} is not a positive number", hint="leave out what nobody knows")
    if not low <= value <= high:
        raise DatabaseError(f"{file}: [{name}] value {value:g} is outside of low and high", hint="low is at most the value, high at least")
    for key in ("source", "locator", "kind"):
        if not isinstance(content.get(key), str) or not content[key].isprintable() or not content[key]:
            raise DatabaseError(f"{file}: [{name}] has no {key}", hint="every fact names its source, the place in it and its kind")
    if content["kind"] not in KINDS:
        raise DatabaseError(f"{file}: [{name}] kind {content['kind']!r} is unknown", hint=f"known are {', '.join(KINDS)}")
    for key in ("as_published", "note"):
        text = content.get(key, "")
        if not isinstance(text, str) or not text.isprintable():
            raise DatabaseError(f"{file}: [{name}] {key} is no printable text", hint=f'write {key} = "…"')
    if content["kind"] == "derived" and not content.get("note"):
        raise DatabaseError(f"{file}: [{name}] is derived without a note", hint="state the arithmetic in note")
    if content["kind"] == "assumed" and not {"low", "high"} <= content.keys():
        raise DatabaseError(f"{file}: [{name}] is assumed without low and high", hint="say how wide the assumption is")
    return Fact(
        value=float(value),
        source=content["source"],
        locator=content["locator"],
        kind=content["kind"],
        origin=origin,
        as_published=content.get("as_published", ""),
        note=content.get("note", ""),
        low=float(low) if "low" in content else None,
        high=float(high) if "high" in content else None,
    )


def _lines(text: str, key: str) -> Iterator[str]:
    """Yield the lines of *text* that start with *key* as their first cell, without looking at the others."""
    mark = f"\n{key},"
    start = text.find(mark)
    while start >= 0:
        end = text.find("\n", start + 1)
        yield text[start + 1 : end if end >= 0 else len(text)]
        start = text.find(mark, start + len(mark)) if end < 0 else text.find(mark, end)


def _strict(table: str, origin: str, lines: Iterable[str]) -> list[Row]:
    rows = _parse(table, origin, lines)
    for row in rows:
        for fault in row_faults(table, row):
            raise DatabaseError(f"{table}.csv in {origin}, {row[TABLES[table][0]]}: {fault}", hint="carbon db check lists all such faults")
    return rows


def _parse(table: str, origin: str, lines: Iterable[str]) -> list[Row]:
    columns = TABLES[table]
    found: list[Row] = []
    try:
        parsed = list(csv.reader(line.rstrip("\r") for line in lines))
    except csv.Error as error:
        raise DatabaseError(f"{table}.csv in {origin}: {error}", hint="is a quote missing?") from error
    for cells in parsed:
        if len(cells) != len(columns):
            if not cells:
                continue
            raise DatabaseError(
                f"{table}.csv in {origin}: {len(cells)} cells instead of {len(columns)} in the row of {cells[0]!r}", hint="is the file cut off?"
            )
        row = dict(zip(columns, cells, strict=True))
        row["origin"] = origin
        found.append(row)
    return found
