"""Amounts to set aside: the quantiles of a result, and the chance that it stays within a budget."""

import math
from typing import NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.reporting.view import EstimateView
from traincarbon.uncertain import Interval, z_of

DEFAULT_CONFIDENCE = 0.8
"""The chance with which the amount that is asked for is enough."""
_MONEY = ("rent_usd", "tco_usd", "own_usd")
"""What a training costs, the first that is known."""
_LEAST_CONFIDENCE, _MOST_CONFIDENCE = 0.5, 0.99


class Money(NamedTuple):
    """What a training costs: the quantity, its interval and the level of the interval."""

    quantity: str
    interval: Interval
    level: float

    @property
    def is_rent(self) -> bool:
        """Whether it is the cost to rent rather than that of ownership."""
        return self.quantity == "rent_usd"

    def quantile(self, share: float) -> float:
        """Return the amount that is enough with the chance *share*. [$]."""
        return quantile(self.interval, share, level=self.level)

    def chance_within(self, budget_usd: float) -> float:
        """Return the chance that the cost stays within a budget. [1]."""
        return chance_within(self.interval, budget_usd, level=self.level)


def money_of(view: EstimateView) -> Money | None:
    """Return what a training costs, to rent or else to own; None where no price is known."""
    for name in _MONEY:
        found = view.results.get(name)
        if found is not None:
            return Money(name, found, view.level)
    return None


def quantile(interval: Interval, share: float, *, level: float = 0.9) -> float:
    """Return the value below which a log-normal result lies with the probability *share*.

    Args:
        interval: The result with its interval.
        share: A probability between 0 and 1. [1]
        level: Confidence level of the interval. [1]

    Example:
        >>> from traincarbon.uncertain import Interval
        >>> round(quantile(Interval(2.5, 10.0, 40.0), 0.95), 6), round(quantile(Interval(2.5, 10.0, 40.0), 0.5), 6)
        (40.0, 10.0)
    """
    z = z_of(abs(2.0 * share - 1.0)) if share != 0.5 else 0.0
    return float(interval.median * math.exp(math.copysign(z, share - 0.5) * interval.log_spread(level)))


def chance_within(interval: Interval, limit: float, *, level: float = 0.9) -> float:
    """Return the probability that a log-normal result is at most *limit*.

    Args:
        interval: The result with its interval.
        limit: The value that it may reach.
        level: Confidence level of the interval. [1]

    Example:
        >>> from traincarbon.uncertain import Interval
        >>> chance_within(Interval(2.5, 10.0, 40.0), 10.0), round(chance_within(Interval(2.5, 10.0, 40.0), 40.0), 6)
        (0.5, 0.95)
    """
    if limit <= 0.0:
        return 0.0
    sigma = interval.log_spread(level)
    if sigma == 0.0 or interval.median <= 0.0:
        return float(interval.median <= limit)
    return 0.5 * math.erfc(-math.log(limit / interval.median) / (sigma * math.sqrt(2.0)))


def confidence_of(stated: float) -> float:
    """Return a confidence as a share; above 1 it is in percent.

    Raises:
        CarbonError: it is not between 50 % and 99 %.

    Example:
        >>> confidence_of(80.0), confidence_of(0.9)
        (0.8, 0.9)
    """
    share = stated / 100.0 if stated > 1.0 else stated
    if not _LEAST_CONFIDENCE <= share <= _MOST_CONFIDENCE:
        raise CarbonError(f"confidence is {stated:g}", hint="give the chance in percent that the amount is enough, from 50 to 99: 80")
    return share
