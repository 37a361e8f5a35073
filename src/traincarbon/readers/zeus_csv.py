"""Import the log of ``ZeusMonitor(log_file=…)``: a row for each window, with the energy of each GPU."""

import re
from typing import NamedTuple, TextIO

from traincarbon.errors import CarbonError
from traincarbon.ledger.phases import Phase
from traincarbon.quantities import EnergySource, Part
from traincarbon.readers.imported import UNKNOWN_END, Format, Imported, ImportOptions, instant, record_of
from traincarbon.readers.plausible import Basis
from traincarbon.readers.table import Row, header_of, rows

_NEEDED = ("start_time", "window_name", "elapsed_time")
_GPU = re.compile(r"gpu(\d+)_energy")
_CLOSE_S = 1e-3
_NO_ENERGY = "the log of Zeus has GPUs alone"


class _Window(NamedTuple):
    """A time that the user measured, which may lie within another one."""

    name: str
    from_s: float
    to_s: float
    energy_j: float


def is_zeus(beginning: str) -> bool:
    """Return whether a file with this beginning is a log of Zeus."""
    header = header_of(beginning)
    return set(_NEEDED) <= set(header) and any(_GPU.fullmatch(column) for column in header)


def read(stream: TextIO, options: ImportOptions) -> Imported:
    """Return the run of a log. Windows within others do not count; the time between windows was not measured."""
    windows: list[_Window] = []
    left_out: list[str] = []
    gpus = 0
    for row in rows(stream):
        if isinstance(row, str):
            left_out.append(row)
            continue
        try:
            windows.append(_window(row))
        except ValueError as error:
            left_out.append(f"{row.place(row.text('window_name'))}: {error}")
            continue
        gpus = gpus or sum(_GPU.fullmatch(column) is not None for column in row.cells)
    if not windows:
        return Imported([], left_out, [])
    outer = _outermost(windows)
    stem = options.name.rpartition(".")[0] or options.name or "log"
    try:
        began = instant(outer[0].from_s)
        record = record_of(
            run_id=f"zeus-{stem}-{began:%Y%m%dT%H%M%S}",
            state=UNKNOWN_END,
            began=began,
            duration_s=sum(window.to_s - window.from_s for window in outer),
            accelerators=gpus or None,
            hw=options.hw,
            energy_j={Part.GPU: (sum(window.energy_j for window in outer), EnergySource.POWER)},
            missing={"": _NO_ENERGY},
            basis=Basis(unit="J"),
            phases=[phase._asdict() for phase in _phases(outer)],
            versions={},
        )
    except (CarbonError, ValueError) as error:
        return Imported([], [*left_out, str(error)], [])
    within = len(windows) - len(outer)
    return Imported([record], left_out, [f"{within} windows lie within others and do not count again"] if within else [])


def _window(row: Row) -> _Window:
    """Return the window of a row.

    Raises:
        ValueError: it states no time, or a cell is not a number.
    """
    energies_j = [row.amount(column) or 0.0 for column in row.cells if _GPU.fullmatch(column)]
    start_s, elapsed_s = row.amount("start_time"), row.amount("elapsed_time")
    if start_s is None or elapsed_s is None:
        raise ValueError("it states no time")
    return _Window(row.text("window_name"), start_s, start_s + elapsed_s, sum(energies_j))


def _outermost(windows: list[_Window]) -> list[_Window]:
    """Return the windows that lie in no other one, in the order of time."""
    found: list[_Window] = []
    for window in sorted(windows, key=lambda each: (each.from_s, -each.to_s)):
        if not found or window.to_s > found[-1].to_s + _CLOSE_S:
            found.append(window)
    return found


def _phases(windows: list[_Window]) -> list[Phase]:
    """Return the windows of each name together."""
    found: dict[str, Phase] = {}
    for name, from_s, to_s, energy_j in windows:
        known = found.get(name, Phase(name or "unnamed", 0.0, 0.0))
        found[name] = known._replace(duration_s=known.duration_s + to_s - from_s, energy_j=(known.energy_j or 0.0) + energy_j)
    return list(found.values())


FORMAT = Format(
    "zeus",
    "log of `ZeusMonitor(log_file=…)`",
    "energy of the GPUs by window, time, GPUs",
    "the rest of the machine, hardware, state, parameters, tokens; whether a GPU's counter was read",
    "windows within others do not count again; the windows of one name are a phase",
    is_zeus,
    read,
)
