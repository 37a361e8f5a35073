"""How a model is spread, as a person reads it: what is split and what is not, what it holds, and what a step's time goes to."""

import re

import pytest

from traincarbon.cli.screens import layout
from traincarbon.cli.screens.estimate import screen
from traincarbon.estimation.chain import estimate

BERT = {"params": 110e6, "tokens": 1e9, "hw": "v100"}
NLG = {"params": 530e9, "tokens": 270e9, "hw": "dgx-a100", "servers": 280}


def asked(facts, **fields):
    answer = estimate(database=facts, **fields)
    return answer, answer.layout.spread


def test_a_layout_names_the_degrees_above_one(shipped):
    answer, spread = asked(shipped, **NLG, layers=105, hidden=20480, heads=128, tp=8, pp=35, dp=8)
    assert layout.line(answer, spread, shipped).startswith("8 tensor × 35 pipeline × 8 data parallel (")


def test_what_runs_on_one_accelerator_is_not_split(shipped):
    answer, spread = asked(shipped, **BERT, accelerators=1)
    assert layout.line(answer, spread, shipped).startswith("not split (micro-batch ")


def test_memory_held_is_below_what_there_is_and_the_step_is_that_of_the_layout(shipped):
    answer, spread = asked(shipped, **NLG)
    line = layout.line(answer, spread, shipped)
    held, whole = map(int, re.search(r"(\d+) of (\d+) GB", line).groups())
    assert (round(spread.memory.total_b / 1e9), 80) == (held, whole)
    run_s, sequences, best_s = (
        float(number.replace(",", "")) for number in re.search(r"([\d.]+) s a step of ([\d,]+) sequences, ([\d.]+) s at best", line).groups()
    )
    assert sequences == spread.layout.sequences
    assert best_s == pytest.approx(spread.step.total_s, rel=5e-3)
    assert run_s == pytest.approx(answer.median("duration_s") * sequences * 2048 / 270e9, rel=1e-2)
    assert run_s > best_s
    assert line.endswith(f"the main loss is {spread.limits}")


def test_a_utilisation_is_called_out_of_reach_only_beyond_what_the_formula_of_steps_may_be_off(shipped):
    plain, best = asked(shipped, **NLG)
    # the utilisation at which steps of the FLOP of the plan take as long as the best one
    reached = plain.median("compute_flop") * best.layout.sequences * 2048 / 270e9 / (2240 * 312e12 * best.step.total_s)
    for times_best, words in (
        (1.01, " s at best;"),
        (0.99, "about the best by the formula of steps ("),
        (0.74, "about the best"),
        (0.7, "may be out of reach"),
    ):
        answer, spread = asked(shipped, **{**NLG, "mfu": reached / times_best})
        line = layout.line(answer, spread, shipped)
        assert words in line
        assert ("may be out of reach" in line) == (times_best == 0.7)


def test_long_sequences_whose_masked_scores_no_plan_counts_are_called_out_of_reach(shipped):
    # the estimate counts half of the scores: at 0.4 of the peak a step takes 4.24 s, although 0.4 of all FLOP of the layout would take 5.8 s
    answer, spread = asked(shipped, params=1e9, tokens=1e11, seq_len=32768, batch_tokens=4e6, hw="dgx-h100", servers=4, mfu=0.4)
    run_s = answer.median("duration_s") * spread.layout.sequences * 32768 / 1e11
    assert f"{run_s:.2f} s a step of 122 sequences, but {spread.step.total_s:.2f} s at best" in layout.line(answer, spread, shipped)
    assert layout.may_be_out_of_reach(answer, spread, shipped)


def test_frozen_parameters_are_not_called_out_of_reach_by_a_formula_that_trains_all(shipped):
    plain, best = asked(shipped, **NLG)
    frozen = {**NLG, "frozen_params": 520e9, "mfu": best.mfu}
    answer, spread = asked(shipped, **frozen)
    assert not layout.may_be_out_of_reach(answer, spread, shipped)
    assert "s at best where all parameters are trained" in layout.line(answer, spread, shipped)
    assert "where all" not in layout.line(plain, best, shipped)


def test_the_utilisation_of_the_best_step_is_compared_by_the_flop_of_the_plan(shipped):
    answer, spread = asked(shipped, params=7e9, tokens=1e12, seq_len=8192, hw="dgx-h100", servers=4)
    text = " ".join("\n".join(layout.budget(answer, spread, shipped)).split())
    of_plan, of_layout, run, times = re.search(
        r"step is (\d+)% by the FLOP of the plan, (\d+)% with all .* whole run is (\d+)% .*, ([\d.]+) times", text
    ).groups()
    assert int(of_layout) == round(100 * spread.mfu)
    assert float(run) / float(of_plan) == pytest.approx(float(times), rel=0.05)
    assert int(of_plan) < int(of_layout)


def test_the_layout_of_a_model_too_small_for_its_utilisation_is_on_the_screen(shipped):
    # kernels take longer to start than to run: the line that says so is not the one to leave out
    answer, spread = asked(shipped, params=1e6, tokens=1e11, hw="rtx-4090", accelerators=1)
    assert layout.may_be_out_of_reach(answer, spread, shipped)
    assert "the MFU above may be out of reach" in " ".join(screen(answer, shipped).split())


def test_a_budget_sums_to_the_step_and_to_the_memory(shipped):
    answer, spread = asked(shipped, **NLG)
    text = "\n".join(layout.budget(answer, spread, shipped))
    shares = [float(share) for share in re.findall(r"([\d.]+)%$", text, re.MULTILINE)]
    assert sum(shares) == pytest.approx(200.0, abs=0.05 * len(shares))


def test_numbers_of_servers_are_shown_with_the_layout_of_each(shipped):
    answer = estimate(database=shipped, **{**NLG, "servers": None})
    full = layout.by_servers(answer, shipped).splitlines()
    assert len(full) == 1 + len(answer.server_counts)
    assert "tp × pp × dp" in full[0]
    assert all(re.search(r"\d+ × \d+ × \d+|none fits", row) for row in full[1:])
