"""Recorded traces played back."""

import pytest

from traincarbon.meters import replay
from traincarbon.meters.base import Unavailable


@pytest.fixture
def played(tmp_path, clock):
    def call(text):
        (tmp_path / "trace.csv").write_text(text)
        return replay.probe(file=str(tmp_path / "trace.csv"), clock=clock)

    return call


POWER = "time_s,device,power_w\n0,gpu:0,100\n10,gpu:0,300\n20,gpu:0,300\n0,cpu:0,50\n20,cpu:0,50\n"


def test_power_is_integrated_by_trapezoid(played, clock):
    meter = played(POWER)
    clock.now_s += 20.0
    gpu, cpu = meter.read()
    assert (gpu.energy_j, gpu.part, gpu.how) == (pytest.approx(5000.0), "gpu", "power")
    assert (cpu.energy_j, cpu.part) == (pytest.approx(1000.0), "cpu")


def test_energy_is_played_as_it_was_counted(played, clock):
    meter = played("time_s,device,energy_j\n0,dram:0,700\n10,dram:0,900\n30,dram:0,900\n")
    clock.now_s += 5.0
    reading = meter.read()[0]
    assert (reading.energy_j, reading.power_w, reading.how, reading.part) == (pytest.approx(100.0), pytest.approx(20.0), "counter", "dram")
    clock.now_s += 15.0
    assert (meter.read()[0].energy_j, meter.read()[0].power_w) == (pytest.approx(200.0), 0.0)


def test_after_its_end_nothing_is_drawn(played, clock):
    meter = played(POWER)
    clock.now_s += 500.0
    assert [(reading.energy_j, reading.power_w) for reading in meter.read()] == [(pytest.approx(5000.0), None), (pytest.approx(1000.0), None)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has the columns"),
        ("time_s,device\n1,gpu:0\n", "has the columns time_s, device"),
        ("time_s,device,power_w\n", "has no rows"),
        ("time_s,device,power_w\n0,gpu:0,x\n", "could not convert"),
        ("time_s,device,power_w\n0,gpu:0,-1\n", "does not follow"),
        ("time_s,device,power_w\n1,gpu:0,1\n1,gpu:0,1\n", "does not follow"),
        ("time_s,device,energy_j\n0,gpu:0,5\n1,gpu:0,4\n", "does not follow"),
        ("time_s,device,power_w\n0,gpu:0\n", "does not follow"),
    ],
)
def test_a_trace_that_cannot_be_says_so(played, text, said):
    found = played(text)
    assert isinstance(found, Unavailable)
    assert said in found.reason


def test_a_missing_trace_says_so(tmp_path, monkeypatch):
    monkeypatch.delenv("CARBON_REPLAY", raising=False)
    assert "names no trace" in replay.probe().reason
    assert "No such file" in replay.probe(file=str(tmp_path / "none.csv")).reason
