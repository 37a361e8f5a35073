"""Counts of ranks add up where the ranks say that they count their own work, and only there."""

import json

import pytest

from traincarbon.tracking.rank_counts import RankCounts
from traincarbon.tracking.reports import ReportReader
from traincarbon.tracking.value.session_progress import Progress


def added(*lines, **options):
    found = Progress(**options)
    for place, line in enumerate(lines):
        for report in ReportReader().feed(json.dumps(line).encode() + b"\n", time_s=float(place)):
            found.add(report)
    return found


def test_counts_of_a_rank_never_fall_and_every_rank_counts_once():
    ranks = RankCounts()
    for rank, tokens in (("a", 10.0), ("b", 5.0), ("a", 8.0), ("a", 20.0)):
        whole = ranks.add(rank, counts={"tokens": tokens, "samples": None}, starts={"tokens": None})
    assert whole == {"tokens": 25.0}
    assert ranks.starts == {"tokens": 0}


def test_tokens_and_samples_of_ranks_add_up_and_steps_do_not():
    found = added(*({"rank": rank, "tokens": 100 * step, "samples": 2 * step, "steps": step} for step in (1, 2, 3) for rank in (0, 1, 2, 3)))
    assert found.counts == {"tokens": 1200.0, "samples": 24.0, "steps": 3.0}
    assert found.done_here(ended=True) == {"tokens": 1200.0, "samples": 24.0, "steps": 3.0}
    assert found.is_per_rank
    assert not added({"tokens": 100}).is_per_rank


def test_counts_without_a_rank_are_those_of_the_whole_training():
    assert added({"tokens": 100}, {"tokens": 90}, {"tokens": 120}).counts == {"tokens": 120.0}


def test_ranks_that_resume_say_so():
    found = added({"rank": 0, "tokens": 1100, "start_tokens": 1000}, {"rank": 1, "tokens": 1150, "start_tokens": 1000}, {"rank": 0, "tokens": 1200})
    assert found.done_here(ended=True) == {"tokens": 350.0}


@pytest.mark.parametrize(("continues", "done"), [(False, 20.0), (True, 1020.0)])
def test_a_meter_that_replaces_another_does_not_take_the_first_count_for_that_of_a_checkpoint(continues, done):
    assert added({"tokens": 1010}, {"tokens": 1020}, continues=continues).done_here() == {"tokens": done}
