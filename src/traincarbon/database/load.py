"""The database: folders of facts, read strictly and only as far as they are asked for."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import lru_cache
from os import PathLike, environ, fspath, listdir, path
from typing import Any, TypeVar

from traincarbon.database.read_files import ProductFile, checked_rows, lines_of, lines_with, parse_rows, read_sources, read_text
from traincarbon.database.records import PRODUCTS, TABLES, Product, Row
from traincarbon.database.row_checks import NEVER_IN_A_KEY
from traincarbon.errors import DatabaseError, NotFoundError
from traincarbon.paths import settings_folder

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_RUNS = ("published_runs.csv", "measured_steps.csv", "measured_power.csv")
READ = frozenset((*PRODUCTS, "benches", "sources.toml", *_RUNS, "names.csv", *(f"{table}.csv" for table in TABLES)))
"""Files and folders of a database; everything else in its folder is ignored."""
_EVERY = "\n"
"""Means all keys of a table; no key can look like it."""


class Database:
    """The facts of one or more folders; a later folder adds to the earlier ones and overrides them.

    Files are read when they are first asked for, and kept.

    Args:
        roots: Folders in the layout of ``hardware_db``, the built-in one first, then the user's own.
    """

    def __init__(self, roots: Sequence[str]) -> None:
        self.roots = tuple(roots)
        self._texts: dict[str, tuple[tuple[str, str], ...]] = {}
        self._rows: dict[tuple[str, str], tuple[Row, ...]] = {}
        self._products: dict[tuple[str, str], Product | None] = {}
        self._sources: dict[str, Mapping[str, str]] | None = None
        self._replaced: dict[str, dict[str, list[Row]]] = {}
        self._remembered: dict[object, dict[Any, Any]] = {}

    def remember(self, function: "Callable[[Database, K], V]", key: K) -> V:
        """Return what *function* answers for this database and *key*; it is called once for each key."""
        answers: dict[K, V] | None = self._remembered.get(function)
        if answers is None:
            answers = self._remembered[function] = {}
        if key not in answers:
            answers[key] = function(self, key)
        return answers[key]

    def kept(self, owner: object, key: object, make: "Callable[[], V]") -> V:
        """Return what *make* answered the first time for this database, *owner* and *key*; it is called once for each key."""
        answers: dict[Any, V] | None = self._remembered.get(owner)
        if answers is None:
            answers = self._remembered[owner] = {}
        if key not in answers:
            answers[key] = make()
        return answers[key]

    def product(self, folder: str, id: str) -> Product | None:
        """Return the product of that exact *id* in *folder*, or None if there is none.

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

    def rows(self, table: str, key: str, *more: str) -> tuple[Row, ...]:
        """Return the rows of *table* whose first columns are *key* and *more*, the user's own first; no other row is read.

        Raises:
            DatabaseError: the table is not in its schema.
        """
        cells = (key, *more)
        place = (table, ",".join(cells))
        if not all(cell and NEVER_IN_A_KEY.isdisjoint(cell) for cell in cells):
            return ()
        if table in self._replaced:
            return tuple(row for row in self._replaced[table].get(key, ()) if tuple(row.values())[: len(cells)] == cells)
        if place not in self._rows:
            found: list[Row] = []
            for root, text in self._table(table):
                found += checked_rows(table, root, lines_of(text, place[1]))
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
            self._rows[place] = tuple(row for root, text in self._table(table) for row in checked_rows(table, root, text.split("\n")[1:]))
        return self._rows[place]

    def rows_with(self, table: str, text: str) -> Iterator[Row]:
        """Yield the rows of *table* whose line holds *text*, whatever its case, the user's own first; the other rows are not read.

        Raises:
            DatabaseError: the table is not in its schema.
        """
        wanted = text.lower()
        if not wanted or not wanted.isprintable():
            return
        if table in self._replaced:
            yield from (row for row in self.all_rows(table) if any(wanted in cell.lower() for cell in row.values()))
            return
        for root, whole in self._table(table):
            yield from checked_rows(table, root, lines_with(whole, wanted))

    def unchecked_rows(self, table: str) -> Iterator[Row]:
        """Yield every row of *table* whatever its cells hold, to look for faults.

        Raises:
            DatabaseError: the table has other columns, or a row has more or fewer cells than there are columns.
        """
        for root, text in self._table(table):
            yield from parse_rows(table, root, text.split("\n")[1:])

    def replace(self, table: str, rows: Sequence[Row]) -> "Database":
        """Return a database with the same facts, in which *table* holds *rows* and nothing else."""
        other = Database(self.roots)
        by_key: dict[str, list[Row]] = {}
        for row in rows:
            by_key.setdefault(row[TABLES[table][0]], []).append(row)
        other._replaced = {**self._replaced, table: by_key}
        other._products = self._products
        return other

    def sources(self) -> dict[str, Mapping[str, str]]:
        """Return the bibliography: key to title, publisher, URL and so on.

        Raises:
            DatabaseError: a ``sources.toml`` is not TOML.
        """
        if self._sources is None:
            self._sources = {}
            for root in self.roots:
                self._sources |= read_sources(path.join(root, "sources.toml"))
        return self._sources

    def raw(self, folder: str, id: str) -> Iterator[tuple[str, str]]:
        """Yield root and text of each file about *id* in *folder*, the built-in one first."""
        for root in self.roots:
            file = path.join(root, folder, f"{id}.toml")
            if path.exists(file):
                yield root, read_text(file)

    def _read_product(self, folder: str, id: str) -> Product | None:
        stated = ProductFile(folder, id)
        for root in self.roots:
            stated.add(root)
        if not stated.keys and not stated.facts:
            return None
        if "name" not in stated.keys:
            raise DatabaseError(f"{folder}/{id}.toml has no name", hint='add: name = "…"')
        return Product(id, folder, stated.keys, stated.aliases, stated.facts)

    def _table(self, table: str) -> tuple[tuple[str, str], ...]:
        if table not in self._texts:
            found = []
            for root in reversed(self.roots):
                file = path.join(root, f"{table}.csv")
                if path.exists(file):
                    text = read_text(file)
                    header = tuple(text.partition("\n")[0].rstrip("\r").split(","))
                    if header != TABLES[table]:
                        raise DatabaseError(f"{file}: the columns are not those of the schema", hint=f"expected {','.join(TABLES[table])}")
                    found.append((root, text))
            self._texts[table] = tuple(found)
        return self._texts[table]


