"""From the size of a model to the shape and batch that published models of that size have."""

import math

from traincarbon.formulas.equation import equation, require
from traincarbon.uncertain import Num

WIDTH_OVER_DEPTH = 128.0
"""Width over depth of the usual model."""
_MOST_BATCHED = 16384.0
"""Accelerators of the largest trainings whose batch is published."""


@equation("12 × hidden ^ 3 / 128 + hidden × vocab", source="kaplan-2020-scaling")
def usual_params(*, hidden: Num, vocab: Num) -> Num:
    r"""Return the parameters of a decoder that is 128 times as wide as deep.

    A layer has 12 h² parameters, and h / 128 layers are the usual depth.

    .. math:: N = \frac{12 \, h^3}{128} + h \, V

    Args:
        hidden: Width h. [1]
        vocab: Vocabulary V. [1]

    Returns:
        Parameters in matrix products. [1]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> round(usual_params(hidden=12288.0, vocab=50257.0) / 1e9, 1)
        174.6

    References:
        Brown et al. 2020, *Language models are few-shot learners*, arXiv:2005.14165, table 2.1: 96 layers of width 12,288.
    """
    require(above=0.0, hidden=hidden, vocab=vocab)
    return 12.0 * (hidden * hidden * hidden) / WIDTH_OVER_DEPTH + hidden * vocab


@equation("((vocab² + 48 × layers × params) ^ 0.5 - vocab) / (24 × layers)", source="kaplan-2020-scaling")
def width_of_depth(*, params: Num, layers: Num, vocab: Num) -> Num:
    r"""Return the width at which a number of layers and a vocabulary have so many parameters.

    It solves N = 12 L h² + h V for the width.

    .. math:: h = \frac{\sqrt{V^2 + 48 \, L \, N} - V}{24 \, L}

    Args:
        params: Parameters in matrix products N. [1]
        layers: Layers L. [1]
        vocab: Vocabulary V. [1]

    Returns:
        Width, not rounded. [1]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> width_of_depth(params=12e6 + 1e3, layers=1.0, vocab=1.0)
        1000.0

    References:
        Kaplan et al. 2020, arXiv:2001.08361, table 1, for 12 L h².
    """
    require(above=0.0, params=params, layers=layers, vocab=vocab)
    square = vocab * vocab + 48.0 * layers * params
    return ((square**0.5 if hasattr(square, "shape") else math.sqrt(square)) - vocab) / (24.0 * layers)


@equation("reference_tokens × (min(accelerators, 16384) / 1024) ^ 0.5", source="fit-batch")
def usual_batch_tokens(*, accelerators: float, reference_tokens: float) -> float:
    r"""Return the tokens of a step that are usual on so many accelerators.

    Larger models are trained on more accelerators; once their number is known, published batches do not depend on the size of the model.

    Beyond 16,384 accelerators no batch is published, so it grows no further.

    .. math:: B = B_0 \sqrt{\frac{\min(n, 16384)}{1024}}

    Args:
        accelerators: Accelerators n that work together. [1]
        reference_tokens: Tokens B0 of a step on 1,024 accelerators. [1]

    Returns:
        Tokens of a step. [1]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> usual_batch_tokens(accelerators=4096.0, reference_tokens=4e6)
        8000000.0

    References:
        docs/method.md, section Layout and memory, for the published runs behind the exponent.
    """
    require(above=0.0, accelerators=accelerators, reference_tokens=reference_tokens)
    return float(reference_tokens * (min(accelerators, _MOST_BATCHED) / 1024.0) ** 0.5)
