"""The reports of a session add up to what it did itself."""

import pytest

from traincarbon.tracking.reports import Report
from traincarbon.tracking.value.session_progress import Progress


def test_counts_never_fall_and_the_highest_of_several_ranks_counts():
    folded = Progress()
    for time_s, step in enumerate([1, 3, 2, 4, 3, 4]):
        folded.add(Report(float(time_s), steps=float(step)))
    assert folded.counts == {"steps": 4.0}
    assert folded.notes == []


def test_a_count_that_begins_again_is_noticed_once():
    folded = Progress()
    for time_s, step in enumerate([*range(20), *range(8)]):
        folded.add(Report(float(time_s), steps=float(step)))
    assert folded.counts == {"steps": 19.0}
    assert folded.notes == ["the script counts from 0 steps again after 19: the highest count is used"]


def test_a_script_that_goes_on_from_a_checkpoint_did_only_the_rest_itself():
    folded = Progress()
    for time_s, step in enumerate([910, 920, 930, 940]):
        folded.add(Report(float(time_s), steps=float(step), tokens=10.0 * (time_s + 1)))
    assert folded.counts == {"steps": 940.0, "tokens": 40.0}
    assert folded.resumed_from("steps") == 900.0
    assert folded.done_here() == {"steps": 40.0, "tokens": 40.0}


@pytest.mark.parametrize("steps", [[1, 11, 21], [10, 20, 30], [9, 19], [0, 10], [30, 40], [1, 100]])
def test_a_script_that_counts_anew_did_all_itself(steps):
    folded = Progress()
    for time_s, step in enumerate(steps):
        folded.add(Report(float(time_s), steps=float(step)))
    assert folded.resumed_from("steps") == 0.0
    assert folded.done_here() == {"steps": float(steps[-1])}


def test_reports_that_were_read_at_once_do_not_tell_whether_it_went_on():
    folded = Progress()
    for step in (910.0, 920.0):
        folded.add(Report(5.0, steps=step))
    assert folded.resumed_from("steps") is None
    folded.add(Report(6.0, steps=950.0))
    assert folded.resumed_from("steps") == 870.0


def test_a_single_report_counts_once_nothing_more_can_come():
    folded = Progress()
    folded.add(Report(5.0, tokens=1e9))
    assert folded.done_here() == {}
    assert folded.done_here(ended=True) == {"tokens": 1e9}


def test_rates_leave_the_start_up_out_and_follow_what_is_recent():
    folded = Progress()
    # a minute of loading, then 10 a second for 100 s, then 5 a second for 100 s
    for second in range(201):
        folded.add(Report(60.0 + second, tokens=1000.0 + 10.0 * min(second, 100) + 5.0 * max(second - 100, 0)))
    assert folded.rate_per_s("tokens", window_s=1e9) == pytest.approx(7.5)
    assert folded.rate_per_s("tokens", window_s=50.0) == pytest.approx(5.0)


def test_there_is_no_rate_of_a_single_report():
    folded = Progress()
    folded.add(Report(5.0, tokens=100.0))
    assert folded.rate_per_s("tokens", window_s=1e9) is None
    assert folded.rate_per_s("steps") is None
    assert folded.points("steps") is None


def test_what_the_user_says_of_totals_wins_over_what_the_script_says():
    folded = Progress({"steps": 100.0, "tokens": -1.0, "nonsense": 5.0})
    folded.add(Report(0.0, steps=1.0, total_steps=50.0, total_tokens=7.0))
    assert folded.totals == {"steps": 100.0, "tokens": 7.0}


def test_the_last_loss_is_kept():
    folded = Progress()
    folded.add(Report(0.0, steps=1.0, loss=3.0))
    folded.add(Report(1.0, steps=2.0))
    assert folded.loss == 3.0
    assert folded.reports == 2
