"""The table of meters, and which of them to open together, so that no energy is counted twice."""

import os
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.meters import threaded
from traincarbon.meters.base import REPLAY, Meter, Reading, Unavailable
from traincarbon.quantities import EnergySource, Part

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "traincarbon.meters"
"""Entry points of this group are probes of other packages: functions without arguments that return a meter or ``Unavailable``."""


class MeterKind(NamedTuple):
    """A meter of this package: a module of this name with a function ``probe``.

    Attributes:
        name: Its name, and that of its module.
        parts: The parts that it measures.
        package: The distribution that it needs, if any.
        is_opened_first: Whether to open it before the job is known, because opening takes long and its counters hold what it missed.
        can_hang: Whether it reads through a vendor's library, which may never return if a GPU or its driver hangs.
        is_on_request: Whether it is only opened by name.
    """

    name: str
    parts: tuple[Part, ...]
    package: str = ""
    is_opened_first: bool = False
    can_hang: bool = False
    is_on_request: bool = False


MODEL = "cpu_model"
METERS: dict[str, MeterKind] = {
    kind.name: kind
    for kind in (
        MeterKind("nvml", (Part.GPU,), "nvidia-ml-py", is_opened_first=True, can_hang=True),
        MeterKind("amd", (Part.GPU,), "amdsmi", can_hang=True),
        MeterKind("rapl", (Part.CPU, Part.DRAM)),
        MeterKind("hwmon", (Part.SERVER,)),
        MeterKind("ipmi", (Part.SERVER,)),
        MeterKind("codecarbon", (Part.GPU, Part.CPU), "codecarbon", is_on_request=True),
        MeterKind("replay", (), is_on_request=True),
        MeterKind(MODEL, (Part.CPU, Part.DRAM), "psutil"),
    )
}
"""The meters of this package by name, in the order in which they are opened; the model comes last."""
_SENSORS = tuple(name for name, kind in METERS.items() if name != MODEL and not kind.is_on_request)
_ON_REQUEST = tuple(name for name, kind in METERS.items() if kind.is_on_request)
_MODELLED = (Part.CPU, Part.DRAM)
_PARTS, _HOWS = tuple(Part), tuple(EnergySource)
_SHORTEST_S, _LONGEST_S = 0.002, 60.0
"""Limits of the time between two reads, as a meter that asks for none would keep a core busy."""
_MOST_J = _MOST_S = 1e18
_SHARED_BY_SENSORS = {Part.GPU, Part.OTHER}
"""GPUs of two vendors are different devices, but two meters of the server measure the same."""


def open_meters(
    *,
    only: Sequence[str] | None = None,
    pid: int | None = None,
    born_s: float | None = None,
    opened: Mapping[str, Meter | Unavailable] | None = None,
) -> tuple[list[Meter], list[Unavailable]]:
    """Open every meter that can be read here and return them with those that cannot.

    Sensors come first. The model covers processor and memory if neither a sensor of them nor a meter of the whole server does.
    A second meter of a device or part that is already measured is closed again.

    Args:
        only: Names of meters; by default all sensors, those of other packages and the model, or only the trace that
            ``$CARBON_REPLAY`` names.
        pid: The job, whose processor time and memory the model charges; None means the whole machine.
        born_s: When the job began on the monotonic clock, if the model is to charge it from then on. [s]
        opened: Meters that were probed before; those that are not asked for are closed.
    """
    before = dict(opened or {})
    used: list[Meter] = []
    missing: list[Unavailable] = []
    parts: set[Part] = set()
    covered: set[Part] = set()
    names = list(only) if only is not None else automatic_names()
    for name in names:
        if name == MODEL:
            continue
        found = before.pop(name) if name in before else probed(name)
        if isinstance(found, Unavailable):
            missing.append(found)
            continue
        has = {reading.part for reading in found.read()}
        twice = (has & parts) - (_SHARED_BY_SENSORS if name in _SENSORS else {Part.OTHER})
        if twice:
            found.close()
            missing.append(Unavailable(name, f"{' and '.join(sorted(twice))} is already measured by another meter", "choose one with --meter"))
            continue
        within = has & covered
        if within and Part.SERVER not in has:
            found.close()
            missing.append(Unavailable(name, f"{' and '.join(sorted(within))} is measured within another part", "nothing is missing"))
            continue
        parts |= has
        covered.update(found.covers)
        used.append(found)
    modelled = [part for part in _MODELLED if part not in parts | covered]
    if covered - parts and Part.SERVER not in parts:
        missing.append(Unavailable(MODEL, f"{' and '.join(sorted(covered - parts))} is measured within another part", "nothing is missing"))
    if MODEL in names and modelled and Part.SERVER not in parts:
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
    name: str, *, pid: int | None = None, parts: Sequence[Part] = _MODELLED, born_s: float | None = None, wait_s: float = threaded.OPENING_S
) -> Meter | Unavailable:
    """Open the meter *name*, or return the reason why it cannot be read. A library that hangs is given up after *wait_s*."""
    if name == MODEL:
        return _safely(name, lambda: import_module(f"{__package__}.{MODEL}").probe(pid=pid, parts=parts, born_s=born_s))
    kind = METERS.get(name)
    if kind is not None and kind.can_hang:
        return _safely(name, lambda: threaded.opened(name, import_module(f"{__package__}.{name}").probe, wait_s=wait_s))
    if kind is not None:
        return _safely(name, lambda: import_module(f"{__package__}.{name}").probe())
    point = next((point for point in _entry_points() if point.name == name), None)
    if point is None:
        return Unavailable(name, "no meter has this name", f"use one of {', '.join(meter_names())}")

    def probe() -> Meter | Unavailable:
        loaded: Callable[[], Meter | Unavailable] = point.load()
        return loaded()

    return _safely(name, lambda: threaded.opened(name, probe, wait_s=wait_s))


