"""Imported records in the index are found by their place in a journal of many, and count where nothing was metered."""

import os

import pytest

from journals import WALL_S, lines_of, write_lines
from traincarbon.ledger import imported_runs, index_folding, index_imported
from traincarbon.ledger.record import merge
from traincarbon.ledger.store import Ledger


def record(run_id, **who):
    return merge(lines_of(run_id=run_id, **who), now_s=WALL_S)


def opened(tmp_path):
    return Ledger(tmp_path / "store")


def test_a_second_record_of_each_run_is_combined_without_reading_all_of_the_first_journal(tmp_path, monkeypatch):
    with opened(tmp_path) as ledger:
        ledger.add([record(f"r{number:02d}") for number in range(40)])
        read = []
        real = index_folding.read_lines
        monkeypatch.setattr(index_folding, "read_lines", lambda file, *, begin_b=0: read.append(begin_b) or real(file, begin_b=begin_b))
        ledger.add([record(f"r{number:02d}", intervals=6) for number in range(40)])
        assert len(read) == 80, "two lines of each run"
        assert {run.duration_s for run in ledger.runs()} == {30.0}


def test_a_first_index_asks_once_for_many_runs_whether_they_have_other_journals(tmp_path):
    with opened(tmp_path) as ledger:
        ledger.add([record(f"r{number:03d}") for number in range(300)])
        ledger.add([record("r007", intervals=6)])
    for file in (tmp_path / "store").glob("index-*"):
        os.remove(file)
    with opened(tmp_path) as ledger:
        asked = []
        ledger.index._connection.set_trace_callback(asked.append)
        durations_s = {run.run_id: run.duration_s for run in ledger.runs()}
    assert len([question for question in asked if question.startswith("SELECT")]) < 30
    assert (len(durations_s), durations_s["r007"], durations_s["r008"]) == (300, 30.0, 15.0)


def test_marks_are_those_of_all_records_however_the_index_came_to_know_them(tmp_path):
    with opened(tmp_path) as ledger:
        ledger.add([record("a"), record("b")])
        write_lines(tmp_path / "store" / "journals" / "c" / "c1-7-1.jsonl", lines_of(run_id="c", writer="c1-7-1"))
        marks = {writer for (writer,) in ledger.index.rows("SELECT writer FROM processes WHERE run_id IN ('a', 'b')")}
        assert len(marks) == 2
        assert ledger.index.marks({*marks, "c1-7-1", *map(str, range(2000))}) == marks
    for file in (tmp_path / "store").glob("index-*"):
        os.remove(file)
    with opened(tmp_path) as ledger:
        assert ledger.index.marks(marks) == marks


def test_records_of_an_earlier_version_each_in_a_journal_of_its_own_are_known(tmp_path):
    """Earlier versions wrote one journal for each record, into the folder of its run."""
    with opened(tmp_path) as ledger:
        ledger.add([record("a")])
    (file,) = (tmp_path / "store" / "journals").glob("*/*.jsonl")
    mark = file.read_bytes().partition(b'"writer":"')[2].partition(b'"')[0].decode()
    (tmp_path / "store" / "journals" / "a").mkdir()
    os.rename(file, tmp_path / "store" / "journals" / "a" / f"{mark}.jsonl")
    with opened(tmp_path) as ledger:
        assert ledger.add([record("a")]) == []
        assert ledger.run("a").to_dict() == record("a").to_dict()


@pytest.mark.parametrize("is_metered_first", [True, False])
def test_what_was_metered_counts_before_any_record(tmp_path, is_metered_first):
    def meter():
        write_lines(tmp_path / "store" / "journals" / "a" / "c1-7-1.jsonl", lines_of(run_id="a", writer="c1-7-1", intervals=2))

    with opened(tmp_path) as ledger:
        for step in (meter, lambda: ledger.add([record("a", intervals=9), record("b")]))[:: 1 if is_metered_first else -1]:
            step()
        assert {run.run_id: run.duration_s for run in ledger.runs()} == {"a": 10.0, "b": 15.0}


def test_a_journal_of_records_is_told_from_one_of_lines(tmp_path):
    with opened(tmp_path) as ledger:
        ledger.add([record("a")])
        file = write_lines(tmp_path / "store" / "journals" / "c" / "c1-7-1.jsonl", lines_of(run_id="c", writer="c1-7-1"))
        assert {run.run_id for run in ledger.runs()} == {"a", "c"}
        assert (ledger.index.has_only_records(ledger.index.files("a")[0]), ledger.index.has_only_records(file)) == (True, False)


def test_a_line_that_moved_since_is_no_record(tmp_path):
    with opened(tmp_path) as ledger:
        ledger.add([record("a"), record("b")])
        (file,) = ledger.index.files("a")
    assert index_folding.record_at(file, "b", "import-0", begin_b=0) is None
    assert index_imported.records_of("b", {("x", "y", "z"): 0}, {}, journals=str(tmp_path)) == []
    assert imported_runs.RECORDS_OF_A_JOURNAL >= 100
