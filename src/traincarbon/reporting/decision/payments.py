"""When the money goes: what renting, reserving and buying take over time."""

from typing import NamedTuple

from traincarbon.explore.advice.alternative import Advice
from traincarbon.reporting.charts.axis import MONTH_S
from traincarbon.reporting.decision.amounts import Money
from traincarbon.reporting.view import EstimateView

_RESERVED, _RESERVED_MONTHS = "reserved-1y", 12.0
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


def _ramp(months: float, usd: float, end: float) -> tuple[tuple[float, float], ...]:
    """Return an even spending over so many months, and nothing more until the *end*."""
    return ((0.0, 0.0), (months, usd), *(((end, usd),) if end > months else ()))
