"""The logs of NeMo: of Megatron Bridge, of Automodel, and of ``ProgressPrinter`` and the bar of ``nemo.lightning``.

The lines are those of ``bridge/training/utils/train_utils.py`` (as Megatron's), ``nemo_automodel/recipes/llm/train_ft.py``
and ``nemo/lightning/pytorch/callbacks/progress_printer.py`` and ``progress_bar.py``.
"""

import re
from collections.abc import Mapping

from traincarbon.tracking.logs.batch import Batch, flop_per_s_after, number_after
from traincarbon.tracking.logs.megatron import Megatron

_PRINTED = re.compile(r"Training epoch \d+, iteration (\d+)/(\d+)")
_BAR = re.compile(r"Epoch \d+: *:?\s*\d+%\|[^|]*\| (\d+)/(\d+) \[")
_STEP = re.compile(r"\bglobal_step(?:: |=)([\d.]+)")
_SAMPLES = re.compile(r"\bconsumed_samples(?:: |=)([\d.]+)")
_BATCH = re.compile(r"\bglobal_batch_size(?:: |=)([\d.]+)")
_LOSS = re.compile(r"\breduced_train_loss(?:: |=)([^\s,|\]]+)")
_SPEED = re.compile(r"\bTFLOPS_per_GPU(?:: |=)([\d.e+]+)")
_AUTOMODEL = re.compile(r"^(?!.*\[val\]).*\bstep (\d+) \| epoch \d+ \| loss (\S+) \| .*\btps ")
_AUTOMODEL_TOTAL = re.compile(r"will run for up to (\d+) steps")
_BRIDGE_SPEED = re.compile(r"GPU utilization: ([\d.]+) ?MODEL_TFLOP/s/GPU")


class Nemo:
    """Reads steps, samples, loss and the speed of a GPU; tokens follow from the length of a sequence.

    Args:
        batch: The size of a step, as the plan states it.
    """

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._megatron = Megatron(batch)
        self._flop_per_s: float | None = None
        self._total: float | None = None
        self._first = 0.0
        """What to add to a step of ``nemo.lightning``: 1 where it counts from 0, which versions do differently."""

    def read(self, line: str) -> Mapping[str, object] | None:
        """Return what a line of a step reports."""
        if automodel := _AUTOMODEL.search(line):
            return self._of_automodel(automodel)
        if lightning := _PRINTED.search(line) or _BAR.search(line):
            return self._of_lightning(lightning, line)
        if bridge := self._megatron.read(line):
            return {"accelerator_flop_per_s": self._flop_per_s, **{name: value for name, value in bridge.items() if value is not None}}
        self._learn(line)
        return None

    def _of_automodel(self, found: "re.Match[str]") -> dict[str, object]:
        """Return what a line of Automodel reports; it counts from 0."""
        try:
            loss: float | None = float(found[2])
        except ValueError:
            loss = None
        return {**self._batch.counts(steps=float(found[1]) + 1.0), "total_steps": self._total, "loss": loss}

    def _of_lightning(self, found: "re.Match[str]", line: str) -> dict[str, object] | None:
        step, samples, size = number_after(_STEP, line), number_after(_SAMPLES, line), number_after(_BATCH, line)
        step = float(found[1]) if step is None else step
        if size and samples == size * (step + 1.0):
            self._first = 1.0
        steps = step + self._first
        if steps <= 0.0:
            return None
        self._batch.samples = self._batch.samples if size is None else size
        return {
            **self._batch.counts(steps=steps),
            "total_steps": float(found[2]),
            "loss": number_after(_LOSS, line),
            "accelerator_flop_per_s": flop_per_s_after(_SPEED, line),
        }

    def _learn(self, line: str) -> None:
        flop_per_s, total = flop_per_s_after(_BRIDGE_SPEED, line), number_after(_AUTOMODEL_TOTAL, line)
        self._flop_per_s = self._flop_per_s if flop_per_s is None else flop_per_s
        self._total = self._total if total is None else total
