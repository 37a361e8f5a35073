"""Runs that were metered on the same devices at the same time: which share of each counts, so that together they count everything once."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from traincarbon.ledger.record import Run
from traincarbon.ledger.run_energy import DeviceUse

_UNIQUE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-", re.IGNORECASE)
"""An id that no other device in the world has."""


class OwnShare(NamedTuple):
    """What counts of a run beside others that have some of its energy too; 1 where none has.

    Attributes:
        energy: Share of its energy.
        accelerators: Share of its accelerator-hours.
        others: The other runs.
    """

    energy: float = 1.0
    accelerators: float = 1.0
    others: tuple[str, ...] = ()


class _Use(NamedTuple):
    """One run on one device for some time, on the wall clock."""

    run: Run
    from_s: float
    to_s: float


def own_shares(records: Sequence[Run]) -> dict[str, OwnShare]:
    """Return the share of each run that shares devices with others of *records*, by run id.

    While several runs are metered on a device, its energy and its time are divided equally among them. Devices are the same if their
    id is unique in the world, or if one of the runs names the other in ``shared_with``.
    """
    uses: dict[str, list[_Use]] = {}
    for record in records:
        for device in {use.device for use in record.by_device if use.part == "gpu" and (record.shared_with or _UNIQUE.search(use.device))}:
            uses.setdefault(device, []).extend(_Use(record, *span) for span in _spans(record))
    counted: dict[tuple[str, str], float] = {}
    others: dict[str, set[str]] = {}
    for device, of_device in uses.items():
        if len({use.run.run_id for use in of_device}) > 1:
            _divide(device, of_device, counted, others)
    return {record.run_id: _own_share(record, counted, others[record.run_id]) for record in records if record.run_id in others}


def _divide(device: str, uses: Iterable[_Use], counted: dict[tuple[str, str], float], others: dict[str, set[str]]) -> None:
    """Add to *counted* the share of each run in the device, and to *others* whom it shares the device with."""
    is_unique = _UNIQUE.search(device) is not None
    ordered = sorted(uses, key=lambda use: use.from_s)
    times = sorted({time_s for use in ordered for time_s in (use.from_s, use.to_s)})
    own_s: dict[str, float] = {}
    ran_s: dict[str, float] = {}
    active: list[_Use] = []
    coming = iter([*ordered, None])
    following = next(coming)
    for from_s, to_s in pairwise(times):
        active = [use for use in active if use.to_s > from_s]
        while following is not None and following.from_s <= from_s:
            active.append(following)
            following = next(coming)
        for use in active:
            beside = {other.run.run_id for other in active if other.run is not use.run and (is_unique or _names(use.run, other.run))}
            ran_s[use.run.run_id] = ran_s.get(use.run.run_id, 0.0) + to_s - from_s
            own_s[use.run.run_id] = own_s.get(use.run.run_id, 0.0) + (to_s - from_s) / (1 + len(beside))
            if beside:
                others.setdefault(use.run.run_id, set()).update(beside)
    counted.update({(run_id, device): counted_s / ran_s[run_id] for run_id, counted_s in own_s.items()})


def _own_share(record: Run, counted: dict[tuple[str, str], float], others: Iterable[str]) -> OwnShare:
    def share(use: DeviceUse) -> float:
        return counted.get((record.run_id, use.device), 1.0)

    gpus = [use for use in record.by_device if use.part == "gpu"]
    total_j = sum(use.energy_j for use in record.by_device)
    energy = sum(use.energy_j * share(use) for use in record.by_device) / total_j if total_j > 0.0 else 1.0
    return OwnShare(energy, sum(map(share, gpus)) / len(gpus), tuple(sorted(others)))


def _names(one: Run, other: Run) -> bool:
    return other.run_id in one.shared_with or one.run_id in other.shared_with


def _spans(record: Run) -> list[tuple[float, float]]:
    """Return when the run was metered: each of its attempts, or its duration."""
    if record.attempts:
        return [(each.began_s, each.ended_s) for each in record.attempts if each.duration_s > 0.0]
    try:
        from_s = datetime.fromisoformat(record.started_at).timestamp()
    except ValueError:
        return []
    return [(from_s, from_s + record.duration_s)] if record.duration_s > 0.0 else []
