"""The table of the chain is complete: every input comes from somewhere, and every result has a link."""

import inspect

import pytest

from traincarbon.estimation.facts.gather import gather
from traincarbon.estimation.links import ATTENTION, ATTENTION_SHARE, CHAIN, EXPECTED_MFU, HARDWARE_FLOP, MATMUL_PARAMS, MEMORY, WORK
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.formulas.evaluation import evaluate
from traincarbon.quantities import ESTIMATED

PRESET = {
    "accelerators",
    "accelerator_hours_h",
    "accelerator_count",
    "median_active_params",
    "params_per_active",
    "image_flop",
    "attended_len",
    "updated_params",
    "repeated_share",
    "attention_width",
    "weight_b",
    "state_b",
    "quantised_memory_share",
    "head_width",
    "head_share",
    "usual_layers",
    "score_flop",
    "passed_params",
    "passed_trainable_params",
    "teacher_attention_flop_per_token",
    "multiplied_frozen_params",
}
"""Values that are there before the first link."""
CALIBRATED = {"mfu_calibration", "power_calibration", "host_calibration"}
ALL = (MATMUL_PARAMS, ATTENTION, *WORK, ATTENTION_SHARE, HARDWARE_FLOP, *MEMORY, *CHAIN)


@pytest.mark.parametrize("link", [*ALL, *EXPECTED_MFU], ids=lambda link: f"{link.name}-{link.formula.__name__}")
def test_a_link_gives_every_parameter_of_its_formula(link):
    required = {name for name, parameter in inspect.signature(link.formula).parameters.items() if parameter.default is parameter.empty}
    assert required <= link.inputs.keys() <= inspect.signature(link.formula).parameters.keys()


def test_every_input_is_an_earlier_value_a_field_or_a_fact(shipped):
    plan = {"params": 7e9, "tokens": 1e12, "hw": "dgx-a100", "region": "france"}
    facts = {name for stated in ({}, {"goodput": 0.9}, {"family": "vision"}) for name in gather(Plan(**plan, **stated), shipped).known}
    known = PRESET | CALIBRATED | facts | FIELDS.keys()
    for link in ALL:
        for source in link.inputs.values():
            assert {name for name in source if isinstance(name, str)} <= known, link
        known.add(link.name)


def test_every_result_of_an_estimate_has_a_link():
    assert set(ESTIMATED) <= {link.name for link in ALL}


def test_conditions_are_fields_of_a_plan():
    assert {field for link in ALL for field in link.unless} <= FIELDS.keys()


PLANS = [
    {},
    {"servers": 16, "region": "france"},
    {"accelerator_hours": 1e5},
    {"mfu": 0.4, "goodput": 0.9, "market_intensity": 20},
    {"layers": 32, "hidden": 4096, "heads": 32, "recompute": "full"},
    {"layers": 32, "hidden": 4096, "seq_len": 4096, "recompute": "selective"},
    {"seq_len": 8192},
    {"family": "encoder", "params": None, "layers": 12, "hidden": 768},
    {"kind": "lora"},
    {"kind": "lora", "seq_len": 8192, "recompute": "selective"},
    {"kind": "rl", "seq_len": 8192, "teacher_params": 70e9, "frozen_params": 1e9},
    {"family": "encoder-decoder", "servers": 4},
    {"family": "encoder-decoder", "kind": "dpo", "trainable_params": 1e7},
]


@pytest.mark.parametrize("fields", PLANS, ids=lambda fields: "-".join(fields) or "plain")
def test_the_text_of_every_step_gives_its_value_and_its_inputs_are_in_earlier_steps(ask, fields):
    answer = ask(**fields)
    earlier = {step.name for step in answer.steps if not step.inputs}
    for step in answer.steps:
        if step.inputs:
            assert evaluate(step.formula, step.inputs) == pytest.approx(step.value, rel=1e-12), step.name
            earlier.add(step.name)
    assert earlier >= {"facility_energy_kwh", "total_kgco2e", "service_life_h", "own_usd"}


def test_the_expected_utilisation_is_derived_in_steps(ask):
    steps = {step.name: step for step in ask(hw="mi300x", precision="fp8", kind="lora").steps}
    assert steps["scaled_mfu"].inputs["ceiling"] < steps["scaled_mfu"].inputs["usual_ceiling"]
    assert steps["narrowed_mfu"].inputs["mfu"] == steps["scaled_mfu"].value
    assert steps["expected_mfu"].inputs["mfu"] == steps["narrowed_mfu"].value
    assert steps["mfu"].value == steps["expected_mfu"].value
    assert "expected_mfu" not in {step.name for step in ask(mfu=0.4).steps}
