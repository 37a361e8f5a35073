"""Compare the step-time formula with published steps of known layout, and fit its efficiencies.

``python -m traincarbon.published.step_efficiency`` writes them into ``priors.csv``.
"""

import math
from collections.abc import Mapping, Sequence
from os import path
from typing import NamedTuple

from traincarbon.database.load import Database, builtin_root, open_database
from traincarbon.estimation.layout import machine
from traincarbon.fitting.solve import least_by_golden_section, quantile
from traincarbon.formulas.layout import Sustained
from traincarbon.published import priors
from traincarbon.published.prior_rows import prior_row
from traincarbon.published.runs_file import read_runs
from traincarbon.published.step_rows import Step, StepSet, read_steps

FITTED = ("gemm_efficiency", "step_time_spread")
"""The priors that :func:`main` writes."""
_GEMM = "gemm_efficiency"


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
    """Return the constants for *step* from ``priors.csv``. *efficiencies* by generation override the file."""
    given = (efficiencies or {}).get(step.generation)
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
        left = {step.generation: others.get(step.generation, others["*"]) for step in mine}
        predicted += [(step, float(step.predict(sustained_of(step, database, left)).total_s)) for step in mine]
    return predicted


def fit(found: Sequence[Step], database: Database) -> dict[str, float]:
    """Return by generation the matrix efficiency that minimises the mean of the sets' mean errors, and under ``*`` their geometric mean."""
    fitted: dict[str, float] = {}
    for generation in sorted({step.generation for step in found}):
        mine = [step for step in found if step.generation == generation]

        def loss(log_efficiency: float, mine: Sequence[Step] = mine, generation: str = generation) -> float:
            by_set: dict[StepSet, list[float]] = {}
            for step in mine:
                sustained = sustained_of(step, database, {generation: math.exp(log_efficiency)})
                by_set.setdefault(step.set, []).append(abs(math.log1p(_error(step, sustained))))
            return sum(sum(errors) / len(errors) for errors in by_set.values()) / len(by_set)

        fitted[generation] = math.exp(least_by_golden_section(loss, math.log(0.2), math.log(1.0), width=1e-3))
    fitted["*"] = math.exp(sum(math.log(value) for value in fitted.values()) / len(fitted)) if fitted else 0.65
    return fitted


def with_efficiencies(database: Database, efficiencies: Mapping[str, float]) -> Database:
    """Return the same facts with *efficiencies* by generation in place of those of ``priors.csv``. ``*`` covers any other generation."""
    rows = [dict(row) for row in database.all_rows("priors")]
    kept = [row for row in rows if row["prior"] != _GEMM]
    pattern = next(row for row in rows if row["prior"] == _GEMM)
    fitted = [{**pattern, "scope": f"generation={generation}", "median": repr(value), "origin": "fitted"} for generation, value in efficiencies.items()]
    return database.replace("priors", [*kept, *fitted])


def fitted_priors(found: Sequence[Step], database: Database) -> list[dict[str, str]]:
    """Return the rows of ``priors.csv`` that are fitted to published steps, with the spread of the residuals."""
    used = [step for step in found if step.set.is_fitted_on]
    efficiencies = fit(used, database)
    written = []
    for generation, value in sorted(efficiencies.items()):
        mine = [step for step in used if generation in (step.generation, "*")]
        logs = [math.log1p(_error(step, sustained_of(step, database, efficiencies))) for step in mine]
        sigma = math.sqrt(sum(log * log for log in logs) / len(logs))
        on = "geometric mean of the generations" if generation == "*" else "fitted on " + ", ".join(sorted({step.set.name for step in mine}))
        written.append(prior_row(_GEMM, f"generation={generation}", f"{value:.3f}", sigma, len(mine), source="fit-steps", manual="method", note=on))
    return written + spreads(found, database)


def spreads(found: Sequence[Step], database: Database) -> list[dict[str, str]]:
    """Return the rows of ``priors.csv`` with the log-spread of a step's time around its prediction, for dense models and mixtures of experts.

    It is the root mean square of the residuals, with efficiencies fitted without the step's publisher.
    """
    left = [(step, math.log(seconds_s / step.published_s)) for step, seconds_s in without_own_publisher(found, found, database)]
    written = []
    for scope in ("dense", "moe"):
        logs = [log for step, log in left if step.is_mixture == (scope == "moe")]
        sigma = math.sqrt(sum(log * log for log in logs) / len(logs))
        on = "root of the mean square of the residuals with each source left out of the fit"
        written.append(prior_row("step_time_spread", scope, "1", sigma, len(logs), source="fit-steps", manual="method", note=on))
    return written


def _error(step: Step, sustained: Sustained) -> float:
    return float(step.predict(sustained).total_s) / step.published_s - 1.0


def _summary(name: str, errors: Sequence[float], away: Sequence[float], *, is_fitted: bool) -> SetError:
    sizes = sorted(abs(error) for error in errors)
    mean_away = sum(abs(error) for error in away) / len(away)
    return SetError(name, len(sizes), sum(sizes) / len(sizes), quantile(sizes, 0.5), quantile(sizes, 0.9), sum(errors) / len(errors), is_fitted, mean_away)


def main() -> None:
    """Fit the efficiencies to our published steps and write them into ``hardware_db/priors.csv``."""
    database = open_database()
    found, _ = read_steps(read_runs()[0], database)
    priors.write(path.join(builtin_root(), "priors.csv"), fitted_priors(found, database), database, replaced=FITTED)


if __name__ == "__main__":
    main()
