"""Boards of any vendor as a meter: counters first, power where there is none, and how losses are told."""

import pytest

from traincarbon.meters.gpu import AssumedPower, Details, GpuError
from traincarbon.meters.gpus import COUNTED_S, GpuMeter


class Fake:
    """A board of 300 W that is told what to answer."""

    name = "Acme One"
    limit_w = 400.0
    unit_j = 1e-3
    share = 1.0
    sigma_ln = 0.0

    def __init__(self, clock, device="gpu:0", *, counter=True, power=True):
        self.clock = clock
        self.device = device
        self.counter = counter
        self.power = power
        self.shown_w = 300.0
        self.mute: set[str] = set()
        self.lost = False
        self.asked = 0
        self.reopened: list[float] = []

    def counts(self):
        if self.lost or "energy" in self.mute:
            raise GpuError("GPU is lost")
        return round(300_000 * self.clock()) if self.counter else None

    def power_w(self):
        if self.lost or "power" in self.mute:
            raise GpuError("GPU is lost")
        return self.shown_w if self.power else None

    def details(self):
        self.asked += 1
        return Details(0.5, 40.0, 1e9, 1e9)

    def reopen(self):
        self.reopened.append(self.clock())


def run(meter, clock, *, seconds, every_s=1.0):
    for _ in range(round(seconds / every_s)):
        clock.now_s += every_s
        readings = meter.read()
    return readings


def test_a_gpu_with_a_counter_need_not_be_read_often(clock):
    meter = GpuMeter("acme", [Fake(clock)], clock=clock)
    run(meter, clock, seconds=3, every_s=0.1)  # the comparison at the start
    assert meter.max_interval_s == COUNTED_S
    clock.now_s, board = 1000.0, Fake(clock)
    meter = GpuMeter("acme", [board], clock=clock)
    assert run(meter, clock, seconds=100, every_s=10.0)[0].energy_j == pytest.approx(30_000.0)


def test_one_gpu_without_a_counter_sets_the_pace_for_all(clock):
    meter = GpuMeter("acme", [Fake(clock), Fake(clock, "gpu:1", counter=False)], clock=clock)
    assert meter.max_interval_s < 0.01
    assert [reading.how for reading in meter.read()] == ["counter", "power"]


def test_details_are_asked_for_once_a_second(clock):
    board = Fake(clock)
    run(GpuMeter("acme", [board], clock=clock), clock, seconds=10, every_s=0.01)
    assert 10 <= board.asked <= 12


def test_a_share_of_a_gpu_is_charged_and_called_modelled(clock):
    board = Fake(clock)
    board.share, board.sigma_ln = 0.25, 0.3
    reading = run(GpuMeter("acme", [board], clock=clock), clock, seconds=10)[0]
    assert (reading.energy_j, reading.power_w) == (pytest.approx(750.0), 75.0)
    assert (reading.how, reading.sigma_ln) == ("modelled", 0.3)


def test_a_counter_that_disappears_gives_way_to_power_without_a_step(clock):
    board = Fake(clock)
    meter = GpuMeter("acme", [board], clock=clock)
    run(meter, clock, seconds=10)
    board.counter = False
    reading = run(meter, clock, seconds=10)[0]
    assert (reading.how, reading.energy_j) == ("power", pytest.approx(6000.0))


def test_a_gpu_that_tells_nothing_any_more_is_lost(clock):
    board = Fake(clock, counter=False)
    meter = GpuMeter("acme", [board], clock=clock)
    run(meter, clock, seconds=10)
    board.power = False
    assert run(meter, clock, seconds=10)[0].energy_j == pytest.approx(3000.0)
    assert meter.notes == ["gpu:0: cannot be read any more (it states neither energy nor power): its energy stands still"]


def test_a_lost_gpu_is_looked_for_ever_more_rarely(clock):
    board = Fake(clock)
    meter = GpuMeter("acme", [board], clock=clock)
    board.lost = True
    start_s = clock.now_s
    run(meter, clock, seconds=130)
    assert [when - start_s for when in board.reopened] == [2.0, 4.0, 8.0, 16.0, 32.0, 62.0, 92.0, 122.0]
    assert len(meter.notes) == 1


def test_each_loss_is_told_once_and_so_is_each_return(clock):
    board = Fake(clock)
    meter = GpuMeter("acme", [board], clock=clock)
    for _ in range(2):
        board.lost = True
        run(meter, clock, seconds=3)
        board.lost = False
        run(meter, clock, seconds=3)
    assert [note.split(": ")[1].split(" (")[0] for note in meter.notes] == ["cannot be read any more", "is read again after 3.0 s"] * 2


def test_closing_lets_go_of_the_library_once(clock):
    closed = []
    meter = GpuMeter("acme", [Fake(clock)], clock=clock)
    meter.on_close(lambda: closed.append(True))
    meter.close()
    meter.close()
    assert closed == [True]


