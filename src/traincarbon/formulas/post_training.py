"""What fine-tuning and reinforcement learning add to a training: padding, forward passes, rollouts and quantised weights."""

from traincarbon.formulas.equation import equation, require
from traincarbon.uncertain import Num


@equation("text_tokens / (1 - padding)", source="definition")
def padded_tokens(*, text_tokens: Num, padding: Num) -> Num:
    r"""Return the tokens that the hardware computes where sequences are padded to one length.

    Packed sequences have no padding.

    .. math:: D = \frac{D_t}{1 - p}

    Args:
        text_tokens: Tokens of text, all epochs included D_t. [1]
        padding: Share p of what is computed that is padding. [1]

    Returns:
        Tokens with the padding, broadcast over the inputs. [1]

    Raises:
        OutOfRangeError: *text_tokens* is not positive, or *padding* is outside 0 to 0.99.

    Example:
        >>> padded_tokens(text_tokens=20e6, padding=0.75)
        80000000.0
    """
    require(above=0.0, text_tokens=text_tokens)
    require(at_least=0.0, at_most=0.99, padding=padding)
    return text_tokens / (1.0 - padding)


@equation("compute_flop + (2 × forward_params + attention_flop_per_token) × forward_tokens", source="kaplan-2020-scaling")
def flop_with_forward_passes(*, compute_flop: Num, forward_params: Num, forward_tokens: Num, attention_flop_per_token: Num = 0.0) -> Num:
    r"""Return the model FLOP of a training with forward passes that nothing is learned from: of a reference model, of evaluation, of generation.

    .. math:: C' = C + (2 \, N_f + c_a) \, D_f

    Args:
        compute_flop: Model FLOP without these passes C. [FLOP]
        forward_params: Parameters that each of their tokens passes through N_f. [1]
        forward_tokens: Tokens of these passes D_f. [1]
        attention_flop_per_token: FLOP of the attention scores of one of them c_a, see :func:`forward_attention_flop_per_token`. [FLOP]

    Returns:
        Model FLOP, broadcast over the inputs. [FLOP]

    Raises:
        OutOfRangeError: *compute_flop* is not positive, or another input is negative.

    Example:
        >>> flop_with_forward_passes(compute_flop=6e18, forward_params=1e9, forward_tokens=1e9)
        8e+18

    References:
        Kaplan et al. 2020, *Scaling laws for neural language models*, arXiv:2001.08361, section 2.1: 2 N FLOP of a forward pass.
    """
    require(above=0.0, compute_flop=compute_flop)
    require(at_least=0.0, forward_params=forward_params, forward_tokens=forward_tokens, attention_flop_per_token=attention_flop_per_token)
    return compute_flop + (2.0 * forward_params + attention_flop_per_token) * forward_tokens


@equation("attention_flop_per_token / 3 × (forward_params / active_params) ^ (2 / 3)", source="chowdhery-2022-palm")
def forward_attention_flop_per_token(*, attention_flop_per_token: Num, forward_params: Num, active_params: Num) -> Num:
    r"""Return the FLOP of the attention scores of a token that passes forward only, through a model of the same form and perhaps another size.

    The forward pass is a third of training. Depth and width both grow with the cube root of the parameters in models that keep their ratio.

    .. math:: c_f = \frac{c_a}{3} \left(\frac{N_f}{N}\right)^{2/3}

    Args:
        attention_flop_per_token: FLOP of the scores of a token of the model that is trained c_a. [FLOP]
        forward_params: Parameters that the token passes through N_f. [1]
        active_params: Those of the model that is trained N. [1]

    Returns:
        FLOP of a token, broadcast over the inputs. [FLOP]

    Raises:
        OutOfRangeError: *active_params* is not positive, or another input is negative.

    Example:
        >>> round(forward_attention_flop_per_token(attention_flop_per_token=6e9, forward_params=8e9, active_params=1e9))
        8000000000

    References:
        Chowdhery et al. 2022, *PaLM*, arXiv:2204.02311, appendix B; docs/method.md, section Attention of a usual shape, for other sizes.
    """
    require(above=0.0, active_params=active_params)
    require(at_least=0.0, attention_flop_per_token=attention_flop_per_token, forward_params=forward_params)
    return attention_flop_per_token / 3.0 * (forward_params / active_params) ** (2.0 / 3.0)


