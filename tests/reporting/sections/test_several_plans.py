"""Several plans are compared by their difference with its chance, and added up."""

import re

import pytest

from traincarbon.explore.advice.saving import saving_of
from traincarbon.reporting.currency import USD, Currency
from traincarbon.reporting.decision.plan_charts import percent
from traincarbon.reporting.sections.several_plans import several_html
from traincarbon.reporting.subjects import ReportedPlan
from traincarbon.reporting.view import EstimateView


def reported(answer):
    return ReportedPlan(EstimateView.of(answer), answer)


def plain(markup):
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())


def test_the_difference_has_its_chance_and_what_both_share_cancels(ask):
    one, two = ask(name="One", servers=64), ask(name="Two", servers=64, tokens=9e11)
    words = plain(several_html([reported(one), reported(two)], USD, None))
    saved = saving_of(one.values["rent_usd"], two.values["rent_usd"])
    assert f"Two costs {USD.amount(saved.median, '$', digits=3)} less" in words
    assert "than One, 100 % sure." in words


def test_other_hardware_is_less_sure(ask):
    one, two = ask(name="One", servers=64), ask(name="Two", hw="dgx-h100", servers=64)
    (chance,) = re.findall(r", ([<>\d]+ %) sure", plain(several_html([reported(one), reported(two)], USD, None)))
    assert chance not in ("100 %", ">99 %")
    assert percent(0.5) <= chance


def test_the_total_is_the_sum_with_its_interval_and_the_chance_of_the_budget(ask):
    one, two = ask(name="One", servers=64), ask(name="Two", servers=64, tokens=9e11)
    total = one.values["rent_usd"] + two.values["rent_usd"]
    words = plain(several_html([reported(one), reported(two)], USD, 1e9))
    assert f"All together: {USD.shown(one.interval(total), '$')[0]} (" in words
    assert "within the budget of $1B: " in words
    assert "EUR" in plain(several_html([reported(one), reported(two)], Currency("EUR", 0.9), None))


@pytest.mark.parametrize("names", [("<script>", "b")])
def test_names_are_text(ask, names):
    assert "<script>" not in several_html([reported(ask(name=each, servers=8)) for each in names], USD, None)


def test_without_a_cost_nothing_is_compared(ask):
    plan = reported(ask())
    unknown = plan._replace(view=plan.view._replace(results=dict.fromkeys(plan.view.results)))
    assert several_html([unknown, unknown], USD, 1e6) == ""
