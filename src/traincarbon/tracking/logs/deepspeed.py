"""The log of DeepSpeed: lines for each ``steps_per_print`` of steps, after the configuration of the engine.

The lines are those of ``deepspeed/runtime/engine.py``, ``deepspeed/runtime/pipe/engine.py`` and ``deepspeed/utils/timer.py``, and of the flops profiler.
"""

import re
from collections.abc import Mapping

from traincarbon.tracking.logs.batch import Batch, number_after

_STEP = re.compile(r"(?:\bRank 0\] step=|/global_step=|\bsteps: )(\d+)\b")
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

    def read(self, line: str) -> Mapping[str, object] | None:
        """Return what a line of a step reports."""
        found = _STEP.search(line)
        if found is None:
            if speed := _SPEED.search(line):
                return {"accelerator_flop_per_s": float(speed[1]) * _UNITS[speed[2]]}
            samples = number_after(_BATCH, line)
            self._batch.samples = self._batch.samples if samples is None else samples
            return None
        return {**self._batch.counts(steps=float(found[1])), "loss": number_after(_LOSS, line)}
