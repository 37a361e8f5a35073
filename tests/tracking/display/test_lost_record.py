"""A record that nobody confirmed is looked for where it can be."""

import threading

import pytest

from traincarbon.ledger.journal import new_journal
from traincarbon.tracking.display import lost_record
from traincarbon.tracking.display.lost_record import place_of_record


@pytest.fixture
def spare(tmp_path, monkeypatch):
    spare = str(tmp_path / "spare")
    monkeypatch.setattr(lost_record, "spare_stores", lambda: [spare, str(tmp_path / "other")])
    return spare


def begin(store):
    journal = new_journal(store, "r")
    assert journal.write("start", {})
    journal.close()


@pytest.mark.usefixtures("spare")
def test_one_that_is_in_its_store_may_be_short(tmp_path):
    begin(str(tmp_path / "store"))
    assert place_of_record(str(tmp_path / "store"), "r") == f"the record in {tmp_path}/store may lack its last seconds"


def test_one_that_a_spare_store_has_is_named_with_what_takes_it_from_there(tmp_path, spare):
    begin(spare)
    assert place_of_record(str(tmp_path / "store"), "r") == f"the record, or the rest of it, is in {spare}: take it from there with: carbon runs merge {spare}"


def test_one_of_another_run_does_not_count(tmp_path, spare):
    begin(spare)
    assert place_of_record(str(tmp_path / "store"), "s") == f"neither {tmp_path}/store nor another folder has a record of it"


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_store_that_does_not_answer_is_said(tmp_path, spare, monkeypatch, is_kept):
    hangs, store, real = threading.Event(), str(tmp_path / "store"), lost_record.run_journals
    if is_kept:
        begin(spare)
    monkeypatch.setattr(lost_record, "run_journals", lambda each, run_id: real(each, run_id) if each != store else hangs.wait(20))
    text = place_of_record(store, "r")
    hangs.set()
    assert text.startswith(f"{store} does not answer")
    assert text.endswith(f"the record is in {spare}: take it from there with: carbon runs merge {spare}" if is_kept else "no other folder has the record")
