"""The step of the whole run: as many of them as the tokens need take as long as the estimate says."""

import numpy as np
import pytest

from traincarbon.estimation.chain import estimate
from traincarbon.estimation.layout.run_step import run_step_s

LONG = {"params": 7e9, "tokens": 1e12, "seq_len": 8192, "hw": "dgx-h100", "servers": 4}


@pytest.mark.parametrize(
    ("fields", "seq_len"),
    [
        ({}, 8192),
        ({"attention": "full"}, 8192),
        ({"layers": 32, "hidden": 4096}, 8192),
        ({"seq_len": None}, 2048),
        ({"seq_len": 32768, "batch_tokens": 4e6, "mfu": 0.4}, 32768),
        ({"accelerator_hours": 60e3}, 8192),
        ({"frozen_params": 3e9}, 8192),
        ({"model": "llama-2-7b", "params": None, "seq_len": 4096}, 4096),
    ],
)
def test_the_steps_of_all_tokens_take_the_time_of_the_estimate(shipped, fields, seq_len):
    answer = estimate(database=shipped, **{**LONG, **fields})
    spread = answer.layout.spread
    steps = 1e12 / (spread.layout.sequences * seq_len)
    assert run_step_s(answer, spread) * steps == pytest.approx(answer.median("duration_s"), rel=1e-6)
    assert answer.to_dict()["layout"]["run_step_s"] == run_step_s(answer, spread)


def test_starting_up_and_further_attempts_are_no_part_of_a_step(shipped):
    plain = estimate(database=shipped, **LONG)
    longer = estimate(database=shipped, **LONG, startup_hours=5, attempts=3)
    assert run_step_s(longer, longer.layout.spread) == pytest.approx(run_step_s(plain, plain.layout.spread))


def test_flop_without_tokens_give_the_step_of_the_flop_of_the_layout(shipped):
    answer = estimate(database=shipped, **{**LONG, "tokens": None, "flop": 4.9e22, "mfu": 0.2})
    spread = answer.layout.spread
    assert run_step_s(answer, spread) == pytest.approx(spread.step.total_s * spread.mfu / 0.2)


def test_a_run_of_unknown_utilisation_has_no_step(shipped):
    answer = estimate(database=shipped, params=7e9, accelerator_hours=1e4, hw="dgx-h100", servers=4)
    assert run_step_s(answer, answer.layout.spread) is None
    assert answer.to_dict()["layout"]["run_step_s"] is None


def test_each_plan_of_an_array_has_the_step_that_it_has_alone(shipped):
    lengths = np.array([2048.0, 8192.0])
    both = estimate(database=shipped, **{**LONG, "seq_len": lengths}).to_dict()["layout"]
    alone = [estimate(database=shipped, **{**LONG, "seq_len": length}).to_dict()["layout"] for length in lengths.tolist()]
    assert [each["run_step_s"] for each in both] == pytest.approx([each["run_step_s"] for each in alone])
