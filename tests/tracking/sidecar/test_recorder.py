"""Meter readings are summarised over the job's own time, exactly."""

import pytest

from traincarbon.meters.base import Reading
from traincarbon.meters.machine_share import JobPart, MachineShare
from traincarbon.quantities import EnergySource, Part
from traincarbon.tracking.live_state import DeviceState
from traincarbon.tracking.sidecar.recorder import Recorder


class Script:
    """A meter that reads what it is told."""

    max_interval_s = 60.0

    def __init__(self, **names):
        self.names = names
        self.notes = []
        self.next = ()
        self.closed = 0

    def read(self):
        return self.next

    def close(self):
        self.closed += 1


def gpu(time_s, energy_j, power_w=None, *, device="gpu:0", part="gpu", how="counter", **more):
    return Reading(device, part, energy_j, time_s, how, power_w, **more)


@pytest.fixture
def script():
    return Script()


@pytest.fixture
def recorder(script):
    return Recorder([script], began_s=100.0)


def take(recorder, script, *readings):
    script.next = readings
    return recorder.read()


def test_energy_is_clipped_to_the_span_of_the_job_at_both_ends(recorder, script):
    """300 W from 100 s to 110 s; first read at 100.05 s, last at 110.5 s: 3 kJ, not 3.135 kJ."""
    take(recorder, script, gpu(100.05, 7000.0, 300.0))
    take(recorder, script, gpu(105.0, 7000.0 + 4.95 * 300.0, 300.0))
    take(recorder, script, gpu(110.5, 7000.0 + 10.45 * 300.0, 300.0))
    fields = recorder.interval(to_s=110.0, ended=True)
    assert fields["devices"]["gpu:0"]["energy_j"] == pytest.approx(3000.0)
    assert fields["devices"]["gpu:0"]["power_mean_w"] == pytest.approx(300.0)
    assert recorder.by_part(until_s=110.0)["gpu"].energy_j == pytest.approx(3000.0)
    assert (fields["from_s"], fields["to_s"], fields["samples"], fields["gap_s"]) == (100.0, 110.0, 3, 0.0)


@pytest.mark.parametrize(("until_s", "energy_j"), [(100.5, 0.0), (101.5, 5.0), (102.0, 10.0), (102.5, 15.0), (103.0, 20.0), (104.0, 20.0)])
def test_energy_up_to_a_moment_lies_between_the_readings_about_it(recorder, script, until_s, energy_j):
    for time_s in (101.0, 102.0, 103.0):
        take(recorder, script, gpu(time_s, time_s * 10.0))
    assert recorder.by_part(until_s=until_s)["gpu"].energy_j == pytest.approx(energy_j)


@pytest.mark.parametrize("until_s", [100.5, 101.5, 102.0])
def test_a_job_that_ended_before_it_was_read_is_charged_to_its_end_only(recorder, script, until_s):
    """A busy machine may read first, or read twice again, after the job has ended."""
    for time_s in (101.0, 102.0, 103.0):
        take(recorder, script, gpu(time_s, 7.0 + 200.0 * time_s, 200.0))
    fields = recorder.interval(to_s=until_s, ended=True)
    assert fields["devices"]["gpu:0"]["energy_j"] == pytest.approx(200.0 * (until_s - 100.0))


def test_what_boards_counted_before_the_job_began_is_taken_off(script):
    """100 W before the job, 500 W within: read at 99 s, 101 s and 103 s, the job from 100 s to 103 s; between readings the mean counts."""
    recorder = Recorder([script], began_s=100.0, earlier=[gpu(99.0, 4000.0, 100.0)])
    take(recorder, script, gpu(101.0, 4600.0, 500.0))
    assert recorder.by_part()["gpu"].energy_j == pytest.approx(300.0)
    take(recorder, script, gpu(103.0, 5600.0, 500.0))
    assert recorder.by_part(until_s=103.0)["gpu"].energy_j == pytest.approx(1300.0)


@pytest.mark.parametrize(
    ("first", "before_j"),
    [
        (gpu(102.0, 0.0, 100.0), 200.0),
        (gpu(100.0, 0.0, 100.0), 0.0),
        (gpu(99.0, 0.0, 100.0), 0.0),
        (gpu(105.1, 0.0, 100.0), 0.0),
        (gpu(102.0, 0.0, None), 0.0),
        (gpu(102.0, 0.0, 100.0, how="modelled"), 0.0),
    ],
)
def test_what_was_drawn_before_the_first_reading_is_what_that_shows_where_it_was_soon(recorder, script, first, before_j):
    take(recorder, script, first)
    assert recorder.by_part()["gpu"].energy_j == before_j


