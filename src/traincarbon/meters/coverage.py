"""Which parts of this machine meters can measure, found by opening them and closing them again."""

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from traincarbon.meters.base import REPLAY, Meter, Unavailable
from traincarbon.meters.registry import METERS, MODEL, automatic_names, probed
from traincarbon.meters.threaded import ThreadedMeter
from traincarbon.quantities import Part

_WAIT_S = 20.0
"""Longest wait for GPUs that take long to open, before a budget that needs them is refused."""


class Coverage(NamedTuple):
    """What meters can measure here.

    Attributes:
        parts: The parts that are measured or modelled.
        unread_gpu: Why a GPU that is there is not measured; None if all are, or there is none.
        unavailable: The meters that cannot be read.
    """

    parts: frozenset[Part]
    unread_gpu: Unavailable | None
    unavailable: tuple[Unavailable, ...]


def coverage(*, only: Sequence[str] | None = None, opened: Mapping[str, Meter | Unavailable] | None = None) -> Coverage:
    """Return what the meters *only*, by default all, can measure here.

    Args:
        only: Names of meters.
        opened: Meters that are open already; they stay open. Those that are still being opened are waited for.
    """
    before = _waited_for(opened or {})
    parts: set[Part] = set()
    unavailable = []
    for name in only or automatic_names():
        found = _found(name, before)
        if isinstance(found, Unavailable):
            unavailable.append(found)
        else:
            parts |= found
    meters = [meter for meter in before.values() if not isinstance(meter, Unavailable)]
    unread = unread_device(meters) or assumed_device(meters)
    if unread is None and Part.GPU not in parts:
        unread = unread_gpu(unavailable, only=only, opened=before)
    return Coverage(frozenset(parts), unread, tuple(unavailable))


def unread_device(meters: Iterable[Meter]) -> Unavailable | None:
    """Return the first GPU that is there, that its meter cannot read and that is not assumed."""
    for meter in meters:
        if meter.failure is not None and meter.failure.is_there and not meter.assumed and _reads_gpus(meter.name):
            return meter.failure
        for device in meter.unread:
            return Unavailable(meter.name, f"{device} states neither energy nor power", "see nvidia-smi -q", is_there=True)
    return None


def assumed_device(meters: Iterable[Meter]) -> Unavailable | None:
    """Return the first GPU whose power is assumed, with what is assumed of it."""
    for meter in meters:
        for device, text in meter.assumed.items():
            why = f"{meter.failure.reason}: " if meter.failure is not None else f"{device} states neither energy nor power: "
            return Unavailable(meter.name, f"{why}{text}", meter.failure.hint if meter.failure is not None else "see nvidia-smi -q", is_there=True)
    return None


def _reads_gpus(name: str) -> bool:
    return name in METERS and Part.GPU in METERS[name].parts


def unread_gpu(
    unavailable: Sequence[Unavailable],
    *,
    only: Sequence[str] | None = None,
    opened: Mapping[str, Meter | Unavailable] | None = None,
) -> Unavailable | None:
    """Return why no GPU is measured although one is there: its meter cannot be read, or was not asked for.

    Args:
        unavailable: The meters that cannot be read.
        only: The meters that were asked for, by default all.
        opened: Meters that were opened already.
    """
    if os.environ.get(REPLAY):  # a recorded trace replaces all meters
        return None
    asked = next((each for each in unavailable if each.is_there and each.name in METERS and Part.GPU in METERS[each.name].parts), None)
    if asked is not None or not only:
        return asked
    for name, kind in METERS.items():
        if Part.GPU in kind.parts and not kind.is_on_request and name not in only:
            found = _found(name, opened or {})
            if not isinstance(found, Unavailable):
                return Unavailable(name, f"its meter {name} is not among those of --meter", f"add --meter {name}", is_there=True)
            if found.is_there:
                return found
    return None


def _waited_for(opened: Mapping[str, Meter | Unavailable]) -> dict[str, Meter | Unavailable]:
    """Return *opened*, with the reasons of those that cannot be opened after all."""
    until_s = time.monotonic() + _WAIT_S
    found = dict(opened)
    for name, meter in opened.items():
        if isinstance(meter, ThreadedMeter) and (failure := meter.wait(wait_s=until_s - time.monotonic())) is not None:
            found[name] = failure
    return found


def _found(name: str, opened: Mapping[str, Meter | Unavailable]) -> set[Part] | Unavailable:
    """Return the parts that the meter *name* measures, or why it cannot be read."""
    meter = opened[name] if name in opened else probed(name, pid=os.getpid() if name == MODEL else None)
    if isinstance(meter, ThreadedMeter) and meter.failure is not None:
        return meter.failure
    if isinstance(meter, Unavailable):
        return meter
    parts = {reading.part for reading in meter.read()}
    if name not in opened:
        meter.close()
    return parts
