"""The record of a run as a ledger on a server holds it: what is published, which other versions read too, and the few fields beside it."""

import json
from collections.abc import Mapping
from dataclasses import replace

from traincarbon.decode import amount, number, table, text
from traincarbon.ledger.process_summary import COUNTS
from traincarbon.ledger.run import Run

_BESIDE = "unpublished"


def record_text(record: Run) -> str:
    """Return a record as JSON."""
    beside = {"restarts": record.restarts, "signal": record.signal, "counts": record.counts, "cost_basis": record.cost_basis, "unread_gpu": record.unread_gpu}
    return json.dumps({**record.to_dict(), _BESIDE: beside})


def record_from(stored: str) -> Run:
    """Return the record that :func:`record_text` gave, of this or another version.

    Raises:
        CarbonError: it is not such a record.
        ValueError: it is not JSON.
    """
    stated = table(json.loads(stored))
    beside = table(stated.get(_BESIDE))
    signal = number(beside.get("signal"))
    return replace(
        Run.from_dict({name: value for name, value in stated.items() if name != _BESIDE}),
        restarts=int(amount(beside.get("restarts")) or 0),
        signal=None if signal is None else int(signal),
        counts=_counts(table(beside.get("counts"))),
        cost_basis=(text(beside.get("cost_basis")) or ""),
        unread_gpu=beside.get("unread_gpu") is True,
    )


def _counts(stated: Mapping[str, object]) -> dict[str, float]:
    return {name: count for name in COUNTS if (count := amount(stated.get(name))) is not None}
