"""Write records of runs as JSON, CSV and Parquet and read them back, without losing a digit."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any
from unicodedata import category

from traincarbon.errors import CarbonError
from traincarbon.extras import MissingExtraError
from traincarbon.formatting import json_text
from traincarbon.ledger.run import RUN_SCHEMA, Run
from traincarbon.quantities import ENERGY_PARTS, RECORDED

FORMATS = ("csv", "json", "parquet")
PARQUET = b"PAR1"
"""The first bytes of a Parquet file."""

_AT_A_TIME = 1000
"""Records that are in memory at once where a file is written."""
_PLAIN = (
    "run_id",
    "project",
    "state",
    "exit_code",
    "started_at",
    "duration_s",
    "nodes",
    "accelerators",
    "hw",
    "gaps_s",
    "samples",
    "tokens",
    "params",
    "mfu",
    "source",
    "energy_covers",
)
_NESTED = {
    **dict.fromkeys(("energy_j", "how", "missing"), ENERGY_PARTS),
    **dict.fromkeys(RECORDED, ("low", "median", "high")),
}
"""Fields with parts; each part is a column ``name.part``."""
_AS_JSON = (
    "argv",
    "progress",
    "forecast",
    "plan",
    "versions",
    "devices",
    "notes",
    "phases",
    "attempts",
    "waste",
    "warm_up",
    "hours",
    "hosts",
    "shared_with",
    "site",
    "billed",
)
_TEXTS = {"run_id", "project", "state", "started_at", "hw", "source", "energy_covers", *_AS_JSON}
_WHOLE = {"exit_code", "nodes", "accelerators", "samples"}
_JOINERS = "\u200c\u200d"
"""Invisible characters that some scripts and composed emoji need."""
_FORMULA = ("=", "+", "-", "@", "'")
"""A spreadsheet may run a cell that begins with one of these; an apostrophe before it marks it as text."""
COLUMNS = (*_PLAIN, *(f"{name}.{part}" for name, parts in _NESTED.items() for part in parts), *_AS_JSON)
"""The columns of CSV and Parquet, in order."""


def dump(records: Sequence[Run], format: str) -> bytes:
    """Return the records in one of :data:`FORMATS`.

    Raises:
        CarbonError: the format is Parquet and pyarrow is not installed.
    """
    return b"".join(pieces(records, format))


def pieces(records: Iterable[Run], format: str) -> Iterator[bytes]:
    """Yield what :func:`dump` returns, so that neither all records nor all of the file are in memory at once.

    Raises:
        CarbonError: the format is Parquet and pyarrow is not installed.
    """
    if format == "json":
        return _json_pieces(records)
    rows = (_flat(record.to_dict()) for record in records)
    return _parquet_pieces(rows) if format == "parquet" else _csv_pieces(rows)


def load(content: bytes) -> list[Run]:
    """Return the records of a file that :func:`dump` wrote, or of the JSON of one record.

    Raises:
        CarbonError: it is not such a file, or one of the records is invalid.
    """
    if content.startswith(PARQUET):
        return _from_parquet(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CarbonError(f"the file is not in UTF-8: {error.reason} at byte {error.start}", hint="import JSON or CSV") from error
    if text.lstrip()[:1] in ("{", "["):
        return _from_json(text)
    return _from_csv(text)


def is_ours(header: str) -> bool:
    """Return whether a CSV file with this first line was written by :func:`dump`."""
    return {"run_id", "state", "energy_j.gpu"} <= set(header.strip().split(","))


def cell_of(value: object) -> str:
    """Return a value as an exact cell that no spreadsheet runs and that cannot control a terminal."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return repr(value)
    text = "".join(letter if letter.isprintable() or letter in _JOINERS or category(letter) == "Zs" else "�" for letter in value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def text_of(cell: str) -> str:
    """Return the text that :func:`cell_of` wrote into a cell."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _from_json(text: str) -> list[Run]:
    try:
        stated = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CarbonError(f"the file is not JSON: {error}", hint="is it cut off?") from error
    records = stated if isinstance(stated, list) else [stated]
    if not all(isinstance(record, dict) for record in records):
        raise CarbonError("the file does not hold records of runs", hint="write it with: carbon runs export --format json")
    return [Run.from_dict(record) for record in records]


def _from_csv(text: str) -> list[Run]:
    if not is_ours(text.partition("\n")[0]):
        raise CarbonError("the file holds no runs: its first line lacks run_id, state or energy_j.gpu", hint="import JSON or CSV of carbon runs export")
    records = []
    try:
        for number, row in enumerate(csv.DictReader(io.StringIO(text, newline=""), strict=True), 2):
            if None in row or None in row.values():
                raise CarbonError(f"row {number} has more or fewer cells than there are columns", hint="is the file cut off?")
            records.append(Run.from_dict(_unflat({name: _uncell(name, cell, number) for name, cell in row.items()})))
    except csv.Error as error:
        raise CarbonError(f"the file is not CSV: {error}", hint="is it cut off?") from error
    return records


def _from_parquet(content: bytes) -> list[Run]:
    pa, parquet = _pyarrow()
    try:
        file = parquet.ParquetFile(pa.BufferReader(content))
        rows = file.read(columns=[name for name in COLUMNS if name in file.schema_arrow.names]).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise CarbonError(f"the file holds no runs in Parquet: {str(error).splitlines()[0][:200]}", hint="is it cut off?") from error
    records = []
    for number, row in enumerate(rows, 1):
        try:
            stated = {name: json.loads(value) if name in _AS_JSON and value is not None else value for name, value in row.items()}
        except (ValueError, RecursionError) as error:
            raise CarbonError(f"row {number} holds text that is not JSON: {error}", hint="write it with: carbon runs export --format parquet") from error
        records.append(Run.from_dict(_unflat(stated)))
    return records


def _json_pieces(records: Iterable[Run]) -> Iterator[bytes]:
    before = "[\n"
    for record in records:
        text = json_text(record.to_dict(), indent=2).replace("\n", "\n  ")  # a line break in a text is escaped
        yield f"{before}  {text}".encode()
        before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"


def _csv_pieces(rows: Iterable[Mapping[str, object]]) -> Iterator[bytes]:
    lines: Iterator[Iterable[str]] = ([cell_of(row[name]) for name in COLUMNS] for row in rows)
    lines = chain([COLUMNS], lines)
    while some := list(islice(lines, _AT_A_TIME)):
        stream = io.StringIO(newline="")
        csv.writer(stream, lineterminator="\n").writerows(some)
        yield stream.getvalue().encode("utf-8")


def _parquet_pieces(rows: Iterator[dict[str, object]]) -> Iterator[bytes]:
    pa, parquet = _pyarrow()
    schema = pa.schema([(name, pa.string() if _is_text(name) else pa.int64() if name in _WHOLE else pa.float64()) for name in COLUMNS])
    sink = _Sink()
    with parquet.ParquetWriter(sink, schema) as writer:
        while some := list(islice(rows, _AT_A_TIME)):
            writer.write_table(pa.table({name: pa.array([row[name] for row in some], schema.field(name).type) for name in COLUMNS}))
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """A file that gives away what was written to it, while its places go on."""

    def __init__(self) -> None:
        super().__init__()
        self._written: list[bytes] = []
        self._size_b = 0

    def writable(self) -> bool:
        """Return whether it can be written: it can."""
        return True

    def tell(self) -> int:
        """Return the size of all that was written."""
        return self._size_b

    def write(self, content: Any) -> int:
        """Take what is written."""
        self._written.append(bytes(content))
        self._size_b += len(self._written[-1])
        return len(self._written[-1])

    def taken(self) -> bytes:
        """Return what was written since the last call."""
        content = b"".join(self._written)
        self._written.clear()
        return content


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError("Parquet needs pyarrow, which is not installed", extra="parquet", otherwise="use CSV or JSON") from error
    return pa, parquet


def _is_text(column: str) -> bool:
    return column in _TEXTS or column.startswith(("how.", "missing."))


def _flat(stated: dict[str, Any]) -> dict[str, object]:
    """Return one value per column. What is not known is None."""
    row = {name: stated[name] for name in _PLAIN}
    row |= {f"{name}.{part}": (stated[name] or {}).get(part) for name, parts in _NESTED.items() for part in parts}
    return row | {name: None if stated[name] is None else _visible(json.dumps(stated[name], ensure_ascii=False)) for name in _AS_JSON}


def _visible(text: str) -> str:
    """Return JSON with invisible characters escaped, so that it is exact in every file."""
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)


def _unflat(row: dict[str, object]) -> dict[str, object]:
    stated: dict[str, object] = {"schema": RUN_SCHEMA, **{name: row.get(name) for name in (*_PLAIN, *_AS_JSON)}}
    for name, parts in _NESTED.items():
        stated[name] = {part: row[f"{name}.{part}"] for part in parts if row.get(f"{name}.{part}") is not None}
    return stated


def _uncell(name: str, cell: str, number: int) -> object:
    if _is_text(name):
        text = text_of(cell)
        if name not in _AS_JSON:
            return text if text or not name.startswith(("how.", "missing.")) else None
    if not cell:
        return None
    try:
        return json.loads(text) if name in _AS_JSON else int(cell) if name in _WHOLE else float(cell)
    except (ValueError, RecursionError) as error:
        raise CarbonError(f"row {number}, {name}: {cell[:40]!r} cannot be read", hint="leave unknown cells empty") from error