@equation("(2 × forward_params + attention_flop_per_token) × forward_tokens / compute_flop", source="kaplan-2020-scaling")
def forward_share(*, compute_flop: Num, forward_params: Num, forward_tokens: Num, attention_flop_per_token: Num = 0.0) -> Num:
    r"""Return the share of the model FLOP that generates text.

    .. math:: a = \frac{(2 \, N + c_a) \, D_g}{C}

    Args:
        compute_flop: Model FLOP, generation included C. [FLOP]
        forward_params: Parameters that a generated token passes through N. [1]
        forward_tokens: Tokens that are generated D_g. [1]
        attention_flop_per_token: FLOP of the attention scores of one of them c_a. [FLOP]

    Returns:
        Share of the model FLOP, broadcast over the inputs. [1]

    Raises:
        OutOfRangeError: *compute_flop* is not positive, or another input is negative.

    Example:
        >>> forward_share(compute_flop=1e19, forward_params=1e9, forward_tokens=1e9)
        0.2

    References:
        Kaplan et al. 2020, arXiv:2001.08361, section 2.1.
    """
    require(above=0.0, compute_flop=compute_flop)
    require(at_least=0.0, forward_params=forward_params, forward_tokens=forward_tokens, attention_flop_per_token=attention_flop_per_token)
    return (2.0 * forward_params + attention_flop_per_token) * forward_tokens / compute_flop


@equation("mfu / (1 - generated_share + generated_share / generation_ratio)", source="zhou-2025-april")
def mfu_with_generation(*, mfu: Num, generated_share: Num, generation_ratio: Num) -> Num:
    r"""Return the utilisation of a run that generates text between its steps: each part of the FLOP takes its own time.

    Generation reads all weights for each token, so it reaches a small part of the utilisation of training.

    .. math:: U' = \frac{U}{1 - a + a / r}

    Args:
        mfu: Utilisation of the steps that train U. [1]
        generated_share: Share a of the FLOP that generates. [1]
        generation_ratio: Utilisation of generation over that of training r. [1]

    Returns:
        Utilisation over both, broadcast over the inputs. [1]

    Raises:
        OutOfRangeError: *mfu* or *generation_ratio* is not positive, *mfu* exceeds 1, or the share is outside 0 to 1.

    Example:
        >>> round(mfu_with_generation(mfu=0.4, generated_share=0.2, generation_ratio=0.1), 4)
        0.1429

    References:
        Zhou et al. 2025, *APRIL*, arXiv:2509.18521, for the share of time that generation takes; docs/method.md, section Post-training.
    """
    require(above=0.0, at_most=1.0, mfu=mfu)
    require(above=0.0, generation_ratio=generation_ratio)
    require(at_least=0.0, at_most=1.0, generated_share=generated_share)
    return mfu / (1.0 - generated_share + generated_share / generation_ratio)


@equation("mfu × dequantised_factor", source="definition")
def quantised_mfu(*, mfu: Num, dequantised_factor: Num) -> Num:
    r"""Return the utilisation of adapters on quantised weights, which are brought to 16 bits before each product.

    .. math:: U' = U \, q

    Args:
        mfu: Utilisation of adapters on 16-bit weights U. [1]
        dequantised_factor: Speed with quantised weights over that with 16-bit ones q. [1]

    Returns:
        Utilisation, broadcast over the inputs. [1]

    Raises:
        OutOfRangeError: an input is not positive, or *mfu* exceeds 1.

    Example:
        >>> quantised_mfu(mfu=0.4, dequantised_factor=0.75)
        0.30000000000000004
    """
    require(above=0.0, at_most=1.0, mfu=mfu)
    require(above=0.0, dequantised_factor=dequantised_factor)
    return mfu * dequantised_factor
