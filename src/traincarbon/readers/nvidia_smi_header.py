"""The columns of a log of ``nvidia-smi``, also of one without a header (``--format=csv,noheader``), whose cells have units.

A log of power by time that a script wrote names its columns otherwise: ``timestamp,power_draw_W``, or ``timestamp,gpu0_power_w,gpu1_power_w``.
"""

import re
from collections.abc import Collection

from traincarbon.readers.table import header_of

POWERS = ("power.draw.average", "power.draw", "power.draw.instant")
"""Columns with the power, the mean of a second first."""

_OTHERS = ("utilization.gpu", "utilization.memory", "memory.used", "memory.total", "memory.free", "temperature.gpu", "clocks.sm", "clocks.current.sm", "pstate")
_UNIT = re.compile(r"\s*\[.*\]$")
_OWN_POWER = re.compile(r"(?:gpu[_ ]?(\d+)?[_ ]?)?power(?:[_ .]?(?:draw|usage))?[_ ]?[(]?(?:w|watts?)[)]?")
"""A column of power that names its unit, of a script of one's own; with the number of the GPU."""
_OF_RUNS = ("hours", "gpu_hours", "gpu hours", "duration", "duration_s", "runtime", "params", "tokens")
"""Columns of a table of runs, which is no log of samples."""
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
        return not names.isdisjoint((*POWERS, *_OTHERS)) or (bool(power_columns(names)) and names.isdisjoint(_OF_RUNS))
    return any(_TIME.fullmatch(cell) for cell in cells) and any(_WATTS.fullmatch(cell) or _OTHER_UNITS.fullmatch(cell) for cell in cells)


def has_power(line: str) -> bool:
    """Return whether a log that begins with this line states power."""
    return bool(power_columns({plain(cell) for cell in columns_of(line)}))


def power_columns(names: Collection[str]) -> list[tuple[str, str]]:
    """Return the columns with power, each with the number of its GPU if it names one: those of nvidia-smi, the best first, else those of a script.

    Example:
        >>> power_columns(["power.draw", "power.draw.average"]), power_columns(["gpu0_power_w", "gpu1_power_w"])
        ([('power.draw.average', ''), ('power.draw', '')], [('gpu0_power_w', '0'), ('gpu1_power_w', '1')])
    """
    if known := [(column, "") for column in POWERS if column in names]:
        return known
    return [(name, found[1] or "") for name in names if (found := _OWN_POWER.fullmatch(name))]


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
