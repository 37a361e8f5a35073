"""Read a table of another program row by row, so that a file of any length takes the memory of one row."""

import ast
import csv
import math
import re
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple, Protocol

from traincarbon.errors import CarbonError, QuantityError
from traincarbon.estimation.parse import parse_quantity

_LONGEST_LINE = 1 << 20
_LONGEST_NAME = 60
_MOST = 1e300
_DELIMITER = re.compile(r'"?sep=.?"?,*', re.IGNORECASE)
_EMPTY = ("", "nan", "none", "null", "n/a", "-")
_LONGEST_EMPTY = max(map(len, _EMPTY))


class Lines(Protocol):
    """The source of a table: a text file, or anything else with lines."""

    def readline(self, most: int, /) -> str:
        """Return the next line, at most *most* letters of it. Nothing at the end."""
        ...


class PutBack:
    """Lines that were read already, and the rest of a stream, as standard input cannot seek."""

    def __init__(self, seen: Sequence[str], stream: Lines) -> None:
        self._seen = [line for line in reversed(seen) if line]
        self._stream = stream

    def readline(self, most: int, /) -> str:
        """Return the next line, or as much of it."""
        return self._seen.pop() if self._seen else self._stream.readline(most)


class Row(NamedTuple):
    """A row as column name to cell, and the line of the file on which it ends."""

    line: int
    cells: dict[str, str]

    def text(self, *columns: str) -> str:
        """Return the first cell among *columns* that is not empty."""
        for column in columns:
            cell = self.cells.get(column)
            if cell and (cell := cell.strip()) and (len(cell) > _LONGEST_EMPTY or cell.lower() not in _EMPTY):
                return cell
        return ""

    def number(self, column: str) -> float | None:
        """Return the number in a cell, None if the cell is empty or the column does not exist.

        Raises:
            ValueError: the cell is not a finite number.
        """
        cell = self.cells.get(column)
        if not cell or not (cell := cell.strip()) or (len(cell) <= _LONGEST_EMPTY and cell.lower() in _EMPTY):
            return None
        try:
            number = float(cell)
        except ValueError:
            number = _quantity(column, cell)
        if not math.isfinite(number) or abs(number) > _MOST:
            raise ValueError(f"column {column}: {cell[:40]!r} is not a finite number")
        return number

    def amount(self, column: str) -> float | None:
        """Return the number in a cell, which must not be negative.

        Raises:
            ValueError: it is negative, or the cell is not a number.
        """
        number = self.number(column)
        if number is not None and number < 0.0:
            raise ValueError(f"column {column}: {number:g} is negative")
        return number

    def nested(self, *columns: str) -> "Row":
        """Return the row with the dictionaries in cells as columns of their own: ``config.n_params`` for ``{'n_params': 1}`` in *config*."""
        inside = {f"{column}.{name}": value for column in columns for name, value in _items(self.cells.get(column, ""))}
        return Row(self.line, {**self.cells, **inside})

    def place(self, run: str) -> str:
        """Return the line of the row and its run, for a message."""
        shown = run if len(run) <= _LONGEST_NAME else f"{run[: _LONGEST_NAME - 1]}…"
        return f"line {self.line}, run {shown!r}" if run else f"line {self.line}"


def lines_of(stream: Lines) -> Iterator[str]:
    """Yield the lines of a stream.

    Raises:
        CarbonError: one is longer than a megabyte, as in a device without an end.
    """
    while line := stream.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE and not line.endswith("\n"):
            raise CarbonError(f"a line is longer than {_LONGEST_LINE:,} characters", hint="is it a text file?")
        yield line


def first_line(beginning: str) -> str:
    r"""Return the first line of a file that says something: not empty, and not the line by which Excel names the delimiter.

    Example:
        >>> first_line("\n  \nsep=,\nname,hours\na,1\n")
        'name,hours'
    """
    return next((line for line in beginning.lstrip("\ufeff").splitlines() if not says_nothing(line)), "")


def says_nothing(line: str) -> bool:
    """Return whether a line before the header is empty, or ``sep=,`` as Excel writes it."""
    return not line.strip("\ufeff \t\r\n,;") or bool(_DELIMITER.fullmatch(line.strip("\ufeff \r\n")))


def header_of(beginning: str, delimiter: str = ",") -> list[str]:
    """Return the names of the columns in the first line of a file, or of its beginning."""
    try:
        return [cell.strip() for cell in next(csv.reader([first_line(beginning)], delimiter=delimiter), [])]
    except csv.Error:
        return []


def delimiter_of(beginning: str) -> str:
    """Return the delimiter of the first line: a comma, a semicolon or a tab."""
    return max(",;\t", key=first_line(beginning).count)


