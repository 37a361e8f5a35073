"""The pace of a training, the seconds that each unit of work takes, and the time that is left."""

import math

from traincarbon.tracking.value.trend import Points, Trend, trend_of
from traincarbon.uncertain import Z_90, Uncertain, z_of

_LEAST_SIGMA = 0.05
"""Least log-spread of the pace of a whole run around the pace seen: a slower disk or a longer evaluation may still come."""
_MOST_SIGMA = 0.31
"""Most log-spread of the pace seen when it is weighed against a plan: a run that slows down scatters widely, and yet runs as it runs."""
_SIGMA_OF_NEXT = 0.3
"""Log-spread of the time to the next report around the pace."""


def waiting_s(points: Points | None, now_s: float) -> float:
    """Return by how many seconds the next report is later than usual, 0 while it is not due."""
    if points is None or len(points.xs) < 2:
        return 0.0
    return max(now_s - points.xs[-1] - (points.xs[-1] - points.xs[-2]), 0.0)


def measured_pace(points: Points | None, now_s: float) -> Trend | None:
    """Return the pace since the first report, time over work, with the time by which the next report is late; the time before was start-up."""
    if points is None:
        return None
    return trend_of(points.ys, [*points.xs[:-1], points.xs[-1] + waiting_s(points, now_s)])


def expected_pace(trend: Trend | None, planned: Uncertain | None, *, left: float, total: float) -> Uncertain | None:
    r"""Return the seconds that each unit of the remaining work will take, None where neither a measurement nor a plan says.

    Both are weighted by precision, the measurement as if it scattered by 0.31 at most. Where they differ by more than both spreads,
    the excess is the plan's error and widens its spread:

    .. math:: \sigma_0^2 \leftarrow \sigma_0^2 + \max(d^2 - \sigma_0^2 - \min(\sigma_m, 0.31)^2, 0), \quad d = \ln p_m - \ln p_0

    References:
        Gelman et al. 2013, *Bayesian data analysis*, section 2.5, for the weighting of two normals; DerSimonian and Laird 1986,
        *Controlled Clinical Trials* 7, for the excess variance, here of the plan alone.
    """
    if trend is None:
        return planned
    measured = Uncertain(trend.slope, {"pace": math.hypot(trend.sigma_ahead(left), _LEAST_SIGMA * math.sqrt(left / total))})
    if planned is None:
        return measured
    if planned.sigma <= 0.0 or measured.sigma <= 0.0:
        return measured
    apart = math.log(measured.median / planned.median)
    counted = min(measured.sigma, _MOST_SIGMA)
    plan_sigma = math.sqrt(planned.sigma**2 + max(apart**2 - planned.sigma**2 - counted**2, 0.0))
    weight = plan_sigma**2 / (plan_sigma**2 + counted**2)
    log = weight * math.log(measured.median) + (1.0 - weight) * math.log(planned.median)
    return Uncertain(math.exp(log), {"pace": math.hypot(weight * measured.sigma, (1.0 - weight) * plan_sigma)})


def time_left(points: Points | None, pace_s: Uncertain, *, left: float, elapsed_s: float, now_s: float) -> Uncertain:
    """Return the seconds from now to the end of the run.

    The next report is taken to bring as much work as the latest; the time to it falls while it is awaited, and never reaches 0.
    Before two reports, the plan gives the pace, and the run is known to take longer than it has taken.

    Args:
        points: The count of the work over time, None before the first report.
        pace_s: What each unit of the remaining work takes. [s]
        left: Work left at the latest report. [1]
        elapsed_s: Time since the session began. [s]
        now_s: Now, on the clock of *points*. [s]
    """
    whole = pace_s * left
    if points is None:
        return _beyond(whole, elapsed_s)
    passed_s = max(now_s - points.xs[-1], 0.0)
    if len(points.xs) < 2:
        return _beyond(whole, passed_s)
    step = min(points.ys[-1] - points.ys[-2], left)
    if step <= 0.0 or passed_s <= 0.0:
        return whole
    due = _beyond(Uncertain(pace_s.median * step, {"pace": _SIGMA_OF_NEXT}), passed_s)
    return Uncertain(pace_s.median * (left - step) + min(due.median, pace_s.median * step), whole.spreads)


def _beyond(whole: Uncertain, passed: float) -> Uncertain:
    """Return what is left of a log-normal time after *passed* without an end, by the conditional median and 95 % bound."""
    sigma = whole.sigma
    if sigma <= 0.0 or passed <= 0.0 or whole.median <= 0.0:
        return Uncertain(max(whole.median - passed, 0.0), whole.spreads)
    over = 0.5 * (1.0 + math.erf(math.log(passed / whole.median) / (sigma * math.sqrt(2.0))))
    over = min(max(over, 1e-9), 1.0 - 1e-9)
    middle, bound = (whole.median * math.exp(sigma * z_of(level)) for level in (over, 0.9 + 0.1 * over))
    if not passed < middle < bound:
        return Uncertain(0.1 * passed, {"pace": 1.0})  # beyond what the plan considered possible
    return Uncertain(middle - passed, {"pace": math.log((bound - passed) / (middle - passed)) / Z_90})
