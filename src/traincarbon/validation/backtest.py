"""How far estimates are from what real trainings reported: each run predicted by priors that have not seen its organisation."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from traincarbon.database.load import Database, open_database
from traincarbon.database.select import sigma_of
from traincarbon.errors import CarbonError, DatabaseError
from traincarbon.estimation.chain import estimate
from traincarbon.formulas import throughput
from traincarbon.published import priors, step_rows, steps
from traincarbon.published.runs import Run, SetAside, read_runs
from traincarbon.validation import baselines
from traincarbon.validation.accuracy import Z_90, Backtest, Case, set_id

Progress = Callable[[int, int], object]


def backtest(file: str | None = None, *, database: Database | None = None, progress: Progress | None = None) -> Backtest:
    """Return the backtest on the runs of a CSV *file*, by default on ours.

    *progress* is called with the number of organisations done and of all.

    One rule holds for ours and for another's: the priors behind a prediction are fitted to our published runs without any of the same
    organisation or id; where that leaves none out, they are the shipped ones. The utilisation of a throughput bench is that of the fastest layout
    that the search finds for its parameters, accelerators, batch and context. Steps of known layout are predicted by the
    step-time formula besides, its efficiencies and its spread fitted to the steps of other sources.

    Raises:
        DatabaseError: the file cannot be read, lacks a column, or holds no runs.
    """
    database = database if database is not None else open_database()
    runs, aside = read_runs(file)
    ours = runs if file is None else read_runs()[0]
    figures, unanswerable = _figures(runs, database)
    refits = _Refits(ours, database)
    cases: list[Case] = []
    groups = _by_organisation([run for run in runs if run["id"] in figures])
    for done, tried in enumerate(groups):
        if progress is not None:
            progress(done, len(groups))
        facts, means = refits.without(tried)
        for run in tried:
            found, reason = _cases(run, figures[run["id"]], facts, means, refits)
            cases += found
            unanswerable += [SetAside(run["id"], reason)] if reason else []
    cases = _with_spread_of_searches(cases, runs, ours, refits)
    timed, untimed = step_rows.steps(runs, database)
    known = timed if file is None else step_rows.steps(ours, database)[0]
    cases += _step_cases(timed, known, runs, database)
    unanswerable += [SetAside(row.id, f"step time: {row.reason}") for row in untimed]
    return Backtest(tuple(cases), (*aside, *unanswerable), "built-in" if file is None else file)


class _Facts(NamedTuple):
    """What a prediction may use: facts with priors, and the means of the baselines."""

    database: Database
    means: baselines.Means


@dataclass(eq=False)
class _Refits:
    """Fits of the priors to our runs without some of them, each made once."""

    ours: Sequence[Run]
    database: Database
    made: dict[frozenset[str], _Facts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.fitted_steps = [step for step in step_rows.steps(self.ours, self.database)[0] if step.set in steps.FITTED_ON]
        self.in_mfu = {run["id"] for run in self.ours if priors.mfu_rows([run], self.database)}
        self.in_power = {run["id"] for run in self.ours if priors.power_rows([run], self.database)}

    def without(self, tried: Sequence[Run]) -> _Facts:
        """Return what is known without the rows of the organisation or of the ids of those *tried*."""
        ids, organisations = {run["id"] for run in tried}, {_organisation(run) for run in tried}
        left_out = frozenset(run["id"] for run in self.ours if run["id"] in ids or _organisation(run) in organisations)
        if left_out not in self.made:
            kept = [run for run in self.ours if run["id"] not in left_out]
            unseen = left_out.isdisjoint(self.in_mfu | self.in_power)
            facts = self.database if unseen else priors.with_priors(self.database, priors.fitted_priors(kept, self.database))
            others = [step for step in self.fitted_steps if step.id not in left_out]
            if len(others) < len(self.fitted_steps):
                facts = steps.with_efficiencies(facts, steps.fit(others, self.database))
            self.made[left_out] = _Facts(facts, baselines.means_of_runs(kept, self.database))
        return self.made[left_out]

    def had_part(self, run: Run, quantity: str) -> bool:
        """Say whether *run* had a part in the fit of the shipped priors behind *quantity*."""
        return run["id"] in self.in_mfu or (quantity not in ("mfu", "accelerator_hours_h") and run["id"] in self.in_power)


def _figures(runs: Iterable[Run], database: Database) -> tuple[dict[str, dict[str, float]], list[SetAside]]:
    """Return the published figures by the id of their run, and the runs without any, each with the reason."""
    figures: dict[str, dict[str, float]] = {}
    aside = []
    for run in runs:
        if run["kind"] in ("estimate", "project"):
            aside.append(SetAside(run["id"], f"{'an' if run['kind'] == 'estimate' else 'a'} {run['kind']} is no single training"))
            continue
        try:
            found = _published(run, database)
        except CarbonError as error:
            aside.append(SetAside(run["id"], str(error)))
            continue
        if found:
            figures[run["id"]] = found
        else:
            aside.append(SetAside(run["id"], "nothing published that an estimate answers"))
    return figures, aside


def _cases(run: Run, published: dict[str, float], facts: Database, means: baselines.Means, refits: _Refits) -> tuple[list[Case], str]:
    try:
        plan = run.plan_of_a_step(facts) if run["kind"] == "bench" else run.plan(facts)
        answer = estimate(plan, database=facts)
        chip, _, peak = priors.peak_of(run, facts)
    except CarbonError as error:
        return [], str(error)
    name = run.texts.get("set") or set_id(f"{run['kind']}/{run['family']}/{chip.keys.get('generation', '')}")
    rules = baselines.mfu_of_run(run, chip, peak, means)
    hours = answer["accelerator_hours_h"]
    found = []
    for quantity, value in published.items():
        interval = answer[quantity]
        if interval is None or hours is None:
            continue
        searched = answer.layout.spread if quantity == "mfu" else None
        if searched is not None:
            found.append(Case(run["id"], name, quantity, value, searched.mfu, searched.mfu, searched.mfu, 0.0, rules, refits.had_part(run, quantity)))
            continue
        sigma = math.log(interval.high / interval.low) / (2.0 * Z_90)
        at_peak_h = _hours_at_peak(run, peak)
        # a rule knows hours; energy and carbon are its hours at the power and intensity of the estimate
        simple = {rule: mfu if quantity == "mfu" else at_peak_h / mfu * interval.median / hours.median for rule, mfu in rules.items()}
        found.append(Case(run["id"], name, quantity, value, *interval, sigma, simple, refits.had_part(run, quantity)))
    return found, "" if found else f"no {' or '.join(published)} can be estimated"


def _with_spread_of_searches(cases: Sequence[Case], runs: Sequence[Run], ours: Sequence[Run], refits: _Refits) -> list[Case]:
    """Return *cases* with an interval for each utilisation that a search predicted: the root mean square of what is left of other organisations' benches."""
    organisations = {run["id"]: _organisation(run) for run in runs}
    searched = [case for case in cases if _is_searched(case)]
    if not searched:
        return list(cases)
    left = [(organisations[case.id], case.error_ln) for case in searched] if runs is ours else _searches_of(ours, refits)
    spread = {}
    for organisation in {organisations[case.id] for case in searched}:
        others = [error * error for other, error in left if other != organisation]
        spread[organisation] = math.sqrt(math.fsum(others) / len(others)) if others else sigma_of(refits.database, "step_time_spread", "dense")
    return [_widened(case, spread[organisations[case.id]]) if _is_searched(case) else case for case in cases]


