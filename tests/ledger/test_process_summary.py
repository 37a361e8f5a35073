"""One process folded line by line: figures that add up, and the state in which it left."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journals import WALL_S, device, line, lines_of
from traincarbon.ledger.folding import fold
from traincarbon.ledger.process_summary import Process, greatest
from traincarbon.ledger.store_folder import life


def only(lines):
    (process,) = fold(lines)
    return process


def test_a_process_is_summed_up():
    process = only(lines_of(intervals=4, power_w=100.0))
    gpu = process.devices["gpu:0"]
    assert (gpu.part, gpu.how, gpu.energy_j, gpu.power_max_w) == ("gpu", "counter", 2000.0, 100.0)
    assert (gpu.busy_s, gpu.watched_s) == (10.0, 20.0)
    assert (process.samples, process.gaps_s, process.last_mono_s - process.first_mono_s) == (20, 0.0, 20.0)
    assert process.facts.hw == "box"


def test_a_summary_survives_being_kept_as_json():
    process = only(lines_of(figures={"facility_energy_kwh": {"low": 1, "median": 2, "high": 3}}))
    assert Process.from_stored(json.loads(json.dumps(process.to_stored()))) == process


@given(st.permutations(lines_of(intervals=6)), st.lists(st.integers(0, 7), max_size=8))
def test_lines_in_any_order_and_any_number_count_once(lines, again):
    assert fold([*lines, *(lines[place] for place in again)]) == fold(lines_of(intervals=6))


@given(st.sets(st.integers(1, 9)))
def test_a_lost_interval_loses_no_energy_that_a_later_line_holds(lost):
    lines = [one for one in lines_of(intervals=10) if one["seq"] not in lost]
    assert only(lines).devices["gpu:0"].energy_j == 5000.0


@pytest.mark.parametrize(("ended", "energy_j"), [(True, 120.0), (False, 300.0)])
def test_the_interval_that_ended_the_job_takes_back_what_was_read_after_its_end(ended, energy_j):
    more = {"ended": True} if ended else {}
    lines = [line("interval", seq=1, devices={"gpu:0": device(300.0)}), line("interval", seq=2, devices={"gpu:0": device(120.0)}, **more)]
    assert only(lines).devices["gpu:0"].energy_j == energy_j


def test_two_versions_of_a_line_give_the_same_whichever_comes_first():
    one, other = line("note", seq=3, text="one"), line("note", seq=3, text="other")
    assert fold([one, other]) == fold([other, one])


@pytest.mark.parametrize(
    ("hows", "known"),
    [(("counter", "counter"), "counter"), (("counter", "power"), "power"), (("modelled", "counter"), "modelled"), (("counter", "guess"), "modelled")],
)
def test_a_device_is_known_as_surely_as_its_least_sure_line(hows, known):
    lines = [line("interval", seq=number, devices={"gpu:0": device(1.0, how=how)}) for number, how in enumerate(hows)]
    assert only(lines).devices["gpu:0"].how == known


@pytest.mark.parametrize("energy_j", [None, "5", -1.0, float("nan"), float("inf"), True, [], 1e301])
def test_what_is_no_energy_is_no_reading(energy_j):
    process = only([line("interval", devices={"gpu:0": device(energy_j)})])
    assert not process.devices


@pytest.mark.parametrize(
    "fields",
    [
        {"devices": []}, {"devices": {"gpu:0": 5}}, {"devices": {"gpu:0": {"energy_j": 1.0, "part": [], "how": {}}}}, {"missing": "x"}, {"missing": {"gpu": None, "moon": "x"}},
        {"gap_s": "x"}, {"samples": -3}, {"from_s": "a", "to_s": None}, {"forecast": 3}, {"mfu": "x"}, {"facility_energy_kwh": {"low": 3, "median": 2, "high": 1}},
        {"argv": "x", "versions": 3, "plan": [], "accelerators": "8", "hw": 5, "project": None, "session": []}, {"text": {"a": 1}}, {"record": 5},
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["start", "interval", "progress", "note", "end", "record", "future"])
def test_hostile_fields_are_passed_over(kind, fields):
    process = only([*lines_of(end=False), line(kind, seq=99, mono_s=15.0, **fields)])
    assert process.devices["gpu:0"].energy_j == 1500.0
    assert json.loads(json.dumps(process.to_stored()))


def test_a_process_keeps_a_bounded_number_of_bounded_notes():
    process = only([line("note", seq=number, text="x" * 5000) for number in range(500)])
    assert (len(process.notes), len(process.notes[0])) == (200, 2000)


@pytest.mark.parametrize(
    ("end", "state"),
    [
        ({"exit_code": 0}, "finished"),
        ({"exit_code": 3}, "failed"),
        ({"exit_code": 137, "signal": 9}, "killed"),
        ({}, "killed"),
        ({"exit_code": 0, "state": "killed"}, "killed"),
        ({"exit_code": 0, "state": "<script>"}, "finished"),
    ],
)
def test_the_end_tells_the_state(end, state):
    assert only([*lines_of(end=False), line("end", seq=99, mono_s=15.0, **end)]).outcome(now_s=WALL_S) == state


@pytest.mark.parametrize(("age_s", "state"), [(0.0, "running"), (14.0, "running"), (16.0, "killed"), (86400.0, "killed"), (-86400.0, "killed")])
def test_without_an_end_the_age_of_the_last_line_tells_whether_it_runs(age_s, state):
    assert only(lines_of(intervals=3, end=False)).outcome(now_s=WALL_S + 15.0 + age_s) == state


def test_a_longer_record_interval_is_given_more_time():
    process = only([*lines_of(intervals=3, end=False, start={"interval_s": 60.0})])
    assert process.outcome(now_s=WALL_S + 15.0 + 170.0) == "running"
    assert process.outcome(now_s=WALL_S + 15.0 + 190.0) == "killed"


def test_a_process_of_this_machine_is_asked_itself():
    mine = lines_of(intervals=1, end=False, process=os.getpid(), life=life(os.getpid()))
    assert only(mine).outcome(now_s=WALL_S + 1e6) == "running"
    gone = lines_of(intervals=1, end=False, process=os.getpid(), life=f"{life(os.getpid())}9")
    assert only(gone).outcome(now_s=WALL_S + 5.0) == "killed"


def test_a_start_and_nothing_more_is_lost_even_if_it_says_where_the_counters_stood():
    process = only(lines_of(intervals=0, end=False, start={"devices": {"gpu:0": device(0.0)}}))
    assert process.outcome(now_s=WALL_S + 1000.0) == "lost"
    assert not process.devices


def test_a_later_start_adds_what_it_knows_and_keeps_what_it_does_not():
    process = only([line("start", hw="box", argv=["a"], params=1.0), line("start", seq=1, hw="", argv=["b"], plan={"tokens": 2.0})])
    assert (process.facts.hw, process.facts.argv, process.facts.params, process.facts.plan) == ("box", ("b",), 1.0, {"tokens": 2.0})


def test_the_greatest_of_an_unknown_is_the_known():
    assert (greatest(None, 1.0), greatest(2.0, None), greatest(1.0, 3.0), greatest(None, None)) == (1.0, 2.0, 3.0, None)


def test_a_meter_that_learns_late_of_the_end_recorded_until_the_end():
    begun, *_ = lines_of(intervals=1, end=False)
    from_s = begun["mono_s"]
    late = line("interval", seq=1, mono_s=from_s + 3.1, from_s=from_s, to_s=from_s + 3.1, devices={})
    ended = line("end", seq=2, mono_s=from_s + 3.2, to_s=from_s + 2.5, exit_code=0)
    assert only([begun, late]).recorded_s == pytest.approx(3.1)
    assert only([begun, late, ended]).recorded_s == pytest.approx(2.5)
