"""One board over time: its counter against its power, what is assumed while it tells nothing, and superchips."""

import pytest

from meters.fake_gpu import FakeGpu, dense, run
from traincarbon.meters.gpu import AssumedPower
from traincarbon.meters.gpus import GpuMeter


@pytest.mark.parametrize(("scale", "most_s"), [(0.01, 2.5), (0.5, 6.5), (0.7, 6.5), (1.4, 6.5), (4.9, 2.5)])
def test_a_counter_that_contradicts_the_power_is_not_used(clock, scale, most_s):
    board = FakeGpu(clock)
    board.limit_w, board.unit_j = 2000.0, 1e-3 * scale
    meter = GpuMeter("acme", [board], clock=clock)
    reading = dense(meter, clock, seconds=60)[0]
    assert reading.how == "power"
    assert reading.energy_j == pytest.approx(18_000.0, abs=max(scale - 1.0, 0.0) * 300.0 * most_s + 0.5)
    assert [("its counter rose by" in note, "its power is sampled instead" in note) for note in meter.notes] == [(True, True)]


@pytest.mark.parametrize("scale", [0.85, 1.0, 1.15])
def test_a_counter_within_a_fifth_of_the_power_is_used(clock, scale):
    board = FakeGpu(clock)
    board.unit_j = 1e-3 * scale
    meter = GpuMeter("acme", [board], clock=clock)
    reading = dense(meter, clock, seconds=60)[0]
    assert (reading.how, reading.energy_j, meter.notes) == ("counter", pytest.approx(18_000.0 * scale), [])


def test_a_counter_that_goes_wrong_later_is_seen_within_ten_minutes(clock):
    board = FakeGpu(clock)
    counts, start_s = board.counts, clock.now_s
    board.counts = lambda: counts() if clock.now_s - start_s < 300 else round(300_000 * (start_s + 300 + (clock.now_s - start_s - 300) * 0.1))
    meter = GpuMeter("acme", [board], clock=clock)
    assert dense(meter, clock, seconds=1200)[0].how == "power"
    assert len(meter.notes) == 1


