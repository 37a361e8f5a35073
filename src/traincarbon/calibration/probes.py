"""Probes: what minutes of a training tell of all of it, without its warm-up."""

from collections.abc import Iterable, Sequence

from traincarbon.ledger.run import Run

_STOPPED = ("killed", "failed")
_LEAST_S = 60.0
_SHORT_S = 3600.0


def tells_pace(record: Run) -> bool:
    """Say whether a run that was stopped had counted for long enough after its warm-up, a minute, to tell its pace."""
    return record.state in _STOPPED and record.warm_up is not None and record.warm_up.steady_s >= _LEAST_S


def after_warm_up(record: Run) -> tuple[float, float]:
    """Return the share of a run's time and of its tokens that lie after its warm-up; both are 1 where that is unknown.

    What comes after the last report is left out of the time too.
    """
    if record.warm_up is None or not 0.0 < record.warm_up.steady_s <= record.duration_s:
        return 1.0, 1.0
    return record.warm_up.steady_s / record.duration_s, 1.0 - record.warm_up.done


def probe_remarks(probes: Iterable[str], used: Sequence[str]) -> list[str]:
    """Return what to know of a calibration to runs some of which are *probes*; empty if none of those that are *used* is."""
    known = set(used)
    count = sum(run_id in known for run_id in probes)
    if not count:
        return []
    subject = f"{count} of {len(known)} runs {'is a probe' if count == 1 else 'are probes'}, below an hour or stopped"
    return [f"{subject}: evaluation, checkpoints and stops of a longer run come on top of their pace"]


def is_probe(record: Run) -> bool:
    """Say whether a run was so short, below an hour, or was stopped, that its pace leaves out what interrupts a longer one."""
    return record.warm_up is not None and (record.state in _STOPPED or record.duration_s < _SHORT_S)
