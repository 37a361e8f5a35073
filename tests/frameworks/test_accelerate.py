"""Test the tracker of Accelerate in a real loop."""

import pytest

pytest.importorskip("accelerate")

import os
import signal

import torch
from accelerate import Accelerator

from traincarbon.frameworks.accelerate import CarbonTracker


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
