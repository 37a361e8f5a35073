"""Pairs of tokens that attend to each other in a sample of which a model sees a part, or several crops."""

from traincarbon.formulas.equation import equation, require
from traincarbon.uncertain import Num


@equation("((1 - mask_ratio) × (tokens_per_sample - 1) + 1)²", source="he-2021-mae")
def masked_pairs(*, mask_ratio: Num, tokens_per_sample: Num) -> Num:
    r"""Return the pairs of tokens in the encoder of a masked autoencoder: those that are not masked attend to each other.

    .. math:: P = \bigl((1 - m)(T - 1) + 1\bigr)^2

    Args:
        mask_ratio: Share m of the patches that is masked. [1]
        tokens_per_sample: Tokens of an image T, the class token included. [1]

    Returns:
        Pairs of tokens of an image, broadcast over the inputs. [1]

    Raises:
        OutOfRangeError: tokens are not positive, or *mask_ratio* is outside 0 to 1.

    Example:
        >>> masked_pairs(mask_ratio=0.75, tokens_per_sample=197.0)
        2500.0

    References:
        He et al. 2021, *Masked autoencoders are scalable vision learners*, arXiv:2111.06377, section 3.
    """
    require(above=0.0, tokens_per_sample=tokens_per_sample)
    require(at_least=0.0, at_most=1.0, mask_ratio=mask_ratio)
    seen = (1.0 - mask_ratio) * (tokens_per_sample - 1.0) + 1.0
    return seen * seen


@equation("4 / 3 × global_crops × tokens_per_sample² + local_crops × local_tokens²", source="caron-2021-dino")
def distilled_pairs(*, global_crops: Num, local_crops: Num, tokens_per_sample: Num, local_tokens: Num) -> Num:
    r"""Return the pairs of tokens that student and teacher attend to; a forward pass alone counts as a third.

    The student sees all crops forward and backward, its teacher the global ones forward.

    .. math:: P = \tfrac{4}{3} \, g \, T^2 + l \, t^2

    Args:
        global_crops: Large crops of an image g. [1]
        local_crops: Small crops of an image l. [1]
        tokens_per_sample: Tokens of a large crop T. [1]
        local_tokens: Tokens of a small crop t. [1]

    Returns:
        Pairs of tokens of an image, broadcast over the inputs. [1]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> round(distilled_pairs(global_crops=2.0, local_crops=8.0, tokens_per_sample=197.0, local_tokens=37.0))
        114443

    References:
        Caron et al. 2021, *Emerging properties in self-supervised vision transformers*, arXiv:2104.14294, section 3.1.
    """
    require(above=0.0, global_crops=global_crops, local_crops=local_crops, tokens_per_sample=tokens_per_sample, local_tokens=local_tokens)
    return 4.0 / 3.0 * global_crops * tokens_per_sample * tokens_per_sample + local_crops * local_tokens * local_tokens


@equation("flop_per_sample + 12 × layers × hidden × attended_pairs", source="chowdhery-2022-palm")
def flop_with_pairs(*, flop_per_sample: Num, layers: Num, hidden: Num, attended_pairs: Num) -> Num:
    r"""Return the FLOP of a sample with the attention scores of its pairs of tokens, forward and backward.

    .. math:: c' = c + 12 \, L \, h \, P

    Args:
        flop_per_sample: FLOP of the matrix products with parameters c. [FLOP]
        layers: Transformer layers L. [1]
        hidden: Width of all heads together h. [1]
        attended_pairs: Pairs of tokens P. [1]

    Returns:
        FLOP of a sample, broadcast over the inputs. [FLOP]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> flop_with_pairs(flop_per_sample=1e11, layers=24.0, hidden=1024.0, attended_pairs=2500.0)
        100737280000.0

    References:
        Chowdhery et al. 2022, *PaLM*, arXiv:2204.02311, appendix B.
    """
    require(above=0.0, flop_per_sample=flop_per_sample, layers=layers, hidden=hidden, attended_pairs=attended_pairs)
    return flop_per_sample + 12.0 * layers * hidden * attended_pairs
