"""Comparisons: the whole product, marked rightly, and nothing dropped in silence."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import traincarbon
from traincarbon.errors import NotFoundError, PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.explore.compare import compare
from traincarbon.explore.comparison import MARKS

WORK = {"params": 70e9, "tokens": 2e12}


@pytest.fixture(scope="module")
def found(shipped):
    return compare(
        hw=["p4d", "p5", "b200"],
        region=["us-east-1", "sweden", "europe-west4"],
        rent=["on_demand", "spot"],
        servers=None,
        accelerators=1024,
        database=shipped,
        **WORK,
    )


def test_every_combination_is_either_estimated_or_set_aside(found):
    wheres = [option.where for option in found.options] + [aside.where for aside in found.set_aside]
    assert len(wheres) == len(set(wheres)) == 3 * 3 * 2


def test_each_option_is_the_estimate_of_its_plan(found, shipped):
    for option in found.options:
        again = estimate(option.plan, database=shipped)
        assert option.results["cost_usd"] == again["rent_usd"]
        assert option.results["total_kgco2e"] == again["total_kgco2e"]


def test_options_are_sorted_by_cost_and_marked_by_their_medians(found):
    costs = [option.results["cost_usd"].median for option in found.options]
    assert costs == sorted(costs)
    for name, mark in MARKS.items():
        marked = [option for option in found.options if name in option.marks]
        best = min(option.results[mark.quantity].median for option in found.options)
        winners = [option for option in found.options if option.results[mark.quantity].median <= best * (1.0 + 1e-9)]
        assert marked == (winners if len(winners) == 1 else [])


def test_of_two_that_are_as_clean_none_is_marked(found):
    assert found.marked("cleanest") is None


def test_the_pareto_set_is_that_of_looking_at_every_pair(found):
    points = [tuple(option.results[mark.quantity].median for mark in MARKS.values()) for option in found.options]
    for option, point in zip(found.options, points, strict=True):
        beaten = any(other != point and all(a <= b for a, b in zip(other, point, strict=True)) for other in points)
        assert option.is_pareto is not beaten


def test_an_instance_of_another_operator_is_set_aside_with_the_reason(found):
    reasons = {aside.where: aside.reason for aside in found.set_aside}
    assert {where.hw for where in reasons} == {"p4d", "p5"}
    assert all("is not offered in gcp:europe-west4" in reason for reason in reasons.values())


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"hw": "gb200", "rent": "spot"}, "no spot price of NVIDIA GB200"),
        ({"hw": "aws-p5.48xlarge", "region": "af-south-1"}, "it may not be offered there"),
        ({"hw": "l4", "accelerators": 8, "params": 50e9}, "the training needs the memory of"),
        ({"hw": "nothing-like-it"}, "no hardware 'nothing-like-it'"),
        ({"hw": "xeon-8168"}, "no peak rate"),
    ],
)
def test_what_cannot_be_is_set_aside_with_the_reason(shipped, arguments, reason):
    asked = {**WORK, "rent": ["on_demand", "spot"], "accelerators": 1024, **arguments, "hw": [arguments["hw"], "b200"]}
    found = compare(database=shipped, **asked)
    reasons = [aside.reason for aside in found.set_aside if aside.where.hw == arguments["hw"]]
    assert any(reason in each for each in reasons)


def test_where_nothing_can_be_the_first_reason_is_the_error(shipped):
    with pytest.raises(PlanError, match="none of 2 combinations can be estimated: .*no hardware"):
        compare(hw=["nothing-like-it", "nor-this"], database=shipped, **WORK)


@pytest.mark.parametrize(
    ("asked", "match", "hint"),
    [
        ({"hw": "nothing-like-it"}, "^no hardware 'nothing-like-it'$", "carbon db list hardware"),
        ({"hw": ["h100", "p5"], "rent": "lease"}, "^rent is 'lease'$", "it must be one of"),
        ({"hw": ["h100", "p5"], "region": "atlantis"}, "^no region or zone 'atlantis'$", "did you mean"),
    ],
)
def test_where_nothing_can_be_for_one_reason_it_comes_with_its_own_remedy(shipped, asked, match, hint):
    with pytest.raises(PlanError, match=match) as caught:
        compare(database=shipped, **WORK, **asked)
    assert hint in caught.value.hint


def test_unknown_cost_stays_in_the_table_without_a_rank_in_money(shipped):
    found = compare(hw=["h800", "h100"], database=shipped, **WORK)
    last = found.options[-1]
    assert last.where.hw == "h800"
    assert last.results["cost_usd"] is None
    assert not last.is_pareto


def test_without_servers_the_fewest_hours_are_the_fastest(shipped):
    found = compare(hw=["dgx-a100", "dgx-h100"], database=shipped, **WORK)
    assert found.marked("fastest").where.hw == "dgx-h100"
    assert found.options[0].results["duration_s"] is None


def test_several_plans_are_compared_under_their_names(shipped):
    plans = [
        Plan(name="small", params=1e9, tokens=1e11, hw="h100"),
        Plan(name="large", params=70e9, tokens=1e12, hw="h100"),
        Plan(params=2e9, tokens=1e11, hw="h100"),
    ]
    found = compare(*plans, region=["france", "sweden"], database=shipped)
    assert {option.where.plan for option in found.options} == {"small", "large", "plan 3"}
    assert found.options[-1].where.plan == "large"


def test_plans_of_one_name_are_told_apart(shipped):
    same = Plan(name="a", params=1e9, tokens=1e11, hw="h100")
    assert {option.where.plan for option in compare(same, same, database=shipped).options} == {"a (1)", "a (2)"}


def test_the_hardware_of_a_plan_keeps_what_it_states_of_it(shipped):
    plan = Plan(hw="h100", rent_price=1.0, **WORK)
    found = compare(plan, hw=["H100 SXM", "b200"], database=shipped)
    own = next(option for option in found.options if option.where.hw == "H100 SXM")
    assert own.plan.rent_price == 1.0
    assert not any("rent_price" in warning for warning in own.warnings)
    other = next(option for option in found.options if option.where.hw == "b200")
    assert other.plan.rent_price is None
    assert any("rent_price of the plan ignored" in warning for warning in other.warnings)


def test_a_price_that_is_asked_for_holds_for_all_hardware(shipped):
    assert {option.plan.rent_price for option in compare(hw=["h100", "b200"], rent_price=1.5, database=shipped, **WORK).options} == {1.5}


def test_fields_win_over_those_of_the_plan(shipped):
    assert compare(Plan(hw="h100", **WORK), tokens=1e12, database=shipped).options[0].plan.tokens == 1e12


def test_money_may_be_that_of_owning_and_is_where_no_rent_is_known(shipped):
    assert compare(hw="dgx-a100", money="own", database=shipped, **WORK).money == "own"
    assert compare(hw="h800", purchase_price=3e5, database=shipped, **WORK).money == "own"


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"money": "lease"}, PlanError, "'lease'"),
        ({"params": np.array([1e9, 2e9])}, PlanError, "many plans"),
        ({"region": [f"r{n}" for n in range(2001)]}, PlanError, "2,001 combinations"),
        ({"hw": "nothing"}, PlanError, "no hardware 'nothing'"),
        ({"hw": ()}, PlanError, "the plan names no hardware"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_hint(shipped, arguments, error, match):
    with pytest.raises(error, match=match) as caught:
        compare(**{"hw": "h100", "database": shipped, **WORK, **arguments})
    assert caught.value.hint


@given(st.permutations(["p4d", "p5", "b200"]))
def test_the_order_of_asking_does_not_matter(hardware):
    from traincarbon.database.load import Database, builtin_root

    facts = Database([builtin_root()])
    found = compare(hw=hardware, accelerators=1024, database=facts, **WORK)
    assert found.marked("cheapest").where.hw == "b200" or math.isfinite(found.options[0].results["cost_usd"].median)
    assert [option.where.hw for option in found.options] == [
        option.where.hw for option in compare(hw=sorted(hardware), accelerators=1024, database=facts, **WORK).options
    ]


def test_the_public_function_is_this_one():
    assert traincarbon.compare is compare
    assert NotFoundError.__name__ in traincarbon.__all__
