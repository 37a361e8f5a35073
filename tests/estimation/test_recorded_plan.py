"""The plan in a record is estimated without the results that stand beside it."""

from traincarbon.estimation.recorded_plan import estimate_recorded, recorded_plan

STATED = {"params": 7e9, "tokens": 1e9, "hw": "dgx-a100", "kind": "lora", "planned_tokens": 1e9, "rent_usd": {"low": 1.0, "median": 2.0, "high": 3.0}}


def test_results_are_left_out():
    assert recorded_plan(STATED).to_dict() == {"params": 7e9, "tokens": 1e9, "hw": "dgx-a100", "kind": "lora"}


def test_it_is_estimated_as_the_plan(ask, shipped):
    found = estimate_recorded(STATED, database=shipped)
    assert found is not None
    assert found.median("compute_flop") == ask(params=7e9, tokens=1e9, hw="dgx-a100", kind="lora").median("compute_flop")


def test_a_plan_that_cannot_be_estimated_has_no_estimate(shipped):
    assert estimate_recorded({"hw": "no such hardware"}, database=shipped) is None
    assert estimate_recorded({"params": -1}, database=shipped) is None