def meter_names() -> list[str]:
    """Return the names of all meters, including those of other packages."""
    return [*_SENSORS, *(point.name for point in _entry_points()), *_ON_REQUEST, MODEL]


def automatic_names() -> list[str]:
    """Return the names of the meters that are opened unless some are named: all sensors and the model, or the trace alone."""
    if os.environ.get(REPLAY):
        return ["replay"]
    return [*_SENSORS, *(point.name for point in _entry_points()), MODEL]


def missing_parts(unavailable: Iterable[Unavailable], measured: Collection[str]) -> dict[str, str]:
    """Return the reason for each part that is not *measured*: those of the meters that could measure it."""
    reasons = {each.name: each.reason for each in unavailable}
    missing: dict[str, str] = {}
    for part in (Part.GPU, Part.CPU, Part.DRAM):
        if part not in measured:
            stated = [reasons[name] for name, kind in METERS.items() if part in kind.parts and not kind.is_on_request and name in reasons]
            missing[part.value] = "; ".join(dict.fromkeys(stated)) or "no meter reported it"
    return missing


def _safely(name: str, probe: Callable[[], Meter | Unavailable]) -> Meter | Unavailable:
    """Call *probe*. An exception of it or its meter is only a reason why this meter cannot be read."""
    try:
        found = probe()
        return found if isinstance(found, Unavailable) else _Guarded(found)
    except Exception as error:  # noqa: BLE001  around a meter's read
        return Unavailable(name, f"it fails: {type(error).__name__}: {error}", "carbon doctor shows the others")


def _entry_points() -> "list[EntryPoint]":
    """Return the probes of other packages. ``importlib.metadata`` is only imported if a file names our group."""
    if not any(_names_group(folder) for folder in sys.path):
        return []
    from importlib.metadata import entry_points

    return sorted(entry_points(group=GROUP), key=lambda point: point.name)


def _names_group(folder: str) -> bool:
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


class _Guarded(Meter):
    """A meter that may fail in any way: then its readings stay the same and a note says why."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self.name = meter.name
        self.max_interval_s = _LONGEST_S
        self.notes: list[str] = []
        self.names = meter.names
        self.covers = meter.covers
        self.unread = meter.unread
        self._last: tuple[Reading, ...] = ()
        self._reached_j: dict[str, float] = {}
        self._failed = False

    def read(self) -> tuple[Reading, ...]:
        """Return the readings of the meter, or the last ones if it fails."""
        try:
            self._last = tuple([self._checked(reading) for reading in self._meter.read()])
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

    def settle(self, cpu_s: float) -> bool:
        """Pass the processor time of a job that has ended on to the meter."""
        return self._meter.settle(cpu_s)

    def close(self) -> None:
        """Close the meter. One that cannot be closed ends with the process."""
        with suppress(Exception):
            self._meter.close()

    def _checked(self, reading: Reading) -> Reading:
        """Return *reading* with its part and source as ours. Refuse what is not a reading, and energy that falls."""
        before_j = self._reached_j.get(reading.device, 0.0)
        if not (before_j <= reading.energy_j < _MOST_J and abs(reading.time_s) < _MOST_S and reading.how in _HOWS and reading.part in _PARTS):
            raise ValueError(f"{reading.device} reads {reading.energy_j} J after {before_j} J at {reading.time_s} s, {reading.how}, {reading.part}")
        self._reached_j[reading.device] = reading.energy_j
        if reading.part.__class__ is Part and reading.how.__class__ is EnergySource:
            return reading
        return reading._replace(part=Part(reading.part), how=EnergySource(reading.how))
