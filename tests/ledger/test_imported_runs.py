"""Records of other programs are written as journals of one line, once each."""

import json
import os
import resource
import signal
import stat
from dataclasses import replace

import pytest

from journals import WALL_S, lines_of
from traincarbon.errors import CarbonError
from traincarbon.ledger import imported_runs
from traincarbon.ledger.imported_runs import add_records
from traincarbon.ledger.journal_lines import read_journal
from traincarbon.ledger.record import merge
from traincarbon.ledger.store import Ledger


def record(run_id="r", **who):
    return merge(lines_of(run_id=run_id, **who), now_s=WALL_S)


def files_of(store):
    return sorted(os.path.join(folder, name) for folder, _, names in os.walk(store) for name in names)


def added(store, *records, known=()):
    return add_records(str(store), records, known=set(known).intersection, dry_run=False)


def test_records_are_written_once_and_read_as_they_were(tmp_path):
    store = str(tmp_path / "store")
    assert add_records(store, [record(), record("s")], known=None, dry_run=True).ids == ["r", "s"]
    assert not os.path.exists(store)
    found = added(store, record(), record("s"), record())
    assert found.ids == ["r", "s"]
    (journal,) = found.journals
    assert added(store, record(), record("s"), known={run.mark for run in journal.runs}) == ([], [])
    (file,) = files_of(store)
    lines = read_journal(file)[0]
    assert [(line["kind"], line["node"], line["writer"], line["seq"]) for line in lines] == [("record", "import", run.mark, 0) for run in journal.runs]
    with Ledger(store) as ledger:
        assert {run.run_id: run.to_dict() for run in ledger.runs()} == {"r": record().to_dict(), "s": record("s").to_dict()}


def test_a_run_of_several_records_and_one_that_was_metered_too_is_combined_anew(tmp_path):
    store = str(tmp_path / "store")
    with Ledger(store) as ledger:
        ledger.add([record()])
        assert ledger.run("r").duration_s == 15.0
        ledger.add([record(intervals=6)])
        assert ledger.run("r").duration_s == 30.0


@pytest.mark.parametrize(("mode", "expected"), [(0o700, 0o600), (0o755, 0o644)])
def test_files_in_a_private_store_are_private(tmp_path, mode, expected):
    store = tmp_path / "store"
    store.mkdir(mode=mode)
    before = os.umask(0o022)
    try:
        added(store, record())
    finally:
        os.umask(before)
    assert [stat.S_IMODE(os.stat(file).st_mode) for file in files_of(store)] == [expected]


def test_many_records_are_written_into_several_journals_each_alone_in_its_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(imported_runs, "RECORDS_OF_A_JOURNAL", 2)
    journals = added(tmp_path, *(record(f"r{number}") for number in range(5))).journals
    assert [len(journal.runs) for journal in journals] == [2, 2, 1]
    for journal in journals:
        path = tmp_path / "journals" / journal.file.folder / journal.file.name
        assert os.listdir(path.parent) == [journal.file.name]
        assert journal.file.size == path.stat().st_size
        for run in journal.runs:
            assert json.loads(path.read_bytes()[run.begin_b :].splitlines()[0])["run_id"] == run.record.run_id


def test_what_is_in_a_journal_is_checked_as_when_it_is_read(tmp_path):
    (journal,) = added(tmp_path, replace(record(), signal=9)).journals
    assert imported_runs.checked(journal).runs[0].record.signal is None


def test_a_record_that_does_not_fit_into_a_line_is_shortened(tmp_path):
    long = replace(record(), argv=("x" * 600_000,) * 2, mfu=float("nan"))
    assert added(tmp_path, long, record("s")).ids == ["r", "s"]
    with Ledger(tmp_path) as ledger:
        assert ledger.run("s").to_dict() == record("s").to_dict()
        assert (ledger.run("r").duration_s, ledger.run("r").mfu, len(ledger.run("r").argv[0])) == (15.0, None, 2000)


def test_a_record_whose_line_was_cut_off_is_written_again(tmp_path):
    with Ledger(tmp_path) as ledger:
        ledger.add([record(), record("s")])
        (file,) = (file for file in files_of(tmp_path) if file.endswith(".jsonl"))
        with open(file, "r+b") as stream:
            stream.truncate(os.path.getsize(file) - 40)
        assert ledger.add([record(), record("s")]) == ["s"]
        assert {run.run_id for run in ledger.runs()} == {"r", "s"}


def test_a_store_that_cannot_be_written_is_an_error_and_no_part_of_a_journal_stays(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CarbonError, match="cannot write"):
        added(tmp_path / "file", record())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # like a full disk or a quota
    try:
        with pytest.raises(CarbonError, match="File too large"):
            added(tmp_path, record(), record("s"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert os.listdir(tmp_path / "journals") == []
