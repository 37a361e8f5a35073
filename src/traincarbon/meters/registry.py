"""The table of meters, and which of them to open together, so that no energy is counted twice."""

import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from glob import glob
from importlib import import_module
from typing import NamedTuple

from traincarbon.meters import threaded
from traincarbon.meters.base import APART, REPLAY, Meter, Unavailable
from traincarbon.meters.foreign import entry_point_meters
from traincarbon.meters.guarded import guarded
from traincarbon.quantities import Part


class MeterKind(NamedTuple):
    """A meter of this package: a module of this name with a function ``probe``.

    Attributes:
        name: Its name, and that of its module.
        parts: The parts that it measures.
        package: The distribution that it needs, if any.
        is_opened_first: Whether to open it before the job is known, because opening takes long and its counters hold what it missed.
        can_hang: Whether it reads through a vendor's library or a controller, which may never return if a device or its driver hangs.
        is_on_request: Whether it is only opened by name.
        sign: Files of which one is there if there is anything that can hang; without one, no thread is needed.
    """

    name: str
    parts: tuple[Part, ...]
    package: str = ""
    is_opened_first: bool = False
    can_hang: bool = False
    is_on_request: bool = False
    sign: str = ""


MODEL = "cpu_model"
METERS: dict[str, MeterKind] = {
    kind.name: kind
    for kind in (
        MeterKind("nvml", (Part.GPU,), "nvidia-ml-py", is_opened_first=True, can_hang=True),
        MeterKind("amd", (Part.GPU,), "amdsmi", can_hang=True, sign="/dev/kfd"),
        MeterKind("cray", (Part.SERVER,)),
        MeterKind("rapl", (Part.CPU, Part.DRAM)),
        MeterKind("hwmon", (Part.SERVER,), can_hang=True, sign="/sys/class/hwmon/hwmon*"),
        MeterKind("ipmi", (Part.SERVER,), can_hang=True, sign="/dev/ipmi*"),
        MeterKind("codecarbon", (Part.GPU, Part.CPU), "codecarbon", is_on_request=True),
        MeterKind("replay", (), is_on_request=True),
        MeterKind(MODEL, (Part.CPU, Part.DRAM), "psutil"),
    )
}
"""The meters of this package by name, in the order in which they are opened; the model comes last."""
_SENSORS = tuple(name for name, kind in METERS.items() if name != MODEL and not kind.is_on_request)
_ON_REQUEST = tuple(name for name, kind in METERS.items() if kind.is_on_request)
_MODELLED = (Part.CPU, Part.DRAM)
_FOREIGN_S = 10.0
"""A meter of another package that does not answer for so long is ended."""
_SHARED_BY_SENSORS = {Part.GPU, Part.OTHER}
"""GPUs of two vendors are different devices, but two meters of the server measure the same."""


def open_meters(
    *,
    only: Sequence[str] | None = None,
    pid: int | None = None,
    born_s: float | None = None,
    opened: Mapping[str, Meter | Unavailable] | None = None,
    keeps_trying: bool = False,
) -> tuple[list[Meter], list[Unavailable]]:
    """Open every meter that can be read here and return them with those that cannot.

    Those that wait for another program or a vendor's library are opened side by side.
    Sensors come first. The model covers processor and memory if neither a sensor of them nor a meter of the whole server does.
    A second meter of a device or part that is already measured is closed again.

    Args:
        only: Names of meters; by default all sensors, those of other packages and the model, or only the trace that
            ``$CARBON_REPLAY`` names.
        pid: The job, whose processor time and memory the model charges; None means the whole machine.
        born_s: When the job began on the monotonic clock, if the model is to charge it from then on. [s]
        opened: Meters that were probed before; those that are not asked for are closed.
        keeps_trying: Whether to return a meter that does not answer yet, or may answer later, among the meters. GPUs that cannot be
            read are then assumed, if the hardware database knows all of them.
    """
    before = dict(opened or {})
    names = list(only) if only is not None else automatic_names()
    until_s = time.monotonic() + (threaded.PATIENCE_S if keeps_trying else threaded.OPENING_S)
    for name in names:
        if name not in before and name != MODEL and (meter := begun(name, keeps_trying=keeps_trying)) is not None:
            before[name] = meter
    together = _Together()
    for name in names:
        if name != MODEL:
            found = before.pop(name) if name in before else probed(name)
            together.add(name, _waited_for(found, until_s=until_s, keeps_trying=keeps_trying))
    if keeps_trying and Part.GPU not in together.parts:
        together.assume()
    modelled = [part for part in _MODELLED if part not in together.parts | together.covered]
    if together.covered - together.parts and Part.SERVER not in together.parts:
        within = " and ".join(sorted(together.covered - together.parts))
        together.missing.append(Unavailable(MODEL, f"{within} is measured within another part", "nothing is missing"))
    if MODEL in names and modelled and Part.SERVER not in together.parts:
        model = probed(MODEL, pid=pid, parts=modelled, born_s=born_s)
        if isinstance(model, Unavailable):
            together.missing.append(model)
        else:
            together.used.append(model)
    for unasked in before.values():
        if not isinstance(unasked, Unavailable):
            unasked.close()
    return together.used, together.missing


