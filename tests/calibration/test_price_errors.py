"""How well the bills of other runs predict the price of one."""

import math

import pytest

from made_runs import record
from traincarbon.calibration.price_errors import prices_tested
from traincarbon.estimation.chain import estimate
from traincarbon.ledger.bills import Billed


def billed(run_id, usd, *, hours_h=100.0, **fields):
    return record(run_id, hours_h=hours_h, billed=Billed(usd, usd, 0.0, 1, "2026-03-01", "2026-03-09"), **fields)


def test_a_run_is_predicted_by_the_bills_of_the_others(shipped):
    errors, chips = prices_tested([billed("a", 100.0), billed("b", 300.0), billed("c", 900.0, hours_h=300.0)], shipped)
    assert chips == ["a100-sxm4-80gb"] * 3
    assert errors.left_out == pytest.approx([math.log(3.0), math.log(2.5 / 3.0), math.log(2.0 / 3.0)])
    assert errors.after == pytest.approx([math.log(2.6), math.log(2.6 / 3.0), math.log(2.6 / 3.0)])
    market = estimate(accelerator_hours=1.0, hw="dgx-a100", start="2026", calibration="none", database=shipped).inputs["rent_price"].value
    assert errors.before == pytest.approx([math.log(market.median / price) for price in (1.0, 3.0, 3.0)])
    assert errors.before_sigma == pytest.approx([market.sigma] * 3)


def test_an_instance_is_compared_with_its_own_provider(shipped):
    runs = [billed("a", 300.0, hw="p4de.24xlarge"), billed("b", 300.0, hw="p4de.24xlarge")]
    own = estimate(accelerator_hours=1.0, hw="p4de.24xlarge", start="2026", calibration="none", database=shipped).inputs["rent_price"].value.median
    assert prices_tested(runs, shipped)[0].before == pytest.approx([math.log(own / 3.0)] * 2)


@pytest.mark.parametrize("runs", [[], [billed("a", 100.0)], [billed("a", 100.0), billed("b", 100.0, hw="h100-sxm5-80gb")]])
def test_a_run_that_is_alone_on_its_hardware_is_not_tested(shipped, runs):
    assert prices_tested(runs, shipped) is None
