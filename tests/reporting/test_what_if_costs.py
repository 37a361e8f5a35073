"""The unit costs that a page computes are rows of a chain, of the amounts that are known."""

import pytest

from traincarbon.formulas.evaluation import evaluate
from traincarbon.reporting.decision.unit_costs import Worth
from traincarbon.reporting.what_if_costs import work_costs


def test_each_row_has_the_equation_that_gives_the_figure_of_the_plan(ask):
    answer = ask(servers=64, region="france")
    found = work_costs(answer, Worth(value_usd=1e7, requests=2e9))
    known = {**answer.values, **found.data["amounts"]}
    assert len(found.units) == len(found.data["units"]) == 6
    for figure, (name, equation, _, inputs) in zip(found.units, found.data["units"], strict=True):
        assert figure.name == name
        cost = evaluate(equation, {parameter: known[source] for parameter, source in inputs})
        assert cost.median == pytest.approx(figure.interval.median)
        assert cost.interval(answer.level) == pytest.approx((figure.interval.low, figure.interval.high))


def test_a_return_is_the_worth_without_the_cost_its_ends_in_order(ask):
    answer = ask(servers=64, region="france")
    found = work_costs(answer, Worth(value_usd=1e7))
    assert [each.label for each in found.returns] == ["Return, rented", "Return, owned"]
    rent, owned = (each.interval for each in found.returns)
    assert rent.median == pytest.approx(1e7 - answer.median("rent_usd"))
    assert rent.low < rent.median < rent.high
    assert owned.median == pytest.approx(1e7 - answer.median("tco_usd"))


def test_what_is_not_stated_has_no_row(ask):
    found = work_costs(ask(params=None, tokens=None, accelerator_hours=1e5), Worth())
    assert [each.name for each in found.units] == ["rent_usd_per_gpu_hour", "tco_usd_per_gpu_hour"]
    assert found.returns == []
    assert found.data["amounts"] == {}
