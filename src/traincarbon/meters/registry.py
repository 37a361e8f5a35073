"""Which meters there are and which of them to open together, so that no joule is counted twice."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from traincarbon.meters import threaded
from traincarbon.meters.base import HOWS, PARTS, REPLAY, Meter, Reading, Unavailable

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "traincarbon.meters"
"""Entry points of this group are third-party probes: functions without arguments that return a meter or ``Unavailable``."""
SENSORS = ("nvml", "amd", "rapl", "hwmon", "ipmi")
"""Read of their own accord."""
_MAY_HANG = ("nvml", "amd")
"""Asked through a vendor's library, which never returns when a board or its driver hangs."""
ON_REQUEST = ("codecarbon", "replay")
"""Opened when they are asked for by name: the first reads what others read too, the second plays a recording."""
MODEL = "cpu_model"
_WHOLE = "server"
_MODELLED = ("cpu", "dram")
_SHORTEST_S, _LONGEST_S = 0.002, 60.0
"""Between two reads, whatever a meter asks for: one that asks for none would keep a core busy."""
_MOST_J = _MOST_S = 1e18
_SHARED_BY_SENSORS = {"gpu", "other"}
"""Boards of two makers are different boards, but two meters of the server measure the same."""


def open_meters(
    *,
    only: Sequence[str] | None = None,
    pid: int | None = None,
    born_s: float | None = None,
    opened: Mapping[str, Meter | Unavailable] | None = None,
) -> tuple[list[Meter], list[Unavailable]]:
    """Open every meter that can be read here and return them with those that cannot.

    Sensors come first. A meter of the whole server replaces the model; else the model stands in for processor and memory where no
    sensor measures them. A second meter of a device or part that is measured already is closed again.

    Args:
        only: Names of meters; all sensors, those of other packages and the model unless given. A trace named in ``$CARBON_REPLAY``
            stands for all of them.
        pid: The job, whose processor time and memory the model charges; None stands for the whole machine.
        born_s: When the job began, on the monotonic clock, where the model is to charge it from then on. [s]
        opened: Meters that were probed before; those that are not asked for are closed.
    """
    before = dict(opened or {})
    used: list[Meter] = []
    missing: list[Unavailable] = []
    parts: set[str] = set()
    covered: set[str] = set()
    names = list(only) if only is not None else _of_their_own_accord()
    for name in names:
        if name == MODEL:
            continue
        found = before.pop(name) if name in before else probed(name)
        if isinstance(found, Unavailable):
            missing.append(found)
            continue
        has = {reading.part for reading in found.read()}
        twice = (has & parts) - (_SHARED_BY_SENSORS if name in SENSORS else {"other"})
        if twice:
            found.close()
            missing.append(Unavailable(name, f"{' and '.join(sorted(twice))} is measured by another meter already", "name the meters to choose among them"))
            continue
        parts |= has
        covered |= set(getattr(found, "covers", ()))
        used.append(found)
    modelled = [part for part in _MODELLED if part not in parts | covered]
    if covered - parts and _WHOLE not in parts:
        missing.append(Unavailable(MODEL, f"{' and '.join(sorted(covered - parts))} is measured within another part", "nothing is left out"))
    if MODEL in names and modelled and _WHOLE not in parts:
        model = probed(MODEL, pid=pid, parts=modelled, born_s=born_s)
        if isinstance(model, Unavailable):
            missing.append(model)
        else:
            used.append(model)
    for unasked in before.values():
        if not isinstance(unasked, Unavailable):
            unasked.close()
    return used, missing


