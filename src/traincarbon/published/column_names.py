"""What others call the columns of ``published_runs.csv``, and the units that they state them in."""

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
    "accelerator_hours": ("gpu_hours", "gpuhours", "gpu-hours", "chip_hours", "tpu_hours", "accelerator_hours_h"),
    "wallclock_days": ("days", "wall_clock_days", "duration_days"),
    "gmac_per_sample": ("gmac", "gmacs", "gmacs_per_sample"),
    "organisation": ("organization", "org", "developer"),
}
"""Our columns, and other names for them."""
_IN_HOURS = ("hours", "wallclock_hours", "wall_clock_hours", "wallclock_h", "duration_hours", "duration_h", "training_hours")
"""Columns of wall-clock time in hours."""
_KNOWN = {other: Column(name) for name, others in _OTHER.items() for other in others} | {name: Column("wallclock_days", 1.0 / H_PER_DAY) for name in _IN_HOURS}


def known_columns(names: list[str]) -> list[Column]:
    """Return the columns that the *names* of a header mean; another name means ours only where ours is not there, the first of several alone."""
    taken = set(names)
    found = []
    for name in names:
        column = _KNOWN.get(name, Column(name))
        if column.name != name and column.name in taken:
            column = Column(name)
        taken.add(column.name)
        found.append(column)
    return found
