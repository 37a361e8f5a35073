"""Compare the step-time formula with published steps of known layout, and fit its efficiencies.

``python -m traincarbon.published.step_efficiency`` writes them into ``priors.csv``.
"""

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from os import path
from typing import NamedTuple

from traincarbon.database.load import Database, builtin_root, open_database
from traincarbon.estimation.layout import machine
from traincarbon.fitting.solve import least_by_golden_section, quantile
from traincarbon.formulas.layout import Sustained
from traincarbon.published import priors
from traincarbon.published.prior_rows import prior_row
from traincarbon.published.runs_file import read_measured_steps, read_runs
from traincarbon.published.step_rows import Step, StepSet, read_steps
from traincarbon.uncertain import Z_90

FITTED = ("gemm_efficiency", "step_time_spread")
"""The priors that :func:`main` writes."""
_GEMM = "gemm_efficiency"
_TPU = "tpu-"
_ANY, _ANY_TPU = "generation=*", "generation=tpu-*"
_ASSUMED = 0.65
"""Efficiency of matrix products where no step is known at all."""


class SetError(NamedTuple):
    """Errors of the predicted steps of a set, as shares of the published times."""

    set: str
    n: int
    mean: float
    median: float
    p90: float
    bias: float
    is_fitted: bool
    mean_left_out: float
    """The mean error with efficiencies fitted without this set's publisher, or the mean of the other generations if nothing is left."""


def sustained_of(step: Step, database: Database, efficiencies: Mapping[str, float] | None = None) -> Sustained:
    """Return the constants for *step* from ``priors.csv``. *efficiencies* by scope override the file."""
    given = (efficiencies or {}).get(step.efficiency_scope)
    return machine.sustained_of(database, accelerator=step.accelerator, generation=step.generation, precision=step.precision, gemm_efficiency=given)


def errors_by_set(found: Sequence[Step], database: Database) -> list[SetError]:
    """Return the errors by set, then of all sets that nothing was fitted on, then of all.

    Each has the error with the shipped constants, and the error with efficiencies fitted without the set's publisher.
    """
    errors = {step.id: _error(step, sustained_of(step, database)) for step in found}
    away = {step.id: seconds_s / step.published_s - 1.0 for step, seconds_s in without_own_publisher(found, found, database)}
    written = []
    for each in dict.fromkeys(step.set for step in found):
        mine = [step for step in found if step.set == each]
        written.append(_summary(each.name, [errors[step.id] for step in mine], [away[step.id] for step in mine], is_fitted=each.is_fitted_on))
    held = [step.id for step in found if not step.set.is_fitted_on]
    written.append(_summary("all that nothing was fitted on", [errors[id] for id in held], [away[id] for id in held], is_fitted=False))
    everything = [step.id for step in found]
    written.append(_summary("all", [errors[id] for id in everything], [away[id] for id in everything], is_fitted=True))
    return written


def without_own_publisher(tried: Sequence[Step], known: Sequence[Step], database: Database) -> list[tuple[Step, float]]:
    """Return the predicted seconds of the *tried* steps, with efficiencies fitted to the *known* ones of other publishers and ids."""
    predicted: list[tuple[Step, float]] = []
    for publisher in dict.fromkeys(step.set.publisher for step in tried):
        mine = [step for step in tried if step.set.publisher == publisher]
        ids = {step.id for step in mine}
        others = fit([step for step in known if step.set.is_fitted_on and step.set.publisher != publisher and step.id not in ids], database)
        left = {scope: next(others[each] for each in _wider(scope) if each in others) for scope in {step.efficiency_scope for step in mine}}
        predicted += [(step, float(step.predict(sustained_of(step, database, left)).total_s)) for step in mine]
    return predicted


def fit(found: Sequence[Step], database: Database) -> dict[str, float]:
    """Return by scope the matrix efficiency that minimises the mean of the sets' mean errors.

    Any other generation has the geometric mean of the known ones, of TPUs if it is one: their compiler plans the products of a whole step.
    """
    fitted: dict[str, float] = {}
    for scope in sorted({step.efficiency_scope for step in found}):
        mine = [step for step in found if step.efficiency_scope == scope]

        def loss(log_efficiency: float, mine: Sequence[Step] = mine, scope: str = scope) -> float:
            by_set: dict[StepSet, list[float]] = {}
            for step in mine:
                sustained = sustained_of(step, database, {scope: math.exp(log_efficiency)})
                by_set.setdefault(step.set, []).append(abs(math.log1p(_error(step, sustained))))
            return sum(sum(errors) / len(errors) for errors in by_set.values()) / len(by_set)

        fitted[scope] = math.exp(least_by_golden_section(loss, math.log(0.2), math.log(1.0), width=1e-3))
    return fitted | _of_other_generations(fitted)