Mend = Callable[[list[str], list[str]], Sequence[tuple[list[str], list[str]]]]
"""From the columns and the cells of a row that has more or fewer: the rows that it holds, each as columns and cells; none if it cannot be read."""


def rows(
    stream: Lines, *, delimiter: str = ",", quoted: bool = True, always_ended: bool = True, mend: Mend | None = None, first_line: int = 1
) -> Iterator[Row | str]:
    """Yield the rows of a table, and a text with place and reason for each row that cannot be read.

    If a column exists twice, the first cell that is not empty counts. The header may come again, as in files that were put together,
    also with other columns: it holds for the rows below.

    Args:
        stream: The file; lines longer than a megabyte are not read.
        delimiter: What separates the cells.
        quoted: Whether quotation marks enclose a cell, or are letters like others.
        always_ended: Whether its program ends each line, so that a last line without an end is always cut off.
        mend: What reads a row with more or fewer cells than columns.
        first_line: The number of the first line of *stream* in the file.
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
    are_distinct = False
    while True:
        begin = reader.line_num + first_line
        try:
            cells = next(reader, None)
        except csv.Error as error:
            end = max(reader.line_num + first_line - 1, begin)
            yield f"line{f's {begin} to' if end > begin else ''} {end}: {error}; is a quotation mark not closed?"
            continue
        if cells is None:
            return
        line = reader.line_num + first_line - 1
        if (not cells or not cells[0].strip()) and not any(cell.strip() for cell in cells):
            continue
        if not columns and says_nothing(delimiter.join(cells)):
            continue
        if not columns or _is_header(cells, columns):
            columns = [column.strip().lstrip("\ufeff") for column in cells]
            are_distinct = len({*columns}) == len(columns)
        elif not ended and (always_ended or len(cells) < len(columns)):
            yield f"line {line}: it is cut off, as the last line of the file"
        elif len(cells) == len(columns):
            yield Row(line, _by_name(columns, cells, are_distinct=are_distinct))
        elif found := mend(columns, cells) if mend else ():
            yield from (Row(line, _by_name(known, each)) for known, each in found)
        else:
            yield f"line {line}: more or fewer cells than columns ({len(cells)}, not {len(columns)})"


def _is_header(cells: list[str], columns: list[str]) -> bool:
    """Return whether a row is a header again: its first cells, and at least half of all, name columns."""
    if len(columns) < 2 or columns[0] not in cells[0] or cells[0].strip().lstrip("\ufeff") != columns[0]:
        return False
    return 2 * sum(cell.strip() in columns for cell in cells if cell.strip()) >= len(columns)


def check_column(column: str, header: list[str], option: str) -> None:
    """Refuse a column that the user names and the file does not have.

    Raises:
        CarbonError: there is no such column.
    """
    if column and column not in header:
        shown = ", ".join(name[:_LONGEST_NAME] for name in header[:12] if name) or "none"
        more = f" and {len(header) - 12} more" if len(header) > 12 else ""
        raise CarbonError(f"{option} {column[:_LONGEST_NAME]!r}: the file has no such column", hint=f"it has {shown}{more}")


def check_needed(row: Row, needed: Collection[str], title: str) -> None:
    """Refuse a table that lacks *needed* columns.

    Raises:
        CarbonError: one does not exist.
    """
    lacking = [column for column in needed if column not in row.cells]
    if lacking:
        raise CarbonError(f"the file is not {title}: it lacks {', '.join(lacking)}", hint="leave out --format, or export it again")


def _by_name(columns: list[str], cells: list[str], *, are_distinct: bool = False) -> dict[str, str]:
    if are_distinct:
        named = dict(zip(columns, cells, strict=True))
        named.pop("", None)
        return named
    found: dict[str, str] = {}
    for column, cell in zip(columns, cells, strict=True):
        if column and not found.get(column):
            found[column] = cell
    return found


def _items(cell: str) -> list[tuple[str, str]]:
    """Return the items of a dictionary that pandas wrote into a cell, and those of dictionaries inside it. Nothing for other cells."""
    if not cell.startswith("{"):
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # about the code in the cell
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
    """Return a number as people write it, such as ``7B``.

    Raises:
        ValueError: the cell is not a number.
    """
    try:
        return parse_quantity(cell)
    except QuantityError as error:
        raise ValueError(f"column {column}: {cell[:40]!r} is not a number{_advice(cell)}") from error


def _advice(cell: str) -> str:
    return "; write 1.5, not 1,5" if cell.count(",") == 1 and cell.replace(",", "").isdigit() else ""
