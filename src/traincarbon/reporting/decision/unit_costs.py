"""What a unit of work costs and what the training returns, as equations that the page, its what-if and the workbook evaluate."""

import math
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.decode import number
from traincarbon.errors import OutOfRangeError
from traincarbon.estimation.result import Estimate
from traincarbon.explore.scaling_law import SPREAD, Size, read_law, size_of
from traincarbon.formatting import amount
from traincarbon.formulas.evaluation import evaluate
from traincarbon.formulas.scaling import Law, predicted_loss, tokens_of_loss
from traincarbon.reporting.rounding import relative_change
from traincarbon.reporting.view import EstimateView
from traincarbon.uncertain import Interval, Num, Uncertain

WAYS = (("rent_usd", "Rent"), ("tco_usd", "Own"))
"""What a training costs in each way to pay, and the name of the way."""
RETURN = "value_usd - cost_usd"
"""The return of a training."""
_POINT = 0.01
"""The loss that a point is. [nat/token]"""


class Worth(NamedTuple):
    """What the author of a report states of the use of a training.

    Attributes:
        value_usd: What it is worth over its life, None where that is not stated. [$]
        requests: How many requests the model is to answer over its life, None where that is not stated.
    """

    value_usd: float | None = None
    requests: float | None = None


class Unit(NamedTuple):
    """A unit of work.

    Attributes:
        id: Its name in data.
        words: What it is called.
        equation: What one costs, as an equation of the cost of the training and of its amount.
        amount: The name of its amount in the equation.
        value: The amount.
    """

    id: str
    words: str
    equation: str
    amount: str
    value: Num

    def cost(self, training_usd: Num) -> Num:
        """Return what one costs where the training costs so much. [$]."""
        return evaluate(self.equation, {"cost_usd": training_usd, self.amount: self.value})


def units_of(view: EstimateView, answer: Estimate | None, worth: Worth) -> list[Unit]:
    """Return the units of work that are known of a plan; *answer* is the estimate of the view, None where it was saved and loaded."""
    found, tokens, hours = [], number(view.plan.get("tokens")), view.results.get("accelerator_hours_h")
    if hours is not None and hours.median > 0.0:
        value = _saved("accelerator_hours_h", view, hours) if answer is None else answer.values["accelerator_hours_h"]
        found.append(Unit("gpu_hour", "GPU-hour", "cost_usd / accelerator_hours_h", "accelerator_hours_h", value))
    if tokens:
        found.append(Unit("billion_tokens", "Billion tokens", "cost_usd × 1e9 / tokens", "tokens", tokens))
    if worth.requests:
        words = f"Thousand of {amount(worth.requests, 'count', digits=3)} requests"
        found.append(Unit("thousand_requests", words, "cost_usd × 1000 / requests", "requests", worth.requests))
    return found


def cost_of(name: str, view: EstimateView, answer: Estimate | None) -> Num | None:
    """Return what a training costs in a way to pay, None where that is not known. [$]."""
    cost = view.results.get(name)
    if cost is None or answer is not None:
        return None if cost is None or answer is None else answer.values[name]
    return _saved(name, view, cost)


def _saved(name: str, view: EstimateView, result: Interval) -> Uncertain:
    """Return a result of a saved estimate with its spreads by source, which are stated as shares of its variance.

    They have no signs: what two results have in common moves both in one direction, as more hours cost more.
    """
    whole = result.log_spread(view.level)
    return Uncertain(result.median, {source: whole * math.sqrt(share) for source, share in (view.spread_shares.get(name) or {name: 1.0}).items()})


def return_of(value_usd: float, cost: Interval) -> Interval:
    """Return what a training leaves of its worth; what is below 0 is a loss. [$].

    Example:
        >>> return_of(10.0, Interval(2.0, 4.0, 16.0))
        Interval(low=-6.0, median=6.0, high=8.0)
    """
    low, median, high = (evaluate(RETURN, {"value_usd": value_usd, "cost_usd": bound}) for bound in (cost.high, cost.median, cost.low))
    return Interval(low, median, high)


def point_of_loss(answer: Estimate, database: Database) -> Unit | None:
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
    words = f"Point of loss ({loss:.2f} to {loss - _POINT:.2f} nat/token by {relative_change(more)} tokens)"
    return Unit("point_of_loss", words, "cost_usd × more_tokens_share", "more_tokens_share", Uncertain(more, {SPREAD: spread}))


def _more_tokens(law: Law, size: Size) -> float:
    """Return the share of tokens more that takes a model to a loss lower by a point.

    Raises:
        OutOfRangeError: no number of tokens does.
    """
    loss = predicted_loss(params=size.params, tokens=size.tokens, law=law) - _POINT
    return tokens_of_loss(params=size.params, loss=loss, law=law) / size.tokens - 1.0
