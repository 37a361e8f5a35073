"""Lines are appended to a file that is made when needed, and made again with its beginning if somebody removes it."""

import os
import shutil

import pytest

from traincarbon.ledger.appended_file import AppendedFile


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store" / "journals" / "r" / "a.jsonl"


def test_the_first_line_makes_the_file_and_its_folders(path):
    file = AppendedFile(str(path))
    assert not path.parent.exists()
    file.append(b"one\n")
    file.append(b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"
    assert file.end_b == 8


def test_a_line_that_was_cut_off_is_ended_first(path):
    path.parent.mkdir(parents=True)
    path.write_bytes(b"cut")
    file = AppendedFile(str(path))
    file.append(b"next\n", head=[b"head\n"])
    assert path.read_bytes() == b"cut\nnext\n"
    assert file.end_b is None


@pytest.mark.parametrize("removed", ["file", "store"])
def test_a_removed_file_is_made_again_with_its_head(path, tmp_path, removed):
    file = AppendedFile(str(path))
    file.append(b"start\n")
    path.unlink() if removed == "file" else shutil.rmtree(tmp_path / "store")
    file.append(b"later\n", head=[b"start\n"])
    assert path.read_bytes() == b"start\nlater\n"


def test_a_link_in_its_place_is_refused(path, tmp_path):
    path.parent.mkdir(parents=True)
    (tmp_path / "target").write_text("mine")
    path.symlink_to(tmp_path / "target")
    with pytest.raises(OSError):
        AppendedFile(str(path)).append(b"line\n")
    assert (tmp_path / "target").read_text() == "mine"


def test_a_line_that_is_made_late_is_appended_and_none_is_not(path):
    file = AppendedFile(str(path))
    file.append_made(lambda: b"made\n")
    file.append_made(lambda: None)
    assert path.read_bytes() == b"made\n"


def test_closing_twice_is_safe_and_the_next_line_opens_it_again(path):
    file = AppendedFile(str(path))
    file.append(b"one\n")
    file.close()
    file.close()
    file.append(b"two\n")
    assert path.read_bytes() == b"one\n\ntwo\n"  # the line before might have been cut off
    assert os.stat(path).st_nlink == 1
