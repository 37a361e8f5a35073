"""Test the callback of Lightning in real fits."""

import os
import signal

import pytest

pytest.importorskip("lightning")

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from frameworks.ranks import torchrun
from tracked import VALUED
from traincarbon.frameworks.lightning import CarbonCallback

BATCH, LENGTH, STEPS = 4, 16, 64


class Small(LightningModule):
    """Predicts a token from its embedding."""

    def __init__(self):
        super().__init__()
        self.table = torch.nn.Embedding(32, 8)
        self.head = torch.nn.Linear(8, 32)

    def training_step(self, batch, index):
        return torch.nn.functional.cross_entropy(self.head(self.table(batch)).flatten(0, 1), batch.flatten())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class SpendAt(Callback):
    """Asks this training to stop after a step, as the meter does when a budget is spent."""

    def __init__(self, step):
        self.step = step

    def on_train_batch_end(self, trainer, *args):
        if trainer.global_step == self.step:
            os.kill(os.getpid(), signal.SIGUSR1)


class UntilValued(Callback):
    """Goes on once the database has said what the plan of the run expects."""

    def on_train_batch_end(self, trainer, *args):
        if trainer.global_step == 1:
            exec(VALUED, {})


def fit(folder, *callbacks, checkpoint=None, **options):
    data = torch.utils.data.DataLoader(torch.randint(0, 32, (BATCH * STEPS, LENGTH)), batch_size=BATCH)
    usual = {"max_epochs": 1, "accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = Trainer(default_root_dir=str(folder), callbacks=list(callbacks), **{**usual, **options})
    trainer.fit(Small(), data, ckpt_path=checkpoint)
    return trainer


def test_a_fit_is_a_run_with_its_plan_and_its_exact_counts(tmp_path, the_run, capfd):
    fit(tmp_path, CarbonCallback(), UntilValued())
    run = the_run()
    assert (run.state, run.counts["steps"], run.tokens, run.counts["samples"]) == ("finished", STEPS, STEPS * BATCH * LENGTH, STEPS * BATCH)
    assert run.plan["params"] == 32 * 8 + 8 * 32 + 32
    assert run.plan["planned_tokens"] == run.tokens
    assert "carbon: estimate: " in capfd.readouterr().err


def test_a_budget_saves_a_checkpoint_and_the_resumed_fit_adds_up(tmp_path, the_run):
    fit(tmp_path, SpendAt(25), CarbonCallback(max_hours=1.0, quiet=True))
    (kept,) = tmp_path.rglob("budget-*.ckpt")
    assert kept.name == "budget-step=25.ckpt"
    assert (the_run().state, the_run().tokens) == ("finished", 25 * BATCH * LENGTH)
    fit(tmp_path, CarbonCallback(quiet=True), checkpoint=str(kept))
    run = the_run()
    assert (run.counts["steps"], run.tokens) == (STEPS, STEPS * BATCH * LENGTH)
    assert [(each.start_steps, each.steps) for each in run.attempts] == [(0, 25), (25, 39)]


def test_accumulated_gradients_are_counted_by_batch_and_by_step(tmp_path, the_run):
    fit(tmp_path, CarbonCallback(quiet=True), accumulate_grad_batches=4)
    assert (the_run().counts["steps"], the_run().tokens) == (STEPS / 4, STEPS * BATCH * LENGTH)


def test_a_fit_that_fails_is_a_failed_run(tmp_path, the_run):
    class Fail(Callback):
        def on_train_batch_end(self, trainer, *args):
            raise RuntimeError("no memory")

    with pytest.raises(RuntimeError, match="no memory"):
        fit(tmp_path, CarbonCallback(quiet=True), Fail())
    assert the_run().state == "failed"


def test_a_callback_that_is_added_twice_counts_once(tmp_path, the_run):
    fit(tmp_path, CarbonCallback(quiet=True), CarbonCallback(quiet=True))
    assert the_run().tokens == STEPS * BATCH * LENGTH


def test_no_code_is_needed_where_the_environment_asks(tmp_path, the_run, monkeypatch):
    monkeypatch.setenv("CARBON_AUTO", "1")
    fit(tmp_path, max_steps=3)
    assert the_run().tokens == 3 * BATCH * LENGTH


def test_two_ranks_are_one_run_stop_after_the_same_step_and_the_resumed_fit_adds_up(tmp_path, the_run):
    first = torchrun("lightning_fit.py", str(tmp_path))
    assert first.returncode == 0, first.stderr
    (kept,) = tmp_path.rglob("budget-*.ckpt")
    assert kept.name == "budget-step=25.ckpt"
    assert (the_run().counts["steps"], the_run().tokens) == (25, 25 * BATCH * LENGTH * 2)
    assert first.stderr.index("carbon: estimate: ") < first.stderr.index("a checkpoint is saved after step 25")
    second = torchrun("lightning_fit.py", str(tmp_path), str(kept))
    assert second.returncode == 0, second.stderr
    run = the_run()
    assert (run.state, run.counts["steps"], run.tokens) == ("finished", STEPS / 2, STEPS * BATCH * LENGTH)
    assert [(each.start_steps, each.steps) for each in run.attempts] == [(0, 25), (25, 7)]
