"""Scaling laws: the loss that a model of so many parameters reaches on so many tokens, and the sizes that reach it with the least compute."""

from typing import NamedTuple

from traincarbon.errors import OutOfRangeError
from traincarbon.formulas.equation import equation, require
from traincarbon.uncertain import Num, median_of


class Law(NamedTuple):
    """The constants of one fitted law, of dense language models that see every token once."""

    irreducible_loss: Num
    """What no model gets below. [nat/token]"""
    params_scale: Num
    params_exponent: float
    tokens_scale: Num
    tokens_exponent: float


@equation("irreducible_loss + params_scale / params ^ params_exponent + tokens_scale / tokens ^ tokens_exponent", source="hoffmann-2022-chinchilla")
def predicted_loss(*, params: Num, tokens: Num, law: Law) -> Num:
    r"""Return the loss that a dense language model is predicted to reach.

    .. math:: L = E + A \, N^{-\alpha} + B \, D^{-\beta}

    Args:
        params: Parameters N. [1]
        tokens: Tokens D seen in training, each once. [1]
        law: The constants E, A, α, B and β. [1]

    Returns:
        Cross-entropy on text like that of the fit, broadcast over the inputs. [nat/token]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> law = Law(1.8, 500.0, 0.35, 2000.0, 0.37)
        >>> round(predicted_loss(params=70e9, tokens=1.4e12, law=law), 3)
        1.944

    References:
        Hoffmann et al. 2022, *Training compute-optimal large language models*, arXiv:2203.15556, equation 2.
    """
    require(above=0.0, params=params, tokens=tokens)
    return law.irreducible_loss + law.params_scale * params**-law.params_exponent + law.tokens_scale * tokens**-law.tokens_exponent


@equation(
    "(params_exponent × params_scale / tokens_exponent / tokens_scale × (compute_flop / 6) ^ tokens_exponent) ^ (1 / (params_exponent + tokens_exponent))",
    source="hoffmann-2022-chinchilla",
)
def optimal_params(*, compute_flop: Num, law: Law) -> Num:
    r"""Return the parameters with which a given compute reaches the lowest loss.

    The tokens are C / (6 N).

    .. math:: N = \left(\frac{\alpha A}{\beta B}\right)^{1 / (\alpha + \beta)} \left(\frac{C}{6}\right)^{\beta / (\alpha + \beta)}

    Args:
        compute_flop: Model FLOP of the training, 6 N D. [FLOP]
        law: The constants of the law. [1]

    Returns:
        Parameters. [1]

    Raises:
        OutOfRangeError: *compute_flop* is not positive.

    Example:
        >>> law = Law(1.8, 400.0, 0.35, 400.0, 0.35)
        >>> f"{optimal_params(compute_flop=6e24, law=law):.4g}"
        '1e+12'

    References:
        Hoffmann et al. 2022, arXiv:2203.15556, equation 4.
    """
    require(above=0.0, compute_flop=compute_flop)
    a, b = law.params_exponent, law.tokens_exponent
    return (a * law.params_scale / (b * law.tokens_scale) * (compute_flop / 6.0) ** b) ** (1.0 / (a + b))


@equation(
    "(params_scale × (params_exponent + tokens_exponent) / tokens_exponent / (loss - irreducible_loss)) ^ (1 / params_exponent)",
    source="hoffmann-2022-chinchilla",
)
def params_of_loss(*, loss: Num, law: Law) -> Num:
    r"""Return the parameters with which a loss takes the least compute.

    They solve the condition of the optimum, α A N^-α = β B D^-β, for N.

    .. math:: N = \left(\frac{A \, (\alpha + \beta)}{\beta \, (L - E)}\right)^{1 / \alpha}

    Args:
        loss: The loss to be reached. [nat/token]
        law: The constants of the law. [1]

    Returns:
        Parameters. [1]

    Raises:
        OutOfRangeError: *loss* is not above the irreducible one.

    Example:
        >>> law = Law(1.8, 400.0, 0.5, 400.0, 0.5)
        >>> round(params_of_loss(loss=2.0, law=law))
        16000000

    References:
        Hoffmann et al. 2022, arXiv:2203.15556, section 3.3.
    """
    a, b = law.params_exponent, law.tokens_exponent
    return (law.params_scale * (a + b) / (b * _reducible(loss, law))) ** (1.0 / a)


@equation(
    "(tokens_scale / (loss - irreducible_loss - params_scale / params ^ params_exponent)) ^ (1 / tokens_exponent)",
    source="hoffmann-2022-chinchilla",
)
def tokens_of_loss(*, params: float, loss: float, law: Law) -> float:
    r"""Return the tokens on which a model of so many parameters reaches a loss.

    .. math:: D = \left(\frac{B}{L - E - A \, N^{-\alpha}}\right)^{1 / \beta}

    Args:
        params: Parameters N. [1]
        loss: The loss to be reached. [nat/token]
        law: The constants of the law. [1]

    Returns:
        Tokens. [1]

    Raises:
        OutOfRangeError: *params* is not positive, or no number of tokens takes so small a model to *loss*.

    Example:
        >>> law = Law(1.8, 400.0, 0.5, 400.0, 0.5)
        >>> round(tokens_of_loss(params=16e6, loss=2.0, law=law))
        16000000

    References:
        Hoffmann et al. 2022, arXiv:2203.15556, equation 2, solved for D.
    """
    require(above=0.0, params=params)
    left = _reducible(loss, law) - law.params_scale * params**-law.params_exponent
    if not left > 0.0:
        raise OutOfRangeError(f"a model of {params:.3g} parameters does not reach a loss of {loss:g} on any number of tokens", hint="take a larger model")
    return float((law.tokens_scale / left) ** (1.0 / law.tokens_exponent))


def _reducible(loss: Num, law: Law) -> Num:
    """Return what of *loss* size and data can take away."""
    floor = median_of(law.irreducible_loss)
    value = median_of(loss)
    above = value > floor
    if not (above if isinstance(above, bool) else above.all()):
        shown = f"{value:g}" if isinstance(above, bool) else "in the array"
        raise OutOfRangeError(f"the loss {shown} is not above {floor:g}", hint=f"by the law no model gets below {floor:g}: it must be above that")
    return loss - law.irreducible_loss
