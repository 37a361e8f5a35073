"""How compute is split between the size of a model and its data: by the scaling law, or as the user fixes it."""

import math
from typing import NamedTuple

from traincarbon.errors import OutOfRangeError, PlanError
from traincarbon.explore.scaling_law import FittedLaw, Size
from traincarbon.fitting.solve import bisect
from traincarbon.formulas.scaling import Law, optimal_params, predicted_loss
from traincarbon.uncertain import median_of

_LEAST_FLOP, _MOST_FLOP = 1e12, 1e40
_GUESS = math.log(50_000)
"""Loss of an untrained model: every token of a usual vocabulary is equally likely. [nat/token]"""


def check_loss(loss: float, law: Law) -> None:
    """Refuse a *loss* that no model reaches, or that an untrained model has.

    Raises:
        OutOfRangeError: it is not finite, not above the law's irreducible loss, or that of an untrained model.
    """
    floor = float(median_of(law.irreducible_loss))
    if not (math.isfinite(loss) and loss > floor):
        raise OutOfRangeError(f"the loss {loss:g} is not above {floor:g}", hint=f"the scaling law allows no loss below {floor:g} nat/token")
    if loss > _GUESS:
        raise _takes_no_training(loss)


def _takes_no_training(loss: float) -> OutOfRangeError:
    return OutOfRangeError(f"the loss {loss:g} takes no training", hint="language models reach 2 to 4 nat/token")


class ComputeSplit(NamedTuple):
    """What the user fixes of a model: nothing, the parameters, the tokens, or the tokens for each parameter."""

    params: float | None = None
    tokens: float | None = None
    tokens_per_param: float | None = None

    def of(self, compute_flop: float, law: Law) -> Size:
        """Return the model that this much compute trains; the best one by *law* where nothing is fixed."""
        pairs = compute_flop / 6.0
        if self.params is not None:
            return Size(self.params, pairs / self.params)
        if self.tokens is not None:
            return Size(pairs / self.tokens, self.tokens)
        params = math.sqrt(pairs / self.tokens_per_param) if self.tokens_per_param is not None else float(optimal_params(compute_flop=compute_flop, law=law))
        return Size(params, pairs / params)

    def for_loss(self, loss: float, law: Law) -> Size:
        """Return the model that reaches *loss* with the least compute that the split allows.

        Raises:
            OutOfRangeError: no model does: the loss is too low for what is fixed, or for any model.
        """
        check_loss(loss, law)
        if self._loss(_MOST_FLOP, law) > loss:
            if self == ComputeSplit():
                raise OutOfRangeError(f"a loss of {loss:g} takes more than {_MOST_FLOP:g} FLOP", hint="ask for a higher loss")
            fixed = f"{self.params:.3g} parameters" if self.params is not None else f"{self.tokens:.3g} tokens" if self.tokens is not None else "this split"
            raise OutOfRangeError(f"no training with {fixed} reaches a loss of {loss:g}", hint="leave the size free, or ask for a higher loss")
        if self._loss(_LEAST_FLOP, law) < loss:
            raise _takes_no_training(loss)
        _, log_flop = bisect(lambda log_flop: self._loss(math.exp(log_flop), law) > loss, math.log(_LEAST_FLOP), math.log(_MOST_FLOP))
        return self.of(math.exp(log_flop), law)

    def spread(self, loss: float, law: FittedLaw) -> float:
        """Return the log-spread of the compute needed to reach *loss*, by the errors of the law."""
        return law.spread(lambda variant: self.for_loss(loss, variant).compute_flop)

    def _loss(self, compute_flop: float, law: Law) -> float:
        size = self.of(compute_flop, law)
        return float(median_of(predicted_loss(params=size.params, tokens=size.tokens, law=law)))


def split_of(*, params: float | None, tokens: float | None, tokens_per_param: float | None) -> ComputeSplit:
    """Return the split with at most one thing fixed.

    Raises:
        PlanError: more than one thing is fixed.
        OutOfRangeError: *tokens_per_param* is not positive and finite.
    """
    fixed = [name for name, value in (("params", params), ("tokens", tokens), ("tokens_per_param", tokens_per_param)) if value is not None]
    if len(fixed) > 1:
        raise PlanError(f"{' and '.join(fixed)} are both given", hint="give one of them, or none for the best size by the scaling law")
    if tokens_per_param is not None and not 0.0 < tokens_per_param < math.inf:
        raise OutOfRangeError(f"tokens_per_param is {tokens_per_param:g}", hint="it must be above 0 and finite; about 20 is best by the scaling law")
    return ComputeSplit(params, tokens, tokens_per_param)
