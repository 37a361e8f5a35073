"""From images, hours of audio and samples to the tokens and the FLOP of a training."""

from traincarbon.formulas.equation import equation, require
from traincarbon.quantities import S_PER_H
from traincarbon.uncertain import Num


@equation("(image_size / patch_size)² + 1", source="dosovitskiy-2020-vit")
def image_tokens(*, image_size: Num, patch_size: Num) -> Num:
    r"""Return the tokens that a vision transformer makes of a square image: its patches and the class token.

    .. math:: T = (s / p)^2 + 1

    Args:
        image_size: Side s of the image. [px]
        patch_size: Side p of a patch. [px]

    Returns:
        Tokens of an image, broadcast over the inputs. [1]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> image_tokens(image_size=224.0, patch_size=16.0)
        197.0

    References:
        Dosovitskiy et al. 2020, *An image is worth 16x16 words*, arXiv:2010.11929, section 3.1.
    """
    require(above=0.0, image_size=image_size, patch_size=patch_size)
    side = image_size / patch_size
    return side * side + 1.0


@equation("samples × epochs × tokens_per_sample", source="definition")
def sampled_tokens(*, samples: Num, epochs: Num, tokens_per_sample: Num) -> Num:
    r"""Return the tokens that a training sees, all epochs included.

    Padding counts: the hardware computes it like any other token.

    .. math:: D = n \, e \, T

    Args:
        samples: Samples of the data set n. [1]
        epochs: Passes over the data set e. [1]
        tokens_per_sample: Tokens of a sample T. [1]

    Returns:
        Tokens, broadcast over the inputs. [1]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> sampled_tokens(samples=52e3, epochs=3.0, tokens_per_sample=512.0)
        79872000.0
    """
    require(above=0.0, samples=samples, epochs=epochs, tokens_per_sample=tokens_per_sample)
    return samples * epochs * tokens_per_sample


@equation("audio_hours × 3600 × frames_per_s × epochs", source="definition")
def audio_frames(*, audio_hours: Num, frames_per_s: Num, epochs: Num) -> Num:
    r"""Return the frames of audio that a training sees; each is a token of the encoder.

    .. math:: D = 3600 \, t \, r \, e

    Args:
        audio_hours: Audio in the data set t. [h]
        frames_per_s: Frames a second r after the model's subsampling. [1/s]
        epochs: Passes over the data set e. [1]

    Returns:
        Frames, broadcast over the inputs. [1]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> audio_frames(audio_hours=960.0, frames_per_s=50.0, epochs=10.0)
        1728000000.0
    """
    require(above=0.0, audio_hours=audio_hours, frames_per_s=frames_per_s, epochs=epochs)
    return audio_hours * S_PER_H * frames_per_s * epochs


@equation("6e9 × gmac_per_sample", source="kaplan-2020-scaling")
def multiply_add_flop(*, gmac_per_sample: Num) -> Num:
    r"""Return the FLOP of training on one sample from the multiply-adds of its forward pass.

    A multiply-add is two FLOP, and the backward pass takes twice the forward pass.

    .. math:: c = 2 \cdot 3 \cdot 10^9 \, m

    Args:
        gmac_per_sample: Multiply-adds of the forward pass m. [GMAC]

    Returns:
        FLOP of a sample, forward and backward. [FLOP]

    Raises:
        OutOfRangeError: the input is not positive.

    Example:
        >>> multiply_add_flop(gmac_per_sample=4.0)
        24000000000.0

    References:
        Kaplan et al. 2020, *Scaling laws for neural language models*, arXiv:2001.08361, section 2.1, for the backward pass.
    """
    require(above=0.0, gmac_per_sample=gmac_per_sample)
    return 6e9 * gmac_per_sample


@equation("flop_per_sample × samples × epochs", source="definition")
def samples_training_flop(*, flop_per_sample: Num, samples: Num, epochs: Num) -> Num:
    r"""Return the model FLOP of a training from those of one sample.

    .. math:: C = c \, n \, e

    Args:
        flop_per_sample: FLOP of a sample, forward and backward c. [FLOP]
        samples: Samples of the data set n. [1]
        epochs: Passes over the data set e. [1]

    Returns:
        Model FLOP, broadcast over the inputs. [FLOP]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> samples_training_flop(flop_per_sample=24.6e9, samples=1.28e6, epochs=90.0)
        2.83392e+18
    """
    require(above=0.0, flop_per_sample=flop_per_sample, samples=samples, epochs=epochs)
    return flop_per_sample * samples * epochs


@equation("compute_flop + (2 × teacher_params + attention_flop_per_token) × tokens", source="kaplan-2020-scaling")
def flop_with_teacher(*, compute_flop: Num, teacher_params: Num, tokens: Num, attention_flop_per_token: Num = 0.0) -> Num:
    r"""Return the model FLOP of a distillation: those of the student and the teacher's forward passes.

    .. math:: C' = C + (2 \, N_t + c_a) \, D

    Args:
        compute_flop: Model FLOP of the student C. [FLOP]
        teacher_params: Parameters of the teacher that a token passes through. [1]
        tokens: Tokens seen in training D, epochs included. [1]
        attention_flop_per_token: FLOP of the teacher's attention scores for a token c_a. [FLOP]

    Returns:
        Model FLOP, broadcast over the inputs. [FLOP]

    Raises:
        OutOfRangeError: *attention_flop_per_token* is negative, or another input is not positive.

    Example:
        >>> flop_with_teacher(compute_flop=6e18, teacher_params=7e9, tokens=1e9)
        2e+19

    References:
        Kaplan et al. 2020, *Scaling laws for neural language models*, arXiv:2001.08361, section 2.1: 2 N FLOP of a forward pass.
    """
    require(above=0.0, compute_flop=compute_flop, teacher_params=teacher_params, tokens=tokens)
    require(at_least=0.0, attention_flop_per_token=attention_flop_per_token)
    return compute_flop + (2.0 * teacher_params + attention_flop_per_token) * tokens


@equation("compute_flop - 2 × frozen_params × tokens", source="hu-2021-lora")
def flop_with_frozen(*, compute_flop: Num, frozen_params: Num, tokens: Num) -> Num:
    r"""Return the model FLOP of a training in which a part of the model is frozen, and gradients pass through it.

    Frozen parameters have no weight gradients: 4 FLOP a token instead of 6.

    .. math:: C' = C - 2 \, N_f \, D

    Args:
        compute_flop: Model FLOP as if all parameters were trained C. [FLOP]
        frozen_params: Parameters that stay as they are, of those that a token is multiplied with N_f. [1]
        tokens: Tokens seen in training D, epochs included. [1]

    Returns:
        Model FLOP, broadcast over the inputs. [FLOP]

    Raises:
        OutOfRangeError: *frozen_params* are negative, or another input is not positive.

    Example:
        >>> flop_with_frozen(compute_flop=4.2e19, frozen_params=6e9, tokens=1e9)
        3e+19

    References:
        Hu et al. 2021, *LoRA*, arXiv:2106.09685, section 4.2: no gradients of the frozen parameters are computed.
    """
    require(above=0.0, compute_flop=compute_flop, tokens=tokens)
    require(at_least=0.0, frozen_params=frozen_params)
    return compute_flop - 2.0 * frozen_params * tokens
