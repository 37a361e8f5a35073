"""The scaling law of the database, with the uncertainty of its constants."""

import math
from collections.abc import Callable
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import Row
from traincarbon.errors import DatabaseError, OutOfRangeError
from traincarbon.estimation.families import family_of
from traincarbon.estimation.plan import Plan
from traincarbon.explore.advice.evidence import Evidence, evidence_of
from traincarbon.formatting import amount
from traincarbon.formulas.scaling import Law, params_of_loss, predicted_loss, tokens_of_loss
from traincarbon.uncertain import Interval, Uncertain, median_of, z_of

SPREAD = "scaling_law"
"""The name of the spread that the law adds to a result."""
_MOST_SIGMA = 2.0
_FAR_BELOW = 10.0


class Size(NamedTuple):
    """A model and its training data."""

    params: float
    tokens: float

    @property
    def compute_flop(self) -> float:
        """Model FLOP of its training, 6 N D. [FLOP]."""
        return 6.0 * self.params * self.tokens

    def __str__(self) -> str:
        return f"{amount(self.params, 'count', digits=3)} parameters on {amount(self.tokens, 'count', digits=3)} tokens"


class FittedLaw(NamedTuple):
    """A scaling law with the uncertainty of its constants.

    Attributes:
        law: The law.
        variants: For each constant, the law one standard error above and one below it.
        least: The smallest model and data that the law was fitted on.
        most: The largest model and data that the law was fitted on.
        evidence: Where the law comes from.
    """

    law: Law
    variants: tuple[tuple[Law, Law], ...]
    least: Size
    most: Size
    evidence: Evidence

    def loss(self, params: float, tokens: float, *, level: float = 0.9) -> Interval:
        """Return the predicted loss with its interval by the standard errors. [nat/token]."""
        middle = predicted_loss(params=params, tokens=tokens, law=self.law)
        halves = [
            (predicted_loss(params=params, tokens=tokens, law=up) - predicted_loss(params=params, tokens=tokens, law=down)) / 2.0 for up, down in self.variants
        ]
        reach = z_of(level) * math.hypot(*halves)
        return Interval(middle - reach, middle, middle + reach)

    def spread(self, result: Callable[[Law], float]) -> float:
        """Return the log-spread of a *result* of the law, to first order in each constant."""
        middle = math.log(result(self.law))
        parts = []
        for pair in self.variants:
            found = []
            for variant in pair:
                try:
                    found.append(math.log(result(variant)))
                except OutOfRangeError:
                    continue
            if len(found) == len(pair):
                parts.append(abs(found[0] - found[1]) / 2.0)
            else:
                parts.append(max((abs(value - middle) for value in found), default=_MOST_SIGMA))
        return min(math.hypot(*parts), _MOST_SIGMA)

    def best_for(self, loss: float) -> Size:
        """Return the model that reaches *loss* with the least compute.

        Raises:
            OutOfRangeError: the loss is not above the irreducible one.
        """
        params = params_of_loss(loss=loss, law=self.law)
        return Size(params, tokens_of_loss(params=params, loss=loss, law=self.law))

    def same_loss_tokens(self, params: float, other: Size) -> Uncertain:
        """Return the tokens with which *params* parameters equal the model *other*, each variant of the law by its own loss.

        Raises:
            OutOfRangeError: so small a model does not reach its loss.
        """

        def tokens(law: Law) -> float:
            return tokens_of_loss(params=params, loss=predicted_loss(params=other.params, tokens=other.tokens, law=law), law=law)

        return Uncertain(tokens(self.law), {SPREAD: self.spread(tokens)})

    def covers(self, size: Size) -> bool:
        """Say whether a loss can be predicted for *size*: below a tenth of the smallest model or data of the fit, the law gives losses that no model has."""
        return size.params >= self.least.params / _FAR_BELOW and size.tokens >= self.least.tokens / _FAR_BELOW

    def is_beyond(self, size: Size) -> bool:
        """Say whether *size* is outside the range that the law was fitted on."""
        return not (self.least.params <= size.params <= self.most.params and self.least.tokens <= size.tokens <= self.most.tokens)


def read_law(database: Database) -> FittedLaw:
    """Return the law of ``scaling_laws.csv``: the first row of the user's own table, or of the built-in one.

    The constants of a fit are correlated: a steeper exponent comes with a larger scale, and the loss in the middle of the data stays.
    So each exponent varies about the geometric mean of the fitted data, and the two other terms lose there what the irreducible loss gains.

    Raises:
        DatabaseError: the table is empty, or a standard error is impossible.
    """
    rows = database.all_rows("scaling_laws")
    if not rows:
        raise DatabaseError("scaling_laws.csv holds no law", hint="add a row; see hardware_db/README.md")
    row = rows[0]
    number = {name: float(row[name]) for name in row if name not in _TEXTS}
    law = Law(*(number[name] for name in Law._fields))
    least, most = Size(number["least_params"], number["least_tokens"]), Size(number["most_params"], number["most_tokens"])
    middle = Size(math.sqrt(least.params * most.params), math.sqrt(least.tokens * most.tokens))
    moves = (("irreducible_loss", _raised), ("params_exponent", _turned_params), ("tokens_exponent", _turned_tokens))
    variants = tuple((move(law, number[f"{name}_se"], middle), move(law, -number[f"{name}_se"], middle)) for name, move in moves)
    return FittedLaw(law, variants, least, most, _evidence(database, row, number))


def size_of(plan: Plan) -> Size | None:
    """Return the model and data of *plan* where the law covers it: a dense language model, trained from scratch."""
    params, tokens = plan.number("params"), plan.number("tokens")
    active = plan.number("active_params")
    dense = active is None or median_of(active) == median_of(params)
    if params is None or tokens is None or not dense or plan.kind not in (None, "pretrain") or not family_of(plan.family).has_scaling_law:
        return None
    if hasattr(params, "shape") or hasattr(tokens, "shape"):
        return None
    return Size(float(median_of(params)), float(median_of(tokens)))


_TEXTS = ("law", "source", "locator", "kind", "note", "origin")


def _evidence(database: Database, row: Row, number: dict[str, float]) -> Evidence:
    claim = (
        f"loss = {row['irreducible_loss']} + {row['params_scale']} / N^{row['params_exponent']} + {row['tokens_scale']} / D^{row['tokens_exponent']}, "
        f"fitted on {amount(number['least_params'], 'count', digits=3)} to {amount(number['most_params'], 'count', digits=3)} parameters"
    )
    return evidence_of(database, row, table="scaling_laws", key=row["law"], claim=claim)


def _raised(law: Law, by: float, middle: Size) -> Law:
    above = predicted_loss(params=middle.params, tokens=middle.tokens, law=law) - law.irreducible_loss
    rest = (above - by) / above
    if rest <= 0.0:
        raise DatabaseError("scaling_laws.csv: irreducible_loss_se is larger than the reducible loss", hint="is it in nat/token?")
    return law._replace(irreducible_loss=law.irreducible_loss + by, params_scale=law.params_scale * rest, tokens_scale=law.tokens_scale * rest)


def _turned_params(law: Law, by: float, middle: Size) -> Law:
    return law._replace(params_exponent=law.params_exponent + by, params_scale=law.params_scale * middle.params**by)


def _turned_tokens(law: Law, by: float, middle: Size) -> Law:
    return law._replace(tokens_exponent=law.tokens_exponent + by, tokens_scale=law.tokens_scale * middle.tokens**by)
