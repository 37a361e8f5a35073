"""The outlook: what the whole run will take, from how far it has come and, where there is one, the plan."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from traincarbon.quantities import S_PER_H
from traincarbon.tracking.progress import COUNTS, Progress
from traincarbon.tracking.value.run_results import Coefficients, Figures, Part, figures_of, interval
from traincarbon.tracking.value.trend import Points, Trend, trend_of
from traincarbon.uncertain import Z_90, Uncertain, median_of, z_of

_FLOOR_PACE = 0.05
"""Log-spread of the pace of a whole run around what was seen of it: nothing seen excludes a slower disk or a longer evaluation later on."""
_FLOOR_DRAW = 0.01
"""The same of the mean draw."""
_FIGURES = ("facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "total_kgco2e", "electricity_usd")
_LIKE_EARLIER = 0.5
"""A first count of at least this share of what earlier sessions did is taken as going on from theirs, until the second tells."""
_AGAINST_PLAN = ("duration_s", "facility_energy_kwh", "total_kgco2e")


class Seen(NamedTuple):
    """What a session has seen so far."""

    elapsed_s: float
    """Wall-clock since the session began. [s]"""
    parts: Mapping[str, Part]
    """Part to its joules since then."""
    accelerators: float
    """At work, 0 where none is known."""
    progress: Progress
    energy: Points
    """Time, the last one now, to the joules of all parts, as the meters told. [s], [J]"""
    nodes: int = 1
    """Machines that work at it, this one among them; its figures are compared with its share of the plan."""


class Before(NamedTuple):
    """What earlier sessions of the same run came to."""

    figures: Mapping[str, Uncertain] = {}
    counts: Mapping[str, float] = {}


class Outlook(NamedTuple):
    """What the whole run will have taken at its end, earlier sessions included; or why nothing can be said."""

    why_not: str
    """Empty where there is a forecast."""
    basis: str
    """``measured``, ``plan``, or ``plan and measured``."""
    unit: str
    """What the run is counted in: ``tokens``, ``samples`` or ``steps``."""
    done: float
    total: float
    left_s: Uncertain | None
    """Time to the end. [s]"""
    figures: dict[str, Uncertain]
    """``duration_s`` and the figures of :class:`~traincarbon.tracking.value.run_results.Figures`, of the whole run."""
    over_plan: dict[str, float]
    """Median of the forecast over that of the plan. [1]"""

    @property
    def share(self) -> float:
        """How much of the run is done: 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total > 0.0 else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the record's ``forecast``: each figure with the bounds of its 90 % interval, to six digits."""
        if self.why_not:
            return {"why_not": self.why_not}
        return {
            "basis": self.basis,
            "unit": self.unit,
            "done": self.done,
            "total": self.total,
            "share_done": self.share,
            "eta_s": None if self.left_s is None else _rounded(interval(self.left_s)),
            **{name: _rounded(interval(value)) for name, value in self.figures.items()},
            "over_plan": _rounded(self.over_plan),
        }


