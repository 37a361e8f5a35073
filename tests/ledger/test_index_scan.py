"""The folders and journals of a store are found; links and files of other kinds are left alone."""

import os

from traincarbon.ledger import index_scan
from traincarbon.ledger.index_scan import JournalFile, at_a_time, files_in, folders_in


def test_folders_and_journals_are_found_with_size_and_time(tmp_path):
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "a.jsonl").write_text("12345")
    (tmp_path / "r" / "a.txt").write_text("x")
    os.symlink(tmp_path / "r" / "a.jsonl", tmp_path / "r" / "linked.jsonl")
    os.symlink(tmp_path / "r", tmp_path / "linked")
    (tmp_path / "file").write_text("x")
    os.utime(tmp_path / "r", (1e9, 1e9))
    assert list(folders_in(str(tmp_path))) == [("r", 10**18)]
    (file,) = files_in(str(tmp_path / "r"), "r")
    assert file[:3] == ("r", "a.jsonl", 5)


def test_a_folder_that_is_gone_holds_nothing(tmp_path):
    assert list(folders_in(str(tmp_path / "gone"))) == []
    assert files_in(str(tmp_path / "gone"), "gone") == []


def test_packs_are_read_some_at_a_time_and_the_folder_of_a_run_at_once(monkeypatch):
    monkeypatch.setattr(index_scan, "_AT_A_TIME_B", 10)
    files = [JournalFile(folder, f"{number}.jsonl", 6, 0) for folder in ("month=2026-11", "run") for number in range(4)]
    assert [[(file.folder, file.name[0]) for file in group] for group in at_a_time(files)] == [
        [("month=2026-11", "0"), ("month=2026-11", "1")],
        [("month=2026-11", "2"), ("month=2026-11", "3")],
        [("run", "0"), ("run", "1"), ("run", "2"), ("run", "3")],
    ]
