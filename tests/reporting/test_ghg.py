"""Scope 2 and its upstream add up to the emissions of the electricity; what cannot be told apart stays together."""

import pytest

from traincarbon.reporting.ghg import accounts_of
from traincarbon.reporting.view import EstimateView


def of(answer):
    return accounts_of(EstimateView.of(answer), answer)


@pytest.mark.parametrize("region", ["france", "germany", "us-east-1"])
def test_direct_and_upstream_add_up_to_the_lifecycle(ask, region):
    answer = ask(region=region, hw="aws-p4d.24xlarge" if region == "us-east-1" else "dgx-a100")
    found = of(answer)
    assert found.is_split
    assert 0.0 < found.location < found.electricity
    assert found.location + found.upstream == pytest.approx(answer.median("operational_kgco2e"))


def test_a_plan_on_the_direct_basis_has_the_same_split(ask):
    lifecycle, direct = of(ask(region="france")), of(ask(region="france", basis="direct"))
    assert direct.location == pytest.approx(lifecycle.location)
    assert direct.upstream == pytest.approx(lifecycle.upstream)


def test_without_a_basis_the_two_stay_together_and_the_upstream_is_not_0(ask):
    found = of(ask(carbon_intensity=100.0))
    assert (found.location, found.upstream, found.is_split) == (None, None, False)
    assert found.electricity > 0.0


def test_the_making_of_rented_hardware_is_bought_with_it(ask):
    assert of(ask()).is_rented
    assert not of(ask(hw="dgx-gb300", purchase_price=3e6)).is_rented


def test_contracts_are_the_market_based_line(ask):
    answer = ask(region="france", market_intensity=20.0)
    assert of(answer).market == pytest.approx(answer.median("operational_market_kgco2e"))
