"""The record of a run as a ledger on a server holds it: what is published, which other versions read too, and the few fields beside it."""

import json
from collections.abc import Mapping
from dataclasses import replace

from traincarbon.decode import amount, items, number, table, text
from traincarbon.ledger.process_summary import COUNTS
from traincarbon.ledger.run import Run
from traincarbon.ledger.server.stored_text import stored_json

_BESIDE = "unpublished"


def record_text(record: Run) -> str:
    """Return a record as JSON that can be asked in SQL."""
    beside = {
        "restarts": record.restarts,
        "signal": record.signal,
        "counts": record.counts,
        "cost_basis": record.cost_basis,
        "unread_gpu": record.unread_gpu,
        "spans": [use.spans for use in record.by_device],
    }
    return stored_json({**record.to_dict(), _BESIDE: beside})


def record_from(stored: str, *, has_devices: bool = True) -> Run:
    """Return the record that :func:`record_text` gave, of this or another version.

    Args:
        stored: The record as it is stored.
        has_devices: Whether its devices matter, which are most of it.

    Raises:
        CarbonError: it is not such a record.
        ValueError: it is not JSON.
    """
    stated = table(json.loads(stored))
    if not has_devices:
        stated = {name: value for name, value in stated.items() if name != "devices"}
    beside = table(stated.get(_BESIDE))
    signal = number(beside.get("signal"))
    published = Run.from_dict({name: value for name, value in stated.items() if name != _BESIDE})
    spans = [_spans(each) for each in items(beside.get("spans"))] if has_devices else []
    is_whole = len(spans) == len(published.by_device)
    return replace(
        published,
        by_device=tuple(use._replace(spans=each) for use, each in zip(published.by_device, spans, strict=True)) if is_whole else published.by_device,
        restarts=int(amount(beside.get("restarts")) or 0),
        signal=None if signal is None else int(signal),
        counts=_counts(table(beside.get("counts"))),
        cost_basis=(text(beside.get("cost_basis")) or ""),
        unread_gpu=beside.get("unread_gpu") is True,
    )


def _spans(stated: object) -> tuple[tuple[float, float, float], ...]:
    """Return when a device used how much energy: from, to [s], energy [J]."""
    numbers = [tuple(amount(each) for each in items(span)) for span in items(stated)]
    return tuple((span[0], span[1], span[2]) for span in numbers if len(span) == 3 and span[0] is not None and span[1] is not None and span[2] is not None)


def _counts(stated: Mapping[str, object]) -> dict[str, float]:
    return {name: count for name in COUNTS if (count := amount(stated.get(name))) is not None}
