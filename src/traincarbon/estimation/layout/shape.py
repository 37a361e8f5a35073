"""Guess the shape of a model from its size: width and depth as in published models of that size."""

import math

from traincarbon.formulas.layout import Shape
from traincarbon.formulas.size import WIDTH_OVER_DEPTH, usual_params, width_of_depth

_HEAD_WIDTHS = (128.0, 64.0)
_EXPERTS_PER_TOKEN = 8.0


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
    """Return a decoder of *params* parameters with the known sizes given, and the others in the usual proportions.

    Width is 128 times depth unless one of them is known. In a mixture of experts, eight experts for each token make up two thirds of the
    parameters that a token passes through.

    Example:
        >>> gpt3 = shape_of(params=175e9, vocab=50257.0, seq_len=2048.0)
        >>> gpt3.layers, gpt3.hidden
        (96.0, 12288.0)
    """
    size = params if active_params is None else active_params
    if hidden is None:
        hidden = _rounded(_width(size, vocab) if layers is None else width_of_depth(params=size, layers=layers, vocab=vocab))
    if layers is None:
        layers = _even_depth((size - hidden * vocab) / _layer_params(hidden, ffn, ffn_matrices))
    if heads is None:
        heads = next((hidden / width for width in _HEAD_WIDTHS if hidden % (8.0 * width) == 0.0), max(1.0, hidden // _HEAD_WIDTHS[0]))
    plain = Shape(layers, hidden, heads, kv_heads if kv_heads is not None else heads, hidden, ffn or 4.0 * hidden, ffn_matrices, vocab, seq_len)
    if active_params is None or active_params >= params:
        return plain
    return _mixed(plain, params=params, active_params=active_params)


def _mixed(plain: Shape, *, params: float, active_params: float) -> Shape:
    """Return the mixture of experts that has the depth and width of *plain*."""
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
    width = math.cbrt(WIDTH_OVER_DEPTH * size / 12.0)
    for _ in range(8):
        slope = 36.0 * width**2 / WIDTH_OVER_DEPTH + vocab
        width = max(width - (usual_params(hidden=width, vocab=vocab) - size) / slope, 1.0)
    return width


def _rounded(width: float) -> float:
    """Return *width* rounded as people choose it, to a multiple that heads, tiles and tensor parallelism divide."""
    step = 1024.0 if width >= 8192.0 else 512.0 if width >= 2048.0 else 128.0 if width >= 256.0 else 8.0
    return max(step, step * round(width / step))


def _even_depth(layers: float) -> float:
    """Return *layers* rounded to a count that the stages of a pipeline divide; deep models have multiples of eight."""
    step = 8.0 if layers >= 48.0 else 4.0 if layers >= 16.0 else 1.0
    return max(1.0, step * round(layers / step))