def test_a_counter_goes_on_while_the_power_cannot_be_read(clock):
    board = Fake(clock)
    meter = GpuMeter("acme", [board], clock=clock)
    board.mute = {"power"}
    reading = run(meter, clock, seconds=100)[0]
    assert (reading.how, reading.energy_j, reading.power_w, meter.notes) == ("counter", pytest.approx(30_000.0), None, [])


def test_sampled_power_stands_in_for_a_counter_that_cannot_be_read_for_a_while(clock):
    board = Fake(clock)
    meter = GpuMeter("acme", [board], clock=clock)
    run(meter, clock, seconds=5)
    board.mute = {"energy"}
    assert run(meter, clock, seconds=5)[0].energy_j == pytest.approx(3000.0)
    board.mute = set()
    reading = run(meter, clock, seconds=5)[0]
    assert (reading.how, reading.energy_j, meter.notes) == ("counter", pytest.approx(4500.0), [])


def test_energy_never_falls_when_the_counter_saw_less_than_the_power_that_stood_in_for_it(clock):
    board = Fake(clock)
    board.shown_w = 400.0
    meter = GpuMeter("acme", [board], clock=clock)
    run(meter, clock, seconds=5)
    board.mute = {"energy"}
    assert run(meter, clock, seconds=5)[0].energy_j == pytest.approx(3500.0)
    board.mute = set()
    assert [run(meter, clock, seconds=1)[0].energy_j for _ in range(3)] == pytest.approx([3500.0, 3600.0, 3900.0])


def test_energy_never_falls_when_that_counter_disappears_too(clock):
    board = Fake(clock)
    board.shown_w, board.limit_w = 1000.0, 600.0
    meter = GpuMeter("acme", [board], clock=clock)
    board.mute = {"energy"}
    assert run(meter, clock, seconds=5)[0].energy_j == pytest.approx(5000.0)
    board.mute = set()
    run(meter, clock, seconds=1)
    board.counter = False
    assert [run(meter, clock, seconds=1)[0].energy_j for _ in range(4)] == pytest.approx([5000.0, 5000.0, 5000.0, 5800.0])


def test_a_counter_that_cannot_be_read_any_more_gives_way_to_power_without_a_step(clock):
    board = Fake(clock)
    meter = GpuMeter("acme", [board], clock=clock)
    run(meter, clock, seconds=5)
    board.mute = {"energy"}
    reading = run(meter, clock, seconds=25)[0]
    assert (reading.how, reading.energy_j) == ("power", pytest.approx(9000.0))
    assert meter.notes == ["gpu:0: its counter cannot be read (GPU is lost): its power is sampled instead"]


@pytest.mark.parametrize("shown_w", [0.0, 2**32 / 1e3 - 1e-3, -1.0])
def test_power_that_cannot_be_is_not_counted(clock, shown_w):
    board = Fake(clock, counter=False)
    meter = GpuMeter("acme", [board], clock=clock)
    run(meter, clock, seconds=10)
    board.shown_w = shown_w
    reading = run(meter, clock, seconds=10)[0]
    assert (reading.energy_j, reading.power_w) == (pytest.approx(3000.0), None)
    assert meter.notes == [f"gpu:0: cannot be read any more (its power reads {shown_w:,.0f} W): its energy stands still"]
    board.shown_w = 300.0
    assert run(meter, clock, seconds=10)[0].energy_j == pytest.approx(3000.0 + 9 * 300.0)


def test_sampled_power_has_a_gap_while_a_gpu_is_lost_and_after(clock):
    fake = Fake(clock, counter=False)
    meter = GpuMeter("acme", [fake], clock=clock)
    assert run(meter, clock, seconds=10)[0].gap_s == 0.0
    fake.lost = True
    assert run(meter, clock, seconds=20)[0].gap_s == pytest.approx(20.0)
    fake.lost = False
    assert run(meter, clock, seconds=10)[0].gap_s == pytest.approx(21.0)


def test_a_counter_makes_up_for_the_time_in_which_a_gpu_was_lost(clock):
    fake = Fake(clock)
    meter = GpuMeter("acme", [fake], clock=clock)
    fake.lost = True
    assert run(meter, clock, seconds=20)[0].gap_s == pytest.approx(20.0)
    fake.lost = False
    (reading,) = run(meter, clock, seconds=10)
    assert (reading.gap_s, reading.energy_j) == (0.0, pytest.approx(9000.0))


def test_a_step_that_is_set_aside_without_power_is_a_gap(clock):
    fake = Fake(clock, power=False)
    meter = GpuMeter("acme", [fake], clock=clock)
    run(meter, clock, seconds=10)
    fake.counts = lambda: round(300_000 * clock()) - 1_000_000
    assert run(meter, clock, seconds=5)[0].gap_s == pytest.approx(1.0)


