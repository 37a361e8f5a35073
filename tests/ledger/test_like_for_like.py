"""A run is compared with its plan for the same work, the same parts of CO2e and the same kind of cost."""

import pytest

from journals import lines_of
from traincarbon.ledger.like_for_like import comparable, comparable_plan_of, share_done
from traincarbon.ledger.record import merge
from traincarbon.uncertain import Interval

PLAN = {
    "duration_s": Interval(50.0, 100.0, 200.0),
    "operational_kgco2e": Interval(1.0, 2.0, 4.0),
    "embodied_kgco2e": Interval(5.0, 6.0, 7.0),
    "total_kgco2e": Interval(6.5, 8.0, 10.0),
    "rent_usd": Interval(8.0, 9.0, 10.0),
    "electricity_usd": Interval(0.1, 0.2, 0.4),
}


def run_of(plan, *, counts=None, **figures):
    return merge(lines_of(start={"plan": plan}, figures={**(counts or {}), **figures}), now_s=2e9)


def test_co2e_without_the_hardware_is_compared_with_the_plans_electricity():
    assert comparable(PLAN, has_embodied=False).results["total_kgco2e"] == PLAN["operational_kgco2e"]
    assert comparable(PLAN, has_embodied=True).results["total_kgco2e"] == PLAN["total_kgco2e"]


def test_co2e_with_the_hardware_is_not_compared_with_a_plan_of_electricity():
    plan = {name: result for name, result in PLAN.items() if name != "embodied_kgco2e"}
    assert "total_kgco2e" not in comparable(plan, has_embodied=True).results


def test_a_cost_is_compared_with_what_counts_the_same():
    assert comparable(PLAN, has_embodied=True, cost_basis="rent").results["cost_usd"] == PLAN["rent_usd"]
    assert comparable(PLAN, has_embodied=True, cost_basis="electricity alone").results["cost_usd"] == PLAN["electricity_usd"]
    assert "cost_usd" not in comparable(PLAN, has_embodied=True, cost_basis="rent; electricity").results


@pytest.mark.parametrize(("tokens", "share", "duration_s"), [(240.0, 2.4, 240.0), (25.0, 0.25, 25.0), (100.0, 1.0, 100.0)])
def test_a_run_of_other_tokens_is_compared_pro_rata(tokens, share, duration_s):
    stated = {"planned_tokens": 100.0, **{name: result.to_dict() for name, result in PLAN.items()}}
    run = run_of(stated, counts={"tokens": tokens})
    found = comparable_plan_of(run)
    assert found.share == share_done(run) == share
    assert found.is_pro_rata == (share != 1.0)
    assert found.results["duration_s"].median == pytest.approx(duration_s)
    assert found.results["total_kgco2e"].median == pytest.approx(2.0 * share)  # this run does not state the hardware's


def test_steps_of_a_stated_batch_are_tokens_and_without_a_count_the_plan_stays_whole():
    assert share_done(run_of({"tokens": 1000.0, "batch_tokens": 10.0}, counts={"steps": 50.0})) == 0.5
    assert share_done(run_of({"tokens": 1000.0})) is None
    assert comparable_plan_of(run_of({"duration_s": PLAN["duration_s"].to_dict(), "tokens": 1000.0})).results["duration_s"] == PLAN["duration_s"]
    assert comparable_plan_of(run_of(None)).results == {}
