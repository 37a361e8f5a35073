"""Usual shapes of transformers of images and of text: what is taken for a width, a depth or a look-up table that a plan does not state.

Attention needs a width and layers, which most plans leave out. It is 12 % of the FLOP of a ViT-B at 384 px, half of those of a long video,
and half of those of a language model of 1B in contexts of 32k.
"""

from functools import lru_cache

from traincarbon.formulas.size import WIDTH_OVER_DEPTH
from traincarbon.uncertain import Num, Uncertain, median_of, where

_BASE, _BASE_WIDTH = 86e6, 768.0
"""Parameters and width of ViT-B. Below it models have its 12 layers (Dosovitskiy et al. 2020, table 1; Touvron et al. 2020, table 1)."""
_GIANT, _GIANT_WIDTH = 1.843e9, 1664.0
"""Parameters and width of ViT-G/14 (Zhai et al. 2021, table 2)."""
_TO_GIANT = 0.252
"""Exponent of width over parameters from ViT-B to ViT-G, by ViT-L (1,024) and ViT-H (1,280)."""
_BEYOND = 0.45
"""Exponent beyond: within 30 % of InternViT-6B (3,200), CogVideoX-5B (3,072), FLUX.1 (3,072), Wan2.1-14B (5,120), ViT-22B and Movie Gen 30B (6,144)."""
_WIDTH_FACTOR = (1.0 / 1.4, 1.4)
_PER_LAYER = 12.0
"""Parameters of a layer over the square of its width: four of attention, eight of the feed-forward part (Vaswani et al. 2017)."""
_PLAIN, _CROSSED, _MODULATED = 13.2, 2.0, 17.0
"""Parameters of a layer over the square of its width: up to the first it is a plain block; the second see text in cross-attention; from the third on
the rest makes adaptive norms (18 in DiT, 16 in PixArt, whose layers share one)."""
_SMALL_LAYERS = 12.0
_TEXT_FACTOR = (1.0 / 1.5, 1.5)
"""Of the 80 dense decoders and 8 encoders among the known models, nine of ten have layers × width of attention within a factor of 1.5 of the usual shape."""
_MIXTURE_FACTOR = (0.75, 4.3)
"""A mixture of experts has the attention of a larger dense model: of 18, layers × width are 0.63 to 4.2 times those of a dense one with its active parameters."""
_MIXTURE_DEPTH_FACTOR = (0.88, 1.91)
"""Beside the width of their attention, nine of ten of the 22 known mixtures have so many times the usual depth of a dense model."""
_DECODER_WIDTH = 512.0
"""Width of the decoder of MAE beside encoders of every size (He et al. 2021, table 1b), and the largest in VideoMAE (its models/modeling_pretrain.py)."""
SEEN_SHARE = {"diffusion": (0.42, 1.05), "video": (0.55, 1.0)}
"""Share of the parameters of a diffusion transformer that each token passes through; the rest see one vector of a sample, or text alone.

Two thirds in DiT, where a third makes the adaptive norms (6 of 18 h² a layer; Peebles and Xie 2022, section 3.2), a third in Stable Diffusion 3,
where text has parameters of its own (Esser et al. 2024, figure 2), 0.55 in FLUX.1, 0.87 in PixArt and Wan2.1, whose keys and values of cross-attention see text.
"""


def usual_width(params: Num) -> Num:
    """Return the width that a transformer of images with so many parameters is taken to have.

    Example:
        >>> [round(usual_width(params).median) for params in (5.7e6, 86e6, 304e6, 632e6, 14e9)]
        [199, 773, 1056, 1270, 4144]
    """
    params = median_of(params)
    small = (params / (_PER_LAYER * _SMALL_LAYERS)) ** 0.5
    middle = _BASE_WIDTH * (params / _BASE) ** _TO_GIANT
    width = where(params <= _GIANT, middle, _GIANT_WIDTH * (params / _GIANT) ** _BEYOND)
    return where(params <= _BASE, small, width) * Uncertain.from_interval(*_WIDTH_FACTOR, name="hidden")


def usual_depth(params: Num) -> Num:
    """Return the layers of a transformer of text with so many parameters that is as much wider than deep as most.

    Example:
        >>> [round(usual_depth(params)) for params in (7e9, 70e9, 175e9)]  # Llama 2: 32 and 80; GPT-3: 96
        [33, 71, 96]
    """
    return (median_of(params) / (_PER_LAYER * WIDTH_OVER_DEPTH**2)) ** (1.0 / 3.0)


def usual_text_width(params: Num, *, layers: Num, whole: Num | None = None) -> Num:
    """Return the width of attention that a transformer of text is taken to have; in a mixture of experts a token passes through *params* of the *whole*.

    Example:
        >>> round(usual_text_width(6.74e9, layers=32.0).median)  # Llama 2 7B: 4,096
        4190
        >>> round(usual_text_width(37e9, layers=61.0, whole=671e9).median)  # DeepSeek-V3: 20,480
        12768
    """
    width = width_of(params, layers)
    dense = width * _spread(*_TEXT_FACTOR, "hidden")
    return dense if whole is None else where(median_of(params) < median_of(whole), width * _spread(*_MIXTURE_FACTOR, "hidden"), dense)


