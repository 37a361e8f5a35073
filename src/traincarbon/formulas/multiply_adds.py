"""Networks that are known by the multiply-adds of a forward pass: at another image size, and with adapters on frozen weights."""

from traincarbon.formulas.equation import equation, require
from traincarbon.uncertain import Num


@equation(
    "(reference_gmac - attention_gmac) × (image_size / reference_size)² + attention_gmac × (image_size / reference_size)^4",
    source="vaswani-2017-attention",
)
def gmac_with_attention(*, reference_gmac: Num, attention_gmac: Num, image_size: Num, reference_size: Num) -> Num:
    r"""Return the multiply-adds of a transformer with full attention on images of another size.

    The tokens grow with the number of pixels: most layers do as much work for each token, attention scores for each pair of tokens.

    .. math:: m = (m_0 - a_0) \, (s / s_0)^2 + a_0 \, (s / s_0)^4

    Args:
        reference_gmac: Multiply-adds of the forward pass at the published size m_0. [GMAC]
        attention_gmac: Those of its attention scores and their sums a_0, 2 × layers × width × tokens². [GMAC]
        image_size: Side of an image s. [px]
        reference_size: Side of the image that the figure was published for s_0. [px]

    Returns:
        Multiply-adds of a forward pass, broadcast over the inputs. [GMAC]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> gmac_with_attention(reference_gmac=118.64, attention_gmac=4.228, image_size=512.0, reference_size=256.0)
        525.296

    References:
        Vaswani et al. 2017, *Attention is all you need*, arXiv:1706.03762, table 1.
    """
    require(above=0.0, reference_gmac=reference_gmac, attention_gmac=attention_gmac, image_size=image_size, reference_size=reference_size)
    side = image_size / reference_size
    pixels = side * side
    return (reference_gmac - attention_gmac) * pixels + attention_gmac * pixels * pixels


@equation("1e9 × gmac_per_sample × (4 + 6 × trainable_share)", source="hu-2021-lora")
def adapter_sample_flop(*, gmac_per_sample: Num, trainable_share: Num) -> Num:
    r"""Return the FLOP of training adapters within a frozen network on one sample, from the multiply-adds of its forward pass.

    The network runs forward and passes gradients back, but computes no weight gradients of its own. Adapters are taken to do as much
    work for each of their parameters as the network does.

    .. math:: c = 10^9 \, m \, (4 + 6 \, f)

    Args:
        gmac_per_sample: Multiply-adds of the forward pass m. [GMAC]
        trainable_share: Parameters of the adapters over those of the network f. [1]

    Returns:
        FLOP of a sample, forward and backward. [FLOP]

    Raises:
        OutOfRangeError: *gmac_per_sample* is not positive, or *trainable_share* is negative.

    Example:
        >>> adapter_sample_flop(gmac_per_sample=4.0, trainable_share=0.0)
        16000000000.0

    References:
        Hu et al. 2021, *LoRA*, arXiv:2106.09685, section 4.2: no gradients of the frozen parameters are computed.
    """
    require(above=0.0, gmac_per_sample=gmac_per_sample)
    require(at_least=0.0, trainable_share=trainable_share)
    return 1e9 * gmac_per_sample * (4.0 + 6.0 * trainable_share)
