"""The energy of a run by hour and zone: each interval of its journals counts for the hours that it covers, and the hours add up to the run."""

import itertools
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.decode import amount
from traincarbon.quantities import S_PER_H

if TYPE_CHECKING:
    from traincarbon.ledger.process_summary import Process
    from traincarbon.ledger.sessions import Session

MOST = 20_000
"""Hours of one process that are kept apart, more than two years; a journal that states more states no hours."""

_LAST = 70_000_000
"""No calendar of Python has an hour after this one."""
_Use = tuple[int, str]
"""An hour since 1970 and a zone."""


class HourUse(NamedTuple):
    """What a run used in one hour of one zone."""

    hour: int
    """Hours since the beginning of 1970, UTC."""
    zone: str
    """The zone of the grid, empty where the record does not state the place."""
    metered_kwh: float
    """Its part of what was metered, all parts of the machines together."""

    @property
    def began(self) -> str:
        """The beginning of the hour in ISO 8601, UTC."""
        return time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(self.hour * S_PER_H))


def with_energy(hours: dict[str, float] | None, *, from_s: float, to_s: float, energy_j: float) -> dict[str, float] | None:
    """Return *hours* with the energy of an interval added to the hours that it covers, in proportion; None if they are too many.

    Args:
        hours: Hour since 1970 to energy, which is changed; None if they are not known. [J]
        from_s: The beginning of the interval on the wall clock. [s]
        to_s: Its end. [s]
        energy_j: Its energy, which is less than 0 where a later line corrects an earlier one. [J]

    Example:
        >>> with_energy({}, from_s=7190.0, to_s=7220.0, energy_j=30.0)
        {'1': 10.0, '2': 20.0}
    """
    if hours is None or not energy_j:
        return hours
    first, last = int(from_s // S_PER_H), int(to_s // S_PER_H)
    if not 0 <= last < _LAST or last - first > MOST:
        return None
    if first >= last:
        hours[str(last)] = hours.get(str(last), 0.0) + energy_j
        return hours if len(hours) <= MOST else None
    for hour in range(first, last + 1):
        within_s = min(to_s, (hour + 1) * S_PER_H) - max(from_s, hour * S_PER_H)
        if within_s > 0.0:
            hours[str(hour)] = hours.get(str(hour), 0.0) + energy_j * within_s / (to_s - from_s)
    return hours if len(hours) <= MOST else None


def hours_of(clusters: Sequence[tuple["Session", ...]], *, metered_kwh: float | None) -> tuple[HourUse, ...]:
    """Return the energy of a run by hour and zone, in order, which adds up to *metered_kwh*; empty where the hours are not known.

    Args:
        clusters: The sessions of the run, ordered as by :func:`traincarbon.ledger.sessions.clusters`.
        metered_kwh: The energy of the run at its meters, None where it has no total. [kWh]
    """
    from traincarbon.ledger.run_energy import counted_j
    from traincarbon.ledger.sessions import shared_devices

    if not metered_kwh:
        return ()
    found: dict[_Use, float] = {}
    for cluster in clusters:
        cluster_j = counted_j(shared_devices(cluster).values())
        seen = _of_cluster(cluster)
        if seen is None or (cluster_j > 0.0 and not seen):
            return ()
        _add(found, seen, cluster_j / sum(seen.values()) if seen else 0.0)
    uses = sorted(found)
    parts = parted(metered_kwh, [found[use] for use in uses])
    return tuple(HourUse(hour, zone, part) for (hour, zone), part in zip(uses, parts, strict=True))


def parted(whole: float, weights: Sequence[float]) -> list[float]:
    """Return *whole* in parts in proportion to *weights*, which add up to it exactly, in whichever order they are added.

    Each part is a multiple of the last digit of *whole*, so that no sum of them is rounded.

    Example:
        >>> parts = parted(0.1, [1.0, 1.0, 1.0])
        >>> sum(parts) == sum(reversed(parts)) == 0.1
        True
    """
    total = math.fsum(weights)
    if not weights or total <= 0.0 or whole <= 0.0:
        return [0.0] * len(weights)
    grain, fine = math.ulp(whole), math.ulp(total)
    n_grains, n_fine = round(whole / grain), round(total / fine)
    parts, weighed, given = [], 0, 0
    for weight in weights:
        weighed += round(weight / fine)
        reached = min(n_grains * weighed // n_fine, n_grains)
        parts.append((reached - given) * grain)
        given = reached
    last = max(range(len(parts)), key=lambda at: weights[at])
    parts[last] += (n_grains - given) * grain
    return parts


def to_rows(hours: Sequence[HourUse], *, it_energy_kwh: float | None) -> list[dict[str, object]]:
    """Return the hours as a record states them, the energy of servers and network in proportion to what was metered.

    Args:
        hours: The hours.
        it_energy_kwh: The energy of servers and network of the run, None where it is not known. [kWh]
    """
    it_kwh = [None] * len(hours) if it_energy_kwh is None else parted(it_energy_kwh, [use.metered_kwh for use in hours])
    return [
        {"hour": use.began, "zone": use.zone, "it_energy_kwh": part_kwh, "metered_energy_kwh": use.metered_kwh}
        for use, part_kwh in zip(hours, it_kwh, strict=True)
    ]


def from_rows(rows: Iterable[Mapping[str, object]], *, metered_kwh: float | None) -> tuple[HourUse, ...]:
    """Return the hours that a record states; empty where they are not valid, or the record has no total that they could add up to.

    A record that states only the energy of servers and network of each hour gives the shares of what was metered.
    """
    found: list[tuple[_Use, float]] = []
    for row in itertools.islice(rows, MOST + 1):
        energy_kwh = amount(next((value for name in ("metered_energy_kwh", "it_energy_kwh") if isinstance(value := row.get(name), (int, float))), None))
        hour = _hour(row.get("hour"))
        if hour is None or energy_kwh is None:
            return ()
        found.append(((hour, str(row.get("zone") or "")[:200]), energy_kwh))
    if not found or not metered_kwh or len(found) > MOST or len(dict(found)) < len(found):
        return ()
    parts = parted(metered_kwh, [energy_kwh for _, energy_kwh in found])
    return tuple(HourUse(*use, part) for (use, _), part in zip(found, parts, strict=True))


def _hour(stated: object) -> int | None:
    from datetime import UTC, datetime  # a run that is tracked is not read from a file

    try:
        moment = datetime.fromisoformat(str(stated))
    except ValueError:
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return int(moment.timestamp() // S_PER_H)


def _of_cluster(cluster: Sequence["Session"]) -> dict[_Use, float] | None:
    """Return the energy that the processes of sessions saw by hour, None where one of them does not know its hours. [J]."""
    found: dict[_Use, float] = {}
    for session in cluster:
        for process in session.processes:
            if process.hours is None:
                return None
            _add(found, {(int(hour), _zone(process)): max(energy_j, 0.0) for hour, energy_j in process.hours.items()})
        _add(found, _between(session))
    return {use: energy_j for use, energy_j in found.items() if energy_j > 0.0}


def _between(session: "Session") -> dict[_Use, float]:
    """Return what the counters of devices tell of the time between two processes of a session, spread over that time. [J]."""
    if len(session.processes) < 2:
        return {}
    seen_j = sum(device.energy_j for process in session.processes for device in process.devices.values())
    bridged_j = sum(device.energy_j for device in session.devices.values()) - seen_j
    holes = [
        (earlier.first_wall_s + earlier.recorded_s, later.first_wall_s)
        for earlier, later in itertools.pairwise(session.processes)
        if later.first_wall_s > earlier.first_wall_s + earlier.recorded_s
    ]
    length_s = sum(to_s - from_s for from_s, to_s in holes)
    found: dict[str, float] | None = {}
    for from_s, to_s in holes if bridged_j > 0.0 else ():
        found = None if found is None else with_energy(found, from_s=from_s, to_s=to_s, energy_j=bridged_j * (to_s - from_s) / length_s)
    return {(int(hour), _zone(session.last)): energy_j for hour, energy_j in (found or {}).items()}


def _zone(process: "Process") -> str:
    site = process.facts.site or {}
    return str(site.get("zone") or site.get("region") or "")


def _add(found: dict[_Use, float], more: Mapping[_Use, float], factor: float = 1.0) -> None:
    for use, energy_j in more.items():
        found[use] = found.get(use, 0.0) + energy_j * factor
