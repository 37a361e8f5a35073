import dataclasses

import pytest

from traincarbon.estimation.plan import Plan
from traincarbon.explore.advise import advise
from traincarbon.reporting.plots.advice_plots import advice_charts, first_words


@pytest.fixture(scope="module")
def advice(shipped):
    return advise(Plan(params=7e9, tokens=1e12, hw="dgx-a100", servers=64), database=shipped)


def test_the_plan_stands_among_its_alternatives_with_the_least_in_the_title(advice):
    charts = {chart.id: chart for chart in advice_charts(advice)}
    assert set(charts) == {"chart-cost-usd", "chart-total-kgco2e", "chart-duration-s"}
    cost = charts["chart-cost-usd"]
    cheapest = min((each for each in advice.alternatives if each.results["cost_usd"] is not None), key=lambda each: each.results["cost_usd"].median)
    assert cost.title.startswith(f"Cost to rent: {cheapest.name} has the least")
    assert cost.rows[-1][0] == "This plan"
    assert len(cost.rows) == 1 + sum(each.results["cost_usd"] is not None for each in advice.alternatives)


def test_what_is_not_sure_is_hollow(advice):
    assert "ch-hollow" in advice_charts(advice)[0].draw(520.0)


def test_the_first_alternative_is_named_with_its_chance(advice):
    words = first_words(advice)
    assert words.startswith(f"First: {advice.alternatives[0].name} saves $")
    assert " sure; lost: " in words


def test_a_plan_without_alternatives_says_so_and_has_no_charts(advice):
    none = dataclasses.replace(advice, alternatives=())
    assert advice_charts(none) == []
    assert first_words(none) == "No alternative is known."
