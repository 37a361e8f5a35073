"""The usual column names for parameters, tokens, accelerators and energy in tables whose users choose the names."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from traincarbon.quantities import J_PER_KWH, EnergySource, Part
from traincarbon.readers.imported import Energies, ImportOptions
from traincarbon.readers.table import Row, check_column

PARAMS = ("params", "n_params", "num_params", "num_parameters", "n_parameters", "parameters", "total_params", "model_params", "param_count", "parameter_count")
TOKENS = ("tokens_seen", "num_input_tokens_seen", "consumed_tokens", "tokens_processed", "total_tokens", "train_tokens", "tokens", "n_tokens", "num_tokens")
"""First the tokens that a training counted, then those that it was planned for."""
ACCELERATORS = ("accelerators", "gpu_count", "num_gpus", "n_gpus", "ngpus", "gpus")
HARDWARE = ("hw", "hardware", "gpu_type", "gpu_name", "accelerator", "gpu")
ENERGY_KWH = ("energy_kwh", "energy_consumed", "total_energy_kwh")
"""Energy of everything that was metered; ``energy_consumed`` is the name in CodeCarbon."""
GPU_ENERGY_KWH = ("gpu_energy_kwh", "gpu_energy")

_CHOSEN_BY_THE_FRAMEWORK = ("", "-1", "-1.0", "auto", "all", "true", "none", "false")
"""Words of frameworks for all devices that there are, or for none."""
_NO_HARDWARE = re.compile(
    r"-?\d+(\.\d+)?|true|false|auto|gpus?|cuda(:\d+)?|npus?|xpu|mps|hpu|ipu|tpus?|nvidia|amd|accelerator|all|any|yes|no|\?"
    r"|d?dp\w*|fsdp\w*|deepspeed\w*|single_device|horovod|multi[-_]?gpu|(\d+ ?, ?)+\d*",
    re.IGNORECASE,
)
"""What frameworks write into columns with these names: kinds of devices, strategies, numbers and switches."""
_MOST = 1e9
"""No training has as many accelerators or servers."""
_LEAST = 1000.0
"""A smaller number of parameters or tokens must be in thousands, millions or billions."""


class Size(NamedTuple):
    """The work and the hardware that a row states, or None and empty if it does not."""

    params: float | None
    tokens: float | None
    accelerators: int | None
    hw: str


def check_columns(header: list[str], options: ImportOptions) -> None:
    """Refuse columns that the user names and the file does not have.

    Raises:
        CarbonError: one does not exist.
    """
    check_column(options.params_column, header, "--params-column")
    check_column(options.tokens_column, header, "--tokens-column")


def size_of(row: Row, options: ImportOptions) -> Size:
    """Return the work and the hardware that a row states.

    Raises:
        ValueError: a cell cannot be read, or must be in another unit.
    """
    return Size(
        params=_count(row, options.params_column or column_of(row, PARAMS)),
        tokens=_count(row, options.tokens_column or column_of(row, TOKENS)),
        accelerators=first_devices(row, ACCELERATORS),
        hw=_hardware(row),
    )


def readable_size_of(row: Row, options: ImportOptions) -> tuple[Size, list[str]]:
    """Return what can be read of the work and the hardware of a row, and why the rest cannot: no such cell drops a run."""
    found: dict[str, float | None] = {}
    notes = []
    for name, column in (("params", options.params_column or column_of(row, PARAMS)), ("tokens", options.tokens_column or column_of(row, TOKENS))):
        try:
            found[name] = _count(row, column)
        except ValueError as error:
            notes.append(str(error))
    accelerators = None
    try:
        accelerators = first_devices(row, ACCELERATORS)
        column = column_of(row, ACCELERATORS)
        if accelerators is None and column and (cell := row.text(column)).lower() not in ("", "0", "0.0", "none", "false"):
            notes.append(f"column {column}: {cell[:40]!r} leaves the number of accelerators to the framework, so it is unknown")
    except ValueError as error:
        notes.append(str(error))
    return Size(found.get("params"), found.get("tokens"), accelerators, _hardware(row)), notes


def readable_energy_of(row: Row) -> tuple[Energies, list[str]]:
    """Return what can be read of the energy that was logged with a run, and why the rest cannot."""
    try:
        return energy_of(row), []
    except ValueError as error:
        return {}, [f"no energy: {error}"]


def energy_of(row: Row) -> Energies:
    """Return the energy in joules that was logged with a run. As its source is unknown, it counts as modelled.

    Raises:
        ValueError: a cell cannot be read.
    """
    found: dict[Part, tuple[float, EnergySource]] = {}
    gpu_kwh, all_kwh = first_amount(row, GPU_ENERGY_KWH), first_amount(row, ENERGY_KWH)
    if gpu_kwh is not None:
        found[Part.GPU] = (gpu_kwh * J_PER_KWH, EnergySource.MODELLED)
    if all_kwh is not None:
        found[Part.OTHER] = (max(all_kwh - (gpu_kwh or 0.0), 0.0) * J_PER_KWH, EnergySource.MODELLED)
    return found


def first_amount(row: Row, names: Iterable[str]) -> float | None:
    """Return the number of the first column with one of these names.

    Raises:
        ValueError: its cell cannot be read.
    """
    column = column_of(row, names)
    return row.amount(column) if column else None


def first_count(row: Row, names: Iterable[str]) -> int | None:
    """Return the count in the first column with one of these names, None if it is empty or 0.

    Raises:
        ValueError: its cell cannot be read, or is not a plausible whole number.
    """
    column = column_of(row, names)
    count = row.amount(column) if column else None
    if count is not None and (count % 1.0 or count > _MOST):
        raise ValueError(f"column {column}: {count:g} is not a count; write a whole number")
    return int(count) if count else None


def first_devices(row: Row, names: Iterable[str]) -> int | None:
    """Return the number of devices in the first column with one of these names, None if it is empty, 0 or leaves the choice to the framework.

    Frameworks also take lists of devices, which are counted: ``[0, 1]``, ``0,1``.

    Raises:
        ValueError: its cell states no plausible number.
    """
    column = column_of(row, names)
    cell = row.text(column).strip("[]() ") if column else ""
    if cell.lower() in _CHOSEN_BY_THE_FRAMEWORK:
        return None
    listed = [each.strip(" '\"") for each in cell.split(",")]
    if len(listed) > 1 and all(each.removeprefix("cuda:").isdigit() for each in listed if each):
        return len([each for each in listed if each]) or None
    return first_count(row, names)


def column_of(row: Row, names: Iterable[str]) -> str:
    """Return the filled column with one of these names, alone or as the last of several words (``params.n_params``, ``config/model/n_params``).

    Example:
        >>> column_of(Row(2, {"metrics.loss": "1", "params.n_params": "12", "GPU Count": "8"}), ("n_params",))
        'params.n_params'
    """
    return next((column for column in _named(tuple(row.cells), tuple(names)) if row.cells[column].strip()), "")


@lru_cache(maxsize=256)
def _named(columns: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of *columns* that have one of *names*, in the order in which they are preferred; a table asks this once for all its rows."""
    plain = {column: _plain(column) for column in columns}
    found = []
    for name in names:
        found += sorted((column for column in columns if plain[column][-1] == name), key=lambda column: (len(plain[column]), column))
    return tuple(dict.fromkeys(found))


def _plain(column: str) -> Sequence[str]:
    return column.strip().lower().replace(" ", "_").replace("-", "_").replace("/", ".").split(".")


def _hardware(row: Row) -> str:
    """Return the first hardware that a row names; words by which frameworks choose a device are none."""
    named = (row.text(column) for column in _named(tuple(row.cells), HARDWARE))
    return next((text for text in named if text and not _NO_HARDWARE.fullmatch(text.strip("[]'\" "))), "")


def _count(row: Row, column: str) -> float | None:
    count = row.amount(column) if column else None
    if count is not None and 0.0 < count < _LEAST:
        raise ValueError(f"column {column}: {count:g} is too few; is it in billions? Write {count:g}e9 or {count:g}B")
    return count or None
