"""Under which names trainings keep their parameters, tokens, accelerators and energy, in tables that leave the names to their users."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from traincarbon.readers.reading import J_PER_KWH, Told
from traincarbon.readers.table import Row, check_column

PARAMS = ("params", "n_params", "num_params", "num_parameters", "n_parameters", "parameters", "total_params", "model_params", "param_count", "parameter_count")
TOKENS = ("tokens_seen", "num_input_tokens_seen", "consumed_tokens", "tokens_processed", "total_tokens", "train_tokens", "tokens", "n_tokens", "num_tokens")
"""First what a training counted, then what it was to see."""
ACCELERATORS = ("accelerators", "gpu_count", "num_gpus", "n_gpus", "ngpus", "gpus")
HARDWARE = ("hw", "hardware", "gpu_type", "gpu_name", "accelerator", "gpu")
ENERGY_KWH = ("energy_kwh", "energy_consumed", "total_energy_kwh")
"""Energy of everything that somebody metered; ``energy_consumed`` is CodeCarbon's word."""
GPU_ENERGY_KWH = ("gpu_energy_kwh", "gpu_energy")

_MOST = 1e9
"""No training has so many accelerators or servers."""
_LEAST = 1000.0
"""Fewer parameters or tokens than this are thousands, millions or billions of them."""


class Size(NamedTuple):
    """What a row says of the work and of the hardware; None and empty where it says nothing."""

    params: float | None
    tokens: float | None
    accelerators: int | None
    hw: str


def check_columns(header: list[str], told: Told) -> None:
    """Refuse columns that the user names and the file does not have.

    Raises:
        CarbonError: one of them is not there.
    """
    check_column(told.params_column, header, "--params-column")
    check_column(told.tokens_column, header, "--tokens-column")


def size_of(row: Row, told: Told) -> Size:
    """Return what a row says of the work and of the hardware.

    Raises:
        ValueError: a cell that states it cannot be read, or must be in another unit.
    """
    return Size(
        params=_count(row, told.params_column or column_of(row, PARAMS)),
        tokens=_count(row, told.tokens_column or column_of(row, TOKENS)),
        accelerators=first_count(row, ACCELERATORS),
        hw=row.text(column) if (column := column_of(row, HARDWARE)) else "",
    )


def energy_of(row: Row) -> dict[str, tuple[float, str]]:
    """Return the energy in joules that somebody logged with a run; by which means is not known, so it counts as modelled.

    Raises:
        ValueError: a cell that states it cannot be read.
    """
    found: dict[str, tuple[float, str]] = {}
    gpu_kwh, all_kwh = first_amount(row, GPU_ENERGY_KWH), first_amount(row, ENERGY_KWH)
    if gpu_kwh is not None:
        found["gpu"] = (gpu_kwh * J_PER_KWH, "modelled")
    if all_kwh is not None:
        found["other"] = (max(all_kwh - (gpu_kwh or 0.0), 0.0) * J_PER_KWH, "modelled")
    return found


def first_amount(row: Row, names: Iterable[str]) -> float | None:
    """Return the number of the first column with one of these names.

    Raises:
        ValueError: its cell cannot be read.
    """
    column = column_of(row, names)
    return row.amount(column) if column else None


def first_count(row: Row, names: Iterable[str]) -> int | None:
    """Return how many the first column with one of these names says there are, None where it says nothing or 0.

    Raises:
        ValueError: its cell cannot be read, or is no whole number of things that one training has.
    """
    column = column_of(row, names)
    count = row.amount(column) if column else None
    if count is not None and (count % 1.0 or count > _MOST):
        raise ValueError(f"column {column}: {count:g} is no count; write a whole number")
    return int(count) if count else None


def column_of(row: Row, names: Iterable[str]) -> str:
    """Return the column that has one of these names, alone or as the last of several words (``params.n_params``, ``config/model/n_params``), and is filled.

    Example:
        >>> column_of(Row(2, {"metrics.loss": "1", "params.n_params": "12", "GPU Count": "8"}), ("n_params",))
        'params.n_params'
    """
    plain = {column: _plain(column) for column, cell in row.cells.items() if cell.strip()}
    for name in names:
        matching = [column for column, words in plain.items() if words[-1] == name]
        if matching:
            return min(matching, key=lambda column: (len(plain[column]), column))
    return ""


def _plain(column: str) -> Sequence[str]:
    return column.strip().lower().replace(" ", "_").replace("-", "_").replace("/", ".").split(".")


def _count(row: Row, column: str) -> float | None:
    count = row.amount(column) if column else None
    if count is not None and 0.0 < count < _LEAST:
        raise ValueError(f"column {column}: {count:g} is too few; is it in billions? Write {count:g}e9 or {count:g}B")
    return count or None
