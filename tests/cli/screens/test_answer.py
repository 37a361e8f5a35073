"""The answer in words says what the library answered, and only what is known."""

import pytest

from traincarbon.cli.screens.answer import listed_results, machines, price, result_rows, subject, utilisation
from traincarbon.estimation.chain import estimate
from traincarbon.quantities import QUANTITIES

PLAN = {"params": 7e9, "tokens": 1e12, "hw": "dgx-h100"}


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({}, "Training 7B parameters on 1T tokens on NVIDIA DGX H100"),
        ({"servers": 4}, "Training 7B parameters on 1T tokens on 4 × NVIDIA DGX H100"),
        ({"accelerators": 32}, "Training 7B parameters on 1T tokens on 32 accelerators of NVIDIA DGX H100"),
        ({"kind": "lora"}, "Fine-tuning adapters of 7B parameters on 1T tokens on NVIDIA DGX H100"),
        ({"active_params": 1e9, "start": "2025-01"}, "Training 7B parameters (1B active) on 1T tokens on NVIDIA DGX H100 from 2025-01"),
        ({"params": None, "tokens": None, "accelerator_hours": 500.0}, "A run of 500 GPU-hours on NVIDIA DGX H100"),
    ],
)
def test_the_subject_says_what_is_done_on_what(shipped, more, text):
    fields = {name: value for name, value in {**PLAN, **more}.items() if value is not None}
    assert subject(estimate(database=shipped, **fields)) == text


def test_where_no_rent_is_known_the_cost_is_that_of_ownership(shipped):
    text = listed_results(estimate(database=shipped, params=1e9, tokens=1e9, hw="rtx-3080"))
    assert text.startswith("costs about $")
    assert " to own (" in text
    assert " to rent" not in text


def test_a_number_that_is_exact_is_not_called_about(shipped):
    assert "takes 1 day" not in listed_results(estimate(database=shipped, hw="h100", accelerator_hours=24.0, accelerators=1))
    assert "takes 24 h" in listed_results(estimate(database=shipped, hw="h100", accelerator_hours=24.0, accelerators=1))


def test_a_stated_rent_is_shown_as_stated_and_a_lone_quote_with_its_provider(shipped):
    answer = estimate(database=shipped, **PLAN, region="us-east-1", rent="on_demand", accelerators=8)
    assert machines(answer, None) == "NVIDIA DGX H100"
    assert price(answer).startswith("$")
    assert "per GPU-hour on demand" in price(answer)


def test_a_price_of_the_market_by_a_ratio_is_no_provider_s(shipped):
    shown = price(estimate(database=shipped, **PLAN, servers=16, rent="reserved_1y"))
    # one provider quotes the commitment; its own price is not the market's
    assert "of that on demand, as at gcp" in shown
    assert "(gcp, " not in shown


def test_every_known_result_has_a_row(shipped):
    answer = estimate(database=shipped, **PLAN, servers=4)
    known = [QUANTITIES[name].label for name in QUANTITIES if name in answer.values and answer[name] is not None]
    assert [row[0] for row in result_rows(answer)[1:]] == known


def test_a_utilisation_without_factors_is_said_once(shipped):
    assert utilisation(estimate(database=shipped, **PLAN, mfu=0.4)) == "40 %, as stated"
    assert utilisation(estimate(database=shipped, hw="h100", accelerator_hours=24.0)) == ""


@pytest.mark.parametrize(
    ("fields", "bounds"),
    [
        ({"kind": "rl"}, "partly assumed"),
        ({"kind": "dpo"}, "partly assumed"),
        ({"kind": "dpo", "reference_params": 0}, "exact"),
        ({"kind": "rl", "generated_tokens": 4e8, "reference_params": 7.6e9}, "exact"),
        ({"kind": "finetune"}, "exact"),
    ],
)
def test_flop_that_rest_on_an_assumed_reference_or_rollout_are_not_called_exact(shipped, fields, bounds):
    found = estimate(database=shipped, model="qwen2.5-7b", tokens=1e8, hw="h100", **fields)
    _, row = result_rows(found, ("compute_flop",))
    assert row[-1] == bounds
