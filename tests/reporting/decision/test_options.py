"""The first option keeps the result and needs no more cash than the plan."""

import pytest

from traincarbon.explore.advice.alternative import Effort, Group
from traincarbon.explore.advise import advise
from traincarbon.reporting.decision.options import LEAST_SURE, cheaper, first_option, is_sure, shown_options


@pytest.fixture(scope="module")
def advice(shipped):
    return advise(params=530e9, tokens=270e9, hw="dgx-a100", servers=280, start="2021", database=shipped)


def test_the_first_option_saves_for_sure_keeps_the_result_and_takes_no_great_effort(advice):
    option = first_option(advice)
    assert option.group in (Group.SAME, Group.SIZE)
    assert option.savings["cost_usd"].chance >= LEAST_SURE
    assert not option.is_much_cash
    assert option.effort is not Effort.HIGH


def test_the_first_option_of_reuse_is_one_of_reuse(advice):
    assert first_option(advice, reuse=True).group is Group.REUSE


def test_cheaper_options_cost_less_than_the_plan_the_least_first(advice):
    costs = [each.results["cost_usd"].median for each in cheaper(advice)]
    assert costs == sorted(costs)
    assert max(costs) < advice.results["cost_usd"].median


def test_the_chart_has_the_first_options_and_at_most_two_of_reuse(advice):
    shown = shown_options(advice, most=5)
    assert len(shown) == 5
    assert first_option(advice) in shown
    assert first_option(advice, reuse=True) in shown
    assert sum(each.group is Group.REUSE for each in shown) <= 2


def test_an_option_is_sure_only_by_checked_facts(advice):
    assert not any(is_sure(each) for each in advice.alternatives if not each.is_verified)
    assert any(is_sure(each) for each in advice.alternatives)


def test_without_advice_there_is_none():
    assert first_option(None) is None
    assert shown_options(None, most=5) == ()