class _Together:
    """Meters that are read together: no part is measured twice."""

    def __init__(self) -> None:
        self.used: list[Meter] = []
        self.missing: list[Unavailable] = []
        self.parts: set[Part] = set()
        self.covered: set[Part] = set()
        self._expected: set[Part] = set()
        """Parts of meters that may answer later."""

    def add(self, name: str, found: Meter | Unavailable) -> None:
        """Use a meter unless its parts are measured already, or state why it cannot be read."""
        if isinstance(found, Unavailable):
            self.missing.append(found)
            return
        if found.failure is not None:
            self.missing.append(found.failure)
            self._expected.update(METERS[name].parts if name in METERS else ())
        found.leave_out(self.parts | self._expected)
        has = {reading.part for reading in found.read()}
        twice = (has & self.parts) - (_SHARED_BY_SENSORS if name in _SENSORS else {Part.OTHER})
        within = has & self.covered if Part.SERVER not in has else set()
        if twice or within:
            found.close()
            why = (
                f"{' and '.join(sorted(twice))} is already measured by another meter"
                if twice
                else f"{' and '.join(sorted(within))} is measured within another part"
            )
            self.missing.append(Unavailable(name, why, "choose one with --meter" if twice else "nothing is missing"))
            return
        self.parts |= has
        self.covered.update(found.covers)
        self.used.append(found)

    def assume(self) -> None:
        """Assume the GPUs that are there and that no meter reads, unless their library is still being opened."""
        for failure in [each for each in self.missing if each.is_there]:
            opening = next((meter for meter in self.used if meter.name == failure.name and isinstance(meter, threaded.ThreadedMeter)), None)
            stand_in = None if opening is not None and opening.is_opening else _assumed(failure.name)
            if stand_in is None:
                continue
            self.parts.add(Part.GPU)
            if opening is not None:
                opening.stand_in(stand_in)
            else:
                stand_in.failure = failure
                self.used.append(stand_in)


def _waited_for(found: Meter | Unavailable, *, until_s: float, keeps_trying: bool) -> Meter | Unavailable:
    """Wait for a meter that is being opened. One that fails and may answer later is kept."""
    if not isinstance(found, threaded.ThreadedMeter):
        return found
    failure = found.wait(wait_s=until_s - time.monotonic())
    if failure is None or (keeps_trying and (found.is_opening or failure.may_answer_later)):
        return found
    found.close()
    return failure


def _assumed(name: str) -> Meter | None:
    """Return the GPUs of the meter *name* with assumed power, if the database knows all of them."""
    from traincarbon.meters.assumed_gpus import assumed_gpus  # rarely needed

    return assumed_gpus(name)


def begun(name: str, *, keeps_trying: bool = False) -> threaded.ThreadedMeter | None:
    """Begin to open the meter *name* in a thread, if it is one that may hang; None for others and for unknown names.

    Those of other packages are read in a process of their own, and so are all of them after a crash.
    """
    kind = METERS.get(name)
    if kind is not None and not _can_hang(kind):
        return None
    if kind is None and not any(point.name == name for point in entry_point_meters()):
        return None
    if kind is None or os.environ.get(APART):
        from traincarbon.meters.isolated import IsolatedMeter  # rarely needed

        apart = IsolatedMeter(name)
        patience_s = _FOREIGN_S if kind is None else threaded.OPENING_S
        return threaded.ThreadedMeter(name, apart.open, keeps_trying=keeps_trying, abort=apart.kill, abort_after_s=patience_s)
    return threaded.ThreadedMeter(name, lambda: probed_here(name), keeps_trying=keeps_trying)


def _can_hang(kind: MeterKind) -> bool:
    return kind.can_hang and (not kind.sign or bool(glob(kind.sign)))


def probed(
    name: str, *, pid: int | None = None, parts: Sequence[Part] = _MODELLED, born_s: float | None = None, wait_s: float = threaded.OPENING_S
) -> Meter | Unavailable:
    """Open the meter *name*, or return the reason why it cannot be read. A library that hangs is given up after *wait_s*."""
    if name == MODEL:
        return guarded(name, lambda: import_module(f"{__package__}.{MODEL}").probe(pid=pid, parts=parts, born_s=born_s))
    meter = begun(name)
    if meter is None:
        return probed_here(name)
    failure = meter.wait(wait_s=wait_s)
    if failure is None:
        return meter
    meter.close()
    return failure


def probed_here(name: str) -> Meter | Unavailable:
    """Open the meter *name* in this process and wait for it, however long that takes."""
    if name in METERS:
        return guarded(name, lambda: import_module(f"{__package__}.{name}").probe())
    point = next((point for point in entry_point_meters() if point.name == name), None)
    if point is None:
        return Unavailable(name, "no meter has this name", f"use one of {', '.join(meter_names())}")

    def probe() -> Meter | Unavailable:
        loaded: Callable[[], Meter | Unavailable] = point.load()
        return loaded()

    return guarded(name, probe, is_there=True)


def meter_names() -> list[str]:
    """Return the names of all meters, including those of other packages."""
    return [*_SENSORS, *(point.name for point in entry_point_meters()), *_ON_REQUEST, MODEL]


def automatic_names() -> list[str]:
    """Return the names of the meters that are opened unless some are named: all sensors and the model, or the trace alone."""
    if os.environ.get(REPLAY):
        return ["replay"]
    return [*_SENSORS, *(point.name for point in entry_point_meters()), MODEL]


def missing_parts(unavailable: Iterable[Unavailable], measured: Collection[str]) -> dict[str, str]:
    """Return the reason for each part that is not *measured*: those of the meters that could measure it."""
    reasons = {each.name: each.reason for each in unavailable}
    missing: dict[str, str] = {}
    for part in (Part.GPU, Part.CPU, Part.DRAM):
        if part not in measured:
            stated = [reasons[name] for name, kind in METERS.items() if part in kind.parts and not kind.is_on_request and name in reasons]
            missing[part.value] = "; ".join(dict.fromkeys(stated)) or "no meter reported it"
    return missing
