"""The field's simple rules for utilisation, to hold the model against: a constant, the mean of the generation, LLMCarbon's regression."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from traincarbon.database.load import Database
from traincarbon.database.records import Product
from traincarbon.errors import CarbonError
from traincarbon.published import priors
from traincarbon.published.runs import Run
from traincarbon.published.step_rows import Step

CONSTANT, MEAN, REGRESSION = NAMES = ("epoch_mfu_0.375", "generation_mean", "llmcarbon")
"""The rules by their names in the results."""


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """The mean utilisation, in logarithms, by kind of figure and generation; under the empty generation that of all."""

    by_generation: dict[tuple[str, str], float]

    def of(self, scatter: str, generation: str) -> float:
        """Return the mean of a *generation*, that of all where none of it was published, the constant where nothing was."""
        overall = self.by_generation.get((scatter, ""), _EPOCH_MFU)
        return self.by_generation.get((scatter, generation), overall)


def means_of_runs(runs: Iterable[Run], database: Database) -> Means:
    """Return the means of what *runs* published: benches apart from the rest, which are whole runs or timed to their end."""
    found = []
    for run in runs:
        if run["kind"] not in ("run", "segment", "finetune", "bench"):
            continue
        try:
            chip, _, peak = priors.peak_of(run, database)
        except CarbonError:
            continue
        mfu = run.mfu(peak)
        if mfu is not None and priors.plausible(run, mfu):
            found.append((_scatter(run), chip.keys.get("generation", ""), mfu))
    return _means(found)


def means_of_steps(steps: Iterable[Step]) -> Means:
    """Return the means of the utilisation at which published *steps* of known layout ran, attention counted in full."""
    return _means([("step", step.generation, step.mfu(step.published_s)) for step in steps])


def mfu_of_run(run: Run, chip: Product, peak_flop_per_s: float, means: Means) -> dict[str, float]:
    """Return the utilisation that each rule gives for *run*, those rules left out that need what it does not state."""
    found = {CONSTANT: _EPOCH_MFU, MEAN: means.of(_scatter(run), chip.keys.get("generation", ""))}
    return found | _regression(run, chip, peak_flop_per_s)


def seconds_of_step(step: Step, run: Run, chip: Product, means: Means) -> dict[str, float]:
    """Return the time that each rule gives for a *step*, which *run* is the row of."""
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


def _scatter(run: Run) -> str:
    return "bench" if run["kind"] == "bench" else "run"


def _means(found: Iterable[tuple[str, str, float]]) -> Means:
    logs: dict[tuple[str, str], list[float]] = {}
    for scatter, generation, mfu in found:
        for key in ((scatter, generation), (scatter, "")):
            logs.setdefault(key, []).append(math.log(mfu))
    return Means({key: math.exp(sum(values) / len(values)) for key, values in logs.items()})


def _regression(run: Run, chip: Product, peak_flop_per_s: float) -> dict[str, float]:
    params = run.number("total_params") if run["family"] != "moe-lm" else run.number("active_params")
    memory_b = chip.value("memory_b")
    if params is None or memory_b is None:
        return {}
    fits_in_a_server = params < 8.0 * _PARAMS_PER_B * memory_b
    a, b, c = _TENSOR if fits_in_a_server else _PIPELINE
    rate = max(a * params * params + b * params + c, _LEAST_TFLOP_PER_S) * 1e12
    return {REGRESSION: (rate if abs(memory_b - 80e9) < 1e9 else rate * _V100) / peak_flop_per_s}
