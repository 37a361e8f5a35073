"""Propose the changes that an edition of an upstream makes to its table, refuse an unsound one, and write them when asked to."""

import csv
import io
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from difflib import unified_diff
from math import isclose
from typing import NamedTuple

from traincarbon.database.load import forget_databases
from traincarbon.database.overlay import HINT, alone, with_source
from traincarbon.database.read_files import parse_rows
from traincarbon.database.records import PRODUCTS, TABLES, Row
from traincarbon.database.refresh.product_facts import changed_facts, refuse_impossible_facts, text_of, texts_of_products
from traincarbon.database.refresh.upstream import Edition, Upstream
from traincarbon.database.row_checks import row_faults
from traincarbon.errors import CarbonError
from traincarbon.files import replace_file

_LEAST_SHARE = 0.5
"""Least share of the rows known from this upstream that a sound edition has."""
_FEW_ROWS = 20
_SAME = 1e-5
"""Values that are closer than that differ by rounding."""
_MOST_FACTOR = 4.0
"""Factor between an old and a new value beyond which they look like different units."""
_MOST_APART = 0.2
"""Share of values that may change by more than that."""
_VALUES = {"grid": "intensity_gco2e_per_kwh", "prices": "usd_per_h", "electricity": "price_usd_per_kwh"}


class Change(NamedTuple):
    """A row that is added, or that takes the place of another."""

    row: Row
    was: Row | None


class Proposal(NamedTuple):
    """What an edition would change in a table.

    Attributes:
        upstream: The upstream.
        file: The file that would be written.
        source: The key of the edition in ``sources.toml``.
        changes: The rows that are added or replaced.
        unchanged: Rows of the edition that the database has already.
        texts: The files, each with its text before and after.
    """

    upstream: Upstream
    file: str
    source: str
    changes: tuple[Change, ...]
    unchanged: int
    texts: tuple[tuple[str, str, str], ...]

    @property
    def diff(self) -> str:
        """The changes as a unified diff."""
        parts: list[str] = []
        for file, before, after in self.texts:
            name = os.path.relpath(file, os.path.dirname(self.file))
            parts += unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{name}", f"b/{name}", n=0)
        return "".join(parts)

    def apply(self) -> None:
        """Write the files, each whole or not at all.

        Raises:
            CarbonError: one cannot be written, or has changed since the changes were proposed.
        """
        with alone(os.path.dirname(self.file)):
            for file, before, _ in self.texts:
                if text_of(file) != before:
                    raise CarbonError(f"{file} was changed by another program in the meantime", hint="nothing was written: run the command again")
            for file, before, after in reversed(self.texts):  # the source before the rows that name it
                if before != after:
                    replace_file(file, after, hint=HINT)
        forget_databases()


def propose(upstream: Upstream, edition: Edition, folder: str) -> Proposal:
    """Return the changes that *edition* makes to its table or its products, to be written into *folder*.

    Raises:
        CarbonError: the edition is unsound: a column is missing, rows are few or twice there, a value is impossible, or in another unit.
    """
    table, database = upstream.table, edition.database
    year = edition.date[:4]
    source = upstream.source.format(year=year, next_year=int(year) + 1, date=edition.date)
    rows = [{**row, "source": source, "kind": "published"} for row in upstream.rows(edition)]
    if not rows:
        raise CarbonError(f"{edition.name} has no row that the database could take", hint=f"give an edition of {upstream.title}: {upstream.url}")
    if table in PRODUCTS:
        return _of_products(upstream, edition, folder, source, rows)
    _refuse_faults(upstream, edition, rows)
    known: dict[tuple[str, ...], Row] = {}
    for row in database.unchecked_rows(table):  # one's own come first, and win
        known.setdefault(_key(upstream, row), row)
    _refuse_few(upstream, edition, len(rows), known.values())
    value = _VALUES[table]
    pairs = [Change(row, known.get(_key(upstream, row))) for row in rows]
    changes = [change for change in pairs if change.was is None or not isclose(float(change.was[value]), float(change.row[value]), rel_tol=_SAME)]
    _refuse_other_unit(edition, _ratios(upstream, rows, list(database.unchecked_rows(table))))
    texts = _texts(upstream, edition, folder, source, changes)
    return Proposal(upstream, texts[0][0], source, tuple(changes), len(rows) - len(changes), tuple(texts))


def _key(upstream: Upstream, row: Row) -> tuple[str, ...]:
    return tuple(row[column] for column in upstream.key)


def _refuse_faults(upstream: Upstream, edition: Edition, rows: Sequence[Row]) -> None:
    year = datetime.now(UTC).year
    for row in rows:
        for fault in row_faults(upstream.table, row):
            raise CarbonError(f"{edition.name}: the row of {', '.join(_key(upstream, row))} {fault}", hint="nothing was changed")
        if "year" in row and int(row["year"]) > year:
            raise CarbonError(f"{edition.name}: the row of {', '.join(_key(upstream, row))} is of the future", hint="nothing was changed")
    _refuse_twice(upstream, edition, rows)


