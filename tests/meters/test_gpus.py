"""Boards of any vendor as a meter: counters first, power where there is none, and how losses are told."""

import pytest

from meters.fake_gpu import FakeGpu, run
from traincarbon.meters.gpus import COUNTED_S, GpuMeter


def test_a_gpu_with_a_counter_need_not_be_read_often(clock):
    meter = GpuMeter("acme", [FakeGpu(clock)], clock=clock)
    run(meter, clock, seconds=3, every_s=0.1)  # the comparison at the start
    assert meter.max_interval_s == COUNTED_S
    clock.now_s, board = 1000.0, FakeGpu(clock)
    meter = GpuMeter("acme", [board], clock=clock)
    assert run(meter, clock, seconds=100, every_s=10.0)[0].energy_j == pytest.approx(30_000.0)


def test_one_gpu_without_a_counter_sets_the_pace_for_all(clock):
    meter = GpuMeter("acme", [FakeGpu(clock), FakeGpu(clock, "gpu:1", counter=False)], clock=clock)
    assert meter.max_interval_s < 0.01
    assert [reading.how for reading in meter.read()] == ["counter", "power"]


def test_details_are_asked_for_once_a_second(clock):
    board = FakeGpu(clock)
    run(GpuMeter("acme", [board], clock=clock), clock, seconds=10, every_s=0.01)
    assert 10 <= board.asked <= 12


def test_a_share_of_a_gpu_is_charged_and_called_modelled(clock):
    board = FakeGpu(clock)
    board.share, board.sigma_ln = 0.25, 0.3
    reading = run(GpuMeter("acme", [board], clock=clock), clock, seconds=10)[0]
    assert (reading.energy_j, reading.power_w) == (pytest.approx(750.0), 75.0)
    assert (reading.how, reading.sigma_ln) == ("modelled", 0.3)


def test_a_counter_that_disappears_gives_way_to_power_without_a_step(clock):
    board = FakeGpu(clock)
    meter = GpuMeter("acme", [board], clock=clock)
    run(meter, clock, seconds=10)
    board.counter = False
    reading = run(meter, clock, seconds=10)[0]
    assert (reading.how, reading.energy_j) == ("power", pytest.approx(6000.0))


def test_a_gpu_that_tells_nothing_any_more_is_lost(clock):
    board = FakeGpu(clock, counter=False)
    meter = GpuMeter("acme", [board], clock=clock)
    run(meter, clock, seconds=10)
    board.power = False
    assert run(meter, clock, seconds=10)[0].energy_j == pytest.approx(3000.0)
    assert meter.notes == ["gpu:0: cannot be read any more (it states neither energy nor power): its energy stands still"]


def test_a_lost_gpu_is_looked_for_ever_more_rarely(clock):
    board = FakeGpu(clock)
    meter = GpuMeter("acme", [board], clock=clock)
    board.lost = True
    start_s = clock.now_s
    run(meter, clock, seconds=130)
    assert [when - start_s for when in board.reopened] == [2.0, 4.0, 8.0, 16.0, 32.0, 62.0, 92.0, 122.0]
    assert len(meter.notes) == 1


def test_each_loss_is_told_once_and_so_is_each_return(clock):
    board = FakeGpu(clock)
    meter = GpuMeter("acme", [board], clock=clock)
    for _ in range(2):
        board.lost = True
        run(meter, clock, seconds=3)
        board.lost = False
        run(meter, clock, seconds=3)
    assert [note.split(": ")[1].split(" (")[0] for note in meter.notes] == ["cannot be read any more", "is read again after 3.0 s"] * 2


def test_closing_lets_go_of_the_library_once(clock):
    closed = []
    meter = GpuMeter("acme", [FakeGpu(clock)], clock=clock)
    meter.on_close(lambda: closed.append(True))
    meter.close()
    meter.close()
    assert closed == [True]


def test_a_counter_goes_on_while_the_power_cannot_be_read(clock):
    board = FakeGpu(clock)
    meter = GpuMeter("acme", [board], clock=clock)
    board.mute = {"power"}
    reading = run(meter, clock, seconds=100)[0]
    assert (reading.how, reading.energy_j, reading.power_w, meter.notes) == ("counter", pytest.approx(30_000.0), None, [])


def test_sampled_power_stands_in_for_a_counter_that_cannot_be_read_for_a_while(clock):
    board = FakeGpu(clock)
    meter = GpuMeter("acme", [board], clock=clock)
    run(meter, clock, seconds=5)
    board.mute = {"energy"}
    assert run(meter, clock, seconds=5)[0].energy_j == pytest.approx(3000.0)
    board.mute = set()
    reading = run(meter, clock, seconds=5)[0]
    assert (reading.how, reading.energy_j, meter.notes) == ("counter", pytest.approx(4500.0), [])


