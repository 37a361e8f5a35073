"""Read CSV files in the columns of ``published_runs.csv``: strictly and row by row, so that one bad row does not lose the others."""

import csv
import io
import itertools
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from os import path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from traincarbon.database.load import builtin_root
from traincarbon.errors import CarbonError, DatabaseError
from traincarbon.estimation.families import FAMILIES, published_name
from traincarbon.published.column_names import Column, known_columns
from traincarbon.published.contradicting_columns import check_together
from traincarbon.published.reported_runs import PublishedRun, SetAside
from traincarbon.published.run_kinds import RunKind, Unusable
from traincarbon.reading import open_input, open_regular

if TYPE_CHECKING:
    from _csv import Reader

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
_DECIMAL_COMMA = re.compile(r"[+-]?(\d+,\d{1,2}|\d+,\d{4,}|0,\d+|\d{4,},\d+|\d{1,3}(\.\d{3})+,\d+|\d+,\d+e[+-]?\d+)", re.IGNORECASE)
"""Where a comma can only be that of decimals: of thousands, three digits stand after each and at most three before the first."""
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
    """Return the columns of a CSV *file* that are ignored, None if the file cannot be read."""
    try:
        with io.TextIOWrapper(open_regular(file), encoding="utf-8-sig", newline="") as stream:
            _, header = _table(stream, file)
    except (OSError, ValueError, csv.Error, CarbonError):
        return []
    columns = known_columns([_name(cell) for cell in header])
    return [cell.strip() for cell, column in zip(header, columns, strict=True) if column.name and column.name not in _COLUMNS]