def _searches_of(ours: Sequence[Run], refits: _Refits) -> list[tuple[str, float]]:
    """Return the organisation and the error of each of our benches whose utilisation a search predicts."""
    figures, _ = _figures([run for run in ours if run["kind"] == "bench"], refits.database)
    left = []
    for tried in _by_organisation([run for run in ours if run["id"] in figures]):
        facts, means = refits.without(tried)
        found = [case for run in tried for case in _cases(run, figures[run["id"]], facts, means, refits)[0]]
        left += [(_organisation(tried[0]), case.error_ln) for case in found if _is_searched(case)]
    return left


def _is_searched(case: Case) -> bool:
    return case.quantity == "mfu" and case.sigma == 0.0


def _widened(case: Case, sigma: float) -> Case:
    reach = math.exp(Z_90 * sigma)
    return replace(case, low=case.median / reach, high=case.median * reach, sigma=sigma)


def _step_cases(timed: Sequence[step_rows.Step], known: Sequence[step_rows.Step], runs: Iterable[Run], database: Database) -> list[Case]:
    """Return the times of the *timed* steps, each predicted with efficiencies and spread fitted to those *known* of other sources."""
    if not timed:
        return []
    rows = {run["id"]: run for run in runs}
    predicted = steps.without_their_source(timed, known, database)
    residuals = predicted if timed is known else steps.without_their_source(known, known, database)
    known_ids = {step.id for step in known}
    found = []
    for step, seconds_s in predicted:
        others = [(other, other_s) for other, other_s in residuals if _source(other) != _source(step)]
        sigma = _step_spread(step, others, database)
        reach = math.exp(Z_90 * sigma)
        run, chip = rows[step.id], priors.peak_of(rows[step.id], database)[0]
        rules = baselines.seconds_of_step(step, run, chip, baselines.means_of_steps(other for other, _ in others))
        name = run.texts.get("set") or set_id(step.set)
        seen = step.set in steps.FITTED_ON and step.id in known_ids
        found.append(Case(step.id, name, "step_time_s", step.published_s, seconds_s / reach, seconds_s, seconds_s * reach, sigma, rules, seen))
    return found


