"""A changed plan keeps what still holds, and uses what the user stated of the original."""

import numpy as np
import pytest

from traincarbon.errors import PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.explore.variant import changed, reestimate
from traincarbon.uncertain import Uncertain

SHAPED = Plan(params=7e9, tokens=1e12, hw="dgx-a100", layers=32, hidden=4096, heads=32, tp=2, recompute="full", rent_price=2.0, seq_len=4096, region="france")


def test_another_size_drops_the_shape_and_how_it_was_spread():
    plan = changed(SHAPED, params=1e9)
    assert plan.to_dict() == {"params": 1e9, "tokens": 1e12, "hw": "dgx-a100", "rent_price": 2.0, "seq_len": 4096, "region": "france"}


def test_other_hardware_drops_its_prices_and_how_it_was_spread():
    plan = changed(SHAPED, hw="h100")
    assert (plan.layers, plan.tp, plan.recompute, plan.rent_price) == (32, None, None, None)


def test_a_field_that_is_none_is_not_said_any_more():
    assert changed(SHAPED, region=None, tokens=2e12).to_dict()["tokens"] == 2e12
    assert changed(SHAPED, region=None).region is None


def test_without_a_stated_utilisation_it_is_the_estimate_of_the_changed_plan(shipped):
    base = estimate(SHAPED, database=shipped)
    assert reestimate(base, shipped, region="sweden").values == estimate(changed(SHAPED, region="sweden"), database=shipped).values


def test_a_stated_utilisation_is_brought_to_the_other_format(shipped):
    fields = {"params": 7e9, "tokens": 1e12, "hw": "h100", "precision": "bf16"}
    bare = [estimate(database=shipped, **{**fields, "precision": precision}).median("accelerator_hours_h") for precision in ("bf16", "fp8")]
    stated = estimate(database=shipped, mfu=0.5, **fields)
    found = reestimate(stated, shipped, precision="fp8")
    assert found.median("accelerator_hours_h") / stated.median("accelerator_hours_h") == pytest.approx(bare[1] / bare[0], rel=1e-3)


def test_stated_hours_are_brought_to_the_other_size(shipped):
    base = estimate(params=7e9, tokens=1e12, hw="h100", accelerator_hours=1e5, database=shipped)
    found = reestimate(base, shipped, tokens=5e11)
    assert found.median("accelerator_hours_h") == pytest.approx(5e4, rel=1e-6)


def test_a_stated_utilisation_never_passes_what_is_possible(shipped):
    base = estimate(params=7e9, tokens=1e12, hw="h100", precision="fp8", mfu=0.945, database=shipped)
    assert reestimate(base, shipped, precision="tf32").median("mfu") == pytest.approx(0.95)


def test_hours_without_work_stay(shipped):
    base = estimate(hw="h100", accelerator_hours=1e5, database=shipped)
    assert reestimate(base, shipped, region="sweden").median("accelerator_hours_h") == 1e5
    with pytest.raises(PlanError, match="hours but no params"):
        reestimate(base, shipped, precision="fp8")


def test_another_size_drops_what_is_trained_of_the_first():
    plan = Plan(params=7e9, tokens=1e12, hw="dgx-h100", kind="lora", trainable_params=1e9)
    assert changed(plan, params=1e8).trainable_params is None
    assert changed(plan, tokens=1e9).trainable_params == 1e9


@pytest.mark.parametrize(
    ("tokens", "kept"), [(1e6, None), ("1M", None), ("1M..2M", None), (4e6, 4e6), (Uncertain(1e9, {"law": 0.1}), 4e6), (np.array([1e9, 1e5]), None)]
)
def test_a_step_of_more_tokens_than_there_are_is_dropped(tokens, kept):
    plan = Plan(params=7e9, tokens=1e12, hw="dgx-h100", batch_tokens=4e6)
    assert changed(plan, tokens=tokens).batch_tokens == kept
