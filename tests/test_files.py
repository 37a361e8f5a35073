"""A file that is whole or not there."""

import errno
import os
import resource

import pytest

from traincarbon import files
from traincarbon.errors import CarbonError
from traincarbon.files import check_new_file, check_writable, replace_file, write_new_file


def test_a_new_file_holds_the_text_and_nothing_is_left_beside_it(tmp_path):
    file = tmp_path / "x.html"
    check_new_file(str(file))
    assert not list(tmp_path.iterdir())
    write_new_file(str(file), "é <b>")
    assert file.read_text("utf-8") == "é <b>"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("act", [check_new_file, lambda file: write_new_file(file, "new")])
def test_a_file_that_is_there_is_kept(tmp_path, act):
    file = tmp_path / "x.html"
    file.write_text("old")
    with pytest.raises(CarbonError, match="already exists|in the meantime"):
        act(str(file))
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_that_leads_nowhere_is_there(tmp_path):
    (tmp_path / "x.html").symlink_to("/nowhere")
    with pytest.raises(CarbonError, match="already exists"):
        check_new_file(str(tmp_path / "x.html"))


@pytest.mark.parametrize(
    ("name", "message"),
    [("", "is a folder"), ("none/x.html", "No such file"), ("a" * 300, "too long"), ("x\0.html", "null"), ("none/", "has no name")],
)
def test_a_place_that_cannot_be_is_refused_beforehand(tmp_path, name, message):
    with pytest.raises(CarbonError, match=message) as caught:
        check_new_file(os.path.join(tmp_path, name))
    assert caught.value.hint


def test_a_bare_name_is_of_the_folder_one_stands_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_new_file("x.html")
    write_new_file("x.html", "here")
    assert (tmp_path / "x.html").read_text() == "here"


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(CarbonError, match="No space left"):
        write_new_file(str(tmp_path / "x.html"), "x" * 100_000)
    assert not list(tmp_path.iterdir())


def test_an_interrupted_writing_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(files.os, "rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_new_file(str(tmp_path / "x.html"), "x")
    assert not list(tmp_path.iterdir())


def test_a_file_is_replaced_as_a_whole(tmp_path):
    replace_file(str(tmp_path / "servers/this.toml"), "old\n")
    replace_file(str(tmp_path / "servers/this.toml"), "new\n")
    assert (tmp_path / "servers" / "this.toml").read_text() == "new\n"
    assert os.listdir(tmp_path / "servers") == ["this.toml"]


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_whatever_breaks_the_old_file_stands_and_nothing_is_left_beside_it(tmp_path, monkeypatch, broken):
    replace_file(str(tmp_path / "this.toml"), "old\n")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, broken, full)
    with pytest.raises(CarbonError, match="No space left on device"):
        replace_file(str(tmp_path / "this.toml"), "new\n")
    assert (tmp_path / "this.toml").read_text() == "old\n"
    assert os.listdir(tmp_path) == ["this.toml"]


def test_a_kill_in_the_middle_leaves_the_old_file(tmp_path, monkeypatch):
    replace_file(str(tmp_path / "this.toml"), "old\n")

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        replace_file(str(tmp_path / "this.toml"), "new\n")
    assert (tmp_path / "this.toml").read_text() == "old\n"


def test_what_is_written_piece_by_piece_is_whole_or_not_there(tmp_path):
    file = tmp_path / "parts.bin"

    def two_pieces(stream):
        stream.write(b"one ")
        stream.write(b"two")

    def cut_off(stream):
        stream.write(b"half")
        raise KeyboardInterrupt

    replace_file(str(file), two_pieces)
    with pytest.raises(KeyboardInterrupt):
        replace_file(str(file), cut_off)
    assert file.read_bytes() == b"one two"
    assert [each.name for each in tmp_path.iterdir()] == ["parts.bin"]


def test_a_bare_name_is_replaced_in_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    replace_file("x.toml", "1\n")
    replace_file("x.toml", "é\n")
    assert (tmp_path / "x.toml").read_bytes() == "é\n".encode()


def test_a_folder_that_cannot_be_made_is_refused_with_the_hint_that_is_given(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CarbonError, match="cannot write") as caught:
        replace_file(str(tmp_path / "file" / "x.toml"), "1", hint="try --db")
    assert caught.value.hint == "try --db"


def test_a_folder_is_tried_without_a_trace(tmp_path):
    check_writable(str(tmp_path))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(CarbonError, match=r"cannot write 'mine': No such file"):
        check_writable(str(tmp_path / "none"), name="mine")


def test_content_in_pieces_is_written_whole_or_not_at_all(tmp_path):
    write_new_file(str(tmp_path / "whole.csv"), iter([b"a,b\n", b"1,2\n"]))
    assert (tmp_path / "whole.csv").read_bytes() == b"a,b\n1,2\n"

    def broken():
        yield b"a,b\n"
        raise CarbonError("a run cannot be read")

    with pytest.raises(CarbonError, match="a run cannot be read"):
        write_new_file(str(tmp_path / "half.csv"), broken())
    assert [path.name for path in tmp_path.iterdir()] == ["whole.csv"]


def _stream_of(error):
    def write(stream):
        stream.write(b"half")
        raise error

    return write


def _pieces_of(error):
    yield b"half"
    raise error


@pytest.mark.parametrize("write", [write_new_file, replace_file])
@pytest.mark.parametrize("content", [_stream_of, _pieces_of])
@pytest.mark.parametrize("error", [ValueError("a run states no time"), PermissionError(errno.EACCES, "Permission denied", "journal.jsonl")])
def test_an_error_of_computing_the_content_is_not_one_of_the_file(tmp_path, write, content, error):
    with pytest.raises(type(error)) as caught:
        write(str(tmp_path / "x.csv"), content(error))
    assert caught.value is error
    assert not list(tmp_path.iterdir())


@pytest.fixture
def no_large_files():
    """Let the system refuse what is written beyond 10 kB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("no_large_files")
@pytest.mark.parametrize("content", [b"x" * 20_000, [b"x" * 4_000] * 5, lambda stream: [stream.write(b"x" * 4_000) for _ in range(5)]])
def test_what_the_system_does_not_write_is_an_error_of_the_file(tmp_path, content):
    with pytest.raises(CarbonError, match=r"cannot write '.*x.html': File too large") as caught:
        write_new_file(str(tmp_path / "x.html"), content)
    assert "a disk with room" in caught.value.hint
    assert not list(tmp_path.iterdir())
