"""The model's shape where a plan tells only its size: width and depth as published models of that size have them."""

import math

from traincarbon.formulas.layout import Shape

_WIDTH_OVER_DEPTH = 128.0
_HEAD_WIDTH = 128.0
_EXPERTS_PER_TOKEN = 8.0
_ROUND = 128.0
"""Widths are multiples of it, as tiles are."""


def shape_of(
    *,
    params: float,
    active_params: float | None = None,
    layers: float | None = None,
    hidden: float | None = None,
    heads: float | None = None,
    kv_heads: float | None = None,
    ffn: float | None = None,
    ffn_matrices: float = 2.0,
    vocab: float,
    seq_len: float,
) -> Shape:
    """Return a decoder of *params* parameters that has what is known of it, the rest in usual proportions.

    Width is 128 times depth unless one of them is known; of a mixture of experts, eight experts for each token make up two thirds of the
    parameters that a token passes.

    Example:
        >>> gpt3 = shape_of(params=175e9, vocab=50257.0, seq_len=2048.0)
        >>> gpt3.layers, gpt3.hidden
        (96.0, 12288.0)
    """
    size = params if active_params is None else active_params
    if layers is None:
        width = hidden if hidden is not None else _width(size, vocab)
        layers = _even_depth(max(1.0, (size - width * vocab) / _layer_params(width, ffn, ffn_matrices)))
    if hidden is None:
        hidden = _width_of_depth(size, layers, vocab)
    heads = heads if heads is not None else max(1.0, _divisor(hidden, hidden / _HEAD_WIDTH))
    plain = Shape(layers, hidden, heads, kv_heads if kv_heads is not None else heads, hidden, ffn or 4.0 * hidden, ffn_matrices, vocab, seq_len)
    if active_params is None or active_params >= params:
        return plain
    return _mixed(plain, params=params, active_params=active_params)


def _mixed(plain: Shape, *, params: float, active_params: float) -> Shape:
    """Return the mixture of experts of the depth and width of *plain*."""
    layers, hidden = plain.layers, plain.hidden
    each = 3.0 * hidden
    outside = layers * plain.projection_params + hidden * plain.vocab
    visited = max(active_params - outside, 0.3 * active_params) / (layers * each)
    expert_ffn = max(1.0, visited / _EXPERTS_PER_TOKEN)
    experts = 2.0 ** round(math.log2(max((params - outside) / (layers * each * expert_ffn), 2.0 * _EXPERTS_PER_TOKEN)))
    return plain._replace(ffn=expert_ffn, ffn_matrices=3.0, experts=experts, experts_per_token=_EXPERTS_PER_TOKEN)


def _layer_params(hidden: float, ffn: float | None, ffn_matrices: float) -> float:
    return 4.0 * hidden * hidden + ffn_matrices * hidden * (ffn or 4.0 * hidden)


def _width(size: float, vocab: float) -> float:
    """Return the width at which a model of the usual proportions has *size* parameters, by Newton's method."""
    width = (_WIDTH_OVER_DEPTH * size / 12.0) ** (1.0 / 3.0)
    for _ in range(8):
        width -= (12.0 * width**3 / _WIDTH_OVER_DEPTH + width * vocab - size) / (36.0 * width**2 / _WIDTH_OVER_DEPTH + vocab)
    return max(width, 1.0)


def _width_of_depth(size: float, layers: float, vocab: float) -> float:
    """Return the width, rounded, at which *layers* layers and a vocabulary make up *size* parameters."""
    a, b = 12.0 * layers, vocab
    width = (math.sqrt(b * b + 4.0 * a * size) - b) / (2.0 * a)
    return max(_ROUND, _ROUND * round(width / _ROUND)) if width > _ROUND else max(1.0, round(width))


def _even_depth(layers: float) -> float:
    """Return *layers* as a count that divides over the stages of a pipeline: deep models have multiples of eight."""
    step = 8.0 if layers >= 48.0 else 4.0 if layers >= 16.0 else 1.0
    return max(1.0, step * round(layers / step))


def _divisor(hidden: float, wanted: float) -> float:
    """Return the whole number nearest to *wanted* that divides *hidden*."""
    near = max(1, round(wanted))
    return float(next((each for reach in range(near) for each in (near - reach, near + reach) if hidden % each == 0.0), 1))
