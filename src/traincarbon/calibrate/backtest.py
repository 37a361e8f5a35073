"""How far estimates are from what real trainings reported: errors and coverage, beside the field's simple rules."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from traincarbon.calibrate import layouts, priors, steps
from traincarbon.calibrate.runs import Run, SetAside, read_runs
from traincarbon.database.load import Database, open_database
from traincarbon.database.select import sigma_of
from traincarbon.errors import CarbonError, DatabaseError
from traincarbon.estimate.chain import estimate
from traincarbon.formulas import throughput

QUANTITIES = ("step_time_s", "accelerator_hours_h", "mfu", "it_energy_kwh", "facility_energy_kwh", "operational_kgco2e")
_EPOCH_MFU = 0.375
"""Utilisation that Epoch's cost model assumes where none is published (Cottier et al. 2024, appendix A)."""
_LLMCARBON = (-2.12910565e-21, 4.39684339e-9, 799.173), (-8.82079068e-20, 1.68591116e-9, 133.954735), (-5.60233749e-23, 8.45435587e-11, 134.546129)
"""LLMCarbon's regressions over parameters (Faiz et al. 2024, as coded): accelerators, then TFLOP/s with tensor and with pipeline parallelism."""
_LLMCARBON_PER_GB = 0.03e9
_LLMCARBON_V100 = (1.0 - 7.76 / 33.46) * 125.0 / 312.0


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One published figure with what the estimate and the baselines say of it."""

    id: str
    set: str
    quantity: str
    published: float
    low: float
    median: float
    high: float
    sigma: float
    baselines: dict[str, float]

    @property
    def error_ln(self) -> float:
        """Logarithm of estimate over published."""
        return math.log(self.median / self.published)


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """Every case, and the rows that could not be tried, each with its reason."""

    cases: tuple[Case, ...]
    set_aside: tuple[SetAside, ...]
    source: str

    def to_dict(self) -> dict[str, Any]:
        """Return sets, rows and what was set aside, in the schema ``traincarbon/validation/1``."""
        keys = dict.fromkeys((case.set, case.quantity) for case in self.cases)
        groups = [(set, quantity, [case for case in self.cases if (case.set, case.quantity) == (set, quantity)]) for set, quantity in sorted(keys)]
        pooled = [("all", quantity, [case for case in self.cases if case.quantity == quantity]) for quantity in QUANTITIES]
        return {
            "schema": "traincarbon/validation/1",
            "runs": self.source,
            "sets": [summary(set, quantity, cases) for set, quantity, cases in [*groups, *pooled] if cases],
            "rows": [
                {
                    "id": case.id,
                    "set": case.set,
                    "quantity": case.quantity,
                    "published": case.published,
                    "low": case.low,
                    "median": case.median,
                    "high": case.high,
                }
                for case in self.cases
            ],
            "set_aside": [aside._asdict() for aside in self.set_aside],
        }


def backtest(file: str | None = None, *, database: Database | None = None, progress: Callable[[int, int], object] | None = None) -> Backtest:
    """Return the backtest on the runs of a CSV *file*, by default on ours.

    *progress* is called with the number of fits done and of all.

    Priors are fitted again for every organisation of our own runs without any row of it; the runs of another *file* are
    estimated with the priors as they are shipped, less the rows of ours that bear the same id. Steps of known layout are predicted by the
    step-time formula besides, with efficiencies fitted to the steps of other sources.

    Raises:
        DatabaseError: the file cannot be read or lacks a column.
    """
    database = database if database is not None else open_database()
    runs, aside = read_runs(file)
    ours = runs if file is None else read_runs()[0]
    cases: list[Case] = []
    asides = list(aside)
    groups = _by_organisation(runs)
    for done, (organisation, tried) in enumerate(groups.items()):
        if progress is not None:
            progress(done, len(groups))
        ids = {run["id"] for run in tried}
        kept = [run for run in ours if run["id"] not in ids and (file is not None or _organisation(run) != organisation)]
        refitted = len(kept) < len(ours)
        facts = priors.with_priors(database, priors.fitted_priors(kept, database)) if refitted else database
        means = _generation_means(kept, database)
        for run in tried:
            found, reason = _cases(run, facts, means)
            cases += found
            if reason:
                asides.append(SetAside(run["id"], reason))
    timed, untimed = layouts.steps(runs, database)
    cases += _step_cases(timed, layouts.steps(ours, database)[0], database)
    asides += [SetAside(row.id, f"step time: {row.reason}") for row in untimed]
    return Backtest(tuple(cases), tuple(asides), "built-in" if file is None else file)


def summary(set: str, quantity: str, cases: Sequence[Case]) -> dict[str, Any]:
    """Return n, errors, bias and coverage of *cases*, and the errors of the baselines."""
    errors = [case.error_ln for case in cases]
    sizes = sorted(abs(error) for error in errors)
    names = dict.fromkeys(name for case in cases for name in case.baselines)
    return {
        "set": set,
        "quantity": quantity,
        "fitted_on": False,
        "n": len(cases),
        "median_abs_ln": _quantile(sizes, 0.5),
        "mean_abs_ln": sum(sizes) / len(sizes),
        "p90_abs_ln": _quantile(sizes, 0.9),
        "bias_ln": sum(errors) / len(errors),
        "mape": sum(abs(math.expm1(error)) for error in errors) / len(errors),
        "coverage_50": _coverage(cases, 0.6744897501960817),
        "coverage_90": _coverage(cases, 1.6448536269514722),
        "baselines": {name: _baseline(cases, name) for name in names},
    }


def _cases(run: Run, facts: Database, means: dict[str, float]) -> tuple[list[Case], str]:
    if run["kind"] in ("estimate", "project"):
        return [], f"a {run['kind']} is no single training"
    try:
        published = _published(run, facts)
        if not published:
            return [], "nothing published that an estimate answers"
        plan = run.plan_of_a_step(facts) if run["kind"] == "bench" else run.plan(facts)
        answer = estimate(plan, database=facts)
        chip, _, peak = priors.peak_of(run, facts)
    except CarbonError as error:
        return [], str(error)
    label = f"{run['kind']}/{run['family']}/{chip.keys.get('generation', '')}"
    found = []
    for quantity, value in published.items():
        interval = answer[quantity]
        if interval is None:
            continue
        sigma = math.log(interval.high / interval.low) / (2.0 * 1.6448536269514722)
        baselines = _baselines(run, chip.id, chip.value("memory_b") or 0.0, peak, means) if quantity in ("accelerator_hours_h", "mfu") else {}
        if quantity == "mfu":
            baselines = {name: _hours_at_unit_mfu(run, peak) / hours for name, hours in baselines.items()}
        found.append(Case(run["id"], label, quantity, value, interval.low, interval.median, interval.high, sigma, baselines))
    return found, ""


def _step_cases(timed: Sequence[layouts.Step], known: Sequence[layouts.Step], database: Database) -> list[Case]:
    """Return the times of the *timed* steps, each predicted with efficiencies fitted to those *known* of other sources."""
    found = []
    for step, seconds_s in steps.without_their_source(timed, known, database):
        sigma = sigma_of(database, "gemm_efficiency", "generation=*")
        reach = math.exp(1.6448536269514722 * sigma)
        baselines = {"epoch_mfu_0.375": step.published_s * step.mfu(step.published_s) / _EPOCH_MFU}
        found.append(Case(step.id, step.set, "step_time_s", step.published_s, seconds_s / reach, seconds_s, seconds_s * reach, sigma, baselines))
    return found


def _published(run: Run, facts: Database) -> dict[str, float]:
    """Return the published figures of *run* that an estimate answers, on the same scope."""
    chip, _, peak = priors.peak_of(run, facts)
    published: dict[str, float] = {}
    hours = run.hours_h
    if run["kind"] == "bench":
        mfu = run.mfu(peak)
        if mfu is not None and mfu > 1.0:
            raise DatabaseError(f"it states {mfu:.3g} times the chip's peak rate")
        return {} if mfu is None else {"mfu": mfu}
    if hours is not None and run.number("tokens") is not None:
        published["accelerator_hours_h"] = hours
    energy, co2e_t = run.number("energy_kwh"), run.number("co2e_t")
    name = {"server": "it_energy_kwh", "facility": "facility_energy_kwh"}.get(run["energy_scope"])
    if energy is None or name is None or run.number("tokens") is None or priors.is_nominal(run, chip):
        return published
    published[name] = energy
    if co2e_t is not None and run["co2e_scope"] in ("location", "market"):
        published["operational_kgco2e"] = co2e_t * 1e3
    return published


def _baselines(run: Run, chip: str, memory_b: float, peak: float, means: dict[str, float]) -> dict[str, float]:
    """Return the accelerator-hours that three simple rules give for the work of *run*: constant, mean of the generation, LLMCarbon."""
    unit_h = _hours_at_unit_mfu(run, peak)
    found = {"epoch_mfu_0.375": unit_h / _EPOCH_MFU}
    mean = means.get(chip, means.get("", _EPOCH_MFU))
    found["generation_mean"] = unit_h / mean
    params = run.number("total_params") if run["family"] != "moe-lm" else run.number("active_params")
    if params is not None and memory_b > 0.0:
        found["llmcarbon"] = unit_h * peak / _llmcarbon_flop_per_s(params, memory_b)
    return found


def _llmcarbon_flop_per_s(params: float, memory_b: float) -> float:
    fits_in_a_server = params < 8.0 * _LLMCARBON_PER_GB * memory_b / 1e9
    a, b, c = _LLMCARBON[1] if fits_in_a_server else _LLMCARBON[2]
    rate = max(a * params * params + b * params + c, 10.0) * 1e12
    return rate if abs(memory_b - 80e9) < 1e9 else rate * _LLMCARBON_V100


def _hours_at_unit_mfu(run: Run, peak: float) -> float:
    params = run.number("active_params") or run.number("total_params") or 1.0
    flop = run.flop_per_token(params) * (run.number("tokens") or 1.0)
    return float(throughput.accelerator_hours_h(compute_flop=flop, peak_flop_per_s=peak, mfu=1.0))


def _generation_means(runs: Iterable[Run], database: Database) -> dict[str, float]:
    """Return the mean utilisation, in logarithms, of *runs* by chip; under the empty name that of all."""
    logs: dict[str, list[float]] = {"": []}
    for run in runs:
        if run["kind"] not in ("run", "segment", "finetune"):
            continue
        try:
            chip, _, peak = priors.peak_of(run, database)
        except CarbonError:
            continue
        mfu = run.mfu(peak)
        if mfu is not None and priors.plausible(run, mfu):
            logs.setdefault(chip.id, []).append(math.log(mfu))
            logs[""].append(math.log(mfu))
    return {chip: math.exp(sum(values) / len(values)) for chip, values in logs.items() if values}


def _by_organisation(runs: Iterable[Run]) -> dict[str, list[Run]]:
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(_organisation(run), []).append(run)
    return groups


def _organisation(run: Run) -> str:
    return run["organisation"] or run["source"]


def _coverage(cases: Sequence[Case], z: float) -> float:
    return sum(abs(case.error_ln) <= z * case.sigma for case in cases) / len(cases)


def _baseline(cases: Sequence[Case], name: str) -> dict[str, float]:
    errors = [math.log(case.baselines[name] / case.published) for case in cases if name in case.baselines]
    sizes = sorted(abs(error) for error in errors)
    return {"n": len(sizes), "median_abs_ln": _quantile(sizes, 0.5), "p90_abs_ln": _quantile(sizes, 0.9), "bias_ln": sum(errors) / len(errors)}


def _quantile(ordered: Sequence[float], share: float) -> float:
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])
