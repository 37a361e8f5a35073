"""How long each device was metered: its gaps, the holes between two meters of a training, and the counters that bridge them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from traincarbon.ledger.device import Device, greatest
from traincarbon.ledger.process_summary import Process
from traincarbon.quantities import least_sure

_MOST_TIMES = 1.5
"""A counter bridges a hole only if the mean power within it is at most this many times the highest power that was sampled."""
_LAG_S = 0.5
"""A counter may be refreshed so late, so a short hole can hold the energy of a longer one."""


class Span(NamedTuple):
    """A process and the seconds in which it metered, on the clock of its session."""

    process: Process
    from_s: float
    to_s: float


def joined(one: Device, other: Device) -> Device:
    """Return two spans of one device as one, known only as surely as the less sure of them."""
    return Device(
        one.part,
        least_sure(one.how, other.how),
        one.energy_j + other.energy_j,
        greatest(one.power_max_w, other.power_max_w),
        greatest(one.temperature_max_c, other.temperature_max_c),
        one.busy_s + other.busy_s,
        one.watched_s + other.watched_s,
        gap_s=(one.gap_s or 0.0) + (other.gap_s or 0.0),
        metered_s=one.metered_s + other.metered_s,
        judged_s=one.judged_s + other.judged_s,
        idle_s=one.idle_s + other.idle_s,
        idle_j=one.idle_j + other.idle_j,
    )


def metered_devices(spans: Sequence[Span]) -> dict[str, Device]:
    """Return each device that was metered in one training, with its energy, metered time and gaps.

    The time between two processes that metered it is a gap, unless its own counter went on meanwhile and tells what was used.

    Args:
        spans: The processes that metered the training one after the other.
    """
    names = dict.fromkeys(name for span in spans for name in span.process.devices)
    return {name: _metered(name, spans) for name in names}


def united(devices: Sequence[tuple[float, float, Device]]) -> tuple[float, float]:
    """Return the metered time of a device that several sessions metered at once, and its gaps: at least one of them metered it then.

    Args:
        devices: Begin and end of each session, and the device in it.
    """
    total_s, reached_s = 0.0, min(begin_s for begin_s, _, _ in devices)
    for begin_s, end_s, _ in sorted(devices, key=lambda item: item[:2]):
        total_s += max(end_s - max(begin_s, reached_s), 0.0)
        reached_s = max(reached_s, end_s)
    gaps_s = sum(device.gap_s or 0.0 for _, _, device in devices)
    metered_s = min(max(*(device.metered_s for _, _, device in devices), total_s - gaps_s), total_s)
    return metered_s, min(total_s - metered_s, gaps_s)


def _metered(name: str, spans: Sequence[Span]) -> Device:
    own = [span for span in spans if name in span.process.devices or name in span.process.counters]
    known = next(span.process.devices[name] for span in own if name in span.process.devices)
    found, before = _within(name, own[0], known), own[0]
    hole_s = max(before.from_s - spans[0].from_s, 0.0)
    for span in own[1:]:
        between_s = max(span.from_s - before.to_s, 0.0)
        bridged_j = _bridged_j(_device(name, before, known), _device(name, span, known), between_s)
        found = joined(found, _within(name, span, known))
        if bridged_j is None:
            hole_s += between_s
        else:
            found = replace(found, energy_j=found.energy_j + bridged_j, metered_s=found.metered_s + between_s)
        before = span
    hole_s += max(spans[-1].to_s - before.to_s, 0.0)
    return found.metered_for(found.metered_s, gap_s=(found.gap_s or 0.0) + hole_s)


def _device(name: str, span: Span, known: Device) -> Device:
    """Return a device as one process stated it: in its intervals, or only its counter at the beginning, of a device that is like *known*."""
    stated = span.process.devices.get(name)
    if stated is not None:
        return stated
    counter_j = span.process.counters[name]
    return Device(known.part, known.how, power_max_w=known.power_max_w, gap_s=0.0, counter_begin_j=counter_j, counter_j=counter_j)


def _within(name: str, span: Span, known: Device) -> Device:
    """Return a device as one process metered it. Earlier writers state gaps for all of its devices together."""
    device = _device(name, span, known)
    ran_s = span.to_s - span.from_s
    gap_s = min(span.process.gaps_s if device.gap_s is None else device.gap_s, ran_s)
    return device.metered_for(ran_s - gap_s, gap_s=gap_s)


def _bridged_j(before: Device, after: Device, hole_s: float) -> float | None:
    """Return what a device used between two processes, by its own counter; None if it has none, or it began anew meanwhile."""
    power_w = greatest(before.power_max_w, after.power_max_w)
    if before.counter_j is None or after.counter_begin_j is None or power_w is None:
        return None
    used_j = after.counter_begin_j - before.counter_j
    return used_j if 0.0 <= used_j <= _MOST_TIMES * power_w * (hole_s + _LAG_S) else None


def longest_gap_s(devices: Iterable[Device]) -> float:
    """Return the longest time for which one of *devices* was not metered, 0 without devices."""
    return max((device.gap_s or 0.0 for device in devices), default=0.0)