def _of_other_generations(fitted: Mapping[str, float]) -> dict[str, float]:
    """Return the geometric means of the *fitted* efficiencies: under a scope of their own those of TPUs, under another the rest, or all if there is none."""
    tpu = [value for scope, value in fitted.items() if _TPU in scope]
    rest = [value for scope, value in fitted.items() if _TPU not in scope]
    means = {_ANY_TPU: tpu, _ANY: rest or tpu}
    return {scope: math.exp(sum(map(math.log, values)) / len(values)) for scope, values in means.items() if values} or {_ANY: _ASSUMED}


def with_efficiencies(database: Database, efficiencies: Mapping[str, float]) -> Database:
    """Return the same facts with *efficiencies* by scope in place of those of ``priors.csv``."""
    rows = [dict(row) for row in database.all_rows("priors")]
    kept = [row for row in rows if row["prior"] != _GEMM]
    pattern = next(row for row in rows if row["prior"] == _GEMM)
    fitted = [{**pattern, "scope": scope, "median": repr(value), "origin": "fitted"} for scope, value in efficiencies.items()]
    return database.replace("priors", [*kept, *fitted])


def fitted_priors(found: Sequence[Step], database: Database) -> list[dict[str, str]]:
    """Return the rows of ``priors.csv`` that are fitted to published steps, with the spread of the residuals."""
    used = [step for step in found if step.set.is_fitted_on]
    efficiencies = fit(used, database)
    written = []
    for scope, value in sorted(efficiencies.items()):
        mine = [step for step in used if scope in _wider(step.efficiency_scope)]
        logs = [math.log1p(_error(step, sustained_of(step, database, efficiencies))) for step in mine]
        sigma = math.sqrt(sum(log * log for log in logs) / len(logs))
        on = "geometric mean of the known ones" if scope in (_ANY, _ANY_TPU) else "fitted on " + ", ".join(sorted({step.set.name for step in mine}))
        written.append(prior_row(_GEMM, scope, f"{value:.3f}", sigma, len(mine), source="fit-steps", manual="method", note=on))
    return written + spreads(found, database)


def _wider(scope: str) -> tuple[str, ...]:
    """Return *scope* and those that replace it where it is unknown, the nearest first."""
    return (scope, _ANY_TPU, _ANY) if _TPU in scope else (scope, _ANY)


def spreads(found: Sequence[Step], database: Database) -> list[dict[str, str]]:
    """Return the rows of ``priors.csv`` with the log-spread of a step's time around its prediction, for dense models and mixtures of experts."""
    left = without_own_publisher(found, found, database)
    written = []
    for scope in ("dense", "moe"):
        mine = [(step, seconds_s) for step, seconds_s in left if step.is_mixture == (scope == "moe")]
        on = "its 90 % interval holds nine tenths of the steps, each source left out of the fit; all sources weigh the same"
        written.append(prior_row("step_time_spread", scope, "1", spread_of(mine), len(mine), source="fit-steps", manual="method", note=on))
    return written


def spread_of(predicted: Sequence[tuple[Step, float]]) -> float:
    """Return the log-spread whose 90 % interval holds nine tenths of the *predicted* steps, where all publishers weigh the same.

    A table of eighty rows says little more about the next source than one of seven.

    Args:
        predicted: Steps, each with the seconds that were predicted without its publisher. [s]
    """
    rows = Counter(step.set.publisher for step, _ in predicted)
    errors = sorted((abs(math.log(seconds_s / step.published_s)), 1.0 / rows[step.set.publisher]) for step, seconds_s in predicted)
    held = itertools.accumulate(weight for _, weight in errors)
    return next(error for (error, _), weight in zip(errors, held, strict=True) if weight >= 0.9 * len(rows) - 1e-9) / Z_90


def _error(step: Step, sustained: Sustained) -> float:
    return float(step.predict(sustained).total_s) / step.published_s - 1.0


def _summary(name: str, errors: Sequence[float], away: Sequence[float], *, is_fitted: bool) -> SetError:
    sizes = sorted(abs(error) for error in errors)
    mean_away = sum(abs(error) for error in away) / len(away)
    return SetError(name, len(sizes), sum(sizes) / len(sizes), quantile(sizes, 0.5), quantile(sizes, 0.9), sum(errors) / len(errors), is_fitted, mean_away)


def main() -> None:
    """Fit the efficiencies to our published steps and write them into ``hardware_db/priors.csv``."""
    database = open_database()
    found, _ = read_steps([*read_runs()[0], *read_measured_steps()], database)
    priors.write(path.join(builtin_root(), "priors.csv"), fitted_priors(found, database), database, replaced=FITTED)


if __name__ == "__main__":
    main()
