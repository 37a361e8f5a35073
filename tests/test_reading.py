"""Files of unknown size and kind: read up to a limit, and never blocked by a pipe or a device."""

import os
import subprocess

import pytest

from traincarbon import reading
from traincarbon.reading import open_input, open_regular, read_limited


def test_a_file_is_read_up_to_the_limit_and_no_further(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"12345")
    assert read_limited(file, most_b=5) == b"12345"
    with pytest.raises(ValueError, match=r"larger than 4e-06 MB"):
        read_limited(file, most_b=4)
    with pytest.raises(ValueError, match="larger than 4 MB"):
        read_limited("/dev/zero")


def test_a_regular_file_is_opened_and_a_device_is_not(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"12345")
    with open_regular(file) as stream:
        assert stream.read() == b"12345"
    for other in ("/dev/zero", tmp_path):
        with pytest.raises(OSError, match=r"not a file|Is a directory"):
            open_regular(other)


@pytest.fixture
def pipe(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "PATIENCE_S", 30.0)
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def test_a_named_pipe_is_read_to_its_end(pipe):
    with subprocess.Popen(["sh", "-c", f"exec > {pipe}; sleep 0.1; echo one; sleep 0.1; echo two"]) as writer:
        assert read_limited(pipe) == b"one\ntwo\n"
        assert writer.wait(10) == 0


def test_a_pipe_that_nobody_writes_into_is_not_waited_for(pipe, monkeypatch):
    monkeypatch.setattr(reading, "PATIENCE_S", 0.1)
    with pytest.raises(TimeoutError, match="nothing was written into it"):
        read_limited(pipe)
    writer = os.open(pipe, os.O_RDWR)
    with pytest.raises(TimeoutError, match="nothing was written into it"):
        read_limited(pipe)
    os.close(writer)


def test_a_pipe_of_a_shell_is_waited_for_as_its_writer_exists(monkeypatch):
    monkeypatch.setattr(reading, "PATIENCE_S", 0.05)
    with subprocess.Popen(["sh", "-c", "sleep 0.3; echo late"], stdout=subprocess.PIPE) as writer:
        assert read_limited(f"/dev/fd/{writer.stdout.fileno()}") == b"late\n"


def test_a_folder_is_no_input(tmp_path):
    with pytest.raises(IsADirectoryError):
        open_input(tmp_path)
