"""A meter in a process of its own: it crashes, hangs and comes back without us."""

import os
import time

import pytest

from native.replay import environment
from traincarbon.meters.base import APART, Unavailable
from traincarbon.meters.isolated import IsolatedMeter
from traincarbon.meters.registry import begun


@pytest.fixture
def nvml(nvml_library, tmp_path, monkeypatch):
    """Return a function that opens the replaying NVML in a process of its own."""
    meters = []

    def call(*lines, origin=None):
        trace = tmp_path / "trace"
        trace.write_text("\n".join(["devices 2", "wave 1:300", f"origin {origin or time.monotonic()}", *lines]))
        for name, value in environment(nvml_library, trace).items():
            monkeypatch.setenv(name, value)
        meters.append(IsolatedMeter("nvml"))
        return meters[-1].open()

    yield call
    for meter in meters:
        meter.close()


def test_it_reads_as_in_this_process(nvml):
    meter = nvml()
    first = meter.read()
    time.sleep(0.3)
    second = meter.read()
    power_w = [(b.energy_j - a.energy_j) / (b.time_s - a.time_s) for a, b in zip(first, second, strict=True)]
    assert power_w == pytest.approx([300.0, 300.0], rel=0.01)
    assert (second[0].part, second[0].how, second[0].how.is_measured) == ("gpu", "counter", True)
    assert set(meter.names.values()) == {"NVIDIA H100 80GB HBM3"}
    assert abs(second[0].time_s - time.monotonic()) < 5.0


@pytest.mark.parametrize(("how", "said"), [("crash", "SIGSEGV"), ("abort", "SIGABRT"), ("exit", "exit code 3")])
def test_a_library_that_ends_the_process_at_opening_is_a_reason(nvml, how, said):
    found = nvml(f"fail nvmlInit {how}")
    assert isinstance(found, Unavailable)
    assert found.reason == f"its library ends the process that opens it ({said})"
    assert found.is_there


def crashed_s(meter, origin):
    """Let the boards draw power and the library crash from now on, read until it is read again, and return when that began.

    Before, the trace stands at its start: however slowly this runs, the first reading finds it sound, and the next one finds it crashing.
    """
    origin_s = time.monotonic()
    (origin.parent / "new").write_text(f"{origin_s:.6f}")
    (origin.parent / "new").rename(origin)
    until_s = origin_s + 60.0
    while time.monotonic() < until_s and not any("is read again" in note for note in meter.notes):
        meter.read()
        time.sleep(0.05)
    return origin_s


CRASH = "fail nvmlDeviceGetPowerUsage crash from 0.001 until 3"


def test_a_library_that_crashes_later_keeps_its_energy_and_is_opened_again_without_loss(nvml, tmp_path):
    meter = nvml(CRASH, origin=f"in {tmp_path / 'origin'}")
    began = meter.read()[0]
    origin_s = crashed_s(meter, tmp_path / "origin")
    (reading, _) = meter.read()
    assert "SIGSEGV" in meter.notes[0]
    assert reading.energy_j - began.energy_j == pytest.approx(300.0 * (reading.time_s - origin_s), rel=0.01)


def test_what_was_used_between_two_processes_is_a_gap_without_a_counter(nvml, tmp_path):
    meter = nvml("fail energy not_supported", CRASH, origin=f"in {tmp_path / 'origin'}")
    meter.read()
    crashed_s(meter, tmp_path / "origin")
    assert meter.read()[0].gap_s > 2.9


def test_one_that_hangs_can_be_ended_from_outside(nvml):
    meter = nvml()
    process = meter._process.pid
    meter.kill()
    assert len(meter.read()) == 2
    assert "SIGKILL" in meter.notes[0]
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_after_a_crash_every_library_has_a_process_of_its_own(monkeypatch, nvml_library, tmp_path):
    (tmp_path / "trace").write_text("wave 1:300\n")
    for name, value in environment(nvml_library, tmp_path / "trace", **{APART: "1"}).items():
        monkeypatch.setenv(name, value)
    meter = begun("nvml")
    assert meter.wait(wait_s=20.0) is None
    assert meter._meter.__class__ is IsolatedMeter
    meter.close()