def outlook(seen: Seen, *, coefficients: Coefficients, plan: Mapping[str, Any] | None = None, before: Before | None = None) -> Outlook:
    r"""Return what the whole run will have taken.

    What is done is certain up to its meters and coefficients; what is left is the work left times the pace, and the
    joules of that time are the draw seen so far. The pace is log-normal: its mean since the first report, with the spread that the
    scatter of its batches gives for the time ahead, weighed against that of the plan by precision:

    .. math:: \ln p = \frac{\ln p_m / \sigma_m^2 + \ln p_0 / \sigma_0^2}{1 / \sigma_m^2 + 1 / \sigma_0^2}, \quad
        \sigma^2 = \frac{1}{1 / \sigma_m^2 + 1 / \sigma_0^2}

    Args:
        seen: What this session has seen so far.
        coefficients: What turns its joules and hours into figures.
        plan: What :func:`traincarbon.tracking.value.rates.appraise` answers under ``plan``, None without a plan.
        before: What earlier sessions came to.

    References:
        Gelman et al. 2013, *Bayesian data analysis*, section 2.5, for the weighing of two normals.
    """
    before = before or Before()
    unit, done, total = _work(seen.progress, plan, before)
    if total is None:
        return _nothing(_why_no_total(seen.progress), unit, done)
    pace = _pace(seen, unit, max(total - done, 0.0), total, plan)
    if pace is None:
        return _nothing(f"the script has not yet reported {unit} twice, and no plan says how long it takes", unit, done, total)
    left_s = _left(seen, unit, pace * max(total - done, 0.0))
    rest = _rest(seen, left_s)
    basis = " and ".join(
        name for name, is_there in (("plan", _expected(plan, "duration_s") is not None), ("measured", _trend(seen, unit) is not None)) if is_there
    )
    if rest is None:
        figures = {name: expected for name in _FIGURES if (expected := _expected(plan, name, seen.nodes)) is not None}
    else:
        figures = figures_of(rest, accelerator_hours_h=(left_s + seen.elapsed_s) * (seen.accelerators / S_PER_H), coefficients=coefficients).values
    whole = {"duration_s": left_s + seen.elapsed_s, **figures}
    whole = {name: value + before.figures[name] if name in before.figures else value for name, value in whole.items()}
    over_plan = {name: whole[name].median / of_plan.median for name in _AGAINST_PLAN if name in whole and (of_plan := _expected(plan, name, seen.nodes))}
    return Outlook("", basis, unit, done, total, left_s, whole, over_plan)


def spent(figures: Figures, seen: Seen) -> dict[str, Uncertain]:
    """Return what the session took so far, by the names of the forecast: what budgets compare with their limits."""
    return {**figures.values, "duration_s": Uncertain(seen.elapsed_s)}


def _work(progress: Progress, plan: Mapping[str, Any] | None, before: Before) -> tuple[str, float, float | None]:
    """Return what the run is counted in, how much is done, and how much there is to do, None where nobody says."""
    totals = dict(progress.totals)
    if plan is not None and plan.get("tokens"):
        totals.setdefault("tokens", plan["tokens"])
        if plan.get("batch_tokens"):
            totals.setdefault("steps", plan["tokens"] / plan["batch_tokens"])
    reported = [name for name in COUNTS if name in progress.counts]
    unit = next((name for name in reported if name in totals), None)
    if unit is None:
        unit = next((name for name in COUNTS if name in totals), "") if not reported else reported[0]
    done, earlier = progress.counts.get(unit, 0.0), before.counts.get(unit, 0.0)
    start = progress.went_on_from(unit)
    goes_on = start > 0.0 if start is not None else done > _LIKE_EARLIER * earlier
    return unit, done if goes_on else done + earlier, totals.get(unit)


def _why_no_total(progress: Progress) -> str:
    if not progress.counts:
        return "the script reports no progress, and there is no plan: see carbon track --help on --progress-regex, --total-steps and --plan"
    name = next(iter(progress.counts))
    return f"it is not known how many {name} there will be: report total_{name}, or give --total-{name}"


def _nothing(why: str, unit: str, done: float, total: float = 0.0) -> Outlook:
    return Outlook(why, "", unit, done, total, None, {}, {})


def _trend(seen: Seen, unit: str) -> Trend | None:
    """Return the pace since the first report, time over work: what came before was start-up."""
    points = seen.progress.points(unit)
    return None if points is None else trend_of(points.ys, points.xs)


def _pace(seen: Seen, unit: str, left: float, total: float, plan: Mapping[str, Any] | None) -> Uncertain | None:
    """Return the seconds that a unit of the work left will take."""
    trend = _trend(seen, unit)
    expected = _expected(plan, "duration_s")
    planned = None if expected is None else Uncertain(expected.median / total, {"pace": expected.sigma})
    if trend is None:
        return planned
    floor = _FLOOR_PACE * math.sqrt(left / total)
    measured = Uncertain(trend.slope, {"pace": math.hypot(trend.sigma_ahead(left), floor)})
    return measured if planned is None else _weighed(measured, planned, "pace")


