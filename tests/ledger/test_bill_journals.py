"""Bills in the journals of a store."""

from pathlib import Path

import pytest

from traincarbon import runs
from traincarbon.errors import CarbonError
from traincarbon.ledger.bill_journals import add_bills
from traincarbon.ledger.bills import BY_TAG, Part
from traincarbon.ledger.run import Run
from traincarbon.ledger.store import Ledger

RUN = Run.from_dict({"schema": "traincarbon/run/1", "run_id": "a", "state": "finished", "started_at": "2026-03-01T10:00:00Z", "duration_s": 60.0})
PARTS = [Part(f"{number:016x}", "2026-03-01", 0.5, BY_TAG) for number in range(12_000)]


def test_a_bill_is_added_once_and_a_newer_one_replaces_it(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.add([RUN])
    assert add_bills(str(tmp_path), {"a": PARTS}, dry_run=True) == ["a"]
    assert runs.load("a", store=tmp_path).billed is None
    assert add_bills(str(tmp_path), {"a": PARTS}, dry_run=False) == ["a"]
    assert add_bills(str(tmp_path), {"a": list(reversed(PARTS))}, dry_run=False) == []
    billed = runs.load("a", store=tmp_path).billed
    assert billed is not None
    assert (billed.usd, billed.charges) == (6000.0, 12_000)
    add_bills(str(tmp_path), {"a": [PARTS[0]._replace(usd=2.5)]}, dry_run=False)
    newer = runs.load("a", store=tmp_path)
    assert newer.billed is not None
    assert (newer.billed.usd, newer.state, newer.duration_s) == (6002.0, "finished", 60.0)
    assert runs.list(store=tmp_path)[0].billed == newer.billed


def test_a_bill_whose_run_is_gone_is_no_fault(tmp_path: Path) -> None:
    add_bills(str(tmp_path), {"gone": PARTS[:2]}, dry_run=False)
    (run,) = runs.list(store=tmp_path)
    assert (run.run_id, run.state, run.billed.usd if run.billed else None) == ("gone", "lost", 1.0)


def test_a_store_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "journals").write_text("")
    with pytest.raises(CarbonError, match="cannot write"):
        add_bills(str(tmp_path), {"a": PARTS[:1]}, dry_run=False)