def test_a_reading_states_the_counter_itself_which_outlives_the_meter(clock):
    clock.now_s = 1000.0
    meter = GpuMeter("acme", [Fake(clock), Fake(clock, "gpu:1", counter=False)], clock=clock)
    counted, sampled = run(meter, clock, seconds=10)
    assert (counted.counter_j, counted.energy_j, sampled.counter_j) == (pytest.approx(303_000.0), pytest.approx(3000.0), None)


def dense(meter, clock, *, seconds):
    """Read as often as the meter asks for it."""
    end_s = clock.now_s + seconds
    while clock.now_s < end_s:
        clock.now_s = min(clock.now_s + min(meter.max_interval_s, 1.0), end_s)
        readings = meter.read()
    return readings


@pytest.mark.parametrize(("scale", "most_s"), [(0.01, 2.5), (0.5, 6.5), (0.7, 6.5), (1.4, 6.5), (4.9, 2.5)])
def test_a_counter_that_contradicts_the_power_is_not_used(clock, scale, most_s):
    board = Fake(clock)
    board.limit_w, board.unit_j = 2000.0, 1e-3 * scale
    meter = GpuMeter("acme", [board], clock=clock)
    reading = dense(meter, clock, seconds=60)[0]
    assert reading.how == "power"
    assert reading.energy_j == pytest.approx(18_000.0, abs=max(scale - 1.0, 0.0) * 300.0 * most_s + 0.5)
    assert [("its counter rose by" in note, "its power is sampled instead" in note) for note in meter.notes] == [(True, True)]


@pytest.mark.parametrize("scale", [0.85, 1.0, 1.15])
def test_a_counter_within_a_fifth_of_the_power_is_used(clock, scale):
    board = Fake(clock)
    board.unit_j = 1e-3 * scale
    meter = GpuMeter("acme", [board], clock=clock)
    reading = dense(meter, clock, seconds=60)[0]
    assert (reading.how, reading.energy_j, meter.notes) == ("counter", pytest.approx(18_000.0 * scale), [])


def test_a_counter_that_goes_wrong_later_is_seen_within_ten_minutes(clock):
    board = Fake(clock)
    counts, start_s = board.counts, clock.now_s
    board.counts = lambda: counts() if clock.now_s - start_s < 300 else round(300_000 * (start_s + 300 + (clock.now_s - start_s - 300) * 0.1))
    meter = GpuMeter("acme", [board], clock=clock)
    assert dense(meter, clock, seconds=1200)[0].how == "power"
    assert len(meter.notes) == 1


def test_power_that_moves_much_faster_than_its_samples_does_not_discredit_the_counter(clock):
    board = Fake(clock)
    board.counts = lambda: round(1000 * (clock.now_s // 0.5 * 75.0 + min(clock.now_s % 0.5, 0.05) * 600.0 + max(clock.now_s % 0.5 - 0.05, 0.0) * 100.0))
    board.limit_w, board.power_w = 700.0, lambda: 600.0 if clock.now_s % 0.5 < 0.05 else 100.0
    meter = GpuMeter("acme", [board], clock=clock)
    assert dense(meter, clock, seconds=1200)[0].how == "counter"


def test_a_counter_that_stands_still_in_a_short_run_is_replaced_and_said(clock):
    board = Fake(clock)
    board.counts = lambda: 5
    meter = GpuMeter("acme", [board], clock=clock)
    reading = run(meter, clock, seconds=4)[0]
    assert (reading.how, reading.energy_j) == ("power", pytest.approx(1200.0))
    assert meter.notes == ["gpu:0: its counter has not moved for 2 s: its power is sampled instead until it moves"]


def test_a_spike_of_a_sensor_is_not_believed(clock):
    board = Fake(clock, counter=False)
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
    board = Fake(clock, counter=False, power=False)
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
    board = Fake(clock)
    board.lost = True
    meter = GpuMeter("acme", [board, Fake(clock, "gpu:1")], clock=clock, assume=lambda _: None)
    assert [reading.device for reading in run(meter, clock, seconds=3)] == ["gpu:1"]
    assert meter.unread == ("gpu:0",)
    board.lost = False
    assert [reading.device for reading in run(meter, clock, seconds=3)] == ["gpu:0", "gpu:1"]
    assert meter.unread == ()


@pytest.mark.parametrize("name", ["NVIDIA GH200 480GB", "NVIDIA GB200", "NVIDIA GB300"])
def test_the_counter_of_a_superchip_covers_its_processor_and_is_not_compared_with_the_gpu_alone(clock, name):
    board = Fake(clock)
    board.name, board.shown_w = name, 200.0
    meter = GpuMeter("acme", [board], clock=clock)
    reading = dense(meter, clock, seconds=60)[0]
    assert (reading.how, reading.energy_j, meter.covers) == ("counter", pytest.approx(18_000.0), ("cpu", "dram"))
    assert GpuMeter("acme", [Fake(clock)], clock=clock).covers == ()