def test_energy_never_falls_when_the_counter_saw_less_than_the_power_that_stood_in_for_it(clock):
    board = FakeGpu(clock)
    board.shown_w = 400.0
    meter = GpuMeter("acme", [board], clock=clock)
    run(meter, clock, seconds=5)
    board.mute = {"energy"}
    assert run(meter, clock, seconds=5)[0].energy_j == pytest.approx(3500.0)
    board.mute = set()
    assert [run(meter, clock, seconds=1)[0].energy_j for _ in range(3)] == pytest.approx([3500.0, 3600.0, 3900.0])


def test_energy_never_falls_when_that_counter_disappears_too(clock):
    board = FakeGpu(clock)
    board.shown_w, board.limit_w = 1000.0, 600.0
    meter = GpuMeter("acme", [board], clock=clock)
    board.mute = {"energy"}
    assert run(meter, clock, seconds=5)[0].energy_j == pytest.approx(5000.0)
    board.mute = set()
    run(meter, clock, seconds=1)
    board.counter = False
    assert [run(meter, clock, seconds=1)[0].energy_j for _ in range(4)] == pytest.approx([5000.0, 5000.0, 5000.0, 5800.0])


def test_a_counter_that_cannot_be_read_any_more_gives_way_to_power_without_a_step(clock):
    board = FakeGpu(clock)
    meter = GpuMeter("acme", [board], clock=clock)
    run(meter, clock, seconds=5)
    board.mute = {"energy"}
    reading = run(meter, clock, seconds=25)[0]
    assert (reading.how, reading.energy_j) == ("power", pytest.approx(9000.0))
    assert meter.notes == ["gpu:0: its counter cannot be read (GPU is lost): its power is sampled instead"]


@pytest.mark.parametrize("shown_w", [0.0, 2**32 / 1e3 - 1e-3, -1.0])
def test_power_that_cannot_be_is_not_counted(clock, shown_w):
    board = FakeGpu(clock, counter=False)
    meter = GpuMeter("acme", [board], clock=clock)
    run(meter, clock, seconds=10)
    board.shown_w = shown_w
    reading = run(meter, clock, seconds=10)[0]
    assert (reading.energy_j, reading.power_w) == (pytest.approx(3000.0), None)
    assert meter.notes == [f"gpu:0: cannot be read any more (its power reads {shown_w:,.0f} W): its energy stands still"]
    board.shown_w = 300.0
    assert run(meter, clock, seconds=10)[0].energy_j == pytest.approx(3000.0 + 9 * 300.0)


def test_sampled_power_has_a_gap_while_a_gpu_is_lost_and_after(clock):
    fake = FakeGpu(clock, counter=False)
    meter = GpuMeter("acme", [fake], clock=clock)
    assert run(meter, clock, seconds=10)[0].gap_s == 0.0
    fake.lost = True
    assert run(meter, clock, seconds=20)[0].gap_s == pytest.approx(20.0)
    fake.lost = False
    assert run(meter, clock, seconds=10)[0].gap_s == pytest.approx(21.0)


def test_a_counter_makes_up_for_the_time_in_which_a_gpu_was_lost(clock):
    fake = FakeGpu(clock)
    meter = GpuMeter("acme", [fake], clock=clock)
    fake.lost = True
    assert run(meter, clock, seconds=20)[0].gap_s == pytest.approx(20.0)
    fake.lost = False
    (reading,) = run(meter, clock, seconds=10)
    assert (reading.gap_s, reading.energy_j) == (0.0, pytest.approx(9000.0))


def test_a_step_that_is_set_aside_without_power_is_a_gap(clock):
    fake = FakeGpu(clock, power=False)
    meter = GpuMeter("acme", [fake], clock=clock)
    run(meter, clock, seconds=10)
    fake.counts = lambda: round(300_000 * clock()) - 1_000_000
    assert run(meter, clock, seconds=5)[0].gap_s == pytest.approx(1.0)


def test_a_reading_states_the_counter_itself_which_outlives_the_meter(clock):
    clock.now_s = 1000.0
    meter = GpuMeter("acme", [FakeGpu(clock), FakeGpu(clock, "gpu:1", counter=False)], clock=clock)
    counted, sampled = run(meter, clock, seconds=10)
    assert (counted.counter_j, counted.energy_j, sampled.counter_j) == (pytest.approx(303_000.0), pytest.approx(3000.0), None)


def test_the_processes_on_a_gpu_are_asked_for_more_often_at_first(clock):
    board, asked, start_s = FakeGpu(clock), [], clock.now_s
    board.users = lambda: asked.append(clock.now_s - start_s) or frozenset({7})
    meter = GpuMeter("acme", [board], clock=clock, order=["gpu:0"])
    run(meter, clock, seconds=50)
    early, late = [at_s for at_s in asked if at_s <= 14.5], [at_s for at_s in asked if at_s > 14.5]
    assert meter.users == {"gpu:0": frozenset({7})}
    assert (len(early), len(late)) == (15, 7)
