"""How accurate predictions are meant to be, and what the backtest reaches."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from traincarbon.uncertain import Z_90
from traincarbon.validation.accuracy import FINE_TUNING, LANGUAGE, LANGUAGE_FAMILIES, Backtest, Case, Errors, errors_of
from traincarbon.validation.baselines import MEAN

OVER_MEAN = "over_generation_mean_ln"
"""The mean error less that of the mean of the generation, over organisations: the upper end of its 90 % interval."""
DENSE_ON_HOPPER = "dense-lm on Hopper"
STEPS = "steps, layout known"
SMALL_EAGER = "steps of small models"
SEARCHED = "MFU by layout search"
_SMALL_EAGER_SET = "vtrain-2-to-8-a100"
"""Steps of models below 2B parameters on one server."""
_MEDIA = (
    "vision",
    "convolution",
    "separable-convolution",
    "contrastive",
    "masked-autoencoder",
    "self-distillation",
    "video",
    "diffusion",
    "multimodal",
    "speech",
)
_INSIDE = (0.88, 0.92)


class Limit(NamedTuple):
    """A measure of the errors, by its name in :class:`~traincarbon.validation.accuracy.Errors`, and the range it is meant to lie in."""

    measure: str
    least: float
    most: float


def _up_to(measure: str, most: float) -> Limit:
    return Limit(measure, -math.inf, most)


def _at_least(measure: str, least: float) -> Limit:
    return Limit(measure, least, math.inf)


_MEDIUM = (_up_to("median_abs_ln", 0.35), _at_least("coverage_90", 0.85))
LIMITS: dict[str, tuple[Limit, ...]] = {
    LANGUAGE: (
        _up_to("median_abs_ln", 0.27),
        _up_to("p90_abs_ln", 0.75),
        Limit("bias_ln", -0.10, 0.10),
        Limit("coverage_90", *_INSIDE),
        _up_to(OVER_MEAN, 0.0),
    ),
    DENSE_ON_HOPPER: (_up_to("median_abs_ln", 0.33), _at_least("coverage_90", 0.85)),
    FINE_TUNING: (_up_to("median_abs_ln", 0.40),),
    **dict.fromkeys(_MEDIA, _MEDIUM),
    STEPS: (_up_to("median_abs_ln", 0.10), _up_to("p90_abs_ln", 0.28), Limit("coverage_90", 0.85, 0.95)),
    SMALL_EAGER: (_up_to("mape", 0.15),),
    SEARCHED: (_up_to("median_abs_ln", 0.17), _up_to("p90_abs_ln", 0.40)),
}
"""What is meant to be reached, by the rows that are scored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One target, and what is reached.

    Attributes:
        rows: Which rows are scored.
        n: How many they are.
        measure: What of their errors is limited.
        least: The least value that meets the target, None where any smaller one does.
        most: The greatest one.
        reached: The value.
    """

    rows: str
    n: int
    measure: str
    least: float | None
    most: float | None
    reached: float

    @property
    def is_met(self) -> bool:
        """Whether the value, at the precision at which it is shown, meets the target."""
        shown = round(self.reached, 2)
        return (self.least is None or shown >= self.least) and (self.most is None or shown <= self.most)

    def to_dict(self) -> dict[str, object]:
        """Return the target, fit for JSON."""
        return {
            "rows": self.rows,
            "n": self.n,
            "measure": self.measure,
            "least": self.least,
            "most": self.most,
            "reached": self.reached,
            "is_met": self.is_met,
        }


def targets(tried: Backtest) -> list[Target]:
    """Return every target that *tried* has rows for, in the order of :data:`LIMITS`; none for runs that are not ours."""
    return list(_targets(tried)) if tried.is_built_in else []


def _targets(tried: Backtest) -> Iterator[Target]:
    for rows, limits in LIMITS.items():
        cases = [case for case in tried.cases if _is_of(rows, case)]
        if not cases:
            continue
        errors = errors_of([(case.error_ln, case.sigma) for case in cases])
        for limit in limits:
            reached = _over_mean(tried) if limit.measure == OVER_MEAN else _MEASURES[limit.measure](errors)
            if reached is not None:
                least, most = (bound if math.isfinite(bound) else None for bound in limit[1:])
                yield Target(rows=rows, n=len(cases), measure=limit.measure, least=least, most=most, reached=reached)


_MEASURES: dict[str, Callable[[Errors], float | None]] = {
    "median_abs_ln": lambda errors: errors.median_abs_ln,
    "p90_abs_ln": lambda errors: errors.p90_abs_ln,
    "bias_ln": lambda errors: errors.bias_ln,
    "mape": lambda errors: errors.mape,
    "coverage_90": lambda errors: errors.coverage_90,
}


def _over_mean(tried: Backtest) -> float | None:
    paired = tried.paired(MEAN)
    return None if paired is None else paired.mean_ln + Z_90 * paired.standard_error_ln


def _is_of(rows: str, case: Case) -> bool:
    if rows == STEPS:
        return case.quantity == "step_time_s"
    if rows == SMALL_EAGER:
        return case.quantity == "step_time_s" and case.set == _SMALL_EAGER_SET
    if rows == SEARCHED:
        return case.quantity == "mfu"
    if case.quantity != "accelerator_hours_h" or not case.family or case.unusable:
        return False
    if rows == DENSE_ON_HOPPER:
        return case.family == "dense-lm" and case.generation == "hopper"
    return case.family in LANGUAGE_FAMILIES if rows == LANGUAGE else case.family == rows


def by_chance(n: int, level: float = 0.9) -> tuple[float, float]:
    """Return the range of the share of *n* independent rows that intervals of a *level* hold in nine of ten such sets if they are right.

    Example:
        >>> by_chance(4), by_chance(100)
        ((0.5, 1.0), (0.85, 0.95))
    """
    below = 0.0
    bounds: list[float] = []
    for inside in range(n + 1):
        below += math.comb(n, inside) * level**inside * (1.0 - level) ** (n - inside)
        bounds += [inside / n] * ((below >= 0.05) + (below >= 0.95) - len(bounds))
    return bounds[0], bounds[1]