def test_devices_are_summed_exactly_and_their_spread_is_that_of_the_energy_it_is_about(recorder, script):
    readings = [(8, "power", 0.0), (2**50, "counter", 0.0), (0.5, "modelled", 0.3)]
    take(recorder, script, *(gpu(100.0, 1.0, device=f"gpu:{place}", how=how, sigma_ln=sigma) for place, (_, how, sigma) in enumerate(readings)))
    take(recorder, script, *(gpu(101.0, 1.0 + j, device=f"gpu:{place}", how=how, sigma_ln=sigma) for place, (j, how, sigma) in enumerate(readings)))
    part = recorder.by_part()["gpu"]
    assert (part.energy_j, part.how, part.sigma) == (2**50 + 8.5, "modelled", pytest.approx(0.3 * 0.5 / (2**50 + 8.5)))
    assert recorder.accelerators == 3


def test_parts_are_kept_apart(recorder, script):
    take(recorder, script, gpu(100.0, 0.0), gpu(100.0, 0.0, device="cpu:0", part="cpu", how="power"))
    take(recorder, script, gpu(101.0, 5.0), gpu(101.0, 3.0, device="cpu:0", part="cpu", how="power"))
    assert {name: (part.energy_j, part.how) for name, part in recorder.by_part().items()} == {"gpu": (5.0, "counter"), "cpu": (3.0, "power")}
    assert recorder.accelerators == 1


def test_an_interval_states_least_and_most_power_mean_load_highest_heat_and_begins_anew(recorder, script):
    for second, (watts, load, heat, clock) in enumerate([(100.0, 0.2, 40.0, 1e9), (500.0, 0.6, 70.0, 2e9), (300.0, 1.0, 60.0, 1.5e9)]):
        take(recorder, script, gpu(100.0 + second, 0.0, watts, utilisation=load, temperature_c=heat, clock_hz=clock, memory_used_b=second * 1e9))
    device = recorder.interval(to_s=102.0)["devices"]["gpu:0"]
    assert (device["power_min_w"], device["power_max_w"], device["temperature_c"], device["memory_used_b"]) == (100.0, 500.0, 70.0, 2e9)
    assert (device["utilisation"], device["clock_hz"]) == (pytest.approx(0.6), pytest.approx(1.5e9))
    take(recorder, script, gpu(103.0, 50.0, 50.0))
    device = recorder.interval(to_s=103.0)["devices"]["gpu:0"]
    assert (device["power_min_w"], device["power_max_w"], device["power_mean_w"]) == (50.0, 50.0, 50.0)
    assert not device.keys() & {"temperature_c", "utilisation", "clock_hz", "memory_used_b", "sigma_ln"}


def test_energy_is_cumulative_over_intervals_and_means_are_not(recorder, script):
    take(recorder, script, gpu(100.0, 0.0))
    take(recorder, script, gpu(110.0, 1000.0))
    recorder.interval(to_s=110.0)
    take(recorder, script, gpu(120.0, 4000.0))
    device = recorder.interval(to_s=120.0)["devices"]["gpu:0"]
    assert (device["energy_j"], device["power_mean_w"]) == (4000.0, 300.0)


def test_a_device_that_appears_late_counts_from_there(recorder, script):
    take(recorder, script, gpu(100.0, 0.0))
    take(recorder, script, gpu(200.0, 10.0), gpu(200.0, 9e9, 700.0, device="gpu:1"))
    take(recorder, script, gpu(201.0, 20.0), gpu(201.0, 9e9 + 700.0, 700.0, device="gpu:1"))
    assert recorder.by_part()["gpu"].energy_j == pytest.approx(720.0)
    assert recorder.accelerators == 2


def test_a_device_that_vanishes_keeps_what_it_drew(recorder, script):
    take(recorder, script, gpu(100.0, 0.0), gpu(100.0, 0.0, device="gpu:1"))
    take(recorder, script, gpu(101.0, 5.0), gpu(101.0, 7.0, device="gpu:1"))
    take(recorder, script, gpu(102.0, 6.0))
    assert recorder.by_part()["gpu"].energy_j == 13.0


def test_a_long_time_without_a_look_is_a_gap_where_power_was_sampled_only(script):
    for how, gap_s in (("power", 40.0), ("counter", 0.0)):
        recorder = Recorder([script], began_s=100.0)
        for time_s in (100.0, 101.0, 141.0):
            take(recorder, script, gpu(time_s, 0.0, how=how))
        assert recorder.interval(to_s=141.0)["gap_s"] == gap_s
        take(recorder, script, gpu(142.0, 0.0, how=how))
        assert recorder.interval(to_s=142.0)["gap_s"] == 0.0


