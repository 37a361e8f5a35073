"""The equation of each unit gives what one costs, and a return is a worth without a cost."""

import pytest

from traincarbon.reporting.decision.unit_costs import Worth, cost_of, point_of_loss, return_of, units_of
from traincarbon.reporting.view import EstimateView
from traincarbon.uncertain import Interval


@pytest.fixture
def answer(ask):
    return ask(servers=64, region="france")


def test_each_unit_takes_its_part_of_the_cost(answer, shipped):
    units = {each.id: each for each in [*units_of(EstimateView.of(answer), answer, Worth(requests=2e9)), point_of_loss(answer, shipped)]}
    assert list(units) == ["gpu_hour", "billion_tokens", "thousand_requests", "point_of_loss"]
    assert units["gpu_hour"].cost(1e6).median == pytest.approx(1e6 / answer.median("accelerator_hours_h"))
    assert units["billion_tokens"].cost(1e6) == pytest.approx(1e6 / (answer.plan.number("tokens") / 1e9))
    assert units["thousand_requests"].cost(1e6) == pytest.approx(0.5)
    assert 0.0 < units["point_of_loss"].cost(1e6).median < 1e6


@pytest.mark.parametrize("name", ["rent_usd", "tco_usd"])
def test_a_saved_estimate_gives_the_unit_costs_of_the_estimate_itself(answer, name):
    view = EstimateView.of(answer)
    for of in (answer, None):
        assert Interval.of(cost_of(name, view, of), view.level) == pytest.approx(view.results[name])
    hour = [Interval.of(units_of(view, of, Worth())[0].cost(cost_of(name, view, of)), view.level) for of in (answer, None)]
    assert hour[1].median == pytest.approx(hour[0].median)
    assert hour[1] == pytest.approx(hour[0])


def test_the_spread_of_the_hours_cancels_in_the_cost_of_one(answer):
    view = EstimateView.of(answer)
    hour = units_of(view, answer, Worth())[0].cost(cost_of("rent_usd", view, answer))
    assert hour.interval(view.level) == pytest.approx(answer.facts.value("rent_price").interval(view.level))


def test_the_dearest_end_leaves_the_least():
    assert return_of(10.0, Interval(2.0, 5.0, 30.0)) == (-20.0, 5.0, 8.0)
