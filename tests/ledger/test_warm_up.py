import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.ledger.warm_up import WarmUp, warm_up_of, warm_up_of_nodes, with_mark


def marks_of(reports):
    marks = []
    for at_s, count in reports:
        marks = with_mark(marks, at_s, count)
    return marks


def reported(*, warm_s, slow_steps, slow_s, step_s, steps):
    """Times and counts of a script that loads for *warm_s* and takes *slow_s* for each of its first steps."""
    at_s, found = 100.0 + warm_s, []
    for step in range(steps):
        at_s += slow_s if step < slow_steps else step_s
        found.append((at_s, float(step + 1)))
    return found


@pytest.mark.parametrize(("warm_s", "slow_steps", "slow_s"), [(60.0, 0, 1.0), (60.0, 1, 45.0), (5.0, 10, 6.0), (0.0, 3, 20.0)])
def test_the_pace_after_the_warm_up_is_that_of_the_steps(warm_s, slow_steps, slow_s):
    reports = reported(warm_s=warm_s, slow_steps=slow_steps, slow_s=slow_s, step_s=0.5, steps=600)
    found = warm_up_of(marks_of(reports), from_s=100.0)
    total = reports[-1][1]
    assert total * (1.0 - found.done) / found.steady_s == pytest.approx(2.0, rel=0.06)
    assert found.duration_s + found.steady_s == pytest.approx(reports[-1][0] - 100.0)


def test_a_training_that_slows_down_later_has_no_longer_warm_up():
    reports = [(101.0 + 0.5 * step, float(step + 1)) for step in range(400)]
    slower = [(reports[-1][0] + 2.0 * (step + 1), 401.0 + step) for step in range(400)]
    found = warm_up_of(marks_of(reports + slower), from_s=100.0)
    assert found.duration_s == pytest.approx(1.0)


def test_one_report_shows_no_warm_up():
    assert warm_up_of(marks_of([(5.0, 10.0)]), from_s=0.0) is None
    assert warm_up_of([], from_s=0.0) is None


def test_a_count_that_begins_anew_begins_anew():
    assert marks_of([(1.0, 5.0), (2.0, 9.0), (3.0, 1.0)]) == [(3.0, 1.0)]


def test_the_node_that_counted_for_longest_tells():
    short, long = marks_of([(1.0, 1.0), (2.0, 2.0)]), marks_of([(1.0, 1.0), (9.0, 9.0)])
    assert warm_up_of_nodes([(short, 0.0), ([], 0.0), (long, 0.0)]).steady_s == 8.0
    assert warm_up_of_nodes([]) is None


@given(st.lists(st.tuples(st.floats(0.01, 500.0), st.floats(0.0, 1e9)), max_size=300))
def test_marks_stay_few_and_the_latest_is_kept(steps):
    at_s, count, marks = 0.0, 0.0, []
    for more_s, more in steps:
        at_s, count = at_s + more_s, count + more
        marks = with_mark(marks, at_s, count)
    assert len(marks) <= 25
    assert all(earlier[0] < later[0] and earlier[1] < later[1] for earlier, later in itertools.pairwise(marks))
    assert (marks[-1][1] if marks else 0.0) == count
    found = warm_up_of(marks, from_s=0.0)
    assert found is None or (0.0 <= found.done < 1.0 and found.steady_s > 0.0)


@pytest.mark.parametrize(
    "stated", [{}, {"duration_s": 1.0, "done": 0.5}, {"duration_s": -1.0, "done": 0.5, "steady_s": 1.0}, {"duration_s": 1.0, "done": 1.0, "steady_s": 1.0}]
)
def test_an_impossible_warm_up_is_none(stated):
    assert WarmUp.of(stated) is None
