"""The columns of a log of ``nvidia-smi``, also of one without a header (``--format=csv,noheader``), whose cells have units."""

import re

from traincarbon.readers.table import header_of

POWERS = ("power.draw.average", "power.draw", "power.draw.instant")
"""Columns with the power, the mean of a second first."""

_OTHERS = ("utilization.gpu", "utilization.memory", "memory.used", "memory.total", "memory.free", "temperature.gpu", "clocks.sm", "clocks.current.sm", "pstate")
_UNIT = re.compile(r"\s*\[.*\]$")
_TIME = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{3}")
_WATTS = re.compile(r"\d+(?:\.\d+)? W")
_OTHER_UNITS = re.compile(r"\d+(?:\.\d+)? (?:%|MiB|MHz)")
_KINDS = (
    ("timestamp", _TIME),
    ("power.draw", _WATTS),
    ("uuid", re.compile(r"(?:GPU|MIG)-[0-9a-fA-F-]{8,}")),
    ("pci.bus_id", re.compile(r"[0-9A-Fa-f]{8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.\d")),
    ("name", re.compile(r"(?=.*[A-Za-z]{3})(?=.*\d)(?!\[).*[A-Za-z0-9)]")),
)
_MOST_INDEX = 15


def plain(column: str) -> str:
    """Return the name of a column without its unit."""
    return _UNIT.sub("", column.strip()).lower()


def is_log(line: str) -> bool:
    """Return whether a line is the header of a log, or its first line if it has no header."""
    cells = header_of(line)
    names = {plain(cell) for cell in cells}
    if "timestamp" in names:
        return not names.isdisjoint((*POWERS, *_OTHERS))
    return any(_TIME.fullmatch(cell) for cell in cells) and any(_WATTS.fullmatch(cell) or _OTHER_UNITS.fullmatch(cell) for cell in cells)


def has_power(line: str) -> bool:
    """Return whether a log that begins with this line states power."""
    return not {plain(cell) for cell in columns_of(line)}.isdisjoint(POWERS)


def has_header(line: str) -> bool:
    """Return whether the first line of a log names its columns."""
    return any(plain(cell) == "timestamp" for cell in header_of(line))


def columns_of(line: str) -> list[str]:
    """Return the columns of a log by its first line; if it is no header, by what its cells look like.

    Example:
        >>> columns_of("2026/04/25 16:06:06.780, 0, NVIDIA A100, 3 %, 27, 11.64 W, 300.00 W")
        ['timestamp', 'index', 'name', 'column 3', 'column 4', 'power.draw', 'column 6']
    """
    cells = header_of(line)
    if has_header(line):
        return cells
    found: list[str] = []
    for place, cell in enumerate(cells):
        kind = next((name for name, shape in _KINDS if shape.fullmatch(cell) and name not in found), "")
        is_index = place <= 1 and cell.isdigit() and int(cell) <= _MOST_INDEX
        found.append(kind or ("index" if is_index else f"column {place}"))
    return found
