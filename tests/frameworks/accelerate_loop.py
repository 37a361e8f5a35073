"""A loop of 60 steps with Accelerate, as a program: the step at which a budget is spent, 0 for none."""

import os
import signal
import sys

import torch
from accelerate import Accelerator

from traincarbon.frameworks.accelerate import CarbonTracker

STEPS, BATCH, LENGTH = 60, 4, 16


def main() -> None:
    """Train until the end or until the budget is spent, and print the last step."""
    spent_at = int(sys.argv[1])
    tracker = CarbonTracker(**({"max_hours": 1.0} if spent_at else {}))
    accelerator = Accelerator(log_with=[tracker], cpu=True)
    accelerator.init_trackers("tiny")
    model = torch.nn.Linear(8, 8)
    model, optimiser = accelerator.prepare(model, torch.optim.SGD(model.parameters(), lr=0.1))
    step = 0
    for step in range(1, STEPS + 1):
        loss = model(torch.randn(BATCH, 8)).pow(2).mean()
        accelerator.backward(loss)
        optimiser.step()
        accelerator.log({"loss": loss, "tokens": step * BATCH * LENGTH, "samples": step * BATCH, "per_rank": True}, step=step)
        if step == spent_at:
            os.kill(os.getpid(), signal.SIGUSR1)
        if tracker.must_stop:
            break
    accelerator.end_training()
    print(f"rank {accelerator.process_index} left after {step}")


if __name__ == "__main__":
    main()
