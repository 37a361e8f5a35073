"""Which parts of this machine meters can measure, found by opening them and closing them again."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from traincarbon.meters.base import REPLAY, Meter, Unavailable
from traincarbon.meters.registry import METERS, MODEL, automatic_names, probed
from traincarbon.quantities import Part


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
        opened: Meters that are open already; they stay open.
    """
    before = opened or {}
    parts: set[Part] = set()
    unavailable = []
    for name in only or automatic_names():
        found = _found(name, before)
        if isinstance(found, Unavailable):
            unavailable.append(found)
        else:
            parts |= found
    return Coverage(frozenset(parts), None if Part.GPU in parts else unread_gpu(unavailable, only=only, opened=before), tuple(unavailable))


def unread_device(meters: Iterable[Meter]) -> Unavailable | None:
    """Return the first device that is there and that its meter cannot read."""
    unread = ((meter.name, device) for meter in meters for device in meter.unread)
    return next((Unavailable(name, f"{device} states neither energy nor power", "see nvidia-smi -q", is_there=True) for name, device in unread), None)


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


def _found(name: str, opened: Mapping[str, Meter | Unavailable]) -> set[Part] | Unavailable:
    """Return the parts that the meter *name* measures, or why it cannot be read."""
    meter = opened[name] if name in opened else probed(name, pid=os.getpid() if name == MODEL else None)
    if isinstance(meter, Unavailable):
        return meter
    parts = {reading.part for reading in meter.read()}
    if name not in opened:
        meter.close()
    return parts
