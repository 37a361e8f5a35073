"""Tokens, samples and steps of a run: those of the whole training count once however many nodes report them, those of ranks add up."""

import pytest

from journals import WALL_S, line, lines_of
from traincarbon.ledger.record import merge


def session(node="a1", *, process=1, begin_s=0.0, per_rank=False, **counts):
    who = {"node": node, "process": process, "session": f"{node}-{process}"}
    stated = {"per_rank": True} if per_rank else {}
    return [
        *lines_of(begin_s=begin_s, devices=(f"gpu:{process}",), **who),
        line("progress", seq=10, mono_s=begin_s + 15.0, **counts, **stated, **who),
    ]


def counts_of(*sessions):
    return merge([each for lines in sessions for each in lines], now_s=WALL_S + 1e6).counts


@pytest.mark.parametrize("nodes", [1, 2, 4])
def test_counts_of_the_whole_training_count_once_however_many_nodes_report_them(nodes):
    assert counts_of(*(session(f"n{at}", begin_s=0.1 * at, tokens=4096.0 - at, steps=8.0) for at in range(nodes))) == {"tokens": 4096.0, "steps": 8.0}


@pytest.mark.parametrize("nodes", [1, 2, 4])
def test_counts_of_ranks_add_up_over_nodes_and_steps_never(nodes):
    found = counts_of(*(session(f"n{at}", per_rank=True, tokens=1000.0, samples=10.0, steps=8.0) for at in range(nodes)))
    assert found == {"tokens": 1000.0 * nodes, "samples": 10.0 * nodes, "steps": 8.0}


def test_ranks_of_one_node_that_meter_themselves_count_as_nodes_do():
    assert counts_of(session(process=1, tokens=100.0), session(process=2, tokens=99.0)) == {"tokens": 100.0}
    assert counts_of(session(process=1, per_rank=True, tokens=100.0), session(process=2, per_rank=True, tokens=99.0)) == {"tokens": 199.0}


def test_attempts_add_up():
    first, second = [session(node, tokens=50.0) for node in ("n1", "n2")], [session(node, process=2, begin_s=100.0, tokens=70.0) for node in ("n1", "n2")]
    assert counts_of(*first, *second) == {"tokens": 120.0}


def test_a_node_that_was_restarted_while_another_ran_on_adds_up_its_own():
    long = [
        *lines_of(node="n2", intervals=30, process=1, session="long"),
        line("progress", seq=90, mono_s=150.0, node="n2", process=1, session="long", steps=9.0),
    ]
    assert counts_of(long, session("n1", steps=4.0), session("n1", process=2, begin_s=60.0, steps=4.0)) == {"steps": 9.0}


def test_a_run_that_reports_nothing_states_nothing():
    assert counts_of(lines_of()) == {}
