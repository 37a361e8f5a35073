"""Records of one run by several programs, joined: one has the energy, another the tokens, a third how it ended."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from traincarbon.ledger.run import Run
from traincarbon.ledger.same_energy import job_of

_TAKEN = ("params", "tokens", "plan", "hw", "accelerators", "project", "warm_up", "billed", "site", "versions", "counts")
"""What a record takes from others of the same run if it does not state it."""
_UNKNOWN_END = "lost"


def joined(records: Sequence[Run]) -> list[Run]:
    """Return *records*, each with what it lacks from others of the same run; those count in it.

    Records are of one run if their energy is the same (:mod:`traincarbon.ledger.same_energy`), or if they have the number of the same job of SLURM.
    """
    by_id = {record.run_id: record for record in records}
    best_of_job: dict[str, str] = {}
    for record in records:
        if (job := job_of(record.run_id)) and not record.counted_in and record.metered_kwh is not None:
            best_of_job.setdefault(job, record.run_id)
    others: dict[str, list[Run]] = {}
    counted_in: dict[str, str] = {}
    for record in records:
        job = job_of(record.run_id)
        best = record.counted_in or (best_of_job.get(job, "") if record.metered_kwh is None else "")
        if best in by_id and best != record.run_id:
            others.setdefault(best, []).append(record)
            counted_in[record.run_id] = best
    return [
        _completed(record, others[record.run_id])
        if record.run_id in others
        else replace(record, counted_in=counted_in[record.run_id])
        if record.run_id in counted_in
        else record
        for record in records
    ]


def _completed(record: Run, others: Sequence[Run]) -> Run:
    taken: dict[str, Any] = {}
    for name in _TAKEN:
        if not getattr(record, name):
            taken[name] = next((value for other in others if (value := getattr(other, name))), getattr(record, name))
    if record.state == _UNKNOWN_END:
        taken["state"] = next((other.state for other in others if other.state != _UNKNOWN_END), record.state)
    return replace(record, **taken)
