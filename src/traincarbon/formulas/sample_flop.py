"""FLOP of one sample, forward and backward, for models that do more or less than 6 N a token."""

from traincarbon.formulas.equation import equation, require
from traincarbon.quantities import S_PER_H
from traincarbon.uncertain import Num


@equation("(image_size / (latent_factor × patch_size))² × frames / frames_per_token", source="peebles-2022-dit")
def patch_tokens(*, image_size: Num, patch_size: Num, latent_factor: Num = 1.0, frames: Num = 1.0, frames_per_token: Num = 1.0) -> Num:
    r"""Return the tokens that a transformer makes of a square image or a clip, which an encoder may have made smaller; no class token.

    .. math:: T = \left(\frac{s}{f \, p}\right)^2 \frac{n}{k}

    Args:
        image_size: Side s of an image or a frame. [px]
        patch_size: Side p of a patch, in cells of what the transformer sees. [1]
        latent_factor: Pixels f on a side of one cell: 8 in Stable Diffusion, 1 where the transformer sees pixels. [px]
        frames: Frames n of a clip, 1 for an image. [1]
        frames_per_token: Frames k that one token spans: 2 in a tubelet of two. [1]

    Returns:
        Tokens of a sample, broadcast over the inputs. [1]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> patch_tokens(image_size=256.0, patch_size=2.0, latent_factor=8.0)
        256.0

    References:
        Peebles and Xie 2022, *Scalable diffusion models with transformers*, arXiv:2212.09748, section 3.2;
        Arnab et al. 2021, *ViViT*, arXiv:2103.15691, section 3.2, for tubelets.
    """
    require(above=0.0, image_size=image_size, patch_size=patch_size, latent_factor=latent_factor, frames=frames, frames_per_token=frames_per_token)
    side = image_size / (latent_factor * patch_size)
    return side * side * frames / frames_per_token


@equation("(image_size / (latent_factor × patch_size))² × ((frames - 1) / frames_per_token + 1)", source="yang-2024-cogvideox")
def latent_video_tokens(*, image_size: Num, patch_size: Num, latent_factor: Num, frames: Num, frames_per_token: Num) -> Num:
    r"""Return the tokens of a clip whose causal encoder keeps its first frame as one latent frame, and makes one of each group of others.

    .. math:: T = \left(\frac{s}{f \, p}\right)^2 \left(\frac{n - 1}{k} + 1\right)

    Args:
        image_size: Side s of a square of as many pixels as a frame has. [px]
        patch_size: Side p of a patch, in cells of a latent frame. [1]
        latent_factor: Pixels f on a side of one cell. [px]
        frames: Frames n of a clip. [1]
        frames_per_token: Frames k that one latent frame stands for after the first: 4 in CogVideoX, HunyuanVideo and Wan. [1]

    Returns:
        Tokens of a clip, broadcast over the inputs. [1]

    Raises:
        OutOfRangeError: an input is not positive, or *frames* are fewer than one.

    Example:
        >>> latent_video_tokens(image_size=960.0, patch_size=2.0, latent_factor=8.0, frames=129.0, frames_per_token=4.0)  # HunyuanVideo at 720p
        118800.0

    References:
        Yang et al. 2024, *CogVideoX*, arXiv:2408.06072, section 2.1: 49 frames are 13 latent frames.
    """
    require(above=0.0, image_size=image_size, patch_size=patch_size, latent_factor=latent_factor, frames_per_token=frames_per_token)
    require(at_least=1.0, frames=frames)
    side = image_size / (latent_factor * patch_size)
    return side * side * ((frames - 1.0) / frames_per_token + 1.0)


@equation("tokens_per_sample + text_tokens", source="esser-2024-sd3")
def tokens_with_text(*, tokens_per_sample: Num, text_tokens: Num) -> Num:
    r"""Return the tokens of a sample where text and image go through a transformer as one sequence, as in Stable Diffusion 3, FLUX.1 and CogVideoX.

    .. math:: T' = T + T_t

    Args:
        tokens_per_sample: Tokens of the image or the clip T. [1]
        text_tokens: Tokens of its text T_t. [1]

    Returns:
        Tokens of a sample, broadcast over the inputs. [1]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> tokens_with_text(tokens_per_sample=4096.0, text_tokens=512.0)
        4608.0

    References:
        Esser et al. 2024, *Scaling rectified flow transformers for high-resolution image synthesis*, arXiv:2403.03206, figure 2.
    """
    require(above=0.0, tokens_per_sample=tokens_per_sample, text_tokens=text_tokens)
    return tokens_per_sample + text_tokens


