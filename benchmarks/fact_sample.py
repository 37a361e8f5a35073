"""Draw a sample of the facts, to look each up in the source that it names: ``make fact-sample SEED=1 SIZE=60``.

Every table is in the sample at least once; the rest is drawn by the size of the tables. The same seed draws the same facts from the same database.
Assumed facts are left out: they are our own choices. ``docs/fact-sample.csv`` keeps what was found for one seed.
"""

import argparse
import csv
import random
import sys
from collections.abc import Iterator
from typing import NamedTuple

from traincarbon.database.check_sources import RUNS
from traincarbon.database.load import Database, builtin_root
from traincarbon.database.read_files import read_text
from traincarbon.database.records import PRODUCTS, TABLES

_EVIDENCE = frozenset(("source", "locator", "kind", "note", "origin", "evidence"))


class Drawn(NamedTuple):
    """A fact of the sample: where it stands, what it states and where that was read."""

    table: str
    fact: str
    states: str
    kind: str
    source: str
    locator: str
    note: str


def facts_of(database: Database) -> Iterator[Drawn]:
    """Yield every fact that is not assumed: a value of a product, or a row of a table."""
    for folder in PRODUCTS:
        for product in database.products(folder):
            for name, fact in product.facts.items():
                yield Drawn(folder, f"{product.id} {name}", f"{fact.value:.12g}", fact.kind, fact.source, fact.locator, fact.note)
    for table in TABLES:
        for row in database.all_rows(table):
            yield _of_row(table, next(iter(TABLES[table])), dict(row), row["kind"])
    for table in RUNS:
        for row in csv.DictReader(read_text(f"{builtin_root()}/{table}.csv").splitlines()):
            yield _of_row(table, "id", row, row["evidence"])


def _of_row(table: str, key: str, row: dict[str, str], kind: str) -> Drawn:
    states = "; ".join(f"{name}={value[:60]}" for name, value in row.items() if value and name != key and name not in _EVIDENCE)
    return Drawn(table, row[key], states, kind, row["source"], row["locator"], row.get("note", ""))


def sample(facts: list[Drawn], size: int, seed: int) -> list[Drawn]:
    """Return *size* of the *facts*, at least one of each table, in the order of the tables."""
    chance = random.Random(seed)
    tables: dict[str, list[Drawn]] = {}
    for fact in facts:
        if fact.kind != "assumed":
            tables.setdefault(fact.table, []).append(fact)
    drawn = [chance.choice(rows) for rows in tables.values()]
    rest = [fact for rows in tables.values() for fact in rows if fact not in drawn]
    drawn += chance.sample(rest, max(0, min(size - len(drawn), len(rest))))
    return sorted(drawn)


def main() -> int:
    """Print the sample as CSV."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=60)
    asked = parser.parse_args()
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(Drawn._fields)
    out.writerows(sample(list(facts_of(Database([builtin_root()]))), asked.size, asked.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