def test_power_that_moves_much_faster_than_its_samples_does_not_discredit_the_counter(clock):
    board = FakeGpu(clock)
    board.counts = lambda: round(1000 * (clock.now_s // 0.5 * 75.0 + min(clock.now_s % 0.5, 0.05) * 600.0 + max(clock.now_s % 0.5 - 0.05, 0.0) * 100.0))
    board.limit_w, board.power_w = 700.0, lambda: 600.0 if clock.now_s % 0.5 < 0.05 else 100.0
    meter = GpuMeter("acme", [board], clock=clock)
    assert dense(meter, clock, seconds=1200)[0].how == "counter"


def test_a_counter_that_stands_still_in_a_short_run_is_replaced_and_said(clock):
    board = FakeGpu(clock)
    board.counts = lambda: 5
    meter = GpuMeter("acme", [board], clock=clock)
    reading = run(meter, clock, seconds=4)[0]
    assert (reading.how, reading.energy_j) == ("power", pytest.approx(1200.0))
    assert meter.notes == ["gpu:0: its counter has not moved for 2 s: its power is sampled instead until it moves"]


def test_a_reading_says_since_when_the_power_that_replaces_a_counter_counts(clock):
    board = FakeGpu(clock)
    board.counts = lambda: 5
    meter, start_s = GpuMeter("acme", [board], clock=clock), clock.now_s
    readings = [run(meter, clock, seconds=0.25, every_s=0.25)[0] for _ in range(8)]
    (turn,) = [reading for reading in readings if reading.risen_since_s is not None]
    assert (turn.risen_since_s, turn.risen_j) == (start_s, pytest.approx(300.0 * (turn.time_s - start_s)))
    assert turn.energy_j == pytest.approx(turn.risen_j)


def test_a_counter_that_was_far_too_low_says_so_too(clock):
    board = FakeGpu(clock)
    board.unit_j = 1e-5
    meter = GpuMeter("acme", [board], clock=clock)
    turns = [reading for _ in range(60) if (reading := run(meter, clock, seconds=0.1, every_s=0.1)[0]).risen_since_s is not None]
    assert [turn.risen_j for turn in turns] == [pytest.approx(300.0 * (turns[0].time_s - turns[0].risen_since_s), rel=0.01)]


def test_a_spike_of_a_sensor_is_not_believed(clock):
    board = FakeGpu(clock, counter=False)
    meter = GpuMeter("acme", [board], clock=clock)
    run(meter, clock, seconds=10, every_s=0.04)
    board.shown_w = 2.5 * board.limit_w
    run(meter, clock, seconds=0.04, every_s=0.04)
    board.shown_w = 300.0
    reading = run(meter, clock, seconds=10, every_s=0.04)[0]
    assert reading.energy_j == pytest.approx(6000.0, rel=0.01)
    assert reading.gap_s == pytest.approx(0.08)


ASSUMED = AssumedPower(200.0, 0.45, "its power is assumed, 200 W")


def test_the_power_of_a_gpu_that_tells_nothing_is_assumed_by_its_name_until_it_answers(clock):
    board = FakeGpu(clock, counter=False, power=False)
    meter = GpuMeter("acme", [board], clock=clock, assume=lambda name: ASSUMED if name == "Acme One" else None)
    reading = run(meter, clock, seconds=10)[0]
    assert (reading.how, reading.energy_j, reading.power_w, reading.sigma_ln) == ("assumed", pytest.approx(2000.0), 200.0, 0.45)
    assert (meter.unread, meter.assumed) == ((), {"gpu:0": "its power is assumed, 200 W"})
    board.counter = board.power = True
    reading = run(meter, clock, seconds=11)[0]
    assert (reading.how, meter.assumed) == ("counter", {})
    assert reading.energy_j == pytest.approx(5000.0, abs=300.0)
    assert meter.notes[0] == "gpu:0: cannot be read (it states neither energy nor power): its power is assumed, 200 W"


def test_a_gpu_of_unknown_name_that_tells_nothing_is_unread_until_it_answers(clock):
    board = FakeGpu(clock)
    board.lost = True
    meter = GpuMeter("acme", [board, FakeGpu(clock, "gpu:1")], clock=clock, assume=lambda _: None)
    assert [reading.device for reading in run(meter, clock, seconds=3)] == ["gpu:1"]
    assert meter.unread == ("gpu:0",)
    board.lost = False
    assert [reading.device for reading in run(meter, clock, seconds=3)] == ["gpu:0", "gpu:1"]
    assert meter.unread == ()


@pytest.mark.parametrize("name", ["NVIDIA GH200 480GB", "NVIDIA GB200", "NVIDIA GB300"])
def test_the_counter_of_a_superchip_covers_its_processor_and_is_not_compared_with_the_gpu_alone(clock, name):
    board = FakeGpu(clock)
    board.name, board.shown_w = name, 200.0
    meter = GpuMeter("acme", [board], clock=clock)
    reading = dense(meter, clock, seconds=60)[0]
    assert (reading.how, reading.energy_j, meter.covers) == ("counter", pytest.approx(18_000.0), ("cpu", "dram"))
    assert GpuMeter("acme", [FakeGpu(clock)], clock=clock).covers == ()


def test_a_counter_that_is_impossible_again_and_again_is_given_up(clock):
    board = FakeGpu(clock)
    board.unit_j = 0.1
    meter = GpuMeter("acme", [board], clock=clock)
    reading = dense(meter, clock, seconds=60)[0]
    assert (reading.how, reading.energy_j) == ("power", pytest.approx(18_000.0))
    assert meter.notes[-1] == "gpu:0: its counter was impossible 4 times in a row: its power is sampled instead"
    assert len(meter.notes) == 5


def test_a_counter_that_jumps_now_and_then_is_used_all_the_same(clock):
    board = FakeGpu(clock)
    counts, start_s = board.counts, clock.now_s
    board.counts = lambda: counts() + 10**9 * int((clock.now_s - start_s) // 9.0)
    meter = GpuMeter("acme", [board], clock=clock)
    reading = dense(meter, clock, seconds=60)[0]
    assert (reading.how, reading.energy_j) == ("counter", pytest.approx(18_000.0, rel=0.01))
    assert len(meter.notes) == 6


@pytest.mark.parametrize(("scale", "how", "energy_j"), [(0.01, "power", 3600.0), (0.05, "counter", 180.0), (1.0, "counter", 3600.0)])
def test_between_two_distant_readings_only_less_than_any_idle_power_is_impossible(clock, scale, how, energy_j):
    board = FakeGpu(clock)
    board.unit_j = 1e-3 * scale
    meter = GpuMeter("acme", [board], clock=clock)
    first = run(meter, clock, seconds=12, every_s=12)[0]
    reading = run(meter, clock, seconds=12, every_s=12)[0]
    assert (reading.how, reading.energy_j - first.energy_j) == (how, pytest.approx(energy_j))
