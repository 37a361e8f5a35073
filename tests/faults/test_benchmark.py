"""What the benchmark of faults counts as a failure, and what it tries again."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from faults import Failure, Found, row, share, tried


def scripted(*outcomes):
    """A trial that comes to one outcome after the other, and the list of those it has come to."""
    left, done = list(outcomes), []

    def trial():
        done.append(left.pop(0))
        return Found(done[-1], "a round")

    return trial, done


def test_a_round_that_was_held_back_is_tried_again_alone_and_the_second_outcome_counts():
    trial, done = scripted(Failure.HELD, None)
    (found,) = tried([trial], at_once=1)
    assert (found.failure, done) == (None, [Failure.HELD, None])


def test_a_round_that_is_held_back_twice_has_failed():
    trial, done = scripted(Failure.HELD, Failure.HELD, None)
    (found,) = tried([trial], at_once=1)
    assert (found.failure, len(done)) == (Failure.HELD, 2)


@pytest.mark.parametrize("failure", [Failure.LOST, Failure.WRONG, Failure.TRACEBACK])
def test_no_other_failure_is_tried_again(failure):
    trial, done = scripted(failure, None)
    (found,) = tried([trial], at_once=1)
    assert (found.failure, len(done)) == (failure, 1)


def test_each_failure_has_its_column():
    found = [Found(failure, "a round") for failure in Failure] + [Found(None, "a round")]
    assert row("kills", found, 2.4) == "| kills | 5 | 1 | 1 | 1 | 1 | 2 |"


def test_a_share_of_the_rounds_is_never_none_of_them():
    assert (share(200, 8), share(64, 100)) == (25, 1)
