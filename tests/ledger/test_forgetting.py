"""Runs are forgotten with their journals; of imported runs, which share a journal, with their lines."""

import os
from pathlib import Path

import pytest

from journals import WALL_S, lines_of
from traincarbon.errors import CarbonError
from traincarbon.ledger.forgetting import remove, remove_lines
from traincarbon.ledger.record import merge
from traincarbon.ledger.store import Ledger


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "store") as opened:
        yield opened


def record(run_id):
    return merge(lines_of(run_id=run_id), now_s=WALL_S)


def test_a_folder_goes_with_its_last_journal(tmp_path):
    files = [tmp_path / "run" / name for name in ("a.jsonl", "b.jsonl")]
    files[0].parent.mkdir()
    for file in files:
        file.write_text("")
    remove(map(str, files[:1]))
    assert os.listdir(tmp_path / "run") == ["b.jsonl"]
    remove(map(str, files[1:]))
    assert not files[0].parent.exists()
    with pytest.raises(CarbonError, match="cannot remove"):
        remove([str(files[0])])


def test_imported_runs_are_forgotten_without_those_beside_them(ledger):
    ledger.add([record(f"run-{number}") for number in range(9)])
    (file,) = ledger.forget("run-2", "run-7")
    state = os.stat(file)
    assert ledger.forget("run-2", "run-7", dry_run=False) == [file]
    assert sorted(run.run_id for run in ledger.runs()) == [f"run-{number}" for number in (0, 1, 3, 4, 5, 6, 8)]
    assert os.stat(file).st_mode == state.st_mode
    assert ledger.run("run-8").to_dict() == record("run-8").to_dict()
    assert ledger.add([record(f"run-{number}") for number in range(9)]) == ["run-2", "run-7"]
    ledger.forget(*(f"run-{number}" for number in range(9)), dry_run=False)
    assert ledger.runs() == []
    assert os.listdir(os.path.join(ledger.store, "journals")) == []


def test_a_damaged_line_beside_a_forgotten_run_stays(ledger):
    ledger.add([record("one"), record("two")])
    (file,) = ledger.forget("one")
    with open(file, "ab") as stream:
        stream.write(b"no line\n\ncut off")
    ledger.forget("one", dry_run=False)
    assert [run.run_id for run in ledger.runs()] == ["two"]
    assert Path(file).read_bytes().endswith(b"no line\n\ncut off")


def test_a_journal_that_cannot_be_written_anew_stays_as_it_was(tmp_path):
    file = tmp_path / "journal.jsonl"
    file.write_text("one\n")
    (tmp_path / "journal.jsonl.part").mkdir()
    with pytest.raises(CarbonError, match="cannot remove runs from"):
        remove_lines(str(file), {"one"})
    assert file.read_text() == "one\n"