def depth_beside(params: Num, *, width: Num, whole: Num | None = None, is_of_model: bool = True) -> Num:
    """Return the layers that a transformer of text with so many parameters and this *width* is taken to have, in the middle of two guesses.

    One is the usual depth, the other what the parameters leave for the width: it is twice too deep where a table of words or a wide feed-forward
    part has them. Beside the width of a mixture of experts the usual depth alone counts, whose spread is in the width of its attention
    (:func:`widened_in_mixtures`) unless that is stated: the width is that of the model if it *is_of_model*, else that of its attention.

    Example:
        >>> round(depth_beside(2.5e9, width=2048.0).median)  # Gemma 2B: 18
        34
        >>> round(depth_beside(37e9, width=20480.0, whole=671e9, is_of_model=False).median)  # DeepSeek-V3: 61
        74
    """
    usual = usual_depth(params)
    dense = (usual * layers_of(median_of(params), median_of(width))) ** 0.5 * _spread(*_TEXT_FACTOR, "layers")
    if whole is None:
        return dense
    mixed = usual if is_of_model else usual * _spread(*_MIXTURE_DEPTH_FACTOR, "layers")
    return where(median_of(params) < median_of(whole), mixed, dense)


def widened_in_mixtures(hidden: Num, *, params: Num, whole: Num) -> Num:
    """Return the width of attention beside the width *hidden* of the model, which is wider in most mixtures of experts."""
    return where(median_of(params) < median_of(whole), hidden * _spread(*_MIXTURE_FACTOR, "attention_width"), hidden)


@lru_cache
def _spread(low: float, high: float, name: str) -> Uncertain:
    return Uncertain.from_interval(low, high, name=name)


def layers_of(params: Num, hidden: Num) -> Num:
    """Return the layers of a transformer with so many parameters and this width.

    Example:
        >>> round(layers_of(86e6, 768.0), 1)
        12.2
    """
    return params / (_PER_LAYER * hidden * hidden)


def width_of(params: Num, layers: Num) -> Num:
    """Return the width of a transformer with so many parameters and layers.

    Example:
        >>> round(width_of(85e6, 12.0))
        768
    """
    return (median_of(params) / (_PER_LAYER * median_of(layers))) ** 0.5


def masked_decoder_width(hidden: Num, *, is_video: bool) -> Num:
    """Return the width of the decoder of a masked autoencoder whose encoder has the width *hidden*: 512; of video half of the encoder's where that is less.

    Example:
        >>> [masked_decoder_width(hidden, is_video=True) for hidden in (384.0, 768.0, 1024.0, 1408.0)]
        [192.0, 384.0, 512.0, 512.0]
    """
    half = median_of(hidden) / 2.0
    return where(half < _DECODER_WIDTH, half, _DECODER_WIDTH) if is_video else _DECODER_WIDTH


def masked_decoder_layers(params: Num, *, hidden: Num, width: Num, patch_values: Num) -> Num:
    """Return the layers of the decoder of a masked autoencoder with so many parameters: beside them it maps the encoder's width to its own, and that to a patch.

    Example:
        >>> round(masked_decoder_layers(26e6, hidden=1024.0, width=512.0, patch_values=768.0), 1)  # MAE
        8.0
        >>> round(masked_decoder_layers(8e6, hidden=768.0, width=384.0, patch_values=1536.0), 1)  # VideoMAE
        4.0
    """
    params = median_of(params)
    inner = params - width * (median_of(hidden) + median_of(patch_values))
    return layers_of(where(inner > params / 2.0, inner, params / 2.0), width)


def seen_params(params: Num, *, layers: Num, hidden: Num) -> Num:
    """Return the parameters of a diffusion transformer of known shape that each token passes through.

    A block of attention and feed-forward part has 12 h². Keys and values of cross-attention add 2 h² that see text; what is beyond 17 h² a layer
    makes adaptive norms or is a second block, for text.

    Example:
        >>> round(seen_params(675e6, layers=28.0, hidden=1152.0) / 1e6)  # DiT-XL/2
        446
        >>> round(seen_params(11.9e9, layers=57.0, hidden=3072.0) / 1e9, 2)  # FLUX.1: 19 blocks of two streams and 38 of one
        6.46
        >>> round(seen_params(14.3e9, layers=40.0, hidden=5120.0) / 1e9, 1)  # Wan2.1-14B
        12.2
    """
    params, square = median_of(params), median_of(layers) * median_of(hidden) ** 2
    a_layer = params / square
    crossed = where(a_layer < _PLAIN, params, params - _CROSSED * square)
    return where(a_layer < _MODULATED, crossed, _PER_LAYER * square)


def looked_up_params(params: Num, *, vocab: Num) -> Num:
    """Return the parameters of the look-up table in an encoder of text of 12 layers: nothing is multiplied with them.

    Example:
        >>> round(looked_up_params(63.43e6, vocab=49408.0) / 1e6, 1)  # CLIP ViT-B: 49,408 × 512 is 25.3 million
        25.4
    """
    vocab, per_width = median_of(vocab), _PER_LAYER * _SMALL_LAYERS
    root = (vocab * vocab + 4.0 * per_width * median_of(params)) ** 0.5
    return vocab * (root - vocab) / (2.0 * per_width)
