"""Simple rules for utilisation, for comparison with the model: a constant, the mean of the generation, LLMCarbon's regression."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.published.prior_rows import usable_mfu
from traincarbon.published.reported_runs import Chip, PublishedRun, chip_of
from traincarbon.published.step_rows import Step

CONSTANT, MEAN, REGRESSION = NAMES = ("epoch_mfu_0.375", "generation_mean", "llmcarbon")
"""The rules by their names in the results."""


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """The geometric mean utilisation by kind of row and hardware generation, and under the empty generation that of all."""

    by_generation: dict[tuple[str, str], float]

    def of(self, scatter: str, generation: str) -> float:
        """Return the mean of a *generation*. Else the mean of all, and without published rows the constant."""
        overall = self.by_generation.get((scatter, ""), _EPOCH_MFU)
        return self.by_generation.get((scatter, generation), overall)


def means_of_runs(runs: Iterable[PublishedRun], database: Database) -> Means:
    """Return the means of the published *runs*, with benchmarks apart from trainings."""
    found = []
    for run in runs:
        if not run.kind.is_training:
            continue
        try:
            chip = chip_of(run, database)
        except CarbonError:
            continue
        mfu = usable_mfu(run, chip)
        if mfu is not None:
            found.append((_scatter(run), chip.generation, mfu))
    return _means(found)


def means_of_steps(steps: Iterable[Step]) -> Means:
    """Return the means of the utilisation of published *steps* of known layout, attention counted in full."""
    return _means([("step", step.generation, step.mfu(step.published_s)) for step in steps])


def mfu_of_run(run: PublishedRun, chip: Chip, means: Means) -> dict[str, float]:
    """Return the utilisation of *run* by each rule, without rules that need what the row does not state."""
    return {CONSTANT: _EPOCH_MFU, MEAN: means.of(_scatter(run), chip.generation), **_regression(run, chip, chip.peak_flop_per_s)}


def seconds_of_step(step: Step, run: PublishedRun, chip: Chip, means: Means) -> dict[str, float]:
    """Return the time of a *step* by each rule. *run* is its row."""
    mfus = {CONSTANT: _EPOCH_MFU, MEAN: means.of("step", step.generation), **_regression(run, chip, float(step.machine.peak_flop_per_s))}
    at_peak_s = step.published_s * step.mfu(step.published_s)
    return {name: at_peak_s / mfu for name, mfu in mfus.items()}


_EPOCH_MFU = 0.375
"""Utilisation that Epoch's cost model assumes where none is published (Cottier et al. 2024, appendix A)."""
_TENSOR = (-8.82079068e-20, 1.68591116e-9, 133.954735)
_PIPELINE = (-5.60233749e-23, 8.45435587e-11, 134.546129)
"""LLMCarbon's TFLOP/s of an accelerator by parameters (Faiz et al. 2024, as coded), with tensor and with pipeline parallelism."""
_PARAMS_PER_B = 0.03
"""Parameters that LLMCarbon lets fit into a byte of memory."""
_V100 = (1.0 - 7.76 / 33.46) * 125.0 / 312.0
_LEAST_TFLOP_PER_S = 10.0


def _scatter(run: PublishedRun) -> str:
    return "bench" if run.is_bench else "run"


def _means(found: Iterable[tuple[str, str, float]]) -> Means:
    logs: dict[tuple[str, str], list[float]] = {}
    for scatter, generation, mfu in found:
        for key in ((scatter, generation), (scatter, "")):
            logs.setdefault(key, []).append(math.log(mfu))
    return Means({key: math.exp(sum(values) / len(values)) for key, values in logs.items()})


def _regression(run: PublishedRun, chip: Chip, peak_flop_per_s: float) -> dict[str, float]:
    params = run.active_params if run.is_mixture else run.total_params
    memory_b = chip.product.value("memory_b")
    if params is None or memory_b is None:
        return {}
    fits_in_a_server = params < 8.0 * _PARAMS_PER_B * memory_b
    a, b, c = _TENSOR if fits_in_a_server else _PIPELINE
    rate = max(a * params * params + b * params + c, _LEAST_TFLOP_PER_S) * 1e12
    return {REGRESSION: (rate if abs(memory_b - 80e9) < 1e9 else rate * _V100) / peak_flop_per_s}
