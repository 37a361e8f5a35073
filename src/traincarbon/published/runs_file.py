"""Read CSV files in the columns of ``published_runs.csv``: strictly and row by row, so that one bad row does not lose the others."""

import csv
import io
import itertools
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from os import path
from typing import Any, NamedTuple, TextIO, TypeVar

from traincarbon.database.load import builtin_root
from traincarbon.errors import CarbonError, DatabaseError
from traincarbon.estimation.families import FAMILIES, published_name
from traincarbon.published.cell_numbers import number_of
from traincarbon.published.column_names import BARE_TIMES, Column, header_name, known_columns
from traincarbon.published.contradicting_columns import check_together
from traincarbon.published.reported_runs import PublishedRun, SetAside
from traincarbon.published.run_kinds import RunKind, Unusable
from traincarbon.reading import open_input, open_regular

FILE = "published_runs.csv"
"""The name of our own file in ``hardware_db``."""
STEPS_FILE = "measured_steps.csv"
"""The same columns for tables of measured steps, which say nothing about whole runs."""
POWER_FILE = "measured_power.csv"
"""The same columns for the measured power of parts of trainings, which say nothing about utilisation."""
OPTIONAL_NUMBERS = ("teacher_params", "samples", "gmac_per_sample", "images_per_sample", "power_cap_w")
OPTIONAL = ("set", "unusable", "locator", *OPTIONAL_NUMBERS)
"""Columns that a file may leave out."""
NUMBERS = tuple(field.name for field in fields(PublishedRun) if field.type == float | None and field.name not in OPTIONAL)
"""Columns of numbers."""
TEXTS = tuple(field.name for field in fields(PublishedRun) if field.name not in (*NUMBERS, *OPTIONAL))
"""Columns of text."""
_ADAPTER = re.compile(r"(?<![a-z])q?lora(?![a-z])", re.IGNORECASE)
"""Low-rank adapters in the name of a model, by which files that know no kind ``lora`` tell them from other fine-tunings."""
Choice = TypeVar("Choice", RunKind, Unusable)
NEEDED = ("id", "hardware")
"""Columns that every file has."""
_SEPARATORS = (",", ";", "\t")
"""What stands between cells: one of them, the most frequent in the header."""
_COLUMNS = frozenset((*TEXTS, *NUMBERS, *OPTIONAL))


def read_runs(file: str | None = None) -> tuple[list[PublishedRun], list[SetAside]]:
    """Return the runs of a CSV *file* in the columns of ``published_runs.csv``, by default ours, and the rows set aside.

    A row is set aside, with its line and the reason, if a number is unreadable or impossible, or its id repeats an earlier one.

    Raises:
        DatabaseError: the file cannot be read, is no CSV in UTF-8, lacks a column, holds no runs, or holds too many.
    """
    source = path.join(builtin_root(), FILE) if file is None else file
    runs: list[PublishedRun] = []
    aside: list[SetAside] = []
    for row in read_rows(source):
        if isinstance(row, SetAside):
            aside.append(row)
        else:
            runs.append(row)
    if not runs and not aside:
        raise DatabaseError(f"{source} has column names but no runs", hint="add a row for each run")
    return runs, aside


def read_measured_steps() -> list[PublishedRun]:
    """Return the rows of the built-in tables of measured steps.

    Raises:
        DatabaseError: the file cannot be read.
    """
    return read_runs(path.join(builtin_root(), STEPS_FILE))[0]


def read_measured_power() -> list[PublishedRun]:
    """Return the rows of the built-in table of measured power.

    Raises:
        DatabaseError: the file cannot be read.
    """
    return read_runs(path.join(builtin_root(), POWER_FILE))[0]


def unread_columns(file: str) -> list[str]:
    """Return the columns of a CSV *file* that are ignored, none if the file cannot be read."""
    return [cell for cell, column in _header(file) if column.name and column.name not in _COLUMNS]


def bare_times(file: str) -> list[str]:
    """Return the columns of a CSV *file* that are read as wall-clock time and whose names may mean accelerator-hours, none if the file cannot be read."""
    header = _header(file)
    if any(column.name == "accelerator_hours" for _, column in header):
        return []
    return [cell for cell, column in header if column.name == "wallclock_days" and header_name(cell) in BARE_TIMES]


def _header(file: str) -> list[tuple[str, Column]]:
    """Return the cells of the header of a CSV *file*, each with the column that it means."""
    try:
        with io.TextIOWrapper(open_regular(file), encoding="utf-8-sig", newline="") as stream:
            table = _table(stream, file)
    except (OSError, ValueError, CarbonError):
        return []
    return [(cell.strip(), column) for cell, column in zip(table.header, table.columns, strict=True)]


def read_rows(file: str) -> Iterator[PublishedRun | SetAside]:
    """Yield each row of a CSV *file* as a run, or with the reason why it cannot be read."""
    seen: dict[str, int] = {}
    try:
        with io.TextIOWrapper(open_input(file), encoding="utf-8-sig", newline="") as stream:
            table = _table(stream, file)
            columns, per_unit = _checked(table.columns, file), {column.name: column.per_unit for column in table.columns}
            for line, cells in table.rows:
                if not any(cell.strip() for cell in cells):
                    continue
                yield _row(cells, columns, per_unit, line, seen)
                if len(seen) > _MOST_ROWS:
                    raise DatabaseError(f"{file} holds more than {_MOST_ROWS:,} runs", hint="split it")
    except OSError as error:
        raise DatabaseError(f"cannot read {file!r}: {error.strerror or error}", hint="name a CSV file that you may read") from error
    except UnicodeDecodeError as error:
        raise DatabaseError(f"cannot read {file!r}: {_first_other_encoding(file)} is not in UTF-8", hint="save it as CSV in UTF-8") from error
    except ValueError as error:
        raise DatabaseError(f"cannot read {file!r}: {error}", hint="name a CSV file") from error


