"""The explanation shows every result, every fact with its source, and every step."""

import re

from click import unstyle

from traincarbon.cli.screens.explanation import explanation
from traincarbon.estimation.chain import estimate


def test_every_fact_and_step_is_shown_after_the_answer(shipped):
    answer = estimate(database=shipped, params=7e9, tokens=1e12, hw="dgx-h100", servers=4)
    text = " ".join(unstyle(explanation(answer, shipped)).split())
    assert text.startswith("Training 7B parameters on 1T tokens on 4 × NVIDIA DGX H100")
    assert all(f" {name} = " in text for name in answer.inputs)
    assert all(f" {step.name} = {' '.join(step.formula.split())} " in text for step in answer.steps[len(answer.inputs) :] if step.inputs)


def test_assumptions_have_a_colour_and_facts_none(shipped):
    text = explanation(estimate(database=shipped, params=7e9, tokens=1e12, hw="dgx-h100", servers=4), shipped)
    assert re.search(r"\x1b\[36m  interconnect_share = ", text)
    assert re.search(r"^  board_power_w = ", text, re.MULTILINE)


def test_ownership_is_shown_line_by_line_where_it_is_known(shipped):
    plan = {"params": 7e9, "tokens": 1e12, "servers": 4}
    lines = unstyle(explanation(estimate(database=shipped, hw="dgx-h100", **plan), shipped)).splitlines()
    first = lines.index("Total cost of ownership, line by line") + 1
    shares = [int(line.split()[-1].removesuffix("%")) for line in lines[first : first + 8]]
    assert 98 <= sum(shares) <= 102
    assert lines[first].startswith("Hardware, less its resale ")
    assert "line by line" not in explanation(estimate(database=shipped, params=7e9, tokens=1e12, hw="tpu-v5p"), shipped)
