"""How long devices were metered: late starts, losses, meters that were killed, and counters that bridge the time between two of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journals import WALL_S, device, line, lines_of
from traincarbon.ledger.record import merge
from traincarbon.ledger.run_energy import DeviceUse, coverage_notes
from traincarbon.quantities import EnergySource


def metered(writer, *, begin_s, end_s, counter_begin_j=None, power_w=100.0, gap_s=0.0, every_s=5.0, name="gpu:0", began=False, life="boot/space/1", **rest):
    """The lines of one meter of a session, whose device has a counter of its own if *counter_begin_j* is given."""
    who = {"writer": writer, "session": "s", "life": life, "process": int(writer)}
    lines = [line("start" if began or writer == "1" else "progress", mono_s=begin_s, from_s=begin_s, to_s=begin_s, **who)]
    count = round((end_s - begin_s) / every_s)
    for seq in range(1, count + 1):
        used_j, to_s = power_w * every_s * seq, begin_s + every_s * seq
        counter = {} if counter_begin_j is None else {"counter_j": counter_begin_j + used_j}
        devices = {name: device(used_j, power_max_w=power_w, gap_s=gap_s, **counter, **rest)}
        lines.append(line("interval", seq=seq, mono_s=to_s, from_s=to_s - every_s, to_s=to_s, gap_s=0.0, samples=5, devices=devices, **who))
    return lines


def ended(writer, at_s):
    return line("end", seq=99, mono_s=at_s, to_s=at_s, exit_code=0, writer=writer, process=int(writer), session="s")


def record(*journals):
    return merge([one for lines in journals for one in lines], now_s=WALL_S + 1e6)


def use_of(run, name="gpu:0"):
    (use,) = [use for use in run.by_device if use.device == name]
    return use


def test_a_device_that_was_metered_all_the_time_has_no_gap_and_no_note():
    run = record(lines_of(intervals=4))
    assert (use_of(run).metered_s, use_of(run).gaps_s, run.gaps_s, run.notes) == (20.0, 0.0, 0.0, ())


def test_the_counter_bridges_the_time_between_a_killed_meter_and_the_next():
    run = record(
        metered("1", begin_s=0.0, end_s=50.0, counter_begin_j=7000.0), [*metered("2", begin_s=70.0, end_s=100.0, counter_begin_j=14_000.0), ended("2", 100.0)]
    )
    assert (run.energy_j["gpu"], run.gaps_s, use_of(run).metered_s, run.notes) == (10_000.0, 0.0, 100.0, ())


def read_once(writer, *, at_s, counters):
    """The lines of a meter that was killed before its first interval."""
    return [line("start", mono_s=at_s, from_s=at_s, to_s=at_s, counters=counters, writer=writer, process=int(writer), session="s", life="boot/space/1")]


def test_the_counter_bridges_meters_that_were_killed_before_their_first_interval():
    whole = [*metered("3", begin_s=30.0, end_s=60.0, counter_begin_j=10_000.0), ended("3", 60.0)]
    run = record(read_once("1", at_s=0.0, counters={"gpu:0": 7000.0}), read_once("2", at_s=20.0, counters={"gpu:0": 9000.0}), whole)
    assert (run.energy_j["gpu"], run.gaps_s, use_of(run).metered_s, run.notes) == (6000.0, 0.0, 60.0, ())


def test_the_last_meter_was_killed_before_its_first_interval_and_its_counter_counts_until_it_began():
    run = record(metered("1", begin_s=0.0, end_s=50.0, counter_begin_j=7000.0), read_once("2", at_s=70.0, counters={"gpu:0": 14_000.0}))
    assert (run.energy_j["gpu"], use_of(run).metered_s, use_of(run).gaps_s) == (7000.0, 70.0, 0.0)


def test_a_counter_alone_is_no_energy_and_one_that_is_impossible_bridges_nothing():
    alone = record([*read_once("1", at_s=0.0, counters={"gpu:0": 7000.0}), ended("1", 5.0)])
    assert (alone.energy_j["gpu"], alone.by_device) == (None, ())
    later = [*metered("2", begin_s=20.0, end_s=50.0, counter_begin_j=9000.0), ended("2", 50.0)]
    for counters in ({"gpu:0": 9001.0}, {"gpu:0": -1.0}, {"gpu:0": "7000"}, {"gpu:1": 7000.0}, ["gpu:0"], {"gpu:0": 0.0}):
        run = record(read_once("1", at_s=0.0, counters=counters), later)
        assert (run.energy_j["gpu"], use_of(run).gaps_s) == (3000.0, 20.0)


@pytest.mark.parametrize(
    ("counter_begin_j", "why"),
    [
        (None, "the second meter has no counter"),
        (100.0, "the counter began anew"),
        (12_000.0 + 20.0 * 1000.0, "no device uses ten times the highest power"),
    ],
)
def test_the_time_between_two_meters_is_a_gap_that_is_said_if_no_counter_tells_what_was_used(counter_begin_j, why):
    first = metered("1", begin_s=0.0, end_s=50.0, counter_begin_j=7000.0)
    run = record(first, [*metered("2", begin_s=70.0, end_s=100.0, counter_begin_j=counter_begin_j), ended("2", 100.0)])
    assert (run.energy_j["gpu"], run.gaps_s, use_of(run).metered_s) == (8000.0, 20.0, 80.0), why
    assert run.notes == ("gpu:0 was metered for 80.0 % of the run",)


def test_a_counter_is_not_compared_over_a_boot():
    first = metered("1", begin_s=0.0, end_s=50.0, counter_begin_j=7000.0)
    run = record(first, [*metered("2", begin_s=70.0, end_s=100.0, counter_begin_j=14_000.0, began=True, life="other/space/1"), ended("2", 100.0)])
    assert run.energy_j["gpu"] == 8000.0


def test_a_device_that_the_next_meter_does_not_find_was_not_metered_from_there_on():
    first = metered("1", begin_s=0.0, end_s=50.0)
    run = record(first, [*metered("2", begin_s=50.0, end_s=100.0, name="gpu:1"), ended("2", 100.0)])
    assert [(use.device, use.metered_s, use.gaps_s) for use in run.by_device] == [("gpu:0", 50.0, 50.0), ("gpu:1", 50.0, 50.0)]
    assert run.notes == ("gpu:0 and gpu:1 were metered for 50.0 % of the run",)


def test_gaps_that_a_device_states_itself_count_for_it_alone():
    lines = lines_of(intervals=4, devices=("gpu:0", "gpu:1"))
    for one in lines:
        for name, stated in one.get("devices", {}).items():
            stated["gap_s"] = 5.0 if name == "gpu:1" else 0.0
    run = record(lines)
    assert [use.metered_s for use in run.by_device] == [20.0, 15.0]
    assert (run.gaps_s, run.notes) == (5.0, ("gpu:1 was metered for 75.0 % of the run",))


def test_gaps_of_earlier_writers_hold_for_all_devices():
    lines = lines_of(intervals=4, devices=("gpu:0", "gpu:1"))
    lines[2]["gap_s"] = 4.0
    assert [use.gaps_s for use in record(lines).by_device] == [4.0, 4.0]


def test_restarts_add_up_the_time_and_the_gaps_of_a_device():
    run = record(lines_of(intervals=4, process=1), lines_of(intervals=4, begin_s=100.0, process=2))
    assert (use_of(run).metered_s, use_of(run).gaps_s, run.gaps_s) == (40.0, 0.0, 0.0)


def test_two_trackers_at_once_cover_what_either_of_them_metered():
    one, other = lines_of(intervals=4, process=1), lines_of(intervals=4, begin_s=10.0, process=2)
    assert (use_of(record(one, other)).metered_s, use_of(record(one, other)).gaps_s) == (30.0, 0.0)


def test_a_gap_that_two_trackers_saw_at_once_stays_a_gap():
    journals = [lines_of(intervals=4, process=process) for process in (1, 2)]
    for lines in journals:
        for one in lines:
            for stated in one.get("devices", {}).values():
                stated["gap_s"] = 6.0
    assert (use_of(record(*journals)).metered_s, use_of(record(*journals)).gaps_s) == (14.0, 6.0)


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(0, 4)), min_size=1, max_size=4))
def test_metered_time_and_gaps_are_the_time_of_the_session(meters):
    journals, begin_s = [], 0.0
    for number, (intervals, hole) in enumerate(meters, 1):
        end_s = begin_s + 5.0 * intervals
        journals.append(metered(str(number), begin_s=begin_s, end_s=end_s))
        last_s, begin_s = end_s, end_s + 5.0 * hole
    run = record(*journals, [ended(str(len(meters)), last_s)])
    assert use_of(run).metered_s + use_of(run).gaps_s == pytest.approx(run.duration_s)
    assert run.gaps_s == use_of(run).gaps_s == sum(5.0 * hole for _, hole in meters[:-1])


def test_many_devices_with_the_same_gap_are_one_note():
    uses = [DeviceUse(1, f"gpu:{number}", "gpu", EnergySource.COUNTER, 1.0, None, None, None, metered_s=50.0, gaps_s=50.0) for number in range(8)]
    assert coverage_notes(uses) == ["gpu:0, gpu:1, gpu:2 and 5 more were metered for 50.0 % of the run"]
