"""The log of MaxText: a line for each step, after a list of its configuration.

The lines are those of ``maxtext/common/metric_logger.py``, which counts steps from 0: the line of step n is printed when n + 1 steps are done.
"""

import re
from collections.abc import Mapping

from traincarbon.tracking.logs.batch import Batch, flop_per_s_after, number_after

_STEP = re.compile(r"\bcompleted (?:profiler activation/deactivation )?step: (\d+),")
_RAMP = "[Rampup Batch Size Phase]"
_LOSS = re.compile(r"\bloss: ([^\s,]+)")
_SPEED = re.compile(r"TFLOP/s/device: ([^\s,]+)")
_WEIGHTS = re.compile(r"total_weights: ([^\s,]+)")
_BATCH = re.compile(r"\bConfig param global_batch_size_to_train_on: (\d+)")
_LENGTH = re.compile(r"\bConfig param max_target_length: (\d+)")
_TOTAL = re.compile(r"\bConfig param steps: (\d+)")


class MaxText:
    """Reads steps, loss and the speed of a device; tokens follow from the configuration, or else are those that count in the loss.

    Args:
        batch: The size of a step, as the plan states it.
    """

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._total: float | None = None
        self._first: float | None = None
        self._latest = -1.0
        self._weights = 0.0
        self._knows_weights = True
        self._is_ramped = False
        """Whether the batch grew during the training, so that the configuration does not tell its size."""

    def read(self, line: str) -> Mapping[str, object] | None:
        """Return what a line of a step reports."""
        found = _STEP.search(line)
        if found is None:
            self._learn(line)
            return None
        step = float(found[1])
        self._first = step if self._first is None else self._first
        self._add_weights(step, number_after(_WEIGHTS, line))
        self._is_ramped = self._is_ramped or _RAMP in line
        batch = Batch() if self._is_ramped else self._batch
        counts = {**batch.counts(steps=step + 1.0), **batch.starts(steps=self._first)}
        if "tokens" not in counts and self._knows_weights:
            counts |= {"tokens": self._weights, "start_tokens": 0.0}
        return {
            **counts,
            "total_steps": self._total,
            "loss": number_after(_LOSS, line),
            "accelerator_flop_per_s": flop_per_s_after(_SPEED, line),
        }

    def _add_weights(self, step: float, weights: float | None) -> None:
        """Add the tokens of a step once, as several processes may print the same line."""
        if step > self._latest:
            self._latest = step
            self._knows_weights = self._knows_weights and weights is not None
            self._weights += weights or 0.0

    def _learn(self, line: str) -> None:
        batch = self._batch
        samples, length, total = (number_after(pattern, line) for pattern in (_BATCH, _LENGTH, _TOTAL))
        batch.samples = batch.samples if samples is None else samples
        batch.sample_tokens = batch.sample_tokens if length is None else length
        self._total = self._total if total is None else total
