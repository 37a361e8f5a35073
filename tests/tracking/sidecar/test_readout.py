"""Meters are read until the last training has ended, and a change of the devices that count is told."""

import time
from types import SimpleNamespace

import pytest

from tracked import Place
from traincarbon.tracking.options import settings_from
from traincarbon.tracking.sidecar.first_reading import EarlyReadings
from traincarbon.tracking.sidecar.readout import Readout

WATTS = 3600.0


@pytest.fixture
def readout(tmp_path, monkeypatch):
    """The readout of a machine with one replayed GPU, and what it told."""
    place = Place(tmp_path, watts=WATTS)
    for name in ("CARBON_STORE", "CARBON_REPLAY"):
        monkeypatch.setenv(name, place.env[name])
    members = SimpleNamespace(devices=frozenset(), left_out=lambda _: frozenset(members.out), out=())
    changes, notes, settled = [], [], []
    settings = settings_from(argv=["x"], run_id="r", interval_s=0.2)
    found = Readout(settings, members, began_s=time.monotonic(), notes=notes, changed=lambda: changes.append(found.take_devices()), settle=settled.append)
    found.open(EarlyReadings({}, ()), pid=None, born_s=None)
    changes.clear()
    settled.clear()
    yield SimpleNamespace(readout=found, members=members, changes=changes, notes=notes, settled=settled)
    found.end()
    found.recorder.close()


def gpu_j(readout):
    return readout.recorder.by_part()["gpu"].energy_j


def test_a_gpu_that_is_read_is_not_missing_and_nothing_is_said_of_it(readout):
    assert readout.readout.take_devices() == ("", False)
    assert readout.readout.missing
    assert "gpu" not in readout.readout.missing


def test_the_next_reading_is_an_interval_ahead_at_most(readout):
    now_s = time.monotonic()
    readout.readout.read(now_s)
    assert now_s < readout.readout.next_s <= now_s + 0.2


def test_nothing_is_read_after_the_last_training_has_ended(readout):
    time.sleep(0.1)
    readout.readout.freeze(time.monotonic())
    energy_j = gpu_j(readout.readout)
    assert energy_j > 0.05 * WATTS
    time.sleep(0.1)
    readout.readout.read(time.monotonic())
    readout.readout.freeze(time.monotonic())
    assert gpu_j(readout.readout) == energy_j
    readout.readout.read_at_phase(time.monotonic() + 60.0)
    assert readout.settled == []


def test_phases_that_follow_each_other_quickly_do_not_read_the_meters_each(readout):
    now_s = time.monotonic() + 60.0
    for after_s in (0.0, 1e-3, 60.0):
        readout.readout.read_at_phase(now_s + after_s)
    assert readout.settled == [now_s, now_s + 60.0]


def test_energy_counts_for_phases_until_the_meters_were_read_and_not_until_the_reading_began(readout):
    readout.readout.read(time.monotonic())
    assert readout.settled == [readout.readout.recorder.latest_s]


def test_a_reading_of_some_meters_settles_nothing_as_the_energy_of_the_others_is_older(readout):
    readout.readout.read(time.monotonic())
    readout.settled.clear()
    now_s = readout.readout.recorder.latest_s + 0.1
    readout.readout.read(now_s, whole=False)
    assert readout.settled == []
    readout.readout.read(now_s, whole=True)
    assert readout.settled == [now_s]


def test_energy_and_hours_count_until_now_and_after_the_end_until_then(readout):
    assert readout.readout.counted_until_s(7.0) == 7.0
    readout.readout.freeze(5.0)
    assert readout.readout.counted_until_s(7.0) == 5.0


def test_a_gpu_that_no_training_uses_is_left_out_and_that_is_told(readout):
    readout.readout.take_devices()
    readout.members.out = readout.readout.recorder.gpus
    readout.readout.read(time.monotonic())
    readout.readout.read(time.monotonic())
    assert len(readout.changes) == 1
    assert "gpu" not in readout.readout.recorder.by_part()
