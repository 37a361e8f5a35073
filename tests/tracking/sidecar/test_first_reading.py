"""GPUs are opened before the job is known, unless a trace replaces all meters."""

import threading

import pytest

from traincarbon.meters.base import Meter, Reading, Unavailable
from traincarbon.meters.threaded import ThreadedMeter
from traincarbon.tracking.sidecar import first_reading


class Boards(Meter):
    name = "nvml"
    max_interval_s = 1.0

    def __init__(self):
        self.notes, self.names = [], {}

    def read(self):
        return (Reading("gpu:0", "gpu", 5.0, 1.0, "counter", 300.0), Reading("gpu:1", "gpu", 6.0, 1.0, "counter", 200.0))

    def close(self):
        pass


@pytest.fixture
def machine(monkeypatch):
    """Return a function that says how NVML opens."""
    monkeypatch.delenv("CARBON_REPLAY", raising=False)
    monkeypatch.setattr(first_reading, "_WAIT_S", 20.0)

    def call(probe):
        monkeypatch.setattr(first_reading, "begun", lambda name, **options: ThreadedMeter(name, probe, **options))

    return call


def test_boards_are_opened_and_read_at_once(machine):
    machine(Boards)
    found = first_reading.read_early()
    assert [(reading.device, reading.energy_j) for reading in found.readings] == [("gpu:0", 5.0), ("gpu:1", 6.0)]
    assert found.meters["nvml"].failure is None
    found.meters["nvml"].close()


def test_without_gpus_the_reason_is_kept_for_later(machine):
    machine(lambda: Unavailable("nvml", "no driver", "load it"))
    assert first_reading.read_early() == ({"nvml": Unavailable("nvml", "no driver", "load it")}, ())


def test_those_that_have_not_answered_yet_go_on_being_opened_and_are_not_opened_twice(machine, monkeypatch):
    monkeypatch.setattr(first_reading, "_WAIT_S", 0.2)
    opened, waits = [], threading.Event()
    machine(lambda: (waits.wait() and opened.append(True)) or Boards())
    found = first_reading.read_early()
    assert found.readings == ()
    assert found.meters["nvml"].is_opening
    waits.set()
    assert found.meters["nvml"].wait(wait_s=5.0) is None
    assert (len(found.meters["nvml"].read()), opened) == (2, [True])
    found.meters["nvml"].close()


def test_those_that_fail_now_and_may_answer_later_are_kept(machine):
    machine(lambda: Unavailable("nvml", "busy", "", is_there=True, may_answer_later=True))
    found = first_reading.read_early()
    assert found.meters["nvml"].failure.reason == "busy"
    found.meters["nvml"].close()


def test_a_trace_takes_the_place_of_all_boards(monkeypatch):
    monkeypatch.setenv("CARBON_REPLAY", "trace.csv")
    assert first_reading.read_early() == first_reading.EarlyReadings({}, ())
