"""When the money goes: what renting, reserving and buying take over time."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from traincarbon.database.records import COMMITTED_YEARS
from traincarbon.explore.advice.alternative import Advice
from traincarbon.reporting.charts.axis import MONTH_S
from traincarbon.reporting.decision.amounts import Money
from traincarbon.reporting.view import EstimateView

_RESERVED, _RESERVED_MONTHS = "reserved-1y", 12.0 * COMMITTED_YEARS["reserved_1y"]
_MOST_OVER_RENT = 10.0
"""Ways to pay that take more than so many times the rent are left out: the chart would show nothing else."""
_ROOM = 1.25
"""Length of the chart over the duration of the run."""


class Payment(NamedTuple):
    """A way to pay: its id, and what was paid by when, as months and dollars."""

    id: str
    paid: tuple[tuple[float, float], ...]

    @property
    def total_usd(self) -> float:
        """What it takes in total. [$]."""
        return self.paid[-1][1]

    def until(self, month: float) -> float:
        """Return what is paid until so many months after the start. [$].

        Example:
            >>> Payment("rent", ((0.0, 0.0), (2.0, 10.0), (12.0, 10.0))).until(0.5)
            2.5
        """
        before = max((point for point in self.paid if point[0] <= month), default=(0.0, 0.0))
        after = next((point for point in self.paid if point[0] > month), None)
        return before[1] if after is None else before[1] + (after[1] - before[1]) * (month - before[0]) / (after[0] - before[0])


def payments_of(view: EstimateView, money: Money, advice: Advice | None, *, confidence: float) -> list[Payment]:
    """Return what was paid by when, for renting at the median and at the *confidence*, reserving for a year and buying; empty without a duration.

    Rent is spread evenly over the run. A reservation is paid month by month, used or not. A purchase is paid on the first day;
    its electricity and upkeep are not drawn.
    """
    duration_s = view.median("duration_s")
    if duration_s is None or not money.is_rent:
        return []
    run = duration_s / MONTH_S
    most_usd = _MOST_OVER_RENT * money.quantile(confidence)
    reserved = next((each.cash_usd for each in advice.alternatives if each.id == _RESERVED), None) if advice is not None else None
    reserved = None if reserved is None or reserved > most_usd else reserved
    purchase_usd = view.median("purchase_usd")
    end = max(run * _ROOM, _RESERVED_MONTHS if reserved is not None else 0.0)
    found = [Payment("rent", _ramp(run, money.interval.median, end)), Payment("rent_sure", _ramp(run, money.quantile(confidence), end))]
    if reserved is not None:
        found.append(Payment("reserve", _ramp(_RESERVED_MONTHS, reserved, end)))
    if purchase_usd is not None and purchase_usd <= most_usd:
        found.append(Payment("buy", ((0.0, 0.0), (0.0, purchase_usd), (end, purchase_usd))))
    return found


def spans_of(payments: Sequence[Payment], *, most: int) -> list[float]:
    """Return the ends of at most *most* equal spans of whole months in which all is paid, in months after the start.

    Example:
        >>> spans_of([Payment("rent", ((0.0, 0.0), (2.5, 10.0)))], most=12)
        [1.0, 2.0, 3.0]
    """
    last = max((month for each in payments for month, usd in each.paid[:2] if usd > 0.0), default=0.0)
    months = max(math.ceil(last - 1e-9), 1)
    step = math.ceil(months / most)
    return [float(step * at) for at in range(1, math.ceil(months / step) + 1)]


def _ramp(months: float, usd: float, end: float) -> tuple[tuple[float, float], ...]:
    """Return an even spending over so many months, and nothing more until the *end*."""
    return ((0.0, 0.0), (months, usd), *(((end, usd),) if end > months else ()))
