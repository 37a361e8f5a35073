"""What a unit of work costs, and what the training returns, as tables."""

from collections.abc import Sequence

from traincarbon.database.load import Database
from traincarbon.estimation.result import Estimate
from traincarbon.reporting.currency import NOT_KNOWN, Currency
from traincarbon.reporting.decision.amounts import Money
from traincarbon.reporting.decision.plan_charts import percent
from traincarbon.reporting.decision.unit_costs import WAYS, Worth, cost_of, point_of_loss, return_of, units_of
from traincarbon.reporting.markup import Html, table, text, texts
from traincarbon.reporting.rounding import relative_change
from traincarbon.reporting.view import EstimateView
from traincarbon.uncertain import Interval


def unit_costs(view: EstimateView, answer: Estimate | None, database: Database, worth: Worth, currency: Currency) -> Html | None:
    """Return the cost of each unit of work, rented and owned; None where no cost is known."""
    ways = [(words, cost) for name, words in WAYS if (cost := cost_of(name, view, answer)) is not None]
    point = None if answer is None else point_of_loss(answer, database)
    units = [*units_of(view, answer, worth), *([] if point is None else [point])]
    if not ways or not units:
        return None
    head = texts("One", *(each for words, _ in ways for each in (words, f"{100.0 * view.level:.3g} % interval")))
    rows = [texts(unit.words, *(each for _, cost in ways for each in _words(Interval.of(unit.cost(cost), view.level), currency))) for unit in units]
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
    ways = [(words, Money(name, found, view.level)) for name, words in WAYS if (found := view.results.get(name)) is not None]
    if value is None or not ways:
        return None
    rows = []
    for words, money in ways:
        low, median, high = (signed_money(usd, currency) for usd in return_of(value, money.interval))
        over = relative_change(value / money.interval.median - 1.0) if money.interval.median > 0.0 else NOT_KNOWN
        rows.append(texts(words, median, f"{low} to {high}", over, percent(money.chance_within(value))))
    head = texts("Way", "Return", f"{100.0 * view.level:.3g} % interval", "Over cost", "Chance to cost less")
    return table(text(f"Return on a value of {currency.amount(value, '$', digits=3)}"), head, rows, numbers=(1, 2, 3, 4))


def signed_money(usd: float, currency: Currency) -> str:
    """Return an amount that may be a loss.

    Example:
        >>> signed_money(-2.5e6, Currency("USD", 1.0))
        '−$2.50M'
    """
    sign = "−" if usd < 0.0 else ""
    return f"{sign}{currency.amount(abs(usd), '$', digits=3)}"


def _words(cost: Interval, currency: Currency) -> tuple[str, str]:
    if not cost.median > 0.0:
        return currency.amount(cost.median, "$"), ""
    middle, _, bounds = currency.shown(cost, "$")
    return middle, bounds