def _refuse_twice(upstream: Upstream, edition: Edition, rows: Sequence[Row]) -> None:
    for key, count in Counter(_key(upstream, row) for row in rows).items():
        if count > 1:
            raise CarbonError(f"{edition.name} has {', '.join(key)} {count} times", hint="nothing was changed: which of them is right?")


def _refuse_few(upstream: Upstream, edition: Edition, count: int, known: Iterable[Row]) -> None:
    begins = upstream.source.partition("{")[0]
    by_source = Counter(row["source"] for row in known if row["source"].startswith(begins))
    _refuse_fewer(edition, count, max(by_source.values(), default=0))


def _refuse_fewer(edition: Edition, count: int, most: int) -> None:
    """Refuse an edition with far fewer rows than the *most* known from one."""
    if most >= _FEW_ROWS and count < _LEAST_SHARE * most:
        raise CarbonError(f"{edition.name} has {count:,} rows, where an earlier edition had {most:,}", hint="nothing was changed: is the file cut off?")


def _ratios(upstream: Upstream, rows: Sequence[Row], known: Sequence[Row]) -> list[float]:
    """Return the values over the latest ones of the same thing."""
    value = _VALUES[upstream.table]
    same = [column for column in upstream.key if column not in ("year", "date")]
    latest: dict[tuple[str, ...], float] = {}
    for row in sorted(known, key=lambda row: row.get("year") or row["date"]):
        latest[tuple(row[column] for column in same)] = float(row[value])
    return [float(row[value]) / old for row in rows if (old := latest.get(tuple(row[column] for column in same)))]


def _refuse_other_unit(edition: Edition, ratios: Sequence[float]) -> None:
    """Refuse values of which too many differ too much from ours."""
    far = sum(not 1.0 / _MOST_FACTOR <= ratio <= _MOST_FACTOR for ratio in ratios)
    if far > max(2.0, _MOST_APART * len(ratios)):
        hint = "nothing was changed: is it in another unit?"
        raise CarbonError(f"{edition.name}: {far:,} of {len(ratios):,} values differ from ours by more than a factor of {_MOST_FACTOR:g}", hint=hint)


def _of_products(upstream: Upstream, edition: Edition, folder: str, source: str, rows: Sequence[Row]) -> Proposal:
    """Return the changes that *rows* make to facts of products.

    Raises:
        CarbonError: a fact is impossible, twice there, in another unit, or few of those that cite this upstream are there.
    """
    known = {(product.id, name): fact for product in edition.database.products(upstream.table) for name, fact in product.facts.items()}
    refuse_impossible_facts(upstream, edition, rows)
    _refuse_twice(upstream, edition, rows)
    begins = upstream.source.partition("{")[0]
    cited = sum(fact.source.startswith(begins) and fact.kind == "published" for fact in known.values())
    _refuse_fewer(edition, len(rows), cited)
    _refuse_other_unit(edition, [float(row["value"]) / known[key].value for row in rows if (key := (row["product"], row["fact"])) in known])
    changes = changed_facts(rows, known)
    texts = texts_of_products(upstream, folder, changes)
    return Proposal(
        upstream,
        os.path.join(folder, upstream.table),
        source,
        tuple(Change(row, was) for row, was in changes),
        len(rows) - len(changes),
        (*texts, *_bibliography(upstream, edition, folder, source, has_changes=bool(changes))),
    )


def _texts(upstream: Upstream, edition: Edition, folder: str, source: str, changes: Sequence[Change]) -> list[tuple[str, str, str]]:
    """Return the table and the bibliography in *folder*, each with its text before and after."""
    file = os.path.join(folder, f"{upstream.table}.csv")
    before = text_of(file)
    columns = TABLES[upstream.table]
    kept = parse_rows(upstream.table, folder, before.splitlines()[1:])
    replaced = {_key(upstream, change.row): change.row for change in changes}
    rows = [replaced.pop(_key(upstream, row), row) for row in kept] + list(replaced.values())
    rows.sort(key=lambda row: row[columns[0]])
    after = io.StringIO()
    writer = csv.writer(after, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([row[column] for column in columns] for row in rows)
    texts = [(file, before, after.getvalue() if changes else before)]
    return texts + _bibliography(upstream, edition, folder, source, has_changes=bool(changes))


def _bibliography(upstream: Upstream, edition: Edition, folder: str, source: str, *, has_changes: bool) -> list[tuple[str, str, str]]:
    """Return the bibliography in *folder* with its text before and after, if the edition is new to it."""
    if not has_changes or source in edition.database.sources():
        return []
    file = os.path.join(folder, "sources.toml")
    cited = text_of(file)
    return [(file, cited, with_source(cited, source, _entry(upstream, edition)))]


def _entry(upstream: Upstream, edition: Edition) -> dict[str, str]:
    """Return what the bibliography says of *edition*."""
    return {
        "title": f"{upstream.title}, {edition.date}",
        "publisher": upstream.publisher,
        "published": edition.date,
        "url": upstream.url,
        "retrieved": datetime.now(UTC).date().isoformat(),
        "licence": upstream.licence,
    }
