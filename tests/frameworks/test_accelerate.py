"""Test the tracker of Accelerate in a real loop."""

import pytest

pytest.importorskip("accelerate")

import os
import signal
from types import SimpleNamespace

import torch
from accelerate import Accelerator

from frameworks.ranks import torchrun
from traincarbon.frameworks.accelerate import CarbonTracker, _log


def test_a_loop_is_a_run_with_the_counts_that_it_logs(the_run):
    accelerator = Accelerator(log_with=[CarbonTracker(quiet=True)], cpu=True)
    accelerator.init_trackers("tiny")
    for step in range(1, 6):
        accelerator.log({"loss": 1.0 / step, "tokens": step * 8}, step=step)
    accelerator.end_training()
    run = the_run()
    assert (run.state, run.counts["steps"], run.tokens) == ("finished", 5, 40)


def test_a_budget_says_when_to_leave_the_loop(the_run):
    tracker = CarbonTracker(max_hours=1.0, quiet=True)
    accelerator = Accelerator(log_with=[tracker], cpu=True)
    accelerator.init_trackers("tiny")
    for step in range(1, 100):
        accelerator.log({"loss": torch.tensor(1.0)}, step=step)
        if step == 7:
            os.kill(os.getpid(), signal.SIGUSR1)
        if tracker.must_stop:
            break
    accelerator.end_training()
    assert the_run().counts["steps"] == 7


@pytest.mark.parametrize(("spent_at", "steps"), [(0, 60), (25, 25)])
def test_two_ranks_are_one_run_with_the_counts_of_both_and_leave_the_loop_together(the_run, spent_at, steps):
    done = torchrun("accelerate_loop.py", str(spent_at))
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split("\n"))[1:] == [f"rank 0 left after {steps}", f"rank 1 left after {steps}"]
    run = the_run()
    assert (run.state, run.counts, run.nodes) == ("finished", {"steps": steps, "tokens": 2.0 * steps * 64, "samples": 2.0 * steps * 4}, 1)


def test_a_rank_that_does_not_log_stops_with_the_others():
    asked = [CarbonTracker(quiet=True), CarbonTracker(quiet=True)]
    assert [tracker.must_stop for tracker in asked] == [False, False]
    assert {tracker._asked for tracker in asked} == {1}


def test_the_calls_of_an_accelerator_are_extended_once():
    CarbonTracker(quiet=True)
    once = Accelerator.init_trackers, Accelerator.log
    CarbonTracker(quiet=True)
    assert (Accelerator.init_trackers, Accelerator.log) == once


def test_options_for_other_trackers_may_be_given_by_position_on_every_rank():
    tracker = CarbonTracker(quiet=True)
    _log(SimpleNamespace(trackers=[tracker]), {"loss": 1.0}, 7, {"wandb": {}})
    assert tracker._steps == 7