@equation("6 × (params - other_params) × tokens_per_sample + 6 × other_params × other_tokens", source="radford-2021-clip")
def two_part_flop(*, params: Num, other_params: Num, tokens_per_sample: Num, other_tokens: Num) -> Num:
    r"""Return the FLOP of a sample of which two parts of a model see different tokens.

    CLIP has an encoder of images and one of text, Whisper an encoder of audio and a decoder of text.

    .. math:: c = 6 \, (N - N_2) \, T + 6 \, N_2 \, T_2

    Args:
        params: Parameters of both parts N. [1]
        other_params: Parameters of the part that sees the other tokens N_2. [1]
        tokens_per_sample: Tokens that the first part sees T. [1]
        other_tokens: Tokens that the other part sees T_2. [1]

    Returns:
        FLOP of a sample, broadcast over the inputs. [FLOP]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> two_part_flop(params=150e6, other_params=64e6, tokens_per_sample=197.0, other_tokens=77.0)
        131220000000.0

    References:
        Radford et al. 2021, *Learning transferable visual models from natural language supervision*, arXiv:2103.00020, figure 3;
        Kaplan et al. 2020, arXiv:2001.08361, section 2.1, for 6 N a token.
    """
    require(above=0.0, params=params, other_params=other_params, tokens_per_sample=tokens_per_sample, other_tokens=other_tokens)
    return 6.0 * (params - other_params) * tokens_per_sample + 6.0 * other_params * other_tokens


@equation("6 × (params - decoder_params) × ((1 - mask_ratio) × (tokens_per_sample - 1) + 1) + 6 × decoder_params × tokens_per_sample", source="he-2021-mae")
def masked_autoencoder_flop(*, params: Num, decoder_params: Num, mask_ratio: Num, tokens_per_sample: Num) -> Num:
    r"""Return the FLOP of an image for a masked autoencoder: its encoder sees the patches that are not masked, its decoder all of them.

    .. math:: c = 6 \, (N - N_d) \, \bigl((1 - m)(T - 1) + 1\bigr) + 6 \, N_d \, T

    Args:
        params: Parameters of encoder and decoder N. [1]
        decoder_params: Parameters of the decoder N_d. [1]
        mask_ratio: Share m of the patches that is masked. [1]
        tokens_per_sample: Tokens of an image T, the class token included. [1]

    Returns:
        FLOP of an image, broadcast over the inputs. [FLOP]

    Raises:
        OutOfRangeError: parameters or tokens are not positive, or *mask_ratio* is outside 0 to 1.

    Example:
        >>> masked_autoencoder_flop(params=330e6, decoder_params=26e6, mask_ratio=0.75, tokens_per_sample=197.0)
        121932000000.0

    References:
        He et al. 2021, *Masked autoencoders are scalable vision learners*, arXiv:2111.06377, section 3.
    """
    require(above=0.0, params=params, decoder_params=decoder_params, tokens_per_sample=tokens_per_sample)
    require(at_least=0.0, at_most=1.0, mask_ratio=mask_ratio)
    seen = (1.0 - mask_ratio) * (tokens_per_sample - 1.0) + 1.0
    return 6.0 * (params - decoder_params) * seen + 6.0 * decoder_params * tokens_per_sample


@equation("params × (6 × (global_crops × tokens_per_sample + local_crops × local_tokens) + 2 × global_crops × tokens_per_sample)", source="caron-2021-dino")
def self_distillation_flop(*, params: Num, global_crops: Num, local_crops: Num, tokens_per_sample: Num, local_tokens: Num) -> Num:
    r"""Return the FLOP of an image for self-distillation: the student learns from all crops, its teacher runs forward on the global ones.

    .. math:: c = N \left(6 \, (g \, T + l \, t) + 2 \, g \, T\right)

    Args:
        params: Parameters of the student N; the teacher, its running mean, has as many. [1]
        global_crops: Large crops of an image g. [1]
        local_crops: Small crops of an image l. [1]
        tokens_per_sample: Tokens of a large crop T. [1]
        local_tokens: Tokens of a small crop t. [1]

    Returns:
        FLOP of an image, broadcast over the inputs. [FLOP]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> self_distillation_flop(params=22e6, global_crops=2.0, local_crops=8.0, tokens_per_sample=197.0, local_tokens=37.0)
        108416000000.0

    References:
        Caron et al. 2021, *Emerging properties in self-supervised vision transformers*, arXiv:2104.14294, section 3.1.
    """
    require(above=0.0, params=params, global_crops=global_crops, local_crops=local_crops, tokens_per_sample=tokens_per_sample, local_tokens=local_tokens)
    large = global_crops * tokens_per_sample
    return params * (6.0 * (large + local_crops * local_tokens) + 2.0 * large)


