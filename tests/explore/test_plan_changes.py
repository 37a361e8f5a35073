import pytest

from traincarbon.errors import PlanError
from traincarbon.estimation.plan import Plan
from traincarbon.explore.change_limits import limits_of
from traincarbon.explore.plan_changes import Status, diff
from traincarbon.quantities import COMPARED

PLAN = Plan.from_dict({"params": 7e9, "tokens": 1e12, "hw": "dgx-a100", "servers": 16})
MORE = PLAN.__replace__(tokens=1.1e12)


def test_a_tenth_more_tokens_is_a_tenth_more_of_everything_for_sure():
    found = diff({"a": PLAN}, {"a": MORE})
    change = found.plans[0].changes["facility_energy_kwh"]
    assert found.plans[0].fields == {"tokens": (1e12, 1.1e12)}
    assert change.share == pytest.approx(0.1)
    assert change.chance == 1.0
    assert not change.is_within_uncertainty
    before, after = (each["facility_energy_kwh"].median for each in (found.plans[0].before, found.plans[0].after))
    assert change.median == pytest.approx(after - before)


def test_other_hardware_does_not_share_its_utilisation():
    found = diff({"a": PLAN}, {"a": Plan.from_dict({"params": 7e9, "tokens": 1e12, "hw": "p4d", "servers": 16})})
    change = found.total["facility_energy_kwh"]
    assert change.is_within_uncertainty
    assert change.low < change.median < change.high


def test_a_plan_that_is_new_or_gone_counts_whole():
    added = diff({}, {"a": PLAN})
    removed = diff({"a": PLAN}, {})
    assert (added.plans[0].status, removed.plans[0].status) == (Status.ADDED, Status.REMOVED)
    assert added.total["total_kgco2e"].median == added.plans[0].after["total_kgco2e"].median
    assert removed.total["total_kgco2e"].median == -added.total["total_kgco2e"].median
    assert removed.total["total_kgco2e"].chance == 0.0


def test_the_total_is_the_sum_of_the_plans():
    found = diff({"a": PLAN, "b": PLAN}, {"a": MORE, "b": PLAN, "c": PLAN})
    assert [each.status for each in found.plans] == [Status.CHANGED, Status.ADDED, Status.SAME]
    for name in COMPARED:
        parts = [each.changes[name] for each in found.plans]
        if all(parts):
            assert found.total[name].median == pytest.approx(sum(part.median for part in parts))


def test_a_plan_that_cannot_be_estimated_now_is_named_and_left_out():
    found = diff({"a": PLAN, "b": PLAN}, {"a": PlanError("it is cut off"), "b": MORE})
    failed = found.failed[0]
    assert (failed.plan, failed.reason, set(failed.changes.values())) == ("a", "now: it is cut off", {None})
    assert found.total == diff({"b": PLAN}, {"b": MORE}).total


def test_a_plan_that_could_not_be_estimated_before_is_new():
    found = diff({"a": PlanError("it was cut off")}, {"a": PLAN})
    assert (found.plans[0].status, found.plans[0].reason) == (Status.ADDED, "before: it was cut off")


@pytest.mark.parametrize(
    ("limit", "is_kept"), [("usd=11%", True), ("usd=9%", False), ("kwh=1", False), ("kwh=1e9", True), ("hours=1", False), ("hours=1e5", True)]
)
def test_a_limit_is_on_the_median_of_the_total(limit, is_kept):
    found = diff({"a": PLAN}, {"a": MORE}, limits=limits_of(limit))
    assert found.to_dict()["limits"][0]["is_kept"] is is_kept
    assert bool(found.exceeded) is not is_kept


def test_less_keeps_every_limit():
    assert not diff({"a": MORE}, {"a": PLAN}, limits=limits_of("usd=0,kwh=0%,kgco2e=0")).exceeded


def test_a_share_of_nothing_is_exceeded_by_anything():
    assert diff({}, {"a": PLAN}, limits=limits_of("kwh=1000%")).exceeded
    assert not diff({}, {}, limits=limits_of("kwh=10%")).exceeded


def test_a_limit_on_what_is_unknown_cannot_be_judged():
    untimed = Plan.from_dict({"params": 7e9, "tokens": 1e12, "hw": "dgx-a100"})
    found = diff({"a": untimed}, {"a": untimed.__replace__(tokens=2e12)}, limits=limits_of("hours=10%"))
    assert [str(limit) for limit in found.unknown] == ["hours=10%"]
