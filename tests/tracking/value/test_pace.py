"""The pace of a training: by hand, and compared with simulated runs whose plans are wrong by up to ten times."""

import math
import random

import pytest

from played import KINDS, played, seen_of
from traincarbon.tracking.reports import Report
from traincarbon.tracking.settings import Limits, Settings
from traincarbon.tracking.value.forecast import forecast_of
from traincarbon.tracking.value.pace import expected_pace, measured_pace, time_left, waiting_s
from traincarbon.tracking.value.run_results import Coefficients, Part
from traincarbon.tracking.value.session import Session
from traincarbon.tracking.value.session_progress import Progress
from traincarbon.tracking.value.trend import Points, Trend
from traincarbon.tracking.value.valuation import PlannedRun, Valuation
from traincarbon.uncertain import Interval, Uncertain

NO_COEFFICIENTS = Coefficients()
OFF = (0.1, 0.3, 1.0, 3.0, 10.0)
"""Duration of the plan over that of the run."""


def points_of(*pairs):
    points = Points()
    for x, y in pairs:
        points.add(x, y)
    return points


def plan_of(duration_s, tokens):
    return PlannedRun({"duration_s": Interval(duration_s * 0.8, duration_s, duration_s * 1.25)}, tokens=float(tokens))


def test_a_report_is_late_after_one_interval():
    points = points_of((0.0, 1.0), (10.0, 2.0))
    assert [waiting_s(points, now_s) for now_s in (5.0, 20.0, 25.0)] == [0.0, 0.0, 5.0]
    assert waiting_s(points_of((0.0, 1.0)), 100.0) == waiting_s(None, 100.0) == 0.0


def test_the_further_the_plan_is_off_the_less_it_counts():
    # few reports: log-spread 0.3; the plan states 0.1
    trend = Trend(1.0, 0.0, 1, 0.0, 1.0)
    paces = [expected_pace(trend, Uncertain(off, {"pace": 0.1}), left=50.0, total=100.0).median for off in (1.1, 10.0, 1000.0)]
    pulls = [math.log(pace) / math.log(off) for pace, off in zip(paces, (1.1, 10.0, 1000.0), strict=True)]
    assert pulls == sorted(pulls, reverse=True)
    assert paces[1] < 1.05
    assert paces[2] < 1.05


@pytest.mark.parametrize("growth", [1.05, 1.1, 1.2])
def test_a_run_that_slows_down_all_the_time_is_not_overruled_by_a_plan_that_is_far_off(growth):
    seconds = [0.05 * growth**count for count in range(48)]
    plan, points, time_s = Uncertain(sum(seconds) / 48.0 / 16.0, {"pace": 0.3}), Points(), 0.0
    for count, each_s in enumerate(seconds[:-1], 1):
        time_s += each_s
        points.add(time_s, float(count))
        if count > 5:
            seen = measured_pace(points, time_s)
            assert abs(math.log(expected_pace(seen, plan, left=48.0 - count, total=48.0).median / seen.slope)) < 0.3


def test_a_plan_without_a_spread_does_not_overrule_what_is_measured():
    assert expected_pace(Trend(2.0, 0.0, 1, 0.0, 1.0), Uncertain(1.0), left=5.0, total=10.0).median == 2.0


def test_the_time_left_never_reaches_zero_before_the_last_report():
    points = points_of((0.0, 98.0), (10.0, 99.0))
    left = [time_left(points, Uncertain(10.0), left=1.0, elapsed_s=10.0, now_s=10.0 + passed_s).median for passed_s in (0.0, 5.0, 10.0, 100.0)]
    assert left[0] == 10.0
    assert left == sorted(left, reverse=True) or left[-1] > left[-2]
    assert min(left) > 0.5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("off", OFF)
def test_after_a_tenth_of_the_run_a_wrong_plan_has_lost(kind, off):
    chance, steps = random.Random(7), 300
    for _ in range(10):
        run = played(kind, chance, steps)
        seconds = [each[0] for each in run]
        done = 30
        seen = seen_of(run, done, float(steps), name="tokens")
        plan = plan_of(sum(seconds) * off, steps)
        with_plan = forecast_of(seen, coefficients=NO_COEFFICIENTS, plan=plan).left_s.median
        without = forecast_of(seen, coefficients=NO_COEFFICIENTS).left_s.median
        truth = sum(seconds[done:])
        # a plan that is off by d, measured with the log-spread m, pulls the pace by m² / d: little at ten times
        assert abs(math.log(with_plan / truth)) <= abs(math.log(without / truth)) + (0.1 if off in (0.1, 10.0) else 0.2)


def session_of(total, plan):
    settings = Settings(*[None] * len(Settings._fields))._replace(
        run_id="r", project="", nodes=1, plan={}, context={}, totals={"tokens": float(total)}, limits=Limits(), store=""
    )
    session = Session(settings)
    session.set_devices(names={}, accelerators=1)
    session.set_valuation(Valuation(plan=plan))
    return session


@pytest.mark.parametrize("kind", [*KINDS, "warm-up", "restart", "slower"])
@pytest.mark.parametrize("off", OFF)
def test_the_time_left_is_the_work_left_at_the_speed_shown(kind, off):
    from traincarbon.tracking.display.wording import _speed

    chance, steps = random.Random(11), 200
    run = [(1.0, 300.0)] * steps if kind not in KINDS else played(kind, chance, steps)
    if kind == "warm-up":
        run[:10] = [(30.0, 100.0)] * 10
    if kind == "slower":
        run[100:] = [(10.0, 300.0)] * 100
    first = 5000 if kind == "restart" else 0
    session = session_of(first + steps * 10, plan_of(sum(each[0] for each in run) * off, first + steps * 10))
    time_s = joules = 0.0
    for count, (seconds, watts) in enumerate(run, 1):
        for share in (0.3, 0.9):  # between two reports, then at the report
            now_s = time_s + share * seconds
            session.update({"gpu": Part(joules + share * seconds * watts)}, elapsed_s=now_s, time_s=now_s)
            progress = session.live_state(devices=(), elapsed_s=now_s).progress
            if count > 3 and progress.left_s is not None and progress.late_s < 60.0:
                speed = float(_speed(progress)[0].split(" ")[0].replace(",", "").replace("k", "e3"))
                work_left = first + steps * 10 - progress.counts["tokens"]
                assert (work_left - 10.0) / speed / 1.35 <= progress.left_s <= work_left / speed * 1.35, (count, share, progress)
        time_s, joules = time_s + seconds, joules + seconds * watts
        session.add_reports([Report(time_s, tokens=float(first + 10 * count))])


def test_a_stall_slows_the_speed_and_puts_off_the_end():
    session = session_of(100, None)
    for second in range(50):
        session.add_reports([Report(float(second), tokens=float(second))])
    shown = []
    for now_s in (50.0, 70.0, 110.0, 1000.0):
        session.update({"gpu": Part(now_s)}, elapsed_s=now_s, time_s=now_s)
        shown.append(session.live_state(devices=(), elapsed_s=now_s).progress)
    assert [round(each.late_s) for each in shown] == [0, 20, 60, 950]
    rates = [each.rates_per_s["tokens"] for each in shown]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 0.01
    left = [each.left_s for each in shown]
    assert left == sorted(left)


def test_progress_without_points_has_no_rate():
    assert Progress().rate_per_s("tokens", late_s=5.0) is None
