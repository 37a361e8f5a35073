"""Backtest the model: predict each published run with priors that were fitted without its organisation."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from traincarbon.database.load import Database, open_database
from traincarbon.database.select import sigma_of
from traincarbon.errors import CarbonError, DatabaseError
from traincarbon.estimation.chain import estimate
from traincarbon.formulas import throughput
from traincarbon.published import power_rows, priors, step_efficiency
from traincarbon.published.counted_hardware import with_counts
from traincarbon.published.reported_runs import Chip, PublishedRun, SetAside, chip_of
from traincarbon.published.run_kinds import RunKind
from traincarbon.published.runs_file import read_measured_power, read_measured_steps, read_runs
from traincarbon.published.step_rows import Step, read_steps
from traincarbon.published.whole_runs import whole_rows
from traincarbon.quantities import KG_PER_T
from traincarbon.uncertain import Z_90
from traincarbon.validation import baselines
from traincarbon.validation.accuracy import FINE_TUNING, Backtest, Case, set_id
from traincarbon.validation.power import power_by_segment

Progress = Callable[[int, int], object]

_LEAST_MFU = 1e-3
"""No training is this slow: such a row has a count or a time in another unit."""
_NOT_ONE_TRAINING = {RunKind.ESTIMATE: "an estimate, not a training", RunKind.PROJECT: "a project, not a single training"}


def backtest(file: str | None = None, *, database: Database | None = None, progress: Progress | None = None) -> Backtest:
    """Return the backtest on the runs of a CSV *file*, by default on ours.

    *progress* is called with the number of organisations done, and of all.

    One rule holds for our runs and for yours. The priors behind a prediction are fitted to our published runs without those of the same
    organisation or id; if that leaves none out, they are the shipped ones. The utilisation of a benchmark is that of the fastest layout
    that the search finds for its parameters, accelerators, batch and context. Steps of known layout are also predicted by the
    step-time formula, with efficiencies and spread fitted to the steps of other publishers.

    Raises:
        DatabaseError: the file cannot be read, lacks a column, or holds no runs.
    """
    database = database if database is not None else open_database()
    runs, aside = read_runs(file)
    if file is not None:
        runs, contradicting = with_counts(runs, database)
        aside += contradicting
    ours = runs if file is None else read_runs()[0]
    published, unanswerable = _published_values(runs, database)
    metered = read_measured_power()
    refits = _Refits(ours, metered, database)
    predicted: list[_Prediction] = []
    groups = _by_group([run for run in runs if run.id in published])
    for done, tried in enumerate(groups):
        if progress is not None:
            progress(done, len(groups))
        for run in tried:
            found, reason = _predictions(run, published[run.id], refits.without(tried), refits)
            predicted += found
            unanswerable += [SetAside(run.id, reason)] if reason else []
    cases = _with_spread_of_searches(predicted, runs, ours, refits)
    measured = read_measured_steps()
    rows = [*runs, *measured] if file is None else runs
    timed, untimed = read_steps(rows, database)
    known = timed if file is None else read_steps([*ours, *measured], database)[0]
    cases += _step_cases(timed, known, rows, database)
    unanswerable += [SetAside(row.id, f"step time: {row.reason}") for row in untimed]
    power = tuple(power_by_segment(runs, metered, database)) if file is None else ()
    return Backtest(tuple(cases), (*aside, *unanswerable), "built-in" if file is None else file, is_built_in=file is None, power=power)


class _Facts(NamedTuple):
    """What a prediction may use: facts with priors, and the means of the baselines."""

    database: Database
    means: baselines.Means


class _Prediction(NamedTuple):
    """A case, and whether a layout search predicted it: a search states no interval."""

    case: Case
    group: str
    is_searched: bool = False


@dataclass(eq=False)
class _Refits:
    """Fits of the priors to our runs without some of them, each made once."""

    ours: Sequence[PublishedRun]
    metered: Sequence[PublishedRun]
    database: Database
    made: dict[frozenset[str], _Facts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.fitted_steps = [step for step in read_steps(self.ours, self.database)[0] if step.set.is_fitted_on]
        self.in_mfu = {run.id for run in self.ours if whole_rows([run], self.database) or priors.step_rows([run], self.database)}
        self.in_power = {row.id for row in power_rows.of_runs(self.ours, self.metered, self.database)}

    def without(self, tried: Sequence[PublishedRun]) -> _Facts:
        """Return facts fitted without the rows that share an organisation or an id with those *tried*."""
        ids, organisations = {run.id for run in tried}, {run.group for run in tried}
        left_out = frozenset(run.id for run in (*self.ours, *self.metered) if run.id in ids or run.group in organisations)
        if left_out not in self.made:
            kept, metered = ([run for run in rows if run.id not in left_out] for rows in (self.ours, self.metered))
            unseen = left_out.isdisjoint(self.in_mfu | self.in_power)
            facts = self.database if unseen else priors.with_priors(self.database, priors.fitted_priors(kept, metered, self.database))
            others = [step for step in self.fitted_steps if step.id not in left_out]
            if len(others) < len(self.fitted_steps):
                facts = step_efficiency.with_efficiencies(facts, step_efficiency.fit(others, self.database))
            self.made[left_out] = _Facts(facts, baselines.means_of_runs(kept, self.database))
        return self.made[left_out]

    def is_fitted_on(self, run: PublishedRun, quantity: str) -> bool:
        """Return whether the shipped priors behind *quantity* were fitted on *run*."""
        return run.id in self.in_mfu or (quantity not in ("mfu", "accelerator_hours_h") and run.id in self.in_power)


def _published_values(runs: Iterable[PublishedRun], database: Database) -> tuple[dict[str, dict[str, float]], list[SetAside]]:
    """Return the published values by the id of their run, and the runs without any, each with the reason."""
    values: dict[str, dict[str, float]] = {}
    aside = []
    for run in runs:
        if run.kind in _NOT_ONE_TRAINING:
            aside.append(SetAside(run.id, _NOT_ONE_TRAINING[run.kind]))
            continue
        try:
            found = _published(run, database)
        except CarbonError as error:
            aside.append(SetAside(run.id, str(error)))
            continue
        if found:
            values[run.id] = found
        else:
            aside.append(SetAside(run.id, _why_none(run)))
    return values, aside


def _predictions(run: PublishedRun, published: dict[str, float], facts: _Facts, refits: _Refits) -> tuple[list[_Prediction], str]:
    """Return the predictions of the *published* values of a run, or why there are none."""
    try:
        answer = estimate(run.plan(facts.database), database=facts.database)
        chip = chip_of(run, facts.database)
    except CarbonError as error:
        return [], str(error)
    name = run.set or set_id(f"{run.kind}/{run.family}/{chip.generation}")
    family = FINE_TUNING if run.kind.is_finetuning else run.family
    rules = baselines.mfu_of_run(run, chip, facts.means)
    hours = answer["accelerator_hours_h"]
    found = []
    for quantity, value in published.items():
        interval = answer[quantity]
        if interval is None or hours is None:
            continue
        fitted_on = refits.is_fitted_on(run, quantity)
        layout = answer.layout.spread if quantity == "mfu" else None
        if layout is not None:
            case = Case(run.id, name, quantity, value, layout.mfu, layout.mfu, layout.mfu, 0.0, rules, fitted_on)
            found.append(_Prediction(case, run.group, is_searched=True))
            continue
        at_peak_h = _hours_at_peak(run, chip)
        # a rule knows hours; energy and carbon are its hours at the power and intensity of the estimate
        simple = {rule: mfu if quantity == "mfu" else at_peak_h / mfu * interval.median / hours.median for rule, mfu in rules.items()}
        case = Case(run.id, name, quantity, value, *interval, interval.log_spread(), simple, fitted_on)
        if not run.is_steady:
            case = replace(case, family=family, unusable=run.unusable or "", generation=chip.generation, organisation=run.group)
        found.append(_Prediction(case, run.group))
    return found, "" if found else f"no {' or '.join(published)} can be estimated"


def _with_spread_of_searches(predicted: Sequence[_Prediction], runs: Sequence[PublishedRun], ours: Sequence[PublishedRun], refits: _Refits) -> list[Case]:
    """Return the cases. Where a search predicted, the spread is the root mean square error of the benchmarks of other organisations."""
    if not any(each.is_searched for each in predicted):
        return [each.case for each in predicted]
    searched = [each for each in (predicted if runs is ours else _benchmarks_of(ours, refits)) if each.is_searched]
    spread = {}
    for group in {each.group for each in predicted if each.is_searched}:
        squares = [each.case.error_ln**2 for each in searched if each.group != group]
        spread[group] = math.sqrt(math.fsum(squares) / len(squares)) if squares else sigma_of(refits.database, "step_time_spread", "dense")
    return [_widened(each.case, spread[each.group]) if each.is_searched else each.case for each in predicted]


def _benchmarks_of(ours: Sequence[PublishedRun], refits: _Refits) -> list[_Prediction]:
    """Return the predictions of our benchmarks."""
    published, _ = _published_values([run for run in ours if run.is_bench], refits.database)
    groups = _by_group([run for run in ours if run.id in published])
    return [each for tried in groups for run in tried for each in _predictions(run, published[run.id], refits.without(tried), refits)[0]]


def _widened(case: Case, sigma: float) -> Case:
    reach = math.exp(Z_90 * sigma)
    return replace(case, low=case.median / reach, high=case.median * reach, sigma=sigma)


def _step_cases(timed: Sequence[Step], known: Sequence[Step], runs: Iterable[PublishedRun], database: Database) -> list[Case]:
    """Return the times of the *timed* steps, each predicted with efficiencies and spread fitted to the *known* steps of other publishers."""
    if not timed:
        return []
    rows = {run.id: run for run in runs}
    predicted = step_efficiency.without_own_publisher(timed, known, database)
    residuals = predicted if timed is known else step_efficiency.without_own_publisher(known, known, database)
    known_ids = {step.id for step in known}
    found = []
    for step, seconds_s in predicted:
        others = [(other, other_s) for other, other_s in residuals if other.set.publisher != step.set.publisher]
        sigma = _step_spread(step, others, database)
        reach = math.exp(Z_90 * sigma)
        run = rows[step.id]
        rules = baselines.seconds_of_step(step, run, chip_of(run, database), baselines.means_of_steps(other for other, _ in others))
        name, seen = run.set or set_id(step.set.name), step.set.is_fitted_on and step.id in known_ids
        found.append(Case(step.id, name, "step_time_s", step.published_s, seconds_s / reach, seconds_s, seconds_s * reach, sigma, rules, seen))
    return found


def _step_spread(step: Step, others: Sequence[tuple[Step, float]], database: Database) -> float:
    """Return the spread of the *others* around their predictions, for a mixture of experts of other mixtures if there are any.

    It is wider where nothing says what software ran.
    """
    alike = [other for other in others if other[0].is_mixture == step.is_mixture] or others
    spread = step_efficiency.spread_of(alike) if alike else sigma_of(database, "gemm_efficiency", "generation=*")
    return spread if step.set.is_software_known else max(spread, sigma_of(database, "step_software_spread", "*"))


def _why_none(run: PublishedRun) -> str:
    """Return why nothing of *run* is predicted."""
    missing = []
    if not run.is_bench:
        if run.wallclock_days is not None and run.hours_h is None:
            missing.append("its accelerators are not counted: give accelerators, or accelerator_hours")
        if run.work_flop is None and (run.hours_h is not None or missing):
            missing.append("its work is not stated: give tokens and total_params, training_flops, or samples and gmac_per_sample")
    return "; ".join(missing) or "nothing published that an estimate answers"


def _published(run: PublishedRun, facts: Database) -> dict[str, float]:
    """Return the published values of *run* that an estimate answers in the same scope.

    Raises:
        CarbonError: the hardware is unknown, or the values are impossible on it.
    """
    chip = chip_of(run, facts)
    published: dict[str, float] = {}
    mfu = run.implied_mfu(chip.peak_flop_per_s)
    if mfu is not None and not _LEAST_MFU <= mfu <= 1.0:
        of_all = " samples count those of all epochs;" if run.samples is not None and (run.epochs or 1.0) > 1.0 else ""
        raise DatabaseError(f"it states {mfu:.3g} times the chip's peak rate:{of_all} is a count, a time or the precision in another unit?")
    if run.is_bench:
        return {} if mfu is None else {"mfu": mfu}
    if run.hours_h is not None and run.work_flop is not None:
        published["accelerator_hours_h"] = run.hours_h
    name = {"server": "it_energy_kwh", "facility": "facility_energy_kwh"}.get(run.energy_scope)
    if run.energy_kwh is None or name is None or run.work_flop is None or power_rows.is_nominal(run, chip):
        return published
    published[name] = run.energy_kwh
    if run.co2e_t is not None and run.co2e_scope in ("location", "market"):
        published["operational_kgco2e"] = run.co2e_t * KG_PER_T
    return published


def _hours_at_peak(run: PublishedRun, chip: Chip) -> float:
    flop = run.work_flop or run.flop_per_token(run.params or 1.0)
    return float(throughput.accelerator_hours_h(compute_flop=flop, peak_flop_per_s=chip.peak_flop_per_s, mfu=1.0))


def _by_group(runs: Iterable[PublishedRun]) -> list[list[PublishedRun]]:
    groups: dict[str, list[PublishedRun]] = {}
    for run in runs:
        groups.setdefault(run.group, []).append(run)
    return list(groups.values())
