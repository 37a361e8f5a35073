"""Time, energy and tokens of phases from reports and readings."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.tracking.reports import Report
from traincarbon.tracking.value.phases import Phases


def report(time_s, phase, source=""):
    return Report(time_s, phase=phase, source=source)


def test_energy_between_two_readings_is_shared_by_time():
    phases = Phases()
    phases.begin(0.0)
    phases.add(report(2.0, "eval"), tokens=0.0)
    phases.settle(time_s=10.0, energy_j=1000.0)  # 2 s without a phase, then 8 s of eval
    assert phases.used["eval"] == (8.0, 800.0, 0.0)
    phases.settle(time_s=11.0, energy_j=1500.0)
    assert phases.used["eval"] == (9.0, 1300.0, 0.0)


def test_a_reading_where_a_phase_begins_gives_it_its_own_energy():
    phases = Phases()
    phases.begin(0.0)
    phases.settle(time_s=5.0, energy_j=5000.0)
    phases.add(report(5.0, "eval"), tokens=0.0)
    phases.settle(time_s=10.0, energy_j=5500.0)
    assert phases.used["eval"] == (5.0, 500.0, 0.0)


def test_the_end_takes_back_what_a_reading_after_it_showed():
    """1 kW, read at 10 s, when the training had ended at 9.5 s."""
    phases = Phases()
    phases.begin(0.0)
    phases.add(report(2.0, "eval"), tokens=0.0)
    phases.settle(time_s=10.0, energy_j=10_000.0)
    phases.end(time_s=9.5, energy_j=9500.0)
    assert phases.used["eval"] == pytest.approx((7.5, 7500.0, 0.0))
    phases.end(time_s=9.5, energy_j=9500.0)
    assert phases.used["eval"] == pytest.approx((7.5, 7500.0, 0.0))


def test_tokens_count_for_the_phase_in_which_they_are_reported():
    phases = Phases()
    phases.begin(0.0)
    phases.add(report(0.0, "train"), tokens=0.0)
    phases.add(Report(1.0, tokens=50.0), tokens=50.0)
    phases.add(report(1.0, "eval"), tokens=0.0)
    phases.add(Report(2.0, tokens=60.0), tokens=10.0)
    assert (phases.used["train"].tokens, phases.used["eval"].tokens) == (50.0, 10.0)


def test_of_several_threads_the_phase_that_began_last_counts():
    phases = Phases()
    names = []
    for phase, source in (("train", "a"), ("load", "b"), ("train", "a"), ("", "b"), ("eval", "a"), ("eval", "b"), ("", "a"), ("", "b")):
        phases.add(report(0.0, phase, source), tokens=0.0)
        names.append(phases.name)
    assert names == ["train", "load", "load", "train", "eval", "eval", "eval", ""]


def test_the_phase_of_a_process_that_was_killed_ends_with_the_next_report():
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
    phases = Phases()
    phases.add(report(0.0, "eval", f"{pid}-1"), tokens=0.0)
    phases.add(report(1.0, "save", f"{os.getpid()}-1"), tokens=0.0)
    phases.add(report(2.0, "", f"{os.getpid()}-1"), tokens=0.0)
    assert phases.name == ""


def test_names_without_end_share_one():
    phases = Phases()
    for number in range(200):
        phases.add(report(float(number), f"step {number}"), tokens=0.0)
    assert len(phases.used) == 51
    phases.settle(time_s=200.0, energy_j=0.0)
    assert phases.used["other phases"].duration_s == 150.0


@given(st.lists(st.tuples(st.floats(0.0, 50.0), st.sampled_from(["", "train", "eval", "save"]), st.sampled_from("abc"), st.booleans()), max_size=60))
def test_phases_never_take_more_than_the_run(events):
    phases, time_s, joules = Phases(), 0.0, 0.0
    phases.begin(0.0)
    for seconds, name, source, is_read in events:
        time_s, joules = time_s + seconds, joules + seconds * (900.0 if name else 100.0)
        if is_read:
            phases.settle(time_s=time_s, energy_j=joules)
        phases.add(report(time_s, name, source), tokens=0.0)
    phases.settle(time_s=time_s, energy_j=joules)
    assert sum(use.duration_s for use in phases.used.values()) <= time_s * (1.0 + 1e-9)
    assert sum(use.energy_j for use in phases.used.values()) <= joules * (1.0 + 1e-9)
    assert all(use.duration_s >= 0.0 and use.energy_j >= 0.0 for use in phases.used.values())


def test_what_goes_into_the_journal_has_seven_digits():
    phases = Phases()
    phases.begin(0.0)
    phases.add(report(0.0, "eval"), tokens=0.0)
    phases.settle(time_s=1.0 / 3.0, energy_j=100.0 / 3.0)
    assert phases.to_dict() == {"eval": {"duration_s": 0.3333333, "energy_j": 33.33333, "tokens": 0.0}}
    assert pytest.approx(1 / 3) == phases.used["eval"].duration_s
