"""The log of Megatron-LM: a line for each ``--log-interval`` of iterations, after the list of arguments.

The lines are those of ``training_log`` in ``megatron/training/training.py``; forks that state ``consumed tokens`` are read too.
"""

import re
from collections.abc import Mapping

from traincarbon.tracking.logs.batch import Batch, flop_per_s_after, number_after

_ITERATION = re.compile(r"\biteration\s+(\d+)/\s*(\d+) \|")
_SAMPLES = re.compile(r"consumed samples:\s+(\d+) \|")
_TOKENS = re.compile(r"consumed tokens:\s+(\d+) \|")
_BATCH = re.compile(r"global batch size:\s+(\d+) \|")
_SPEED = re.compile(r"(?:throughput per GPU \(TFLOP/s/GPU\)|TFLOPs): (\d[\d.]*) \|")
_LM_LOSS = re.compile(r"\| lm loss:\s+(\S+) \|")
_OTHER_LOSS = re.compile(r"\| [^|:]*loss:\s+(\S+) \|")
_LENGTH = re.compile(r"\bseq_length \.{3,} (\d+)\s*$")
_LOADED = re.compile(r"successfully loaded checkpoint from .* at iteration (\d+)\s*$")


class Megatron:
    """Reads iterations, samples, loss and the speed of a GPU; tokens follow from the length of a sequence.

    Args:
        batch: The size of a step, as the plan states it.
    """

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._loaded: float | None = None

    def read(self, line: str) -> Mapping[str, object] | None:
        """Return what a line of an iteration reports."""
        found = _ITERATION.search(line)
        if found is None:
            self._learn(line)
            return None
        steps, samples, size = float(found[1]), number_after(_SAMPLES, line), number_after(_BATCH, line)
        counts: dict[str, object] = dict(self._batch.counts(steps=steps, samples=samples))
        if (tokens := number_after(_TOKENS, line)) is not None:
            counts["tokens"] = tokens
        elif self._loaded is not None and samples is not None and size is not None:
            counts |= self._batch.starts(steps=self._loaded, samples=samples - (steps - self._loaded) * size)
        loss = number_after(_LM_LOSS, line)
        return {
            **counts,
            "total_steps": float(found[2]),
            "loss": number_after(_OTHER_LOSS, line) if loss is None else loss,
            "accelerator_flop_per_s": flop_per_s_after(_SPEED, line),
        }

    def _learn(self, line: str) -> None:
        length, loaded = number_after(_LENGTH, line), number_after(_LOADED, line)
        self._batch.sample_tokens = self._batch.sample_tokens if length is None else length
        self._loaded = self._loaded if loaded is None else loaded
