"""Amounts to set aside are quantiles of the package's own distribution, and the chance of a budget is its inverse."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.errors import CarbonError
from traincarbon.reporting.decision.amounts import chance_within, confidence_of, money_of, quantile
from traincarbon.reporting.view import EstimateView
from traincarbon.uncertain import Interval, Uncertain

SHARES = (0.05, 0.2, 0.5, 0.8, 0.95)


def test_quantiles_are_those_of_the_estimates_own_log_normal(ask):
    answer = ask(servers=64)
    value, money = answer.values["rent_usd"], money_of(EstimateView.of(answer))
    sigma = math.sqrt(sum(spread**2 for spread in value.spreads.values()))
    for share in SHARES:
        expected = value.median * math.exp(statistics.NormalDist().inv_cdf(share) * sigma)
        assert money.quantile(share) == pytest.approx(expected, rel=1e-9)
        assert money.chance_within(expected) == pytest.approx(share, abs=1e-9)


def test_the_bounds_of_the_interval_are_its_own_quantiles():
    found = Interval.of(Uncertain(10.0, {"a": 0.3, "b": 0.4}), 0.8)
    assert quantile(found, 0.1, level=0.8) == pytest.approx(found.low)
    assert quantile(found, 0.9, level=0.8) == pytest.approx(found.high)


@given(st.floats(0.51, 0.99), st.floats(0.51, 0.99))
def test_a_higher_chance_takes_more(one, other):
    found = Interval(1.0, 2.0, 4.0)
    less, more = sorted((one, other))
    assert quantile(found, less) <= quantile(found, more)


def test_what_is_exact_is_enough_or_not():
    exact = Interval.of(100.0)
    assert quantile(exact, 0.8) == 100.0
    assert (chance_within(exact, 99.0), chance_within(exact, 100.0)) == (0.0, 1.0)
    assert chance_within(Interval(1.0, 2.0, 4.0), 0.0) == 0.0


def test_money_is_rent_or_else_ownership_or_unknown(ask):
    assert money_of(EstimateView.of(ask())).quantity == "rent_usd"
    owned = money_of(EstimateView.of(ask(hw="dgx-gb300", purchase_price=3e6)))
    assert owned.quantity in ("tco_usd", "own_usd")
    assert not owned.is_rent
    view = EstimateView.of(ask())
    assert money_of(view._replace(results=dict.fromkeys(view.results))) is None


@pytest.mark.parametrize(("stated", "share"), [(80.0, 0.8), (0.8, 0.8), (50.0, 0.5), (99.0, 0.99)])
def test_a_confidence_is_a_share_or_a_percentage(stated, share):
    assert confidence_of(stated) == pytest.approx(share)


@pytest.mark.parametrize("stated", [0.0, -5.0, 20.0, 100.0, 1e9, math.nan])
def test_another_confidence_is_refused(stated):
    with pytest.raises(CarbonError, match="confidence is "):
        confidence_of(stated)
