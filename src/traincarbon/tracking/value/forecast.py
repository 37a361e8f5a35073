"""Forecast what the whole run will take, from its progress so far and, if there is one, from its plan."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.ledger.like_for_like import comparable, scaled
from traincarbon.quantities import S_PER_H
from traincarbon.tracking.reports import COUNTS
from traincarbon.tracking.value.pace import expected_pace, measured_pace, time_left
from traincarbon.tracking.value.run_results import Coefficients, Part, RunResults, run_results
from traincarbon.tracking.value.session_progress import Progress
from traincarbon.tracking.value.trend import Points, trend_of
from traincarbon.tracking.value.valuation import EarlierSessions, PlannedRun
from traincarbon.uncertain import Interval, Uncertain, median_of

_LEAST_SIGMA_OF_POWER = 0.01
"""Least log-spread of the mean power of a whole run around the power seen."""
_FROM_PLAN = ("facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "total_kgco2e", "electricity_usd")
"""What the plan alone forecasts, beside the duration."""
_LIKE_EARLIER = 0.5
"""A first count of at least this share of what earlier sessions did is taken to include theirs, until the second count shows it."""
_COMPARED_WITH_PLAN = ("duration_s", "facility_energy_kwh", "total_kgco2e")


class Observed(NamedTuple):
    """What was observed of a session so far."""

    elapsed_s: float
    """Wall-clock since the session began. [s]"""
    parts: Mapping[str, Part]
    """Part to its joules since then."""
    accelerators: float
    """Accelerators at work, 0 if none is known."""
    progress: Progress
    energy: Points
    """Time, the last being now, to the joules of all parts, as metered. [s], [J]"""
    nodes: int = 1
    """Machines that work on the run, including this one; the results of this one are compared with its share of the plan."""
    has_unread_gpu: bool = False
    """Whether a GPU is there that no meter reads."""
    processors: float = 0.0
    """Processors that are the accelerators, where there are no others."""


class Forecast(NamedTuple):
    """What the whole run will have taken at its end, including earlier sessions, or why there is no forecast."""

    why_not: str
    """Empty if there is a forecast."""
    basis: str
    """``measured``, ``plan``, or ``plan and measured``."""
    unit: str
    """What the run is counted in: ``tokens``, ``samples`` or ``steps``."""
    done: float
    total: float
    left_s: Uncertain | None
    """Time to the end. [s]"""
    values: dict[str, Uncertain]
    """``duration_s`` and the quantities of :class:`~traincarbon.tracking.value.run_results.RunResults`, of the whole run."""
    over_plan: dict[str, float]
    """Median of the forecast over that of the plan for the same work and the same parts. [1]"""
    pace_s: float | None = None
    """What each unit of the remaining work is expected to take. [s]"""
    plan: PlannedRun | None = None
    """The plan for the work of this run."""

    @property
    def share(self) -> float:
        """How much of the run is done: 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total > 0.0 else 0.0

    def to_dict(self) -> dict[str, object]:
        """Return the record's ``forecast``: each quantity with the bounds of its 90 % interval, to six digits."""
        if self.why_not:
            return {"why_not": self.why_not}
        return {
            "basis": self.basis,
            "unit": self.unit,
            "done": self.done,
            "total": self.total,
            "share_done": self.share,
            "eta_s": None if self.left_s is None else _rounded(Interval.of(self.left_s).to_dict()),
            **{name: _rounded(Interval.of(value).to_dict()) for name, value in self.values.items()},
            "over_plan": _rounded(self.over_plan),
        }


def forecast_of(observed: Observed, *, coefficients: Coefficients, plan: PlannedRun | None = None, earlier: EarlierSessions | None = None) -> Forecast:
    r"""Return what the whole run will have taken.

    What is done is certain up to its meters and coefficients. The time left is the work left times the pace, and the
    energy of that time is the power seen so far times that time. The pace is that since the first report and that of the plan,
    see :func:`traincarbon.tracking.value.pace.expected_pace`. A plan of more or fewer tokens counts pro rata.

    Args:
        observed: What was observed of this session so far.
        coefficients: What converts its joules and hours into emissions, water and cost.
        plan: What the plan expects, None without a plan.
        earlier: What earlier sessions took.
    """
    earlier = earlier or EarlierSessions()
    unit, done, total = _work(observed.progress, plan, earlier)
    if total is None:
        return _none(_why_no_total(observed.progress), unit, done)
    plan = _for_work(plan, unit, total)
    left, now_s, points = max(total - done, 0.0), observed.energy.xs[-1] if observed.energy.xs else 0.0, observed.progress.points(unit)
    trend, planned_s = measured_pace(points, now_s), _expected(plan, "duration_s")
    planned = None if planned_s is None else Uncertain(planned_s.median / total, {"pace": planned_s.sigma})
    pace_s = expected_pace(trend, planned, left=left, total=total)
    if pace_s is None:
        return _none(f"the script has not yet reported {unit} twice, and no plan says how long it takes", unit, done, total)
    left_s = time_left(points, pace_s, left=left, elapsed_s=observed.elapsed_s, now_s=now_s)
    basis = " and ".join(name for name, found in (("plan", planned), ("measured", trend)) if found is not None)
    whole = _whole(observed, left_s, coefficients=coefficients, plan=plan)
    whole = {name: value + earlier.values[name] if name in earlier.values else value for name, value in whole.items()}
    compared = None if plan is None else plan._replace(results=comparable(plan.results, has_embodied="embodied_kgco2e" in whole).results)
    over_plan = {
        name: whole[name].median / planned.median for name in _COMPARED_WITH_PLAN if name in whole and (planned := _expected(compared, name, observed.nodes))
    }
    return Forecast("", basis, unit, done, total, left_s, whole, over_plan, pace_s.median, compared)


