"""Guess the shape of a model from its size: width and depth as in published models of that size."""

import math
from collections.abc import Callable

from traincarbon.formulas.layout import Shape, larger
from traincarbon.formulas.size import WIDTH_OVER_DEPTH, usual_params, width_of_depth
from traincarbon.uncertain import Num, where

_HEAD_WIDTHS = (128.0, 64.0)
_EXPERTS_PER_TOKEN = 8.0


def shape_of(
    *,
    params: Num,
    active_params: Num | None = None,
    layers: Num | None = None,
    hidden: Num | None = None,
    heads: Num | None = None,
    kv_heads: Num | None = None,
    ffn: Num | None = None,
    ffn_matrices: Num = 2.0,
    vocab: Num,
    seq_len: Num,
) -> Shape:
    """Return a decoder of *params* parameters with the known sizes given, and the others in the usual proportions.

    Width is 128 times depth unless one of them is known. In a mixture of experts, eight experts for each token make up two thirds of the
    parameters that a token passes through. Of arrays, each plan has the shape that it has alone.

    Example:
        >>> gpt3 = shape_of(params=175e9, vocab=50257.0, seq_len=2048.0)
        >>> gpt3.layers, gpt3.hidden
        (96.0, 12288.0)
    """
    size = params if active_params is None else active_params
    if hidden is None:
        hidden = _rounded(_width(size, vocab) if layers is None else width_of_depth(params=size, layers=layers, vocab=vocab))
    if ffn is None:
        ffn = 4.0 * hidden
    if layers is None:
        layers = _even_depth((size - hidden * vocab) / (4.0 * hidden * hidden + ffn_matrices * hidden * ffn))
    if heads is None:
        heads = _usual_heads(hidden)
    plain = Shape(layers, hidden, heads, kv_heads if kv_heads is not None else heads, hidden, ffn, ffn_matrices, vocab, seq_len)
    if active_params is None:
        return plain
    is_mixed = active_params < params
    if isinstance(is_mixed, bool):
        return _mixed(plain, params=params, active_params=active_params) if is_mixed else plain
    mixed = _mixed(plain, params=params, active_params=active_params)
    return Shape(*(where(is_mixed, each, other) for each, other in zip(mixed, plain, strict=True)))


def _mixed(plain: Shape, *, params: Num, active_params: Num) -> Shape:
    """Return the mixture of experts that has the depth and width of *plain*."""
    layers, hidden = plain.layers, plain.hidden
    each = 3.0 * hidden
    outside = layers * plain.projection_params + hidden * plain.vocab
    visited = larger(active_params - outside, 0.3 * active_params) / (layers * each)
    expert_ffn = larger(visited / _EXPERTS_PER_TOKEN, 1.0)
    experts = _each(_near_power_of_two, larger((params - outside) / (layers * each * expert_ffn), 2.0 * _EXPERTS_PER_TOKEN))
    return plain._replace(ffn=expert_ffn, ffn_matrices=3.0, experts=experts, experts_per_token=_EXPERTS_PER_TOKEN)


def _near_power_of_two(count: float) -> float:
    return 2.0 ** round(math.log2(count))


def _usual_heads(hidden: Num) -> Num:
    """Return as many heads of the usual widths as tensor parallelism of eight divides, or about as many."""
    heads = larger(hidden // _HEAD_WIDTHS[0], 1.0)
    for width in reversed(_HEAD_WIDTHS):
        heads = where(hidden % (8.0 * width) == 0.0, hidden / width, heads)
    return heads


def _width(size: Num, vocab: Num) -> Num:
    """Return the width at which a model of the usual proportions has *size* parameters, by Newton's method."""
    width = _each(math.cbrt, WIDTH_OVER_DEPTH * size / 12.0)
    for _ in range(8):
        slope = 36.0 * (width * width) / WIDTH_OVER_DEPTH + vocab
        width = larger(width - (usual_params(hidden=width, vocab=vocab) - size) / slope, 1.0)
    return width


def _rounded(width: Num) -> Num:
    """Return *width* rounded as people choose it, to a multiple that heads, tiles and tensor parallelism divide."""
    step = where(width >= 8192.0, 1024.0, where(width >= 2048.0, 512.0, where(width >= 256.0, 128.0, 8.0)))
    return larger(step * _whole(width / step), step)


def _even_depth(layers: Num) -> Num:
    """Return *layers* rounded to a count that the stages of a pipeline divide; deep models have multiples of eight."""
    step = where(layers >= 48.0, 8.0, where(layers >= 16.0, 4.0, 1.0))
    return larger(step * _whole(layers / step), 1.0)


def _whole(number: Num) -> Num:
    """Return the nearest whole number."""
    return number.round() if hasattr(number, "shape") else float(round(number))


def _each(function: Callable[[float], float], number: Num) -> Num:
    """Return a *function* of numbers of one, or of each in an array, to the last bit."""
    if not hasattr(number, "shape"):
        return function(number)
    import numpy as np  # it is imported wherever there are arrays

    return np.array([function(one) for one in number.tolist()])
