"""Records of one run by several programs, joined: one has the energy, another the tokens, a third how it ended."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from traincarbon.ledger.run import Run
from traincarbon.ledger.same_run import counted_in

TAKEN = ("params", "tokens", "plan", "hw", "accelerators", "project", "warm_up", "billed", "site", "versions", "counts")
"""What a record takes from others of the same run if it does not state it."""
_UNKNOWN_END = "lost"


def joined(records: Sequence[Run]) -> list[Run]:
    """Return *records*, each with what it lacks from others of the same run, which count in it (:mod:`traincarbon.ledger.same_run`)."""
    best_of = counted_in(records)
    others: dict[str, list[Run]] = {}
    for record in records:
        if record.run_id in best_of:
            others.setdefault(best_of[record.run_id], []).append(record)
    return [
        replace(_completed(record, others.get(record.run_id, ())), counted_in=best_of.get(record.run_id, record.counted_in))
        if record.run_id in others or record.run_id in best_of
        else record
        for record in records
    ]


def _completed(record: Run, others: Sequence[Run]) -> Run:
    taken: dict[str, Any] = {}
    for name in TAKEN:
        if not getattr(record, name):
            taken[name] = next((value for other in others if (value := getattr(other, name))), getattr(record, name))
    if record.state == _UNKNOWN_END:
        taken["state"] = next((other.state for other in others if other.state != _UNKNOWN_END), record.state)
    return replace(record, **taken)
