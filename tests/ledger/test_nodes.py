"""Nodes of a run that sent nothing: the state of the run, the reason, and what the totals say of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journals import WALL_S, lines_of
from traincarbon.ledger.nodes import Attendance
from traincarbon.ledger.record import merge
from traincarbon.ledger.run import Run

ENERGY = {"low": 1.0, "median": 2.0, "high": 4.0}


def run_of(seen, expected, *, begin_s=0.0, now_s=WALL_S + 1e6, **options):
    """A run of which *seen* nodes wrote a journal and *expected* were started."""
    lines = []
    for number in range(seen):
        start = {"nodes_expected": expected} if expected is not None else {}
        lines += lines_of(
            node=f"n{number}", life=f"boot{number}/space/1", begin_s=begin_s, start=start, **{"figures": {"facility_energy_kwh": ENERGY}, **options}
        )
    return merge(lines, now_s=now_s)


def test_a_run_with_all_its_nodes_is_finished():
    run = run_of(4, 4)
    assert (run.state, run.nodes, run.nodes_expected) == ("finished", 4, 4)
    assert "nodes" not in run.missing
    assert run.facility_energy_kwh == {"low": 4.0, "median": 8.0, "high": 16.0}


def test_a_node_that_sent_nothing_makes_the_run_incomplete():
    run = run_of(3, 4)
    assert (run.state, run.nodes, run.nodes_expected, run.exit_code) == ("incomplete", 3, 4, 0)
    assert run.missing["nodes"] == "1 of 4 nodes sent nothing"


def test_the_totals_of_an_incomplete_run_cover_a_node_like_the_others():
    assert run_of(3, 4).facility_energy_kwh == {"low": 3.0, "median": 8.0, "high": 16.0}
    assert run_of(1, 4).facility_energy_kwh == {"low": 1.0, "median": 8.0, "high": 16.0}


def test_what_was_metered_of_an_incomplete_run_stays_as_it_was():
    assert run_of(3, 4).energy_j["gpu"] == 3 * 1500.0


def test_the_greatest_of_unlike_nodes_bounds_an_absent_one():
    lines = []
    for number, scale in enumerate((1.0, 3.0)):
        figures = {"facility_energy_kwh": {name: scale * value for name, value in ENERGY.items()}}
        lines += lines_of(node=f"n{number}", life=f"boot{number}/space/1", start={"nodes_expected": 3}, figures=figures)
    assert merge(lines, now_s=WALL_S + 1e6).facility_energy_kwh == {"low": 4.0, "median": 8.0 + 4.0, "high": 16.0 + 12.0}


def test_a_total_that_one_seen_node_does_not_state_is_unknown_while_another_is_absent():
    lines = lines_of(node="n0", start={"nodes_expected": 3}, figures={"facility_energy_kwh": ENERGY})
    lines += lines_of(node="n1", life="boot1/space/1", start={"nodes_expected": 3})
    assert merge(lines, now_s=WALL_S + 1e6).facility_energy_kwh is None


def test_a_run_whose_other_nodes_may_still_come_is_running():
    lines = lines_of(node="n0", life="elsewhere/space/1", end=False, start={"nodes_expected": 4})
    run = merge(lines, now_s=WALL_S + 16.0)
    assert (run.state, run.missing["nodes"]) == ("running", "3 of 4 nodes sent nothing so far")


def test_a_failed_run_stays_failed_and_says_what_it_lacks():
    run = run_of(3, 4, exit_code=3)
    assert (run.state, run.exit_code, run.missing["nodes"]) == ("failed", 3, "1 of 4 nodes sent nothing")


def test_journals_of_older_versions_state_no_number_of_nodes():
    run = run_of(2, None)
    assert (run.state, run.nodes, run.nodes_expected) == ("finished", 2, None)


def test_more_nodes_than_expected_are_no_gap():
    assert Attendance(2, 4).absent == 0
    assert run_of(4, 2).state == "finished"


@pytest.mark.parametrize("stated", [True, "4", None, [], -3, 1e400, 0])
def test_a_number_of_nodes_that_is_none_does_no_harm(stated):
    assert run_of(2, stated).state == "finished"


def test_an_incomplete_record_survives_export_and_import():
    run = run_of(3, 4)
    again = Run.from_dict(run.to_dict())
    assert (again.state, again.nodes_expected, again.missing) == (run.state, run.nodes_expected, run.missing)


@given(st.integers(1, 6), st.integers(1, 9))
def test_an_absent_node_never_narrows_or_lowers_a_total(seen, absent):
    whole, holed = run_of(seen, seen).facility_energy_kwh, run_of(seen, seen + absent).facility_energy_kwh
    assert holed["low"] == whole["low"]
    assert holed["median"] == pytest.approx(whole["median"] * (seen + absent) / seen)
    assert holed["high"] == pytest.approx(whole["high"] * (seen + absent) / seen)


def requeued(*attempts, expected=4, intervals=3):
    """A run whose job was started again: each attempt with the names of its nodes that sent something."""
    lines = []
    for attempt, names in enumerate(attempts):
        for name in names:
            start = {"nodes_expected": expected, "launcher": {"name": "slurm", "starter": "", "run_id_from": ["SLURM_JOB_ID"], "attempt": attempt}}
            lines += lines_of(node=name, life=f"boot-{name}/space/1", session=f"{attempt}-{name}", begin_s=200.0 * attempt, start=start, intervals=intervals)
    return merge(lines, now_s=WALL_S + 1e6)


def test_a_job_that_was_requeued_on_other_nodes_is_whole_if_each_attempt_was():
    run = requeued(["a0", "a1", "a2", "a3"], ["b0", "b1", "b2", "b3"])
    assert (run.state, run.nodes, run.nodes_expected) == ("finished", 4, 4)
    assert len(run.hosts) == 8


def test_nodes_of_an_earlier_attempt_do_not_hide_one_that_sent_nothing():
    run = requeued(["a0", "a1", "a2", "a3"], ["b0", "b1", "b2"])
    assert (run.state, run.nodes, run.missing["nodes"]) == ("incomplete", 3, "1 of 4 nodes sent nothing")
    assert requeued(["a0", "a1"], ["b0", "b1", "b2", "b3"]).missing["nodes"] == "2 of 4 nodes sent nothing"


def test_an_attempt_that_was_over_before_its_meters_could_start_does_not_count():
    run = requeued(["a0"], ["b0", "b1", "b2", "b3"], intervals=1)
    assert (run.state, run.nodes) == ("finished", 4)


def test_a_login_node_is_no_node_of_the_run_and_says_how_its_command_ended():
    lines = lines_of(node="login", life="boot-l/space/1", start={"nodes_expected": 2, "outside": True}, devices=(), exit_code=3)
    for name in ("n0", "n1"):
        lines += lines_of(
            node=name, life=f"boot-{name}/space/1", session=name, start={"nodes_expected": 2}, figures={"facility_energy_kwh": ENERGY}, exit_code=3
        )
    run = merge(lines, now_s=WALL_S + 1e6)
    assert (run.state, run.exit_code, run.nodes, run.nodes_expected, run.hosts) == ("failed", 3, 2, 2, ("n0", "n1"))
    assert run.facility_energy_kwh == {"low": 2.0, "median": 4.0, "high": 8.0}
    assert run.energy_j["gpu"] == 2 * 1500.0


def test_a_run_of_which_only_the_login_node_sent_anything_has_no_nodes_and_no_totals():
    run = merge(lines_of(node="login", start={"nodes_expected": 2, "outside": True}, devices=()), now_s=WALL_S + 1e6)
    assert (run.state, run.nodes, run.nodes_expected, run.missing["nodes"]) == ("incomplete", 0, 2, "2 of 2 nodes sent nothing")
    assert run.facility_energy_kwh is None
