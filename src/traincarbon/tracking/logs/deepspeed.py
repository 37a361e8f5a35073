"""The log of DeepSpeed: lines for each ``steps_per_print`` of steps, after the configuration of the engine.

The lines are those of ``deepspeed/runtime/engine.py``, ``deepspeed/runtime/pipe/engine.py`` and ``deepspeed/utils/timer.py``, and of the flops profiler.
"""

import re
from collections.abc import Mapping

from traincarbon.tracking.logs.batch import Batch, number_after

_STEP = re.compile(r"(?:\bRank 0\] step=|\bsteps: )(\d+)\b")
_TIMED = re.compile(r"/global_step=(\d+)\b")
"""The steps of this process: a checkpoint is not in them."""
_LOSS = re.compile(r"\bsteps: \d+ loss: (\S+)")
_SPEED = re.compile(r"(?:^|\])\s*FLOPS per GPU = .* / iter latency:\s+([\d.]+) ?([KMGTP]?)FLOPS")
_UNITS = {"": 1.0, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_BATCH = re.compile(r"\btrain_batch_size \.{3,} (\d+)")


class DeepSpeed:
    """Reads steps and, of a pipeline, the loss; samples follow from the batch, and tokens where the plan states the length of a sequence.

    Args:
        batch: The size of a step, as the plan states it.
    """

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._states_steps = False

    def read(self, line: str) -> Mapping[str, object] | None:
        """Return what a line of a step reports."""
        steps = number_after(_STEP, line)
        self._states_steps = self._states_steps or steps is not None
        if steps is None and not self._states_steps:
            steps = number_after(_TIMED, line)
        if steps is None:
            if speed := _SPEED.search(line):
                return {"accelerator_flop_per_s": float(speed[1]) * _UNITS[speed[2]]}
            samples = number_after(_BATCH, line)
            self._batch.samples = self._batch.samples if samples is None else samples
            return None
        if not steps:  # printed before a checkpoint is loaded
            return None
        return {**self._batch.counts(steps=steps), "loss": number_after(_LOSS, line)}
