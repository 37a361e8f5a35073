"""A library that hangs: nobody waits for it, and what it tells later counts."""

import threading

import pytest

from tracked import until
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
def patient(monkeypatch):
    """Wait for a library that answers, however busy the machine is."""
    monkeypatch.setattr(threaded, "PATIENCE_S", 20.0)
    monkeypatch.setattr(threaded, "_CLOSING_S", 20.0)


@pytest.fixture
def hang(library, monkeypatch):
    """Return a function from which on the library does not answer, and is not waited for long."""

    def begin():
        library.free.clear()
        monkeypatch.setattr(threaded, "PATIENCE_S", 0.05)
        monkeypatch.setattr(threaded, "_CLOSING_S", 0.05)

    return begin


@pytest.fixture
def library():
    made = Library()
    yield made
    made.free.set()


def opened(library, probe=None, **options):
    meter = threaded.ThreadedMeter("nvml", probe or (lambda: library), **options)
    assert meter.wait(wait_s=5.0) is None
    return meter


def test_a_library_that_answers_is_read_as_without_a_thread(library):
    meter = opened(library)
    library.notes.append("gpu:a: something odd")
    assert [meter.read()[0].energy_j for _ in range(3)] == [300.0, 600.0, 900.0]
    assert (meter.name, meter.names, meter.max_interval_s, meter.notes) == ("nvml", library.names, 10.0, ["gpu:a: something odd"])
    meter.close()
    meter.close()
    assert library.closed == 1
    assert meter.read()[0].energy_j == 900.0


def test_one_that_hangs_is_waited_for_once_and_its_figures_stand_still(library, hang, monkeypatch):
    meter = opened(library)
    meter.read()
    hang()
    waits_s, answers = [], meter._thread.answers
    monkeypatch.setattr(meter._thread, "answers", lambda *, wait_s: (waits_s.append(wait_s), answers(wait_s=wait_s))[1])
    assert [meter.read()[0].energy_j for _ in range(100)] == [300.0] * 100
    assert waits_s == [0.05] + [0.0] * 99
    assert meter.notes == ["nvml: its library has not answered for 0.05 s: its energy stands still until it does"]
    assert meter.max_interval_s == 1.0


def test_what_it_tells_when_it_answers_again_counts(library, hang):
    meter = opened(library)
    meter.read()
    hang()
    meter.read()
    library.free.set()
    assert until(lambda: meter.read()[0].energy_j > 300.0)
    assert meter.notes[1].startswith("nvml: its library answers again after ")
    assert meter.max_interval_s == 10.0


def test_closing_does_not_wait_for_one_that_hangs_and_closes_it_later(library, hang):
    meter = opened(library)
    hang()
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

    meter = threaded.ThreadedMeter("nvml", probe)
    found = meter.wait(wait_s=0.05)
    assert (found.name, found.is_there, found.may_answer_later) == ("nvml", True, True)
    assert found.reason.startswith("its library does not answer within 0.05")
    assert (meter.is_opening, meter.read()) == (True, ())
    meter.close()
    library.free.set()
    assert until(lambda: library.closed == 1)


def test_why_there_is_none_is_passed_on():
    reason = Unavailable("nvml", "no driver", "load it")
    meter = threaded.ThreadedMeter("nvml", lambda: reason)
    assert (meter.wait(wait_s=5.0), meter.is_opening) == (reason, False)


def test_what_it_raises_is_raised_where_it_was_asked(library):
    meter = opened(library)
    library.fails = True
    with pytest.raises(RuntimeError, match="no sensor"):
        meter.read()
    library.fails = False
    assert meter.read()[0].energy_j == 300.0
    meter.close()


def test_one_that_opens_late_is_read_from_then_on_and_said(library):
    library.free.clear()

    def probe():
        library.free.wait()
        return library

    meter = threaded.ThreadedMeter("nvml", probe, keeps_trying=True)
    assert meter.wait(wait_s=0.05) is not None
    assert meter.read() == ()
    library.free.set()
    assert until(lambda: meter.read() != ())
    assert (meter.failure, meter.names) == (None, library.names)
    assert meter.notes[0].startswith("nvml: can be read now, ")
    meter.close()


def test_one_that_fails_and_may_answer_later_is_tried_again_with_assumed_power_until_then(library, monkeypatch):
    monkeypatch.setattr(threaded, "_FIRST_RETRY_S", 0.05)
    answers = [Unavailable("nvml", "busy", "wait", is_there=True, may_answer_later=True)]

    def probe():
        return answers.pop() if answers else library

    class Assumed(Library):
        def __init__(self):
            super().__init__()
            self.assumed = {"gpu:a": "assumed"}

        def read(self):
            return (Reading("gpu:a", "gpu", 50.0, 0.0, "assumed"),)

    meter = threaded.ThreadedMeter("nvml", probe, keeps_trying=True)
    assert meter.wait(wait_s=5.0).reason == "busy"
    meter.stand_in(Assumed())
    assert (meter.read()[0].how, meter.assumed) == ("assumed", {"gpu:a": "assumed"})
    assert until(lambda: meter.read()[0].how == "counter")
    assert meter.read()[0].energy_j >= 50.0 + 300.0
    assert (meter.failure, meter.assumed) == (None, {})
    meter.close()


@pytest.mark.parametrize("ending", [SystemExit(3), KeyboardInterrupt(), RuntimeError("no")])
def test_whatever_a_probe_raises_ends_neither_the_thread_nor_the_caller_unanswered(ending):
    def probe():
        raise ending

    meter = threaded.ThreadedMeter("plug", probe)
    with pytest.raises(type(ending)):
        meter.wait(wait_s=5.0)


def test_what_can_be_ended_is_ended_after_a_while(library):
    library.free.clear()
    ended = []

    def probe():
        library.free.wait()
        return Unavailable("plug", "was ended", "")

    def abort():
        ended.append(True)
        library.free.set()

    meter = threaded.ThreadedMeter("plug", probe, abort=abort, abort_after_s=0.05)
    meter.wait(wait_s=0.1)
    assert until(lambda: meter.read() == () and meter.failure.reason == "was ended")
    assert ended
