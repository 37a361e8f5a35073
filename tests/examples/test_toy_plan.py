"""The plan of the toy is that of the training which README and the demo run."""

import re
import shlex
from pathlib import Path

import pytest

from decoder import VOCAB, Decoder
from traincarbon.estimation.plan import Plan
from training_loop import Options, command_line

ROOT = Path(__file__).parents[2]
COMMAND = re.compile(r"track .*--plan examples/toy\.toml .*-- \S*python examples/train_numpy\.py (.*)")


@pytest.mark.parametrize("page", ["README.md", "Makefile"])
def test_the_toy_plan_fits_the_training_that_is_tracked_with_it(page):
    (words,) = COMMAND.findall((ROOT / page).read_text("utf-8"))
    training = Options.of(command_line("").parse_args(shlex.split(words)))
    model = training.model
    plan = Plan.from_toml((ROOT / "examples" / "toy.toml").read_text("utf-8"))
    assert model == Decoder(layers=plan.layers, hidden=plan.hidden, heads=plan.heads, seq_len=plan.seq_len)
    assert (plan.params, plan.vocab, plan.ffn) == (model.n_params(), VOCAB, 4 * model.hidden)
    assert (plan.tokens, plan.batch_tokens) == (training.steps * training.tokens_per_step, training.tokens_per_step)
    assert plan.hw == "this"