def probed(
    name: str, *, pid: int | None = None, parts: Sequence[str] = ("cpu", "dram"), born_s: float | None = None, wait_s: float = threaded.OPENING_S
) -> Meter | Unavailable:
    """Open the meter *name* or say why it cannot be read; a library that hangs is waited for no longer than *wait_s*."""
    if name == MODEL:
        return _safely(name, lambda: import_module(f"{__package__}.{MODEL}").probe(pid=pid, parts=parts, born_s=born_s))
    if name in _MAY_HANG:
        return _safely(name, lambda: threaded.opened(name, import_module(f"{__package__}.{name}").probe, wait_s=wait_s))
    if name in SENSORS or name in ON_REQUEST:
        return _safely(name, lambda: import_module(f"{__package__}.{name}").probe())
    point = next((point for point in _entry_points() if point.name == name), None)
    if point is None:
        return Unavailable(name, "no meter has this name", f"known are {', '.join(meter_names())}")

    def probe() -> Meter | Unavailable:
        loaded: Callable[[], Meter | Unavailable] = point.load()
        return loaded()

    return _safely(name, lambda: threaded.opened(name, probe, wait_s=wait_s))


def meter_names() -> list[str]:
    """Return the names of all meters, those of other packages included."""
    return [*SENSORS, *(point.name for point in _entry_points()), *ON_REQUEST, MODEL]


def _of_their_own_accord() -> list[str]:
    if os.environ.get(REPLAY):
        return ["replay"]
    return [*SENSORS, *(point.name for point in _entry_points()), MODEL]


def _safely(name: str, probe: Callable[[], Meter | Unavailable]) -> Meter | Unavailable:
    """Call *probe*; whatever it or its meter raises is a reason why this meter cannot be read, and no more than that."""
    try:
        found = probe()
        return found if isinstance(found, Unavailable) else _Guarded(found)
    except Exception as error:  # noqa: BLE001  around a meter's read
        return Unavailable(name, f"it fails: {type(error).__name__}: {error}", "carbon doctor shows the others")


def _entry_points() -> "list[EntryPoint]":
    """Return the third-party probes; the package that lists entry points is only imported where a file names our group."""
    if not any(_names_us(folder) for folder in sys.path):
        return []
    from importlib.metadata import entry_points

    return sorted(entry_points(group=GROUP), key=lambda point: point.name)


def _names_us(folder: str) -> bool:
    try:
        names = [name for name in os.listdir(folder or ".") if name.endswith((".dist-info", ".egg-info"))]
    except OSError:
        return False
    for name in names:
        try:
            with open(f"{folder or '.'}/{name}/entry_points.txt", encoding="utf-8", errors="replace") as stream:
                if f"[{GROUP}]" in stream.read():
                    return True
        except OSError:
            continue
    return False


class _Guarded:
    """A meter that may fail, be it another package's or by a library that does what nobody foresaw: its readings stand still and a note says why."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self.name = meter.name
        self.max_interval_s = _LONGEST_S
        self.notes: list[str] = []
        self.names = meter.names
        self.covers = getattr(meter, "covers", ())
        self.settle = getattr(meter, "settle", None)
        self._last: tuple[Reading, ...] = ()
        self._told_j: dict[str, float] = {}
        self._failed = False

    def read(self) -> tuple[Reading, ...]:
        """Return what the meter reads, and what it last read where it fails."""
        try:
            readings = tuple(self._meter.read())
            self._check(readings)
            self._last = readings
            self.max_interval_s = min(max(_SHORTEST_S, float(self._meter.max_interval_s)), _LONGEST_S)
            self._failed = False
        except Exception as error:  # noqa: BLE001  around a meter's read
            if not self._failed:
                self.notes.append(f"{self.name}: fails ({type(error).__name__}: {error}): its energy stands still")
            self._failed = True
        if self._meter.notes:
            self.notes += self._meter.notes
            self._meter.notes.clear()
        return self._last

    def close(self) -> None:
        """Close the meter; one that cannot be closed goes with the process."""
        with suppress(Exception):
            self._meter.close()

    def _check(self, readings: tuple[Reading, ...]) -> None:
        """Refuse what is no reading, and energy that falls, before anybody reckons with it."""
        for reading in readings:
            told_j = self._told_j.get(reading.device, 0.0)
            if not (told_j <= reading.energy_j < _MOST_J and abs(reading.time_s) < _MOST_S and reading.how in HOWS and reading.part in PARTS):
                raise ValueError(f"{reading.device} reads {reading.energy_j} J after {told_j} J at {reading.time_s} s, {reading.how}, {reading.part}")
            self._told_j[reading.device] = reading.energy_j
