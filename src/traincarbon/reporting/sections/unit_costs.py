"""What a unit of work costs, and what the training returns: per GPU-hour, tokens, loss and requests, and against what it is worth."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.decode import number
from traincarbon.errors import OutOfRangeError
from traincarbon.estimation.result import Estimate
from traincarbon.explore.scaling_law import SPREAD, Size, read_law, size_of
from traincarbon.formatting import amount, significant
from traincarbon.formulas.scaling import Law, predicted_loss, tokens_of_loss
from traincarbon.reporting.currency import Currency
from traincarbon.reporting.decision.amounts import Money
from traincarbon.reporting.decision.plan_charts import percent
from traincarbon.reporting.markup import Html, table, text, texts
from traincarbon.reporting.view import EstimateView
from traincarbon.uncertain import Interval, Uncertain, z_of

_BILLION, _THOUSAND = 1e9, 1e3
_POINT = 0.01
"""The loss that a point is. [nat/token]"""
_HOURS = "hours"
"""The name of the spread of the GPU-hours, which a cost and its share by the hour have in common."""
_WAYS = (("rent_usd", "Rent"), ("tco_usd", "Own"))


class Worth(NamedTuple):
    """What the author of a report states of the use of a training.

    Attributes:
        value_usd: What it is worth over its life, None where that is not stated. [$]
        requests: How many requests the model is to answer over its life, None where that is not stated.
    """

    value_usd: float | None = None
    requests: float | None = None


class Unit(NamedTuple):
    """A unit of work: its words, and what the cost of the training is multiplied by to give the cost of one."""

    words: str
    share: Uncertain


def unit_costs(view: EstimateView, answer: Estimate | None, database: Database, worth: Worth, currency: Currency) -> Html | None:
    """Return the cost of each unit of work, rented and owned; None where no cost is known."""
    ways = [(words, found) for name, words in _WAYS if (found := view.results.get(name)) is not None]
    units = _units(view, answer, database, worth)
    if not ways or not units:
        return None
    head = texts("One", *(each for words, _ in ways for each in (words, f"{100.0 * view.level:.3g} % interval")))
    hours = _sigma(view.results.get("accelerator_hours_h"), view.level)
    costs = [_of_hours(cost, hours, view.level) for _, cost in ways]
    rows = [texts(unit.words, *(each for cost in costs for each in _words(Interval.of(cost * unit.share, view.level), currency))) for unit in units]
    return table(text("Unit costs"), head, rows, numbers=range(1, 2 * len(ways) + 1))


def unit_notes(worth: Worth) -> Sequence[str]:
    """Return what to know of the unit costs."""
    asked = [
        words
        for words, stated in (("--requests N for the cost of a thousand requests", worth.requests), ("--value USD for the return", worth.value_usd))
        if stated is None
    ]
    counted = ["Requests carry the cost of the training alone; what it costs to answer them is not included."] if worth.requests is not None else []
    return [*counted, *([f"State {' and '.join(asked)}."] if asked else [])]


def returns(view: EstimateView, worth: Worth, currency: Currency) -> Html | None:
    """Return what each way to pay leaves of what the training is worth; None where that is not stated, or no cost is known."""
    value = worth.value_usd
    ways = [(words, Money(name, found, view.level)) for name, words in _WAYS if (found := view.results.get(name)) is not None]
    if value is None or not ways:
        return None
    rows = [
        texts(
            words,
            _signed(value - money.interval.median, currency),
            f"{_signed(value - money.interval.high, currency)} to {_signed(value - money.interval.low, currency)}",
            _ratio(value / money.interval.median - 1.0),
            percent(money.chance_within(value)),
        )
        for words, money in ways
    ]
    head = texts("Way", "Return", f"{100.0 * view.level:.3g} % interval", "Over cost", "Chance to cost less")
    return table(text(f"Return on a value of {currency.amount(value, '$', digits=3)}"), head, rows, numbers=(1, 2, 3, 4))


def _units(view: EstimateView, answer: Estimate | None, database: Database, worth: Worth) -> list[Unit]:
    """Return the units that are known of a plan."""
    found, tokens, hours = [], number(view.plan.get("tokens")), view.median("accelerator_hours_h")
    if hours:
        found.append(Unit("GPU-hour", Uncertain(1.0 / hours, {_HOURS: -_sigma(view.results["accelerator_hours_h"], view.level)})))
    if tokens:
        found.append(Unit("Billion tokens", Uncertain(_BILLION / tokens)))
    if worth.requests:
        found.append(Unit(f"Thousand of {amount(worth.requests, 'count', digits=3)} requests", Uncertain(_THOUSAND / worth.requests)))
    point = None if answer is None else _point_of_loss(answer, database)
    return [*found, point] if point is not None else found


def _point_of_loss(answer: Estimate, database: Database) -> Unit | None:
    """Return a hundredth of loss less by more tokens of the same model, at this cost of a token; None where the law does not hold or no tokens reach it."""
    size = size_of(answer.plan)
    if size is None or not database.all_rows("scaling_laws"):
        return None
    law = read_law(database)
    if not law.covers(size):
        return None
    try:
        more = _more_tokens(law.law, size)
        spread = law.spread(lambda variant: _more_tokens(variant, size))
    except OutOfRangeError:
        return None
    loss = predicted_loss(params=size.params, tokens=size.tokens, law=law.law)
    words = f"Point of loss ({loss:.2f} to {loss - _POINT:.2f} nat/token by {_ratio(more)} tokens)"
    return Unit(words, Uncertain(more, {SPREAD: spread}))


def _more_tokens(law: Law, size: Size) -> float:
    """Return the share of tokens more that takes a model to a loss lower by a point.

    Raises:
        OutOfRangeError: no number of tokens does.
    """
    loss = predicted_loss(params=size.params, tokens=size.tokens, law=law) - _POINT
    return tokens_of_loss(params=size.params, loss=loss, law=law) / size.tokens - 1.0


def _of_hours(cost: Interval, hours: float, level: float) -> Uncertain:
    """Return a cost, which is in proportion to the GPU-hours, with the spread of these apart from that of what an hour costs."""
    whole = _sigma(cost, level)
    hours = min(hours, whole)
    return Uncertain(cost.median, {_HOURS: hours, "price": math.sqrt(whole**2 - hours**2)})


def _sigma(interval: Interval | None, level: float) -> float:
    """Return the log-spread of a result; 0 for one that is exact."""
    if interval is None or not 0.0 < interval.low < interval.high:
        return 0.0
    return math.log(interval.high / interval.low) / (2.0 * z_of(level))


def _words(cost: Interval, currency: Currency) -> tuple[str, str]:
    if not cost.median > 0.0:
        return currency.amount(cost.median, "$"), ""
    middle, _, bounds = currency.shown(cost, "$")
    return middle, bounds


def _signed(usd: float, currency: Currency) -> str:
    sign = "−" if usd < 0.0 else ""
    return f"{sign}{currency.amount(abs(usd), '$', digits=3)}"


def _ratio(share: float) -> str:
    """Return a relative change in percent, or as a factor where it is large.

    Example:
        >>> _ratio(1.47), _ratio(-0.2), _ratio(24.0)
        ('+147 %', '−20 %', '× 25')
    """
    if share >= 9.0:
        return f"× {significant(share + 1.0, 2)}"
    return f"{'+' if share >= 0.0 else '−'}{significant(100.0 * abs(share), 3)} %"
