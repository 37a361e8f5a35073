"""The log of nanoGPT: a line for each ``log_interval`` of iterations, after one that states the tokens of an iteration.

The lines are those of ``train.py``, which counts from 0: the line of iteration n is printed when n + 1 iterations are done.
"""

import re
from collections.abc import Mapping

from traincarbon.tracking.logs.batch import Batch, number_after

_ITERATION = re.compile(r"\biter (\d+): loss (\S+), time ")
_MFU = re.compile(r"\bmfu (\d[\d.]*)%")
_TOKENS = re.compile(r"\btokens per iteration will be: ([\d,]+)")
_EVALUATION = re.compile(r"\bstep (\d+): train loss ")
_PEAK_FLOP_PER_S = 312e12
"""What ``estimate_mfu`` in ``model.py`` takes as the peak of a GPU, whichever it is."""


class NanoGpt:
    """Reads iterations, loss and the speed of a GPU; tokens follow from those of an iteration.

    Args:
        batch: The size of a step, as the plan states it.
    """

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._first: float | None = None

    def read(self, line: str) -> Mapping[str, object] | None:
        """Return what a line of an iteration reports."""
        found = _ITERATION.search(line)
        if found is None:
            self._learn(line)
            return None
        iteration, mfu_percent = float(found[1]), number_after(_MFU, line)
        self._first = iteration if self._first is None else self._first
        try:
            loss = float(found[2])
        except ValueError:
            loss = None
        return {
            **self._batch.counts(steps=iteration + 1.0),
            **self._batch.starts(steps=self._first),
            "loss": loss,
            "accelerator_flop_per_s": None if mfu_percent is None else mfu_percent / 100.0 * _PEAK_FLOP_PER_S,
        }

    def _learn(self, line: str) -> None:
        tokens = number_after(_TOKENS, line)
        if tokens is not None:
            self._batch.samples = self._batch.sample_tokens = None
            self._batch.step_tokens = tokens
        if self._first is None:  # it evaluates before its first iteration, also when it resumes
            self._first = number_after(_EVALUATION, line)
