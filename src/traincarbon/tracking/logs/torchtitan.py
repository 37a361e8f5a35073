"""The log of torchtitan: a line for each ``log_freq`` of steps, after one that states the size of a batch.

The lines are those of ``MetricsProcessor.log`` in ``torchtitan/components/metrics.py`` and of ``torchtitan/trainer.py``; those of versions that state batch size and
sequence length, instead of the tokens of a step, are read too.
"""

import re
from collections.abc import Mapping

from traincarbon.tracking.logs.batch import Batch, flop_per_s_after, number_after

_STEP = re.compile(r"(?<!validate )\bstep: +(\d+) ")
_LOSS = re.compile(r"\bloss: +(\S+)")
_SPEED = re.compile(r"\btflops: (\S+)")
_TOKENS = re.compile(r"\b(\d+) tokens per train step\b")
_BATCH = re.compile(r"\bglobal batch size (\d+)")
_LENGTH = re.compile(r"\bsequence length (\d+)")
_TOTAL = re.compile(r"\btotal steps (\d+)")
_FIRST = re.compile(r"\bTraining starts at step (\d+)")


class Torchtitan:
    """Reads steps, loss and the speed of a device; tokens follow from the batch that the log states.

    Args:
        batch: The size of a step, as the plan states it.
    """

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._total: float | None = None
        self._first: float | None = None

    def read(self, line: str) -> Mapping[str, object] | None:
        """Return what a line of a step reports."""
        found = _STEP.search(line)
        if found is None or "loss:" not in line:
            self._learn(line)
            return None
        return {
            **self._batch.counts(steps=float(found[1])),
            **({} if self._first is None else self._batch.starts(steps=self._first - 1.0)),
            "total_steps": self._total,
            "loss": number_after(_LOSS, line),
            "accelerator_flop_per_s": flop_per_s_after(_SPEED, line),
        }

    def _learn(self, line: str) -> None:
        batch = self._batch
        samples, length, tokens, total, first = (number_after(pattern, line) for pattern in (_BATCH, _LENGTH, _TOKENS, _TOTAL, _FIRST))
        if tokens is not None:
            batch.sample_tokens, batch.step_tokens = None, tokens
        batch.samples = batch.samples if samples is None else samples
        batch.sample_tokens = batch.sample_tokens if length is None else length
        self._total = self._total if total is None else total
        self._first = self._first if first is None else first
