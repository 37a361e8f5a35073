"""What meters can measure here: a GPU that is there and unread is told from a machine without one."""

import pytest

from traincarbon.meters import coverage as module
from traincarbon.meters.base import REPLAY, Meter, Reading, Unavailable
from traincarbon.meters.coverage import coverage, unread_gpu
from traincarbon.quantities import EnergySource, Part

ABSENT = Unavailable("nvml", "no NVIDIA driver", "install one")
UNREAD = Unavailable("nvml", "no permission", "ask", is_there=True)


class One(Meter):
    """A meter of one part."""

    def __init__(self, part):
        self.name, self.notes, self.names, self.max_interval_s, self.closed = "one", [], {}, 1.0, 0
        self._part = part

    def read(self):
        return (Reading(f"{self._part}:0", self._part, 0.0, 0.0, EnergySource.COUNTER),)

    def close(self):
        self.closed += 1


@pytest.fixture
def machine(monkeypatch):
    """Return a function that states what each meter finds."""
    monkeypatch.delenv(REPLAY, raising=False)

    def holds(**found):
        monkeypatch.setattr(module, "probed", lambda name, **_: found.get(name, Unavailable(name, "not here", "")))

    return holds


def test_a_machine_without_a_gpu_misses_none(machine):
    machine(nvml=ABSENT, rapl=One(Part.CPU))
    assert coverage()[:2] == ({Part.CPU}, None)


def test_a_gpu_that_cannot_be_read_is_named_with_the_reason(machine):
    machine(nvml=UNREAD, rapl=One(Part.CPU))
    assert coverage().unread_gpu == UNREAD


def test_a_gpu_that_another_meter_reads_is_not_missing(machine):
    machine(nvml=UNREAD, amd=One(Part.GPU))
    assert coverage().unread_gpu is None


def test_a_gpu_whose_meter_was_not_asked_for_is_missing(machine):
    gpu = One(Part.GPU)
    machine(nvml=gpu, rapl=One(Part.CPU))
    found = coverage(only=["rapl"]).unread_gpu
    assert (found.name, found.hint) == ("nvml", "add --meter nvml")
    assert gpu.closed == 1


def test_meters_that_are_open_already_stay_open(machine):
    gpu = One(Part.GPU)
    machine()
    assert coverage(opened={"nvml": gpu}).parts == {Part.GPU}
    assert gpu.closed == 0


def test_a_recorded_trace_replaces_all_meters(machine, monkeypatch):
    machine(replay=One(Part.CPU), nvml=UNREAD)
    monkeypatch.setenv(REPLAY, "trace.csv")
    assert coverage()[:2] == ({Part.CPU}, None)


def test_only_meters_of_gpus_that_are_there_count():
    assert unread_gpu([ABSENT, Unavailable("rapl", "", "", is_there=True)]) is None
    assert unread_gpu([ABSENT, UNREAD]) == UNREAD
