"""The attempts of a run, and which steps they repeat."""

from hypothesis import given
from hypothesis import strategies as st

from journals import attempt_lines
from traincarbon.ledger.attempts import Attempt, repeated_steps
from traincarbon.ledger.record import merge


def test_nodes_that_ran_at_the_same_time_are_one_attempt():
    lines = []
    for number, node in enumerate(("a1", "b1")):
        lines += [{**one, "node": node, "writer": f"{node}-1"} for one in attempt_lines(2.0 * number, 100.0, number=number + 1, steps=50.0)]
    run = merge(lines, now_s=2e9)
    assert [(each.duration_s, each.energy_j, each.steps) for each in run.attempts] == [(102.0, 2e5, 50.0)]


def test_sessions_of_a_node_one_after_the_other_are_two_attempts_whatever_the_wall_clock_says():
    first, second = attempt_lines(0.0, 10.0, number=1, steps=25.0, start=0.0), attempt_lines(10.1, 10.0, number=2, steps=35.0, start=25.0)
    late = [{**one, "wall_s": one["wall_s"] - 0.2} for one in second]
    assert [(each.start_steps, each.steps) for each in merge([*first, *late], now_s=2e9).attempts] == [(0.0, 25.0), (25.0, 35.0)]


def test_a_restart_from_nothing_repeats_everything():
    attempts = [Attempt(0.0, 10.0, "killed", 100.0, 50.0), Attempt(20.0, 10.0, "killed", 100.0, 20.0, 0.0), Attempt(40.0, 10.0, "finished", 100.0, 80.0, 20.0)]
    assert repeated_steps(attempts) == (50.0, 0.0, 0.0)


@given(st.lists(st.tuples(st.floats(1.0, 1000.0), st.none() | st.floats(0.0, 2000.0)), min_size=1, max_size=8))
def test_no_attempt_repeats_more_than_it_did(pairs):
    attempts = [Attempt(100.0 * at, 50.0, "killed", 10.0, steps, start) for at, (steps, start) in enumerate(pairs)]
    repeated = repeated_steps(attempts)
    assert all(0.0 <= lost <= attempt.steps * (1 + 1e-9) + 1e-9 for lost, attempt in zip(repeated, attempts, strict=True))
    assert repeated[-1] == 0.0


def test_a_session_that_finished_lost_nothing_to_the_next():
    # folds of a cross-validation, each from step 0: no work was repeated
    attempts = [Attempt(100.0 * at, 50.0, "finished", 10.0, 500.0, 0.0) for at in range(3)]
    assert repeated_steps(attempts) == (0.0, 0.0, 0.0)