@equation("flop_per_sample + 12 × layers × hidden × tokens_per_sample²", source="chowdhery-2022-palm")
def flop_with_attention(*, flop_per_sample: Num, layers: Num, hidden: Num, tokens_per_sample: Num) -> Num:
    r"""Return the FLOP of a sample with its attention scores, in which every token sees every other one.

    .. math:: c' = c + 12 \, L \, h \, T^2

    Args:
        flop_per_sample: FLOP of the matrix products with parameters c. [FLOP]
        layers: Transformer layers L. [1]
        hidden: Width of all heads together h. [1]
        tokens_per_sample: Tokens of a sample T. [1]

    Returns:
        FLOP of a sample, broadcast over the inputs. [FLOP]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> flop_with_attention(flop_per_sample=1e11, layers=12.0, hidden=768.0, tokens_per_sample=100.0)
        101105920000.0

    References:
        Chowdhery et al. 2022, *PaLM*, arXiv:2204.02311, appendix B.
    """
    require(above=0.0, flop_per_sample=flop_per_sample, layers=layers, hidden=hidden, tokens_per_sample=tokens_per_sample)
    return flop_per_sample + 12.0 * layers * hidden * tokens_per_sample**2


@equation("flop_per_sample + 12 × layers × hidden × window_tokens × tokens_per_sample", source="chowdhery-2022-palm")
def flop_with_windowed_attention(*, flop_per_sample: Num, layers: Num, hidden: Num, window_tokens: Num, tokens_per_sample: Num) -> Num:
    r"""Return the FLOP of a sample with its attention scores, in which every token sees a window of tokens around it, longer than a sample.

    A second of speech is a sample here, and the encoder of Whisper sees 30 of them at once.

    .. math:: c' = c + 12 \, L \, h \, W \, T

    Args:
        flop_per_sample: FLOP of the matrix products with parameters c. [FLOP]
        layers: Transformer layers L. [1]
        hidden: Width of all heads together h. [1]
        window_tokens: Tokens that a token sees W. [1]
        tokens_per_sample: Tokens of a sample T. [1]

    Returns:
        FLOP of a sample, broadcast over the inputs. [FLOP]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> flop_with_windowed_attention(flop_per_sample=2e11, layers=32.0, hidden=1280.0, window_tokens=1500.0, tokens_per_sample=50.0)
        236864000000.0

    References:
        Chowdhery et al. 2022, *PaLM*, arXiv:2204.02311, appendix B.
    """
    require(above=0.0, flop_per_sample=flop_per_sample, layers=layers, hidden=hidden, window_tokens=window_tokens, tokens_per_sample=tokens_per_sample)
    return flop_per_sample + 12.0 * layers * hidden * window_tokens * tokens_per_sample


@equation("flop_per_sample + 2e9 × frozen_gmac_per_sample", source="rombach-2021-ldm")
def flop_with_frozen_encoders(*, flop_per_sample: Num, frozen_gmac_per_sample: Num) -> Num:
    r"""Return the FLOP of a sample with the forward pass of frozen encoders, which nothing flows back through.

    Latent diffusion encodes each image and its caption so, unless the codes were computed beforehand.

    .. math:: c' = c + 2 \times 10^9 \, m

    Args:
        flop_per_sample: FLOP of what is trained c. [FLOP]
        frozen_gmac_per_sample: Multiply-adds of the frozen encoders on a sample m. [GMAC]

    Returns:
        FLOP of a sample, broadcast over the inputs. [FLOP]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> flop_with_frozen_encoders(flop_per_sample=2e12, frozen_gmac_per_sample=500.0)
        3000000000000.0

    References:
        Rombach et al. 2021, *High-resolution image synthesis with latent diffusion models*, arXiv:2112.10752, section 3.
    """
    require(above=0.0, flop_per_sample=flop_per_sample, frozen_gmac_per_sample=frozen_gmac_per_sample)
    return flop_per_sample + 2e9 * frozen_gmac_per_sample


@equation("reference_gmac × (image_size / reference_size)²", source="definition")
def scaled_gmac(*, reference_gmac: Num, image_size: Num, reference_size: Num) -> Num:
    r"""Return the multiply-adds of a convolution on images of another size: each filter slides over as many more places.

    Layers at the end that see no places are taken along; they have less than 1 % of the multiply-adds of usual networks.

    .. math:: m = m_0 \, (s / s_0)^2

    Args:
        reference_gmac: Multiply-adds of the forward pass at the published size m_0. [GMAC]
        image_size: Side of an image s. [px]
        reference_size: Side of the image that the figure was published for s_0. [px]

    Returns:
        Multiply-adds of a forward pass, broadcast over the inputs. [GMAC]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> scaled_gmac(reference_gmac=4.1, image_size=448.0, reference_size=224.0)
        16.4
    """
    require(above=0.0, reference_gmac=reference_gmac, image_size=image_size, reference_size=reference_size)
    side = image_size / reference_size
    return reference_gmac * side * side


@equation("audio_hours × 3600", source="definition")
def audio_seconds(*, audio_hours: Num) -> Num:
    r"""Return the seconds of audio in a data set, each of which counts as a sample.

    .. math:: n = 3600 \, t

    Args:
        audio_hours: Audio in the data set t. [h]

    Returns:
        Seconds of audio. [1]

    Raises:
        OutOfRangeError: the input is not positive.

    Example:
        >>> audio_seconds(audio_hours=960.0)
        3456000.0
    """
    require(above=0.0, audio_hours=audio_hours)
    return audio_hours * S_PER_H
