"""The rows of ``sacct`` in each of its layouts: parsable with bars, and the plain one with columns of fixed widths."""

import re
from collections.abc import Iterator
from functools import partial
from typing import TextIO

from traincarbon.readers.table import PutBack, Row, first_line, header_of, rows, says_nothing

FREE_TEXT = ("SubmitLine", "Comment", "AdminComment", "SystemComment", "JobName", "WorkDir", "Reason")
"""Columns whose cells users write, so that a bar may stand in them."""

_LISTS = ("AllocTRES", "ReqTRES")
"""Columns whose cells are lists with commas, each item with a count."""
_DELIMITERS = ("|", ";", "\t", "^", ",")
_JOB = re.compile(r"\d+(?:[_+.]\w+)?$")
_STATES = re.compile(r"[A-Z_]{4,}(?: by \d+)?|[A-Z_]+\+")
_DASHES = re.compile(r"-+(?: +-+)* *\r?\n?")
_LONGEST_LINE = 1 << 20
_COLUMNS = {
    "JobName",
    "Start",
    "End",
    "Elapsed",
    "ElapsedRaw",
    "NNodes",
    "AllocTRES",
    "ConsumedEnergy",
    "ConsumedEnergyRaw",
    "CPUTimeRAW",
    "ReqMem",
    "Submit",
    "Timelimit",
}
_ENOUGH = 4
"""So many columns of sacct tell a header without the number of the job, which is asked for."""
_MOST_EMPTY = 100


def is_plain(beginning: str) -> bool:
    """Return whether a file begins with the header of plain output: names between blanks, and dashes below."""
    lines = [line for line in beginning.lstrip("\ufeff").splitlines() if not says_nothing(line)]
    return len(lines) > 1 and "|" not in lines[0] and _DASHES.fullmatch(lines[1]) is not None and _is_header(lines[0].split())


def is_parsable(beginning: str) -> bool:
    """Return whether a file begins with the header of parsable output."""
    return bool(delimiter_in(beginning))


def delimiter_in(beginning: str) -> str:
    """Return what separates the cells of parsable output, empty if a file does not begin with its header: ``sacct --delimiter`` chooses it."""
    return next((sign for sign in _DELIMITERS if sign in first_line(beginning) and _is_header(header_of(beginning, sign))), "")


def lacks_header(line: str) -> bool:
    """Return whether a line is a row of parsable output, as a file begins with it that was printed without a header."""
    cells = line.strip().split("|")
    return len(cells) > 2 and any(_STATES.fullmatch(cell) for cell in cells) and any(_JOB.match(cell) for cell in cells)


def layout_rows(stream: TextIO) -> Iterator[Row | str]:
    """Yield the rows of either layout, and a text with place and reason for each that cannot be read."""
    seen: list[str] = []
    while sum(not says_nothing(line) for line in seen) < 2 and len(seen) < _MOST_EMPTY and (line := stream.readline(_LONGEST_LINE)):
        seen.append(line)
    if is_plain("".join(seen)):
        yield from _fixed(PutBack(seen, stream))
    else:
        sign = delimiter_in("".join(seen)) or _DELIMITERS[0]
        yield from rows(PutBack(seen, stream), delimiter=sign, quoted=sign != _DELIMITERS[0], mend=partial(with_delimiters, sign=sign))


def with_delimiters(columns: list[str], cells: list[str], *, sign: str = "|") -> list[tuple[list[str], list[str]]]:
    """Return the row whose free text holds delimiters: the cells too many belong to it. Nothing if no such text leaves the states where they should be."""
    extra = len(cells) - len(columns)
    if extra <= 0:
        return []
    state = columns.index("State") if "State" in columns else -1
    for name in (*_LISTS, *FREE_TEXT) if sign == "," else FREE_TEXT:
        if name not in columns:
            continue
        at = columns.index(name)
        parts = cells[at : at + extra + 1]
        if name in _LISTS and not all("=" in part for part in parts):
            continue
        joined = [*cells[:at], sign.join(parts), *cells[at + extra + 1 :]]
        if state < 0 or _STATES.fullmatch(joined[state].strip()):
            return [(columns, joined)]
    return []


def _fixed(lines: PutBack) -> Iterator[Row | str]:
    """Yield the rows of plain output. A cell that is cut off ends in a plus sign and is not read, unless it is a name or a state."""
    header, columns, spans, number = "", [""], [(0, 0)], 0
    while line := lines.readline(_LONGEST_LINE):
        number += 1
        text = line.rstrip("\r\n")
        if not text.strip():
            continue
        if _DASHES.fullmatch(line):
            spans = [found.span() for found in re.finditer(r"-+", text)]
            columns = [header[begin:end].strip().rstrip("+") for begin, end in spans]
        elif len(spans) < 2:
            header = text.lstrip("\ufeff")
        elif text.split() == header.split():
            continue
        elif not line.endswith("\n") and len(text.rstrip()) < spans[-1][0]:
            yield f"line {number}: it is cut off, as the last line of the file"
        else:
            cells = (text[begin:end].strip() for begin, end in spans)
            yield Row(number, {column: _whole(column, cell) for column, cell in zip(columns, cells, strict=True)})


def _whole(column: str, cell: str) -> str:
    return "" if cell.endswith("+") and column not in ("JobID", "JobName", "State") else cell


def _is_header(names: list[str]) -> bool:
    return "State" in names and ("JobID" in names or "JobIDRaw" in names or len(_COLUMNS.intersection(names)) >= _ENOUGH)
