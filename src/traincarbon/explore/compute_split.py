"""How arithmetic is divided between the size of a model and its data: by the law, or as somebody wants it."""

import math
from typing import NamedTuple

from traincarbon.errors import OutOfRangeError, PlanError
from traincarbon.explore.law import FittedLaw, Size
from traincarbon.fitting.solve import bisect
from traincarbon.formulas.scaling import Law, optimal_params, predicted_loss
from traincarbon.uncertain import median_of

_LEAST_FLOP, _MOST_FLOP = 1e12, 1e40
_GUESS = math.log(50_000)
"""Loss of a model that has learnt nothing: each of the tokens of a usual vocabulary is as likely. [nat/token]"""


def check_loss(loss: float, law: Law) -> None:
    """Refuse a *loss* that no model reaches, or that takes none.

    Raises:
        OutOfRangeError: it is not finite, not above the law's irreducible loss, or that of a guess.
    """
    floor = float(median_of(law.irreducible_loss))
    if not (math.isfinite(loss) and loss > floor):
        raise OutOfRangeError(f"the loss {loss:g} is not above {floor:g}", hint=f"by the law no model gets below {floor:g} nat/token: it must be above that")
    if loss > _GUESS:
        raise _any_model_has(loss)


def _any_model_has(loss: float) -> OutOfRangeError:
    return OutOfRangeError(f"the loss {loss:g} is one that any model has", hint="language models reach 2 to 4 nat/token")


class Split(NamedTuple):
    """What is fixed beforehand: nothing, the parameters, the tokens, or the tokens for each parameter."""

    params: float | None = None
    tokens: float | None = None
    tokens_per_param: float | None = None

    def of(self, compute_flop: float, law: Law) -> Size:
        """Return the model that so much arithmetic trains; the best one by *law* where nothing is fixed."""
        pairs = compute_flop / 6.0
        if self.params is not None:
            return Size(self.params, pairs / self.params)
        if self.tokens is not None:
            return Size(pairs / self.tokens, self.tokens)
        params = math.sqrt(pairs / self.tokens_per_param) if self.tokens_per_param is not None else float(optimal_params(compute_flop=compute_flop, law=law))
        return Size(params, pairs / params)

    def for_loss(self, loss: float, law: Law) -> Size:
        """Return the model that reaches *loss* with the least arithmetic that the split allows.

        Raises:
            OutOfRangeError: nothing does: the loss is too low for what is fixed, or for any model.
        """
        check_loss(loss, law)
        if self._loss(_MOST_FLOP, law) > loss:
            if self == Split():
                raise OutOfRangeError(f"no arithmetic that anybody can name reaches a loss of {loss:g}", hint="ask for a higher loss")
            fixed = f"{self.params:.3g} parameters" if self.params is not None else f"{self.tokens:.3g} tokens" if self.tokens is not None else "this split"
            raise OutOfRangeError(f"with {fixed} no training reaches a loss of {loss:g}", hint="leave it free, or ask for a higher loss")
        if self._loss(_LEAST_FLOP, law) < loss:
            raise _any_model_has(loss)
        _, log_flop = bisect(lambda log_flop: self._loss(math.exp(log_flop), law) > loss, math.log(_LEAST_FLOP), math.log(_MOST_FLOP))
        return self.of(math.exp(log_flop), law)

    def spread(self, loss: float, law: FittedLaw) -> float:
        """Return the log-spread that the law leaves of the arithmetic needed to reach *loss*."""
        return law.spread(lambda variant: self.for_loss(loss, variant).compute_flop)

    def _loss(self, compute_flop: float, law: Law) -> float:
        size = self.of(compute_flop, law)
        return float(median_of(predicted_loss(params=size.params, tokens=size.tokens, law=law)))


def split_of(*, params: float | None, tokens: float | None, tokens_per_param: float | None) -> Split:
    """Return the split with what is fixed.

    Raises:
        PlanError: more than one thing is.
        OutOfRangeError: *tokens_per_param* is not positive and finite.
    """
    fixed = [name for name, value in (("params", params), ("tokens", tokens), ("tokens_per_param", tokens_per_param)) if value is not None]
    if len(fixed) > 1:
        raise PlanError(f"{' and '.join(fixed)} are both given", hint="give one of them, or none for the best size by the law")
    if tokens_per_param is not None and not 0.0 < tokens_per_param < math.inf:
        raise OutOfRangeError(f"tokens_per_param is {tokens_per_param:g}", hint="it must be above 0 and finite; about 20 is best by the law")
    return Split(params, tokens, tokens_per_param)
