"""Export every fact with its source, for other programs: as JSON or as Parquet."""

import json
from collections.abc import Iterator
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import PRODUCTS, TABLES
from traincarbon.extras import MissingExtraError

SCHEMA = "traincarbon/facts/1"
FORMATS = ("json", "parquet")
_EVIDENCE = ("source", "locator", "kind", "note")


class ExportedFact(NamedTuple):
    """A fact as it is exported.

    Attributes:
        table: The folder or the table that it stands in.
        id: The thing that it is about: a product, or the key of the row.
        name: What is stated; its unit is at its end.
        value: The value as text, as it stands in the database.
        number: The value as a number, None if it is not one.
        context: The other columns of the row, as JSON.
        low: The lower bound of an assumed value, if there is one.
        high: The upper bound.
        source: The key of the source.
        locator: Where in the source.
        kind: The kind of evidence.
        note: What else is to be known of it.
    """

    table: str
    id: str
    name: str
    value: str
    number: float | None
    context: str
    low: float | None
    high: float | None
    source: str
    locator: str
    kind: str
    note: str


def facts_of(database: Database) -> Iterator[ExportedFact]:
    """Yield every fact of the *database*: those of products first, then a cell of a table each.

    Raises:
        DatabaseError: a file breaks the schema.
    """
    for folder in PRODUCTS:
        for product in database.products(folder):
            for name, fact in product.facts.items():
                context = json.dumps({"dated": fact.dated} if fact.dated else {})
                yield ExportedFact(
                    folder, product.id, name, f"{fact.value:.12g}", fact.value, context, fact.low, fact.high, fact.source, fact.locator, fact.kind, fact.note
                )
    for table, columns in TABLES.items():
        key = columns[0]
        for row in database.unchecked_rows(table):
            stated = {column: row[column] for column in columns if column != key and column not in _EVIDENCE and row[column]}
            numbers = {name: number for name, text in stated.items() if (number := _number(text)) is not None}
            for name, text in stated.items():
                others = json.dumps({other: cell for other, cell in stated.items() if other != name}, ensure_ascii=False)
                yield ExportedFact(table, row[key], name, text, numbers.get(name), others, None, None, row["source"], row["locator"], row["kind"], row["note"])


def export(database: Database, format: str) -> bytes:
    """Return every fact of the *database* with its source as a file in *format*, ``json`` or ``parquet``.

    Raises:
        DatabaseError: a file breaks the schema.
        MissingExtraError: the format is Parquet and pyarrow is not installed.
    """
    facts, sources = list(facts_of(database)), database.sources()
    if format == "json":
        document = {"schema": SCHEMA, "sources": {key: dict(entry) for key, entry in sources.items()}, "facts": [fact._asdict() for fact in facts]}
        return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False).encode()
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError("Parquet needs pyarrow, which is not installed", extra="parquet", otherwise="export JSON") from error
    entries = [sources.get(fact.source, {}) for fact in facts]
    columns: dict[str, list[object]] = {name: [getattr(fact, name) for fact in facts] for name in ExportedFact._fields}
    columns |= {f"source_{name}": [str(entry.get(name, "")) for entry in entries] for name in ("title", "publisher", "published", "url", "licence")}
    types = dict.fromkeys(("number", "low", "high"), pa.float64())
    content = pa.BufferOutputStream()
    parquet.write_table(pa.table({name: pa.array(cells, types.get(name, pa.string())) for name, cells in columns.items()}), content, compression="zstd")
    exported: bytes = content.getvalue().to_pybytes()
    return exported


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