def open_database(folder: str | PathLike[str] | None = None) -> Database:
    """Return the database of the built-in folder, the user's own, that of ``$CARBON_DB``, and *folder*; later ones override earlier ones.

    Opening the same folders again returns the same object.

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
                raise NotFoundError(f"no folder {named!r}, named by {name}", hint="create the folder, or leave the option out")
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
    """Make the next :func:`open_database` read the files again, after some were written."""
    _open.cache_clear()


def calibrations_folder() -> str:
    """Return the folder of named calibrations: ``$CARBON_CALIBRATIONS``, else the one beside the user's own facts."""
    return _calibrations(environ.get("CARBON_CALIBRATIONS", ""), environ.get("XDG_CONFIG_HOME", ""))


@lru_cache(maxsize=8)
def _calibrations(from_environment: str, config_home: str) -> str:  # noqa: ARG001  part of the key
    return from_environment or path.join(settings_folder(), "calibrations")


def builtin_root() -> str:
    """Return the folder of the built-in facts: inside the package when installed, else in the checkout."""
    package = path.dirname(path.dirname(path.abspath(__file__)))
    shipped = path.join(package, "hardware_db")
    return shipped if path.isdir(shipped) else path.join(path.dirname(path.dirname(package)), "hardware_db")


def _list(folder: str) -> list[str]:
    return listdir(folder) if path.isdir(folder) else []
