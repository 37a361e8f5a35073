"""The folders and journals of a store are found; links and files of other kinds are left alone."""

import os

from traincarbon.ledger.index_scan import files_in, folders_in


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