@pytest.mark.parametrize(("first_s", "power_w", "gap_s"), [(104.0, 300.0, 0.0), (110.0, 300.0, 10.0), (104.0, None, 4.0)])
def test_a_device_that_is_read_late_has_a_gap_unless_its_power_tells_what_it_used(recorder, script, first_s, power_w, gap_s):
    take(recorder, script, gpu(100.0, 0.0), gpu(first_s, 0.0, power_w, device="gpu:1"))
    take(recorder, script, gpu(120.0, 0.0), gpu(120.0, 0.0, power_w, device="gpu:1"))
    devices = recorder.interval(to_s=120.0)["devices"]
    assert (devices["gpu:0"]["gap_s"], devices["gpu:1"]["gap_s"]) == (0.0, gap_s)


def test_a_device_that_does_not_answer_has_a_gap_until_its_counter_makes_up_for_it(recorder, script):
    take(recorder, script, gpu(100.0, 0.0))
    take(recorder, script, gpu(105.0, 500.0))
    first = recorder.interval(to_s=115.0)
    assert (first["gap_s"], first["devices"]["gpu:0"]["gap_s"]) == (10.0, 10.0)
    take(recorder, script, gpu(120.0, 2000.0))
    second = recorder.interval(to_s=120.0)
    assert (second["gap_s"], second["devices"]["gpu:0"]["gap_s"], second["devices"]["gpu:0"]["energy_j"]) == (0.0, 0.0, 2000.0)


def test_what_the_meter_could_not_count_is_a_gap_of_the_device(recorder, script):
    take(recorder, script, gpu(100.0, 0.0, gap_s=0.0))
    take(recorder, script, gpu(110.0, 500.0, gap_s=4.0))
    fields = recorder.interval(to_s=110.0)
    assert (fields["gap_s"], fields["devices"]["gpu:0"]["gap_s"]) == (4.0, 4.0)


def test_a_record_states_the_counter_at_its_end_even_if_it_was_read_later(recorder, script):
    take(recorder, script, gpu(98.0, 0.0, counter_j=7000.0))
    take(recorder, script, gpu(108.0, 1000.0, counter_j=8000.0))
    take(recorder, script, gpu(112.0, 1400.0, counter_j=8400.0))
    stated = recorder.interval(to_s=110.0, ended=True)["devices"]["gpu:0"]
    assert (stated["energy_j"], stated["counter_j"]) == (1000.0, 8200.0)


def test_the_counters_at_the_beginning_are_known_before_the_first_interval(recorder, script):
    assert recorder.counters_j == {}
    take(recorder, script, gpu(98.0, 0.0, counter_j=7000.0))
    take(recorder, script, gpu(108.0, 1000.0, counter_j=8000.0))
    assert recorder.counters_j == {"gpu:0": 7200.0}, "the job began at 100 s"
    stated = recorder.interval(to_s=108.0)["devices"]["gpu:0"]
    assert stated["counter_j"] - stated["energy_j"] == recorder.counters_j["gpu:0"]
    recorder.left_out = frozenset({"gpu:0"})
    assert recorder.counters_j == {}


def test_an_interval_of_no_length_has_no_mean_and_does_not_go_back(recorder, script):
    take(recorder, script, gpu(100.0, 0.0))
    fields = recorder.interval(to_s=90.0)
    assert (fields["from_s"], fields["to_s"]) == (100.0, 100.0)
    assert "power_mean_w" not in fields["devices"]["gpu:0"]


def test_what_meters_have_to_say_is_taken_away_once(recorder, script):
    script.notes.append("lost")
    assert recorder.read() == ["lost"]
    assert recorder.read() == []


def test_names_and_patience_are_those_of_the_meters():
    meters = [Script(**{"gpu:0": "H100"}), Script()]
    meters[1].max_interval_s = 3.0
    recorder = Recorder(meters, began_s=0.0)
    assert (recorder.names, recorder.longest_wait_s) == ({"gpu:0": "H100"}, 3.0)
    recorder.close()
    assert [meter.closed for meter in meters] == [1, 1]


def test_a_meter_that_is_read_often_does_not_have_the_others_read_as_often_and_all_are_read_together():
    often, seldom = Script(), Script()
    often.max_interval_s = 0.1
    recorder = Recorder([often, seldom], began_s=100.0)
    seen = []
    for now_s in (100.0, 100.05, 100.2, 100.5, 101.0, 101.2):
        often.next, seldom.next = (gpu(now_s, now_s),), (gpu(now_s, now_s, device="cpu", part="cpu"),)
        recorder.read(now_s=now_s)
        parts = recorder.by_part()
        seen.append((recorder.is_whole, parts["gpu"].energy_j, parts["cpu"].energy_j))
    assert seen == [
        (True, 0.0, 0.0),
        (False, 0.0, 0.0),
        (False, pytest.approx(0.2), 0.0),
        (False, pytest.approx(0.5), 0.0),
        (True, 1.0, 1.0),
        (False, pytest.approx(1.2), 1.0),
    ]
    recorder.read()
    assert recorder.is_whole


