"""The log of the Trainer of Hugging Face: a bar with its steps, a dictionary for each ``logging_steps``, and what it states before it begins.

The lines are those of ``Trainer`` and of ``ProgressCallback`` and ``PrinterCallback`` in ``transformers/trainer_callback.py``.
"""

import math
import re
from collections.abc import Mapping

from traincarbon.tracking.logs.batch import Batch, number_after

_BAR = re.compile(r"(?:^|[\]:] ?)\s*\d+%\|[^|]*\| (?P<at>\d+)/(?P<total>\d+) \[(?P<elapsed>[\d:]+)<")
_BATCH = re.compile(r"Total train batch size \(w\. parallel, distributed & accumulation\) = ([\d,]+)")
_OF_A_DEVICE = re.compile(r"Instantaneous batch size per device = ([\d,]+)")
_PARTS = re.compile(r"Gradient Accumulation steps = ([\d,]+)")
_TOTAL = re.compile(r"Total optimization steps = ([\d,]+)")
_PER_EPOCH = re.compile(r"Num update steps per epoch = ([\d,]+)")
_EXAMPLES = re.compile(r"Num examples = ([\d,]+)")
_DONE = re.compile(r"TrainOutput\(global_step=(\d+)")
_RESUMED = re.compile(r"(?:from checkpoint with epoch \d+ and|Continuing training from) global step (\d+)")
_LOSS = re.compile(r"[{ ]'loss': '?([^',}]+)")
_EPOCH = re.compile(r"[{ ]'epoch': '?([^',}]+)")
_TOKENS = re.compile(r"[{ ]'num_input_tokens_seen': '?(\d+)")
_FLOP = re.compile(r"[{ ]'total_flos': '?([\d.e+]+)")
_RUNTIME = re.compile(r"[{ ]'train_runtime': '?([\d.e+]+)")


class HuggingFace:
    """Reads steps from the bar, or from epochs where there is none; loss and tokens from the dictionaries.

    Args:
        batch: The size of a step, as the plan states it.
    """

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._total: float | None = None
        self._examples: float | None = None
        self._per_epoch: float | None = None
        self._of_a_device: float | None = None
        self._parts = 1.0
        self._resumed: float | None = None
        self._has_bar = self._states_tokens = False
        self._bar = (0.0, 0.0)
        """The elapsed time and the step of the latest bar."""

    def read(self, line: str) -> Mapping[str, object] | None:
        """Return what a bar or a dictionary reports."""
        if bar := _BAR.search(line):
            return self._of_bar(bar)
        if _EPOCH.search(line):
            return self._of_dictionary(line)
        self._learn(line)
        return None

    def _of_bar(self, bar: "re.Match[str]") -> Mapping[str, object] | None:
        """Return what a bar of the training reports; those of an evaluation have another total, or began later."""
        at, total, elapsed_s = float(bar["at"]), float(bar["total"]), _seconds(bar["elapsed"])
        self._total = total if self._total is None else self._total
        if total != self._total or (elapsed_s, at) < self._bar or at < self._bar[1]:
            return None
        self._has_bar, self._bar = True, (elapsed_s, at)
        return self._counted(at) if at > 0.0 else {"total_steps": total}

    def _of_dictionary(self, line: str) -> Mapping[str, object]:
        epoch = number_after(_EPOCH, line)
        stated: dict[str, object] = {"loss": number_after(_LOSS, line)}
        per_epoch = self._steps_of_an_epoch()
        if (done := number_after(_DONE, line)) is not None:
            stated |= self._counted(done)
        elif not self._has_bar and epoch is not None and per_epoch is not None:
            stated |= self._counted(float(round(epoch * per_epoch)))
        if (tokens := number_after(_TOKENS, line)) is not None:
            self._states_tokens, stated["tokens"] = True, tokens
        flop, runtime_s, devices = number_after(_FLOP, line), number_after(_RUNTIME, line), self._devices()
        if flop is not None and runtime_s and devices and not self._resumed:  # the FLOP are those of a checkpoint too
            stated["accelerator_flop_per_s"] = flop / runtime_s / devices
        return stated

    def _counted(self, steps: float) -> dict[str, object]:
        resumed = {} if self._resumed is None else self._batch.starts(steps=self._resumed)
        counts = {**self._batch.counts(steps=steps), **resumed, "total_steps": self._total}
        return {name: count for name, count in counts.items() if not (self._states_tokens and name.endswith("tokens"))}

    def _steps_of_an_epoch(self) -> float | None:
        if self._per_epoch is None and self._examples is not None and self._batch.samples:
            return float(math.ceil(self._examples / self._batch.samples))
        return self._per_epoch

    def _devices(self) -> float | None:
        """Return the number of devices, which follows from the batches; None where they are not stated."""
        return self._batch.samples / (self._of_a_device * self._parts) if self._batch.samples and self._of_a_device else None

    def _learn(self, line: str) -> None:
        if (samples := number_after(_BATCH, line)) is not None:
            self._batch.samples = samples
        elif (of_a_device := number_after(_OF_A_DEVICE, line)) is not None:
            self._of_a_device = of_a_device
        elif (parts := number_after(_PARTS, line)) is not None:
            self._parts = parts
        elif (total := number_after(_TOTAL, line)) is not None:
            self._total = total
        elif (per_epoch := number_after(_PER_EPOCH, line)) is not None:
            self._per_epoch = per_epoch
        elif (examples := number_after(_EXAMPLES, line)) is not None and self._examples is None:  # later ones are those of evaluations
            self._examples = examples
        elif (resumed := number_after(_RESUMED, line)) is not None:
            self._resumed = resumed


def _seconds(clock: str) -> float:
    """Return the seconds of a clock as ``tqdm`` writes it: ``00:07``, ``1:02:03``."""
    seconds = 0.0
    for part in clock.split(":"):
        seconds = 60.0 * seconds + float(part or 0.0)
    return seconds