def _left(seen: Seen, unit: str, since_report: Uncertain) -> Uncertain:
    """Return the time left from now, given that from the last report, or from the beginning where there is none.

    What has passed since counts up to one interval of reports. Without two of them it is the plan's time, of which it is known that it takes longer than this.
    """
    points = seen.progress.points(unit)
    if points is None:
        return _beyond(since_report, seen.elapsed_s)
    passed_s = max(seen.energy.xs[-1] - points.xs[-1], 0.0) if seen.energy.xs else 0.0
    if len(points.xs) < 2:
        return _beyond(since_report, passed_s)
    return Uncertain(max(since_report.median - min(passed_s, points.xs[-1] - points.xs[-2]), 0.0), since_report.spreads)


def _beyond(whole: Uncertain, passed: float) -> Uncertain:
    """Return what is left of a log-normal time of which *passed* is over and the end has not come: by its median and 95 % bound, given that."""
    sigma = whole.sigma
    if sigma <= 0.0 or passed <= 0.0 or whole.median <= 0.0:
        return Uncertain(max(whole.median - passed, 0.0), whole.spreads)
    over = 0.5 * (1.0 + math.erf(math.log(passed / whole.median) / (sigma * math.sqrt(2.0))))
    over = min(max(over, 1e-9), 1.0 - 1e-9)
    middle, bound = (whole.median * math.exp(sigma * z_of(level)) for level in (over, 0.9 + 0.1 * over))
    if not passed < middle < bound:
        return Uncertain(0.1 * passed, {"pace": 1.0})  # beyond all that the plan thought possible
    return Uncertain(middle - passed, {"pace": math.log((bound - passed) / (middle - passed)) / Z_90})


def _rest(seen: Seen, left_s: Uncertain) -> dict[str, Part] | None:
    """Return the joules of each part at the end: those so far and those of the time left at the draw to come."""
    so_far_j = sum(median_of(part.energy_j) for part in seen.parts.values())
    from_s = min((points.xs[0] for name in COUNTS if (points := seen.progress.points(name)) is not None), default=-math.inf)
    place = next((place for place, time_s in enumerate(seen.energy.xs) if time_s >= from_s), 0)
    trend = trend_of(seen.energy.xs[place:], seen.energy.ys[place:]) or trend_of(seen.energy.xs, seen.energy.ys)
    if trend is None or so_far_j <= 0.0:
        return None
    draw_w = Uncertain(trend.slope, {"draw": math.hypot(trend.sigma_ahead(left_s.median), _FLOOR_DRAW)})
    growth = (draw_w * left_s) * (1.0 / so_far_j) + 1.0
    return {name: part._replace(energy_j=growth * part.energy_j) for name, part in seen.parts.items()}


def _weighed(one: Uncertain, other: Uncertain, name: str) -> Uncertain:
    """Return the two figures as one, each weighed by its precision, its spread called *name*."""
    if other.sigma <= 0.0 or one.sigma <= 0.0:
        return other if other.sigma <= 0.0 < one.sigma else one
    weights = 1.0 / one.sigma**2, 1.0 / other.sigma**2
    log = (weights[0] * math.log(one.median) + weights[1] * math.log(other.median)) / sum(weights)
    return Uncertain(math.exp(log), {name: sum(weights) ** -0.5})


def _expected(plan: Mapping[str, Any] | None, name: str, nodes: int = 1) -> Uncertain | None:
    """Return what the plan expects of *name*, with one spread; None where it does not say.

    Of energy and emissions it is the share of one of so many *nodes*.
    """
    stated = None if plan is None else plan.get("results", {}).get(name)
    if not stated or not 0.0 < stated["low"] <= stated["median"] <= stated["high"] < math.inf:
        return None
    return Uncertain(stated["median"] / (1 if name == "duration_s" else max(nodes, 1)), {name: math.log(stated["high"] / stated["low"]) / (2.0 * Z_90)})


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    """Return *figures* to six digits: it is written every few seconds."""
    return {name: float(f"{figure:.6g}") for name, figure in figures.items()}
