"""A file that hangs holds nothing up, and its lines arrive once."""

import threading

import pytest

from traincarbon.tracking.sidecar.patient_file import PatientFile


class Hanging:
    """A file whose lines arrive when it is let go."""

    end_b = 3

    def __init__(self):
        self.go = threading.Event()
        self.lines = []
        self.error = None

    def append(self, line, *, head=()):  # noqa: ARG002
        self.go.wait(20)
        if self.error:
            raise self.error
        self.lines.append(line)

    def append_made(self, make):
        self.append(make())

    def close(self):
        self.lines.append("closed")


@pytest.fixture
def hanging():
    file = Hanging()
    yield file
    file.go.set()


def test_a_line_that_does_not_arrive_in_time_is_an_error_and_so_is_the_next(hanging):
    file = PatientFile(hanging, wait_s=0.02)
    for line in (b"one", b"two"):
        with pytest.raises(TimeoutError, match="does not answer"):
            file.append(line)
    assert file.end_b is None


def test_a_line_that_arrives_late_is_not_written_twice(hanging):
    file = PatientFile(hanging, wait_s=0.02)
    line = b"one"
    with pytest.raises(TimeoutError):
        file.append(line)
    hanging.go.set()
    assert file._thread.answers(wait_s=10)
    file._wait_s = 20.0  # it answers from now on, on a busy machine too
    file.append(line)
    file.append(b"two")
    assert hanging.lines == [b"one", b"two"]
    assert file.end_b == 3


def test_its_errors_are_raised_here(hanging):
    hanging.go.set()
    hanging.error = OSError(28, "full")
    with pytest.raises(OSError, match="full"):
        PatientFile(hanging).append(b"one")


def test_one_that_hangs_is_not_closed(hanging):
    file = PatientFile(hanging, wait_s=0.02)
    with pytest.raises(TimeoutError):
        file.append(b"one")
    file.close()
    assert "closed" not in hanging.lines


def test_a_line_that_is_read_from_the_file_is_appended_too(hanging):
    hanging.go.set()
    PatientFile(hanging).append_made(lambda: b"made")
    assert hanging.lines == [b"made"]


class Noted:
    """A file that notes which thread writes to it."""

    end_b = 0

    def __init__(self):
        self.threads = []

    def append(self, line, *, head=()):  # noqa: ARG002
        self.threads.append(threading.get_ident())

    def append_made(self, make):
        self.append(make())

    def close(self):
        self.threads.append(threading.get_ident())


def test_one_thread_writes_all_lines_and_ends_with_the_file():
    before = threading.active_count()
    noted = Noted()
    file = PatientFile(noted)
    for line in (b"one", b"two"):
        file.append(line)
    file.close()
    assert len(set(noted.threads)) == 1
    assert threading.get_ident() not in noted.threads
    for _ in range(500):
        if threading.active_count() <= before:
            break
        threading.Event().wait(0.01)
    assert threading.active_count() <= before


def test_without_room_for_a_thread_the_lines_are_written_at_once(monkeypatch):
    def refuse(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    noted = Noted()
    file = PatientFile(noted)
    file.append(b"one")
    file.close()
    assert set(noted.threads) == {threading.get_ident()}
