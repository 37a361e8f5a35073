"""Which journals are at rest."""

import json
import os

import pytest

from packed_stores import aged, write_run
from traincarbon.ledger.packs import resting
from traincarbon.ledger.packs.resting import find_resting, path_of
from traincarbon.ledger.run import Run
from traincarbon.ledger.store import Ledger


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path) as opened:
        yield opened


def reasons(ledger, **given):
    found = find_resting(ledger.index, **given)
    return [each.journal for each in found.resting], {each.journal: each.reason.value for each in found.left}


def test_a_run_that_ended_is_at_rest_at_once_and_one_without_an_end_after_a_day(ledger):
    write_run(ledger.store, "ended")
    file = write_run(ledger.store, "open", ends=False)
    assert reasons(ledger) == (["ended/a1-7-1.jsonl"], {"open/a1-7-1.jsonl": "recent"})
    aged(file)
    assert reasons(ledger) == (["ended/a1-7-1.jsonl", "open/a1-7-1.jsonl"], {})


def test_no_journal_of_a_run_that_goes_on_is_at_rest(ledger):
    from traincarbon.ledger.journal import new_journal

    write_run(ledger.store, "run")
    running = new_journal(ledger.store, "run")
    running.write("start", {})
    found, left = reasons(ledger)
    assert (found, set(left.values())) == ([], {"running"})
    running.write("end", {"exit_code": 0})
    running.close()
    assert len(reasons(ledger)[0]) == 2


def test_imported_records_can_be_joined_and_files_without_a_run_stay(ledger, monkeypatch):
    ledger.add([Run.from_dict({"schema": "traincarbon/run/1", "run_id": "x", "state": "finished", "duration_s": 5.0, "started_at": "2026-11-24T10:00:00Z"})])
    os.makedirs(os.path.join(ledger.store, "journals", "odd"))
    with open(os.path.join(ledger.store, "journals", "odd", "odd.jsonl"), "w") as stream:
        stream.write(json.dumps({"schema": "other"}) + "\n")
    assert reasons(ledger) == ([], {"odd/odd.jsonl": "mixed"})
    (small,) = find_resting(ledger.index).small
    assert (small.records, small.size_b) == (1, os.path.getsize(small.path_in(ledger.index.journals)))
    assert small.path_in("/s") == f"/s/{small.journal}"
    monkeypatch.setattr(resting, "RECORDS_OF_A_JOURNAL", 1)
    assert reasons(ledger) == ([], {"odd/odd.jsonl": "mixed", small.journal: "imported"})
    assert find_resting(ledger.index).small == ()


def test_a_journal_at_rest_has_the_month_of_its_run_and_its_size(ledger):
    file = write_run(ledger.store)
    (each,) = find_resting(ledger.index).resting
    assert path_of(ledger.index.journals, each) == file
    assert (each.month, each.size_b) == ("2026-09", os.path.getsize(file))
