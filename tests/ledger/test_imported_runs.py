"""Records of other programs are written as journals of one line, once each."""

import os
import stat

import pytest

from journals import WALL_S, lines_of
from traincarbon.errors import CarbonError
from traincarbon.ledger import imported_runs
from traincarbon.ledger.imported_runs import add_records
from traincarbon.ledger.journal_lines import read_journal
from traincarbon.ledger.record import merge, read_run
from traincarbon.ledger.store import Ledger


def record(run_id="r", **who):
    return merge(lines_of(run_id=run_id, **who), now_s=WALL_S)


def files_of(store):
    return sorted(os.path.join(folder, name) for folder, _, names in os.walk(store) for name in names)


def test_a_record_is_written_once_and_read_as_it_was(tmp_path):
    store = str(tmp_path / "store")
    assert add_records(store, [record(), record("s")], dry_run=True).ids == ["r", "s"]
    assert not os.path.exists(store)
    assert add_records(store, [record(), record("s")], dry_run=False).ids == ["r", "s"]
    assert add_records(store, [record(), record("s")], dry_run=False).ids == []
    (file, _), (line,) = files_of(store), read_journal(files_of(store)[0])[0]
    assert (line["kind"], line["node"], line["writer"], line["seq"]) == ("record", "import", os.path.basename(file).removesuffix(".jsonl"), 0)
    assert read_run(store, "r").to_dict() == record().to_dict()
    with Ledger(store) as ledger:
        assert {run.run_id: run.energy_j for run in ledger.runs()} == {"r": record().energy_j, "s": record().energy_j}


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
        add_records(str(store), [record()], dry_run=False)
    finally:
        os.umask(before)
    assert [stat.S_IMODE(os.stat(file).st_mode) for file in files_of(store)] == [expected]


def test_only_records_in_a_folder_that_was_made_for_them_are_alone(tmp_path):
    (alone,) = add_records(str(tmp_path), [record()], dry_run=False).alone
    (file,) = files_of(tmp_path)
    assert (alone[0].folder, alone[0].name, alone[0].size) == ("r", os.path.basename(file), os.path.getsize(file))
    assert alone[1] == record()
    assert add_records(str(tmp_path), [record(intervals=6)], dry_run=False).alone == []


def test_a_record_that_is_too_long_for_a_line_is_shortened(tmp_path, monkeypatch):
    monkeypatch.setattr(imported_runs, "LONGEST_LINE_B", 100)
    assert add_records(str(tmp_path), [record()], dry_run=False).ids == ["r"]
    assert read_run(str(tmp_path), "r").run_id == "r"


def test_a_file_that_was_cut_off_is_written_again(tmp_path):
    add_records(str(tmp_path), [record()], dry_run=False)
    (file,) = files_of(tmp_path)
    with open(file, "r+b") as stream:
        stream.truncate(40)
    assert add_records(str(tmp_path), [record()], dry_run=False).ids == ["r"]
    assert read_run(str(tmp_path), "r").to_dict() == record().to_dict()


def test_a_store_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "store").write_text("")
    with pytest.raises(CarbonError, match="cannot write"):
        add_records(str(tmp_path / "store"), [record()], dry_run=False)