def read_rows(file: str) -> Iterator[PublishedRun | SetAside]:
    """Yield each row of a CSV *file* as a run, or with the reason why it cannot be read."""
    seen: dict[str, int] = {}
    try:
        with io.TextIOWrapper(open_input(file), encoding="utf-8-sig", newline="") as stream:
            reader, header = _table(stream, file)
            found = _columns(header, file)
            columns, scaled = [column.name for column in found], [column for column in found if column.per_unit != 1.0]
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                yield _row(cells, columns, scaled, reader.line_num, seen)
                if len(seen) > _MOST_ROWS:
                    raise DatabaseError(f"{file} holds more than {_MOST_ROWS:,} runs", hint="split it")
    except OSError as error:
        raise DatabaseError(f"cannot read {file!r}: {error.strerror or error}", hint="name a CSV file that you may read") from error
    except UnicodeDecodeError as error:
        raise DatabaseError(f"cannot read {file!r}: {_first_other_encoding(file)} is not in UTF-8", hint="save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise DatabaseError(f"cannot read {file!r} beyond line {reader.line_num}: {error}", hint="it must be a CSV file in UTF-8") from error
    except ValueError as error:
        raise DatabaseError(f"cannot read {file!r}: {error}", hint="name a CSV file") from error


_MOST_ROWS = 100_000
_LONGEST_LINE = 1 << 20
_LONGEST_ID = 200

_MOST = 1e30
_BOUNDS: dict[str, tuple[float, float, str]] = {
    "year": (1990.0, 2100.0, "a year: 2023"),
    "total_params": (1e4, 1e16, "a count: 175e9 for 175 billion"),
    "active_params": (1e4, 1e16, "a count: 13e9 for 13 billion"),
    "tokens": (1e6, 1e18, "a count: 300e9 for 300 billion"),
    "batch_tokens": (64.0, 1e12, "tokens in a step, a count: 4e6 for four million"),
    "teacher_params": (1e4, 1e16, "a count: 70e9 for 70 billion"),
    "samples": (1.0, 1e18, "a count of samples, all epochs included"),
    "gmac_per_sample": (1e-6, 1e9, "multiply-adds of one sample in 1e9: 4.1 for ResNet-50"),
    "images_per_sample": (1.0, 1e6, "images that are loaded for a sample: 2 for two views of an image"),
    "training_flops": (1e10, _MOST, "FLOP of the whole training: 3.1e23"),
    "accelerators": (1.0, 1e7, "a count of accelerators"),
    "accelerator_hours": (1e-3, 1e12, "accelerators times hours: 1.02e6 for 1.02 million"),
    "wallclock_days": (1e-5, 1e5, "days"),
    "iter_time_s": (1e-5, 1e5, "seconds"),
    "achieved_tflops_per_accelerator": (1e-3, 1e5, "TFLOP/s of one accelerator"),
    "mfu": (1e-4, 1.0, "a share: 0.45 for 45 %"),
    "hfu": (1e-4, 1.0, "a share: 0.45 for 45 %"),
    "mean_power_w_per_accelerator": (1.0, 1e5, "watts of one accelerator"),
    "power_cap_w": (1.0, 1e5, "watts of one accelerator: 95 for a laptop's GPU that is capped there"),
    "pue": (1.0, 5.0, "facility over servers: 1.1 for 10 % on top"),
    "carbon_intensity_g_per_kwh": (1.0, 1500.0, "grams: 429 for 0.429 kg/kWh"),
}
"""Least and greatest value of a column, and its unit in words. Other columns hold any number above zero."""
_ENDINGS = {"K": 1e3, "k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
_SHARES = ("mfu", "hfu")
_ZERO = ("carbon_intensity_g_per_kwh", "co2e_t", "embodied_t", "cost_usd")
"""Columns in which zero can be meant, as with a contract for wind power."""


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


def _columns(header: list[str], file: str) -> list[Column]:
    """Return the columns that a *header* names, in any case, by our names or those that others use.

    Raises:
        DatabaseError: it lacks one that every file has, or has one twice.
    """
    found = known_columns([_name(cell) for cell in header])
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
    return found


def _name(cell: str) -> str:
    """Return the column that a cell of the header names."""
    return cell.strip().lower().replace(" ", "_")


def _table(stream: TextIO, file: str) -> "tuple[Reader, list[str]]":
    """Return a reader of the rows below the header, and the cells of the header: the first line that is not blank.

    Raises:
        DatabaseError: no line holds anything.
    """
    lines = _lines(stream, file)
    for blank, line in enumerate(lines):
        if line.strip():
            reader = csv.reader(itertools.chain(["\n"] * blank, [line], lines), delimiter=max(_SEPARATORS, key=line.count))
            return reader, next(cells for cells in reader if cells)
    raise DatabaseError(f"{file} is empty", hint="its first line names the columns: those of published_runs.csv")


def _row(cells: list[str], columns: list[str], scaled: list[Column], line: int, seen: dict[str, int]) -> PublishedRun | SetAside:
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
        numbers = {column: value for column in (*NUMBERS, *OPTIONAL_NUMBERS) if column in row and (value := _number(column, row[column])) is not None}
        numbers |= {column.name: numbers[column.name] * column.per_unit for column in scaled if column.name in numbers}
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


def _number(column: str, text: str) -> float | None:
    """Return the number of a cell, None for a zero that means "none".

    Raises:
        DatabaseError: it is not a number, or it is out of the bounds of the column.
    """
    least, most, unit = _BOUNDS.get(column, (1.0 / _MOST, _MOST, "a number above zero; leave the cell empty where nothing was published"))
    try:
        value = _value(column, text)
    except ValueError:
        if _DECIMAL_COMMA.fullmatch(text):
            raise DatabaseError(f"column {column}: {text[:40]!r} is not a number; write a point: {text[:40].replace('.', '').replace(',', '.')}") from None
        raise DatabaseError(
            f"column {column}: {text[:40]!r} is not a number; it holds {unit if column in _BOUNDS else 'a number like 1500000 or 1.5e6'}"
        ) from None
    if value == 0.0 and column in _ZERO:
        return value if column == "carbon_intensity_g_per_kwh" else None
    if not least <= value <= most:
        raise DatabaseError(f"column {column}: {text} is not possible; it holds {unit}")
    return value


def _value(column: str, text: str) -> float:
    """Return the number of a cell: a plain one, one with an ending as in 7B, or of a share one in percent."""
    ending = _ENDINGS.get(text[-1:], 0.0) if text[-1:] != "%" else 0.01 if column in _SHARES else 0.0
    number = text[:-1].rstrip() if ending else text
    return float(number) * (ending or 1.0)