_MOST_ROWS = 100_000
_LONGEST_LINE = 1 << 20
_LONGEST_ID = 200
_SAMPLED = 20
"""Rows among which a cell of each column is looked for."""


def _lines(stream: TextIO, file: str) -> Iterator[str]:
    """Yield lines. Refuse one so long that it would fill the memory."""
    while line := stream.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise DatabaseError(f"cannot read {file!r}: a line is longer than {_LONGEST_LINE:,} characters", hint="name a CSV file")
        yield line


def _first_other_encoding(file: str) -> str:
    with suppress(OSError), open_regular(file) as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return f"line {number}"
    return "it"


class _Table(NamedTuple):
    """The header of a file, what its columns mean, and its rows, each with the line in which it ends."""

    header: list[str]
    columns: list[Column]
    rows: Iterator[tuple[int, list[str]]]


def _table(stream: TextIO, file: str) -> _Table:
    """Return the table in a file, whose header is the first line that is not blank. It names columns in any case, by our names or those that others use.

    Raises:
        DatabaseError: no line holds anything, or a line cannot be read.
    """
    lines = _lines(stream, file)
    for blank, line in enumerate(lines):
        if line.strip():
            rows = _numbered(itertools.chain(["\n"] * blank, [line], lines), max(_SEPARATORS, key=line.count), file)
            header = next(cells for _, cells in rows if cells)
            first = list(itertools.islice(rows, _SAMPLED))
            samples = [next((cells[at] for _, cells in first if len(cells) > at and cells[at].strip()), "") for at in range(len(header))]
            return _Table(header, known_columns([header_name(cell) for cell in header], samples), itertools.chain(first, rows))
    raise DatabaseError(f"{file} is empty", hint="its first line names the columns: those of published_runs.csv")


def _numbered(lines: Iterator[str], separator: str, file: str) -> Iterator[tuple[int, list[str]]]:
    """Yield rows, each with the line in which it ends.

    Raises:
        DatabaseError: one is no row of a CSV file.
    """
    reader = csv.reader(lines, delimiter=separator)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise DatabaseError(f"cannot read {file!r} beyond line {reader.line_num}: {error}", hint="it must be a CSV file in UTF-8") from error


def _checked(found: list[Column], file: str) -> list[str]:
    """Return the names of the columns that were *found*.

    Raises:
        DatabaseError: one that every file has is not there, or one is there twice.
    """
    columns = [column.name for column in found]
    missing = [column for column in NEEDED if column not in columns]
    if missing:
        raise DatabaseError(
            f"{file} lacks the column{'s' * (len(missing) > 1)} {' and '.join(missing)}",
            hint="the columns are those of published_runs.csv; those that are empty may be left out",
        )
    twice = sorted({column for column in columns if column and columns.count(column) > 1})
    if twice:
        raise DatabaseError(f"{file} has the column {twice[0]} twice", hint="remove or rename one of them")
    return columns


def _row(cells: list[str], columns: list[str], per_unit: dict[str, float], line: int, seen: dict[str, int]) -> PublishedRun | SetAside:
    row = {column: text for column, cell in zip(columns, cells, strict=False) if cell and (text := cell.strip())}  # most cells are empty
    stated = row.get("id", "")
    id = stated if len(stated) <= _LONGEST_ID else ""
    try:
        if not id:
            raise DatabaseError("column id is empty" if not stated else "column id: too long; is a quotation mark not closed?")
        if id in seen:
            raise DatabaseError(f"column id: {id!r} is already in line {seen[id]}")
        if len(cells) != len(columns):
            raise DatabaseError(f"{len(cells)} cells, but {len(columns)} columns")
        kind = _choice(RunKind, "kind", row.get("kind", "") if "kind" in columns else RunKind.RUN)
        unusable = _choice(Unusable, "unusable", cell) if (cell := row.get("unusable")) else None
        stated_numbers = [column for column in (*NUMBERS, *OPTIONAL_NUMBERS) if column in row]
        numbers = {column: value for column in stated_numbers if (value := number_of(column, row[column], per_unit[column])) is not None}
        if "family" in row:
            row["family"] = _family(row["family"])
        check_together(numbers, row.get("family", ""))
    except CarbonError as error:
        return SetAside(id or f"line {line}", str(error), line)
    finally:
        seen.setdefault(id or f"line {line}", line)
    fields: dict[str, Any] = {column: row[column] for column in (*TEXTS, "set", "locator") if column in row}
    is_adapter = kind is RunKind.FINETUNE and _ADAPTER.search(row.get("model", "")) is not None
    return PublishedRun(**fields | numbers | {"kind": RunKind.LORA if is_adapter else kind, "unusable": unusable})


def _choice(kind: type[Choice], column: str, text: str) -> Choice:
    """Return the member of *kind* that a cell names.

    Raises:
        DatabaseError: it names none.
    """
    try:
        return kind(text)
    except ValueError:
        raise DatabaseError(f"column {column}: {text[:40]!r} is none of {', '.join(kind)}") from None


def _family(text: str) -> str:
    """Return the family of models that a cell names.

    Raises:
        DatabaseError: it names none.
    """
    family = published_name(text)
    if not family:
        known = ", ".join(name for each in FAMILIES.values() for name in each.published_as)
        raise DatabaseError(f"column family: {text[:40]!r} is none of {known}")
    return family
