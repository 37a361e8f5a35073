"""The log of LitGPT: a line for each ``log_interval`` of steps, after the settings of the training.

The lines are those of ``litgpt/pretrain.py`` and ``litgpt/finetune/*.py``. An iteration is a micro batch of each device; a step of the optimiser takes several.
"""

import re
from collections.abc import Mapping

from traincarbon.tracking.logs.batch import Batch, number_after

_ITERATION = re.compile(r"\| iter (\d+) step (\d+) \|")
_LOSS = re.compile(r"\bloss train: ([^\s,]+)")
_PRETRAINS = "remaining time:"
"""What only lines of a pretraining have; a finetuning pads each batch to its own length."""
_SAMPLES = re.compile(r"\bglobal_batch_size'?(?:=|: )(\d+)")
_LENGTH = re.compile(r"\b(?:max_seq_length|block_size)'?(?:=|: )(\d+)")


class LitGpt:
    """Reads steps and loss; tokens follow from the batch and the length of a sequence, where the settings state it.

    Args:
        batch: The size of a step, as the plan states it.
    """

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._length: float | None = None

    def read(self, line: str) -> Mapping[str, object] | None:
        """Return what a line of an iteration reports."""
        found = _ITERATION.search(line)
        if found is None:
            samples, length = number_after(_SAMPLES, line), number_after(_LENGTH, line)
            self._batch.samples = self._batch.samples if samples is None else samples
            self._length = self._length if length is None else length
            return None
        if self._length is not None and _PRETRAINS in line:
            self._batch.sample_tokens = self._length
        return {**self._batch.counts(steps=float(found[2])), "loss": number_after(_LOSS, line)}
