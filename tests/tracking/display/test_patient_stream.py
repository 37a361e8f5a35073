"""A terminal or a pipe that nobody reads holds nothing up; what it takes later comes in order."""

import io
import os
import pty
import select

import pytest

from traincarbon.tracking.display.patient_stream import PatientStream


@pytest.fixture(params=["pipe", "terminal", "pipe that cannot be opened again"])
def ends(request, monkeypatch):
    reads, writes = pty.openpty() if request.param == "terminal" else os.pipe()
    if request.param.startswith("pipe that"):
        monkeypatch.setattr(os, "open", lambda *_: (_ for _ in ()).throw(PermissionError()))
    with open(writes, "w", encoding="utf-8") as stream:
        yield reads, stream
    os.close(reads)


def test_what_is_written_arrives(ends):
    reads, stream = ends
    patient = PatientStream(stream)
    patient.write("héllo")
    assert patient.send(wait_s=5.0)
    assert os.read(reads, 100).decode() == "héllo"
    assert patient.isatty() == os.isatty(stream.fileno())


def test_without_a_reader_a_write_returns_at_once_and_the_rest_waits_within_bounds(ends, monkeypatch):
    reads, stream = ends
    patient = PatientStream(stream)
    waits_s, wait = [], select.select
    with monkeypatch.context() as patched:
        patched.setattr(select, "select", lambda *ends: (waits_s.append(ends[3]), wait(*ends))[1])
        for _ in range(400):
            patient.write("x" * 1000)
            patient.flush()
    assert set(waits_s) == {0.0}
    assert patient.is_busy
    assert len(patient._unsent) < 70_000
    assert not patient.send(wait_s=0.05)
    os.read(reads, 4096)
    patient.close()
    assert not patient.is_busy


def test_the_open_file_of_the_training_stays_blocking(ends):
    _, stream = ends
    patient = PatientStream(stream)
    patient.write("x")
    patient.flush()
    assert os.get_blocking(stream.fileno())


def test_a_stream_that_is_no_file_is_written_to_directly():
    stream = io.StringIO()
    patient = PatientStream(stream)
    patient.write("hello")
    patient.flush()
    assert stream.getvalue() == "hello"


def test_a_pipe_without_a_reader_is_an_error_and_nothing_waits():
    reads, writes = os.pipe()
    os.close(reads)
    with open(writes, "w", encoding="utf-8") as stream:
        patient = PatientStream(stream)
        patient.write("lost")
        with pytest.raises(OSError):
            patient.flush()
        assert not patient.is_busy
