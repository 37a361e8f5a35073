"""Ratios of a plan's numbers on which the expected utilisation depends."""

import pytest

from traincarbon.estimation.plan import Plan
from traincarbon.estimation.ratios import image_flop, params_per_active
from traincarbon.uncertain import Uncertain


def test_a_mixture_has_its_parameters_over_the_active_ones():
    assert params_per_active(Plan(params=48e9, active_params=12e9, tokens=1e12)) == pytest.approx(4.0)


@pytest.mark.parametrize("fields", [{"params": 7e9}, {"params": 7e9, "active_params": 7e9}])
def test_a_dense_model_has_no_such_ratio(fields):
    assert params_per_active(Plan(**fields, tokens=1e12)) is None


def test_work_is_told_for_each_image_in_the_median():
    plan = Plan(flop=1e20, family="vision", images=Uncertain(1e9, {"images": 0.2}))
    assert image_flop(plan, Uncertain(1e20, {"flop": 0.1})) == pytest.approx(1e11)
    assert image_flop(plan, None) is None
    assert image_flop(Plan(flop=1e20), 1e20) is None
