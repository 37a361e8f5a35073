"""A library that hangs: nobody waits for it, and what it tells later counts."""

import threading
import time

import pytest

from traincarbon.meters import threaded
from traincarbon.meters.base import Reading, Unavailable


class Library:
    """A meter of one board of 300 W that can be made to hang."""

    name = "nvml"
    max_interval_s = 10.0

    def __init__(self):
        self.notes = []
        self.names = {"gpu:a": "Acme One"}
        self.free = threading.Event()
        self.free.set()
        self.reads = self.closed = 0
        self.fails = False

    def read(self):
        self.free.wait()
        if self.fails:
            raise RuntimeError("no sensor")
        self.reads += 1
        return (Reading("gpu:a", "gpu", 300.0 * self.reads, float(self.reads), "counter"),)

    def close(self):
        self.free.wait()
        self.closed += 1


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(threaded, "PATIENCE_S", 0.05)
    monkeypatch.setattr(threaded, "_CLOSING_S", 0.05)


@pytest.fixture
def library():
    made = Library()
    yield made
    made.free.set()


def opened(library, wait_s=5.0):
    return threaded.opened("nvml", lambda: library, wait_s=wait_s)


def until(condition):
    for _ in range(500):
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_a_library_that_answers_is_read_as_without_a_thread(library):
    meter = opened(library)
    library.notes.append("gpu:a: something odd")
    assert [meter.read()[0].energy_j for _ in range(3)] == [300.0, 600.0, 900.0]
    assert (meter.name, meter.names, meter.max_interval_s, meter.notes) == ("nvml", library.names, 10.0, ["gpu:a: something odd"])
    meter.close()
    meter.close()
    assert library.closed == 1
    assert meter.read()[0].energy_j == 900.0


def test_one_that_hangs_is_waited_for_once_and_its_figures_stand_still(library):
    meter = opened(library)
    meter.read()
    library.free.clear()
    began_s = time.monotonic()
    assert [meter.read()[0].energy_j for _ in range(100)] == [300.0] * 100
    assert time.monotonic() - began_s < 2.0
    assert meter.notes == ["nvml: its library has not answered for 0.05 s: its energy stands still until it does"]
    assert meter.max_interval_s == 1.0


def test_what_it_tells_when_it_answers_again_counts(library):
    meter = opened(library)
    meter.read()
    library.free.clear()
    meter.read()
    library.free.set()
    assert until(lambda: meter.read()[0].energy_j > 300.0)
    assert meter.notes[1].startswith("nvml: its library answers again after ")
    assert meter.max_interval_s == 10.0


def test_closing_does_not_wait_for_one_that_hangs_and_closes_it_later(library):
    meter = opened(library)
    library.free.clear()
    meter.read()
    meter.close()
    assert library.closed == 0
    library.free.set()
    assert until(lambda: library.closed == 1)


def test_one_that_hangs_while_it_opens_is_named_and_closed_when_it_is_open(library):
    library.free.clear()

    def probe():
        library.free.wait()
        return library

    found = threaded.opened("nvml", probe, wait_s=0.05)
    assert isinstance(found, threaded.TimedOut)
    assert (found.name, found.reason) == ("nvml", "its library does not answer within 0.05 s")
    library.free.set()
    assert until(lambda: library.closed == 1)


def test_why_there_is_none_is_passed_on():
    reason = Unavailable("nvml", "no driver", "load it")
    assert threaded.opened("nvml", lambda: reason, wait_s=5.0) == reason


def test_what_it_raises_is_raised_where_it_was_asked(library):
    meter = opened(library)
    library.fails = True
    with pytest.raises(RuntimeError, match="no sensor"):
        meter.read()
    library.fails = False
    assert meter.read()[0].energy_j == 300.0
    meter.close()
