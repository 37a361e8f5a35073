"""What others call the columns of ``published_runs.csv``, and the units that they state them in."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from traincarbon.quantities import H_PER_DAY


class Column(NamedTuple):
    """A column of ours, and how many of its units one of a file's column is."""

    name: str
    per_unit: float = 1.0


_OTHER = {
    "id": ("run", "run_id", "name"),
    "hardware": ("hw", "gpu", "gpu_type", "gpu_model", "accelerator", "accelerator_type", "chip"),
    "accelerators": ("gpus", "n_gpus", "num_gpus", "gpu_count", "chips", "n_chips", "num_chips", "n_accelerators", "num_accelerators"),
    "total_params": ("params", "parameters", "n_params", "num_params", "total_parameters"),
    "active_params": ("active_parameters", "activated_params"),
    "tokens": ("n_tokens", "num_tokens", "training_tokens", "train_tokens"),
    "training_flops": ("flop", "flops", "training_flop", "compute_flop", "total_flops"),
    "accelerator_hours": ("gpu_hours", "gpuhours", "gpu_h", "chip_hours", "tpu_hours", "accelerator_hours_h"),
    "wallclock_days": ("days", "wall_clock_days", "duration_days", "training_days"),
    "gmac_per_sample": ("gmac", "gmacs", "gmacs_per_sample"),
    "organisation": ("organization", "org", "developer"),
}
"""Our columns, and other names for them."""
_IN_HOURS = ("hours", "wallclock_hours", "wall_clock_hours", "wallclock_h", "duration_hours", "duration_h", "training_hours")
"""Columns of wall-clock time in hours."""
_IN_ACCELERATOR_DAYS = ("accelerator_days", "gpu_days", "chip_days", "tpu_days")
BARE_TIMES = ("hours", "days", "training_hours", "training_days")
"""Columns whose names may mean wall-clock time, as which they are read, or the time of all accelerators."""
_KNOWN = (
    {other: Column(name) for name, others in _OTHER.items() for other in others}
    | {name: Column("wallclock_days", 1.0 / H_PER_DAY) for name in _IN_HOURS}
    | {name: Column("accelerator_hours", H_PER_DAY) for name in _IN_ACCELERATOR_DAYS}
)
_BETWEEN_WORDS = re.compile(r"[\s\u2010-\u2013-]+")
_COUNT = re.compile(r"\d+(\.0*)?")


def header_name(cell: str) -> str:
    """Return the name of a column as a *cell* of a header writes it: in lower case, with underscores for spaces and hyphens.

    Example:
        >>> header_name(" Wall-clock hours")
        'wall_clock_hours'
    """
    return _BETWEEN_WORDS.sub("_", cell.strip().lower())


def known_columns(names: Sequence[str], samples: Sequence[str] = ()) -> list[Column]:
    """Return the columns that the *names* of a header mean; another name means ours only where ours is not there, the first of several alone.

    *samples* holds a cell of each column. By them ``gpu`` beside ``gpu_type`` is the number of accelerators, and ``gpus`` the hardware where nothing else is.
    """
    meant = [_KNOWN.get(name, Column(name)) for name in names]
    for at, other in _by_content([column.name for column in meant], names, samples).items():
        meant[at] = other
    taken = set(names)
    found = []
    for name, column in zip(names, meant, strict=True):
        is_known_already = column.name != name and column.name in taken
        found.append(Column(name) if is_known_already else column)
        taken.add(found[-1].name)
    return found


def _by_content(columns: Sequence[str], names: Sequence[str], samples: Sequence[str]) -> dict[int, Column]:
    """Return what others' columns of hardware and of accelerators mean by their content, by their place, where that is not what their names say."""
    cells = [sample.strip() for sample in samples] or [""] * len(names)
    counts = [_COUNT.fullmatch(cell) is not None for cell in cells]
    hardware = [at for at, column in enumerate(columns) if column == "hardware"]
    if "accelerators" not in columns and any(cells[at] and not counts[at] for at in hardware):
        return {at: Column("accelerators") for at in hardware if counts[at] and names[at] != "hardware"}
    if not hardware:
        return {at: Column("hardware") for at, column in enumerate(columns) if column == "accelerators" != names[at] and cells[at] and not counts[at]}
    return {}