def spent(results: RunResults, observed: Observed) -> dict[str, Uncertain]:
    """Return what the session took so far, by the names of the forecast; budgets compare it with their limits."""
    return {**results.values, "duration_s": Uncertain(observed.elapsed_s)}


def _work(progress: Progress, plan: PlannedRun | None, earlier: EarlierSessions) -> tuple[str, float, float | None]:
    """Return what the run is counted in, how much is done, and the total, None if it is unknown."""
    totals = dict(progress.totals)
    if plan is not None and plan.tokens:
        totals.setdefault("tokens", plan.tokens)
        if plan.batch_tokens:
            totals.setdefault("steps", plan.tokens / plan.batch_tokens)
    reported = [name for name in COUNTS if name in progress.counts]
    unit = next((name for name in reported if name in totals), None)
    if unit is None:
        unit = next((name for name in COUNTS if name in totals), "") if not reported else reported[0]
    done, done_earlier = progress.counts.get(unit, 0.0), earlier.counts.get(unit, 0.0)
    start = progress.resumed_from(unit)
    includes_earlier = start > 0.0 if start is not None else done > _LIKE_EARLIER * done_earlier
    return unit, done if includes_earlier else done + done_earlier, totals.get(unit)


def _why_no_total(progress: Progress) -> str:
    if not progress.counts:
        return "the script reports no progress, and no plan is given: see --progress-regex, --total-steps and --plan in carbon track --help"
    name = next(iter(progress.counts))
    return f"the total number of {name} is unknown: report total_{name}, or give --total-{name}"


def _none(why: str, unit: str, done: float, total: float = 0.0) -> Forecast:
    return Forecast(why, "", unit, done, total, None, {}, {})


def _for_work(plan: PlannedRun | None, unit: str, total: float) -> PlannedRun | None:
    """Return the plan for *total* of *unit*, in proportion to the tokens; as it is where it does not say how many."""
    if plan is None or not plan.tokens:
        return plan
    planned = plan.tokens if unit == "tokens" else plan.tokens / plan.batch_tokens if unit == "steps" and plan.batch_tokens else total
    share = total / planned
    return plan._replace(results={name: scaled(name, result, share) for name, result in plan.results.items()}, tokens=plan.tokens * share)


def _whole(observed: Observed, left_s: Uncertain, *, coefficients: Coefficients, plan: PlannedRun | None) -> dict[str, Uncertain]:
    """Return what this session will have taken at the end of the run, by what was measured of it or, before that, by the plan."""
    at_end = _parts_at_end(observed, left_s)
    if at_end is None:
        values = {name: expected for name in _FROM_PLAN if (expected := _expected(plan, name, observed.nodes)) is not None}
    else:
        whole_h = (left_s + observed.elapsed_s) * (1.0 / S_PER_H)
        values = run_results(
            at_end,
            accelerator_hours_h=whole_h * observed.accelerators,
            processor_hours_h=whole_h * observed.processors if observed.processors else 0.0,
            coefficients=coefficients,
            has_unread_gpu=observed.has_unread_gpu,
        ).values
    return {"duration_s": left_s + observed.elapsed_s, **values}


def _parts_at_end(observed: Observed, left_s: Uncertain) -> dict[str, Part] | None:
    """Return the joules of each part at the end of the run: those so far and those of the time left at the mean power ahead."""
    so_far_j = sum(median_of(part.energy_j) for part in observed.parts.values())
    from_s = min((points.xs[0] for name in COUNTS if (points := observed.progress.points(name)) is not None), default=-math.inf)
    first = next((index for index, time_s in enumerate(observed.energy.xs) if time_s >= from_s), 0)
    trend = trend_of(observed.energy.xs[first:], observed.energy.ys[first:]) or trend_of(observed.energy.xs, observed.energy.ys)
    if trend is None or so_far_j <= 0.0:
        return None
    power_w = Uncertain(trend.slope, {"mean power": math.hypot(trend.sigma_ahead(left_s.median), _LEAST_SIGMA_OF_POWER)})
    growth = (power_w * left_s) * (1.0 / so_far_j) + 1.0
    return {name: part._replace(energy_j=growth * part.energy_j) for name, part in observed.parts.items()}


def _expected(plan: PlannedRun | None, name: str, nodes: int = 1) -> Uncertain | None:
    """Return what the plan expects of *name*, with one spread; None if it does not say.

    Energy and emissions are the share of one of so many *nodes*.
    """
    stated = None if plan is None else plan.results.get(name)
    if stated is None or not 0.0 < stated.low <= stated.median <= stated.high < math.inf:
        return None
    return Uncertain(stated.median / (1 if name == "duration_s" else max(nodes, 1)), {name: stated.log_spread()})


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    """Return *values* to six digits, as the journal holds them every few seconds."""
    return {name: float(f"{value:.6g}") for name, value in values.items()}
