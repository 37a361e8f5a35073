"""A table of another program, read row by row, so that a file of any length takes the memory of one row."""

import ast
import csv
import math
import warnings
from collections.abc import Collection, Iterator
from typing import NamedTuple, Protocol

from traincarbon.errors import CarbonError, QuantityError
from traincarbon.estimation.parse import parse_quantity

_LONGEST_LINE = 1 << 20
_LONGEST_NAME = 60
_MOST = 1e300
_EMPTY = ("", "nan", "none", "null", "n/a", "-")


class Lines(Protocol):
    """What a table is read from: a text file, or whatever else gives its lines."""

    def readline(self, most: int, /) -> str:
        """Return the next line, or as many letters of it; nothing at the end."""
        ...


class Row(NamedTuple):
    """A row by the names of its columns, and the line of the file on which it ends."""

    line: int
    cells: dict[str, str]

    def text(self, *columns: str) -> str:
        """Return the first cell among *columns* that is not empty."""
        found = (self.cells.get(column, "").strip() for column in columns)
        return next((cell for cell in found if cell.lower() not in _EMPTY), "")

    def number(self, column: str) -> float | None:
        """Return the number in a cell, None where the cell is empty or the column is not there.

        Raises:
            ValueError: the cell holds something else, or no finite number.
        """
        cell = self.cells.get(column, "").strip()
        if cell.lower() in _EMPTY:
            return None
        try:
            number = float(cell)
        except ValueError:
            number = _quantity(column, cell)
        if not math.isfinite(number) or abs(number) > _MOST:
            raise ValueError(f"column {column}: {cell[:40]!r} is no finite number")
        return number

    def amount(self, column: str) -> float | None:
        """Return the number in a cell, which cannot be below 0.

        Raises:
            ValueError: it is, or the cell holds something else.
        """
        number = self.number(column)
        if number is not None and number < 0.0:
            raise ValueError(f"column {column}: {number:g} is less than nothing")
        return number

    def nested(self, *columns: str) -> "Row":
        """Return the row with what stands in cells as a dictionary in columns of its own: ``config.n_params`` for ``{'n_params': 1}`` in *config*."""
        inside = {f"{column}.{name}": value for column in columns for name, value in _items(self.cells.get(column, ""))}
        return Row(self.line, {**self.cells, **inside})

    def place(self, run: str) -> str:
        """Return where the row stands, and of which run it is."""
        shown = run if len(run) <= _LONGEST_NAME else f"{run[: _LONGEST_NAME - 1]}…"
        return f"line {self.line}, run {shown!r}" if run else f"line {self.line}"


def header_of(beginning: str, delimiter: str = ",") -> list[str]:
    """Return the names of the columns in the first line of a file, or in what there is of it."""
    try:
        return [cell.strip() for cell in next(csv.reader(beginning.lstrip("\ufeff").splitlines()[:1], delimiter=delimiter), [])]
    except csv.Error:
        return []


def delimiter_of(beginning: str) -> str:
    """Return what parts the cells of the first line: a comma, a semicolon or a tab."""
    first = beginning.partition("\n")[0]
    return max(",;\t", key=first.count)


def rows(stream: Lines, *, delimiter: str = ",", quoted: bool = True, always_ended: bool = True) -> Iterator[Row | str]:
    """Yield the rows of a table, and for those that cannot be read a text that says where and why.

    Where a column stands twice, the first cell of it that is not empty counts.

    Args:
        stream: The file; of a line longer than a megabyte nothing is read.
        delimiter: What parts the cells.
        quoted: Whether quotation marks keep a cell together, or are letters like others.
        always_ended: Whether its program ends each line, so that a last one without an end is torn, whatever it holds.
    """
    ended = True

    def lines() -> Iterator[str]:
        nonlocal ended
        while line := stream.readline(_LONGEST_LINE):
            ended = line.endswith(("\n", "\r"))
            if not ended and len(line) == _LONGEST_LINE:
                raise csv.Error(f"it is longer than {_LONGEST_LINE:,} characters")
            yield line.replace("\0", "�")

    reader = csv.reader(lines(), delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE)
    columns: list[str] = []
    while True:
        begin = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            end = max(reader.line_num, begin)
            yield f"line{f's {begin} to' if end > begin else ''} {end}: {error}; is a quotation mark not closed?"
            continue
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        if not columns:
            columns = [column.strip().lstrip("\ufeff") for column in cells]
        elif not ended and (always_ended or len(cells) < len(columns)):
            yield f"line {reader.line_num}: it is cut off, as the last of the file"
        elif len(cells) != len(columns):
            yield f"line {reader.line_num}: more or fewer cells than there are columns ({len(cells)}, not {len(columns)})"
        else:
            yield Row(reader.line_num, _by_name(columns, cells))


def check_column(column: str, header: list[str], option: str) -> None:
    """Refuse a column that the user names and the file does not have.

    Raises:
        CarbonError: it has none of that name.
    """
    if column and column not in header:
        shown = ", ".join(name[:_LONGEST_NAME] for name in header[:12] if name) or "none"
        more = f" and {len(header) - 12} more" if len(header) > 12 else ""
        raise CarbonError(f"{option} {column[:_LONGEST_NAME]!r}: the file has no such column", hint=f"it has {shown}{more}")


def check_needed(row: Row, needed: Collection[str], title: str) -> None:
    """Refuse a table that lacks columns without which it is another one, whatever the user takes it for.

    Raises:
        CarbonError: one is not there.
    """
    lacking = [column for column in needed if column not in row.cells]
    if lacking:
        raise CarbonError(f"the file is no {title}: it lacks {', '.join(lacking)}", hint="leave out --format, or export it anew")


def _by_name(columns: list[str], cells: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for column, cell in zip(columns, cells, strict=True):
        if column and not found.get(column):
            found[column] = cell
    return found


def _items(cell: str) -> list[tuple[str, str]]:
    """Return the names and values of a dictionary as pandas writes one into a cell, those of dictionaries inside it too; nothing for anything else."""
    if not cell.startswith("{"):
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # of what is in the cell, which is not ours to warn of
            stated = ast.literal_eval(cell.replace(": nan", ": None"))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return []
    found = []
    for name, value in stated.items() if isinstance(stated, dict) else ():
        if isinstance(value, dict):
            found += [(f"{name}.{inner}", str(deep)) for inner, deep in value.items()]
        else:
            found.append((str(name), "" if value is None else str(value)))
    return found


def _quantity(column: str, cell: str) -> float:
    """Return the number that a cell states as people write it, such as ``7B``.

    Raises:
        ValueError: it states none.
    """
    try:
        return parse_quantity(cell)
    except QuantityError as error:
        raise ValueError(f"column {column}: {cell[:40]!r} is no number{_advice(cell)}") from error


def _advice(cell: str) -> str:
    return "; write 1.5, not 1,5" if cell.count(",") == 1 and cell.replace(",", "").isdigit() else ""