def test_without_meters_there_is_nothing_and_no_accelerator():
    recorder = Recorder([], began_s=0.0)
    assert recorder.read() == []
    assert (recorder.by_part(), recorder.devices(), recorder.accelerators) == ({}, (), None)
    assert recorder.interval(to_s=5.0)["devices"] == {}


def test_the_live_state_has_the_latest_reading_of_each_device(script, recorder):
    take(recorder, script, gpu(100.0, 0.0, 300.0, utilisation=0.5))
    (device,) = recorder.devices()
    assert device == DeviceState("gpu:0", "gpu", 300.0, utilisation=0.5, energy_j=0.0)


def test_a_job_that_has_ended_is_charged_for_all_that_it_used():
    class Model:
        name, max_interval_s, notes, names = "cpu_model", 10.0, [], {}

        def __init__(self):
            self.energy_j = 0.0

        def read(self):
            return (Reading("cpu:model", "cpu", self.energy_j, 101.0, "modelled"),)

        def settle(self, cpu_s):
            self.energy_j = 3.0 * cpu_s
            return True

        def close(self):
            pass

    recorder = Recorder([Model()], began_s=100.0)
    recorder.read()
    recorder.settle(2.5)
    assert recorder.by_part(until_s=100.9)["cpu"].energy_j == 7.5


@pytest.mark.parametrize(("first_s", "power_w", "said"), [(102.5, 300.0, True), (100.5, 300.0, False), (102.5, None, False), (110.0, 300.0, False)])
def test_power_that_is_assumed_until_the_first_reading_is_noted_once(recorder, script, first_s, power_w, said):
    notes = take(recorder, script, gpu(first_s, 5000.0, power_w))
    assert notes == ["gpu:0: was first read 2.5 s after the run began: until then its power is assumed to be the same"] * said
    assert take(recorder, script, gpu(first_s + 1.0, 5300.0, power_w)) == []


@pytest.mark.parametrize("before_s", [0.0, 0.3, 0.9, 1.5])
def test_energy_that_turns_out_later_is_charged_only_since_the_job_began(script, before_s):
    """A counter stands still at 300 W; sampled power takes its place after a second and is known since 99 s."""
    recorder = Recorder([script], began_s=99.0 + before_s, earlier=[gpu(99.0, 0.0, 300.0)])
    for tenth in range(1, 40):
        time_s = 99.0 + tenth / 10.0
        late = {"risen_since_s": 99.0, "risen_j": 300.0} if tenth == 10 else {}
        take(recorder, script, gpu(time_s, 30.0 * tenth if tenth >= 10 else 0.0, 300.0, **late))
    energy_j = recorder.interval(to_s=102.9)["devices"]["gpu:0"]["energy_j"]
    assert energy_j == pytest.approx(300.0 * (102.9 - 99.0 - before_s))


def test_energy_that_turns_out_later_never_takes_back_what_was_recorded(script):
    recorder = Recorder([script], began_s=100.0, earlier=[gpu(99.0, 0.0, 300.0)])
    take(recorder, script, gpu(101.0, 100.0, 300.0))
    assert recorder.interval(to_s=101.0)["devices"]["gpu:0"]["energy_j"] == pytest.approx(50.0)
    take(recorder, script, gpu(101.1, 110.0, 300.0, risen_since_s=98.0, risen_j=110.0))
    assert recorder.interval(to_s=101.1)["devices"]["gpu:0"]["energy_j"] >= 50.0


def test_a_shared_counter_counts_from_the_beginning_of_the_job_alone():
    class Rapl:
        name, max_interval_s, names = "rapl", 1.0, {}

        def __init__(self):
            self.notes, self.now_s = [], 100.0

        def read(self):
            self.now_s += 1.0
            return (Reading("cpu:0", Part.CPU, 80.0 * self.now_s, self.now_s, EnergySource.COUNTER, 80.0),)

    rapl = Rapl()
    share = MachineShare(JobPart(8.0, 64.0, 0.125, "control group"), idle_over_busy=0.25, sigma_ln=0.3, busy=lambda: None, clock=lambda: rapl.now_s)
    recorder = Recorder([rapl], began_s=100.0, share=share)
    for _ in range(10):
        recorder.read()
    (part,) = recorder.by_part().values()
    assert part.energy_j == pytest.approx(0.125 * 80.0 * 10.0)
    assert (part.how, part.sigma) == (EnergySource.MODELLED, 0.3)
    stated = recorder.interval(to_s=110.0)["devices"]["cpu:0"]
    assert (stated["how"], stated["sigma_ln"], stated["gap_s"]) == ("modelled", 0.3, 0.0)
    assert stated["power_max_w"] == 10.0
