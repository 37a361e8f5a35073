"""What the meters of a run read, and what the user is told about GPUs that they do not read."""

import threading
from types import SimpleNamespace

import pytest

from traincarbon.meters import registry
from traincarbon.meters.base import Meter, Reading, Unavailable
from traincarbon.meters.machine_share import JobPart
from traincarbon.meters.threaded import ThreadedMeter
from traincarbon.quantities import EnergySource, Part
from traincarbon.tracking.sidecar import opened_meters
from traincarbon.tracking.sidecar.first_reading import EarlyReadings

ABSENT = Unavailable("amd", "no AMD driver", "")
BROKEN = Unavailable("nvml", "no library", "install it", is_there=True, may_answer_later=True)


class Gpus(Meter):
    """A meter of one GPU."""

    def __init__(self, **stated):
        self.name, self.notes, self.names, self.max_interval_s = "nvml", [], {}, 1.0
        for name, value in stated.items():
            setattr(self, name, value)

    def read(self):
        return (Reading("gpu:a", "gpu", 1.0, 0.0, "counter"),)


@pytest.fixture
def opened(monkeypatch):
    """Return a function that opens meters on a machine that has those."""
    monkeypatch.delenv("CARBON_REPLAY", raising=False)

    def call(meters, missing=()):
        monkeypatch.setattr(opened_meters, "open_meters", lambda **_: (list(meters), list(missing)))
        return opened_meters.OpenedMeters(SimpleNamespace(meters=(), is_outside=False), EarlyReadings({}, ()), pid=1, born_s=None)

    return call


def test_nothing_is_said_where_all_is_read_or_there_is_no_gpu(opened):
    assert opened([Gpus()], [ABSENT]).announcement({"gpu": 1}) == ""
    assert opened([], [ABSENT, BROKEN._replace(is_there=False)]).announcement({}) == ""


def test_a_gpu_that_cannot_be_read_makes_totals_unknown_and_is_said_once(opened):
    found = opened([Gpus(failure=BROKEN)])
    assert found.unread_gpu({}) == BROKEN
    assert found.are_unsettled
    said = found.announcement({})
    assert "energy, CO2e and cost will be unknown: no library (to meter it: install it)" in said
    assert found.announcement({}) == ""
    assert found.missing({})["gpu"] == "no library"


def test_gpus_whose_library_is_still_opening_are_not_said_to_stay_unknown(opened):
    answers = threading.Event()
    meter = ThreadedMeter("nvml", lambda: answers.wait(20.0) and Gpus())
    meter.wait(wait_s=0.0)
    said = opened([meter]).announcement({})
    assert "not metered yet: its library does not answer" in said
    assert "unknown until it does" in said
    answers.set()
    meter.close()


def test_a_gpu_whose_power_is_assumed_is_said_and_totals_are_known(opened):
    found = opened([Gpus(failure=BROKEN, assumed={"gpu:a": "its power is assumed, 200 W"})])
    assert found.unread_gpu({"gpu": 1}) is None
    assert not found.are_unsettled
    assert found.announcement({"gpu": 1}) == ("a GPU is here, but not metered: no library: its power is assumed, 200 W (to meter it: install it)")


def test_one_of_two_boards_that_is_silent_makes_totals_unknown(opened):
    found = opened([Gpus(unread=("gpu:b",))])
    assert found.unread_gpu({"gpu": 1}).reason == "gpu:b states neither energy nor power"


def test_a_meter_of_the_whole_server_covers_them(opened):
    found = opened([Gpus(failure=BROKEN)])
    assert (found.unread_gpu({"server": 1}), found.announcement({"server": 1})) == (None, "")


def test_a_change_is_seen_once(opened):
    meter = Gpus(failure=BROKEN)
    found = opened([meter])
    assert not found.have_changed()
    meter.failure = None
    assert found.have_changed()
    assert not found.have_changed()


def test_meters_are_opened_to_be_tried_again(monkeypatch):
    asked = {}
    monkeypatch.setattr(opened_meters, "open_meters", lambda **options: asked.update(options) or ([], []))
    opened_meters.OpenedMeters(SimpleNamespace(meters=("rapl",), is_outside=False), EarlyReadings({}, ()), pid=7, born_s=3.0)
    assert asked == {"only": ("rapl",), "pid": 7, "born_s": 3.0, "opened": {}, "keeps_trying": True}
    assert registry.MODEL == "cpu_model"


class Sensor:
    """A meter of the whole machine."""

    failure, unread, assumed, names = None, (), {}, {}

    def __init__(self, name, *parts):
        self.name = name
        self._parts = parts

    def read(self):
        return tuple(Reading(f"{part}:0", part, 5.0, 1.0, EnergySource.COUNTER) for part in self._parts)


EIGHT = JobPart(8.0, 64.0, 0.125, "control group")


@pytest.mark.parametrize(
    ("meter", "part", "others", "is_shared", "note"),
    [
        (Sensor("rapl", Part.CPU, Part.DRAM), EIGHT, True, True, "this job has 8 of 64 hardware threads of its machine (control group)"),
        (Sensor("rapl", Part.CPU), None, True, False, "nothing says which part of it this job has"),
        (Sensor("rapl", Part.CPU), None, False, False, ""),
        (Sensor("ipmi", Part.SERVER), EIGHT, True, False, "the energy is that of the whole server, of which this job has 8 of 64 hardware threads"),
        (Sensor("replay", Part.CPU), EIGHT, True, False, ""),
    ],
)
def test_a_job_on_a_part_of_a_machine_has_a_part_of_its_energy(monkeypatch, meter, part, others, is_shared, note):
    monkeypatch.setattr(opened_meters, "open_meters", lambda **_: ([meter], []))
    monkeypatch.setattr(opened_meters, "job_part", lambda: part)
    monkeypatch.setattr(opened_meters, "may_be_shared", lambda: others)
    found = opened_meters.OpenedMeters(SimpleNamespace(meters=(), is_outside=False), EarlyReadings({}, ()), pid=1, born_s=None)
    assert (found.share is not None) is is_shared
    assert [note in text for text in found.share_notes] == ([True] if note else [])


def test_a_login_node_opens_no_meters(monkeypatch):
    asked = {}
    monkeypatch.setattr(opened_meters, "open_meters", lambda **options: asked.update(options) or ([], []))
    opened_meters.OpenedMeters(SimpleNamespace(meters=("rapl",), is_outside=True), EarlyReadings({}, ()), pid=7, born_s=3.0)
    assert asked["only"] == ()


def test_a_meter_of_another_package_that_fails_is_in_the_record_and_one_that_has_nothing_to_read_is_not(opened):
    broken = Unavailable("wallplug", "it fails: OSError: unplugged", "", is_there=True)
    absent = Unavailable("clamp", "no clamp here", "")
    silent = Gpus(failure=Unavailable("spin", "it does not answer", "", is_there=True, may_answer_later=True))
    assert opened([silent], [broken, absent, BROKEN]).plug_in_notes == [
        "wallplug: not metered: it fails: OSError: unplugged",
        "spin: not metered: it does not answer",
    ]