def _step_spread(step: step_rows.Step, others: Sequence[tuple[step_rows.Step, float]], database: Database) -> float:
    """Return the root mean square of what is left of the *others*: of mixtures of experts for one of those, where there are any."""
    logs = [(other.shape.experts > 1.0, math.log(seconds_s / other.published_s)) for other, seconds_s in others]
    alike = [log for mixed, log in logs if mixed == (step.shape.experts > 1.0)] or [log for _, log in logs]
    return math.sqrt(sum(log * log for log in alike) / len(alike)) if alike else sigma_of(database, "gemm_efficiency", "generation=*")


def _published(run: Run, facts: Database) -> dict[str, float]:
    """Return the published figures of *run* that an estimate answers, on the same scope.

    Raises:
        CarbonError: the hardware is not known, or the figures cannot be of it.
    """
    chip, _, peak = priors.peak_of(run, facts)
    published: dict[str, float] = {}
    hours, mfu = run.hours_h, run.mfu(peak)
    if mfu is not None and not _LEAST_MFU <= mfu <= 1.0:
        raise DatabaseError(f"it states {mfu:.3g} times the chip's peak rate: is a count, a time or the precision in another unit?")
    if run["kind"] == "bench":
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


_LEAST_MFU = 1e-3
"""No training is as slow: such a row has a count or a time in another unit."""


def _hours_at_peak(run: Run, peak: float) -> float:
    params = run.number("active_params") or run.number("total_params") or 1.0
    flop = run.flop_per_token(params) * (run.number("tokens") or 1.0)
    return float(throughput.accelerator_hours_h(compute_flop=flop, peak_flop_per_s=peak, mfu=1.0))


def _by_organisation(runs: Iterable[Run]) -> list[list[Run]]:
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(_organisation(run), []).append(run)
    return list(groups.values())


def _organisation(run: Run) -> str:
    return (run["organisation"] or run["source"]).casefold()


def _source(step: step_rows.Step) -> str:
    """Return who published a step: the first word of its set, as the fit of the efficiencies leaves them out."""
    return step.set.split(maxsplit=1)[0].removesuffix("'s")
