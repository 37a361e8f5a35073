"""Rows of ``emissions.csv`` that appending has damaged: empty columns left out, or two rows on one line."""

import re

_END_OF_ENERGY = "energy_consumed"
_PARTS = ("cpu_energy", "gpu_energy", "ram_energy")
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_GPU_MODEL = re.compile(r"\d+ x .+")
_LAST = ("on_cloud", "pue", "wue")
_ROUNDING = 1e-3
SHIFTED = "cells of a shifted row"
"""The column that a row has whose empty cells were left out: how many it has, and how many it should have."""
DEFAULT_PLACE = {"country_iso_code": "CAN", "region": "quebec", "latitude": "46.8", "longitude": "-71.2"}
"""The place that CodeCarbon writes when it finds none."""
_OFTEN_EMPTY = ((), ("experiment_id",), ("project_name",), ("project_name", "experiment_id"))
"""Columns before the energy that may have been empty in a row, and so left out."""


def mended(columns: list[str], cells: list[str]) -> list[tuple[list[str], list[str]]]:
    """Return the rows in the cells of a line that has more or fewer than there are columns, as far as they are sound.

    CodeCarbon leaves out columns that are empty in the rows that it appends, so that later cells stand too far left.
    The cells up to the energy are sound if the parts add up to it. Of the others, those that cannot be anything else are used.
    Two rows on one line are told by the time of the second one.
    """
    glued = _glued(columns, cells)
    if glued:
        return [row for each in glued for row in ([(columns, each)] if len(each) == len(columns) else mended(columns, each))]
    return [found] if (found := _shifted(columns, cells)) else []


def _glued(columns: list[str], cells: list[str]) -> list[list[str]]:
    """Return the cells of each of several rows on one line, nothing if there is but one."""
    at = columns.index("timestamp") if "timestamp" in columns else -1
    starts = [number for number, cell in enumerate(cells) if number > at and _STAMP.search(cell)]
    if at != 0 or not starts or len(cells) <= len(columns):
        return []
    rows, begin = [], 0
    rest = list(cells)
    for start in starts:
        stamp = _STAMP.search(rest[start])
        if stamp is None:
            continue
        rows.append([*rest[begin:start], rest[start][: stamp.start()]])
        rest[start] = rest[start][stamp.start() :]
        begin = start
    return [*rows, rest[begin:]]


def _shifted(columns: list[str], cells: list[str]) -> tuple[list[str], list[str]] | None:
    """Return the sound cells of a row with too few or too many, None if its energy does not stand where it should."""
    if _END_OF_ENERGY not in columns or len(cells) == len(columns):
        return None
    for empty in _OFTEN_EMPTY:
        known = [column for column in columns if column not in empty]
        end = known.index(_END_OF_ENERGY) + 1
        found = dict(zip(known[:end], cells, strict=False))
        if len(found) == end and _adds_up(found):
            break
    else:
        return None
    after = cells[end:]
    model = next((cell for cell in after if _GPU_MODEL.fullmatch(cell.strip())), "")
    if model and "gpu_model" in columns:
        found |= {"gpu_model": model, "gpu_count": model.partition(" ")[0]}
    if tuple(columns[-3:]) == _LAST and len(after) >= len(_LAST) and after[-3] in ("Y", "N"):
        found |= dict(zip(_LAST, after[-3:], strict=True))
    if {cell.strip().lower() for cell in after} >= {cell.lower() for cell in DEFAULT_PLACE.values()}:
        found |= DEFAULT_PLACE
    found[SHIFTED] = f"{len(cells)} of {len(columns)}"
    return list(found), list(found.values())


def _adds_up(found: dict[str, str]) -> bool:
    try:
        parts = [float(found[part] or 0.0) for part in _PARTS if part in found]
        whole = float(found[_END_OF_ENERGY])
    except ValueError:
        return False
    return bool(_STAMP.match(found.get("timestamp", ""))) and (not parts or abs(sum(parts) - whole) <= _ROUNDING * abs(whole))
