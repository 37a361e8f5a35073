"""Floating-point operations of a training, from its model and its data."""

from traincarbon.formulas.equation import equation, require
from traincarbon.uncertain import Num, clamp


@equation("6 × active_params × tokens", source="kaplan-2020-scaling")
def training_flop(*, active_params: Num, tokens: Num) -> Num:
    r"""Return the model FLOP of training every parameter, attention scores left out.

    Holds where the context is short against the width of the model: the share left out is about s / (6 h).
    Of a mixture of experts only the parameters that a token passes through count.

    .. math:: C = 6 \, N \, D

    Args:
        active_params: Parameters that each token passes through. [1]
        tokens: Tokens seen in training, epochs included. [1]

    Returns:
        Model FLOP, broadcast over the inputs. [FLOP]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> training_flop(active_params=530e9, tokens=270e9)
        8.586e+23

    References:
        Kaplan et al. 2020, *Scaling laws for neural language models*, arXiv:2001.08361, section 2.1.
    """
    require(above=0.0, active_params=active_params, tokens=tokens)
    return 6.0 * active_params * tokens


@equation("(4 × frozen_params + 6 × trainable_params + attention_flop_per_token) × tokens", source="hu-2021-lora")
def adapter_training_flop(*, frozen_params: Num, trainable_params: Num, tokens: Num, attention_flop_per_token: Num = 0.0) -> Num:
    r"""Return the model FLOP of training adapters within a frozen backbone, as LoRA does.

    The backbone runs forward (2 N D) and passes gradients back to the adapters (2 N D), but computes no weight
    gradients of its own. With a trainable head on top only, the gradients stop there and 2 N D suffice.
    Attention scores have no weights, so adapters save nothing of them.

    .. math:: C = (4 \, N_{frozen} + 6 \, N_{trainable} + c_a) \, D

    Args:
        frozen_params: Parameters that stay as they are. [1]
        trainable_params: Parameters that are updated. [1]
        tokens: Tokens seen in training, epochs included. [1]
        attention_flop_per_token: FLOP of the attention scores of a token c_a, see :func:`attention_flop_per_token`. [FLOP]

    Returns:
        Model FLOP, broadcast over the inputs. [FLOP]

    Raises:
        OutOfRangeError: *frozen_params* or *tokens* is not positive, or *trainable_params* or *attention_flop_per_token* is negative.

    Example:
        >>> adapter_training_flop(frozen_params=7e9, trainable_params=0.0, tokens=1e9)
        2.8e+19

    References:
        Hu et al. 2021, *LoRA*, arXiv:2106.09685, section 4.2: no gradients of the frozen parameters are computed.
    """
    require(above=0.0, frozen_params=frozen_params, tokens=tokens)
    require(at_least=0.0, trainable_params=trainable_params, attention_flop_per_token=attention_flop_per_token)
    return (4.0 * frozen_params + 6.0 * trainable_params + attention_flop_per_token) * tokens


@equation("3 × active_params × tokens", source="raffel-2020-t5")
def encoder_decoder_training_flop(*, active_params: Num, tokens: Num) -> Num:
    r"""Return the model FLOP of training an encoder-decoder whose halves are of one size.

    A token of the input passes through the encoder only and a token of the target through the decoder only,
    so each sees half of the parameters. *tokens* counts both.

    .. math:: C = 6 \, \tfrac{N}{2} \, D

    Args:
        active_params: Parameters of both halves together. [1]
        tokens: Tokens of input and target, epochs included. [1]

    Returns:
        Model FLOP, broadcast over the inputs. [FLOP]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> encoder_decoder_training_flop(active_params=11e9, tokens=1e12)
        3.3e+22

    References:
        Raffel et al. 2020, *Exploring the limits of transfer learning*, arXiv:1910.10683, section 3.2.2: an encoder-decoder
        of L + L layers has twice the parameters of an L-layer language model at about the same computational cost.
    """
    require(above=0.0, active_params=active_params, tokens=tokens)
    return 3.0 * active_params * tokens


@equation(
    "layers × hidden × attention_width × (2 + 2 × kv_heads / heads) + layers × ffn_matrices × hidden × ffn + head_share × head_width × vocab",
    source="narayanan-2021-megatron",
)
def matmul_params(
    *,
    layers: Num,
    hidden: Num,
    attention_width: Num,
    heads: Num,
    kv_heads: Num,
    ffn: Num,
    vocab: Num,
    head_width: Num,
    head_share: Num = 1.0,
    ffn_matrices: Num = 2.0,
) -> Num:
    r"""Return the parameters of a transformer that take part in matrix products for each token, biases and norms left out.

    The vocabulary counts once: the head multiplies, the embedding is a look-up. A masked language model predicts the masked tokens only.

    .. math:: N = L \left[ h \, w \left(2 + 2 \frac{a_{kv}}{a}\right) + m \, h \, f \right] + s_h \, h_h V

    Args:
        layers: Transformer layers L. [1]
        hidden: Width h. [1]
        attention_width: Width of all query heads together w, in most models that of the model. [1]
        heads: Query heads a. [1]
        kv_heads: Key and value heads (grouped-query attention), *heads* where every head has its own. [1]
        ffn: Inner width f of the feed-forward part; of a mixture of experts, times the experts that a token visits. [1]
        vocab: Vocabulary V. [1]
        head_width: Width h_h of what the head multiplies, in most models that of the model. [1]
        head_share: Share s_h of the tokens that pass the head: 1 of a causal model, 0.15 in BERT. [1]
        ffn_matrices: Matrices m of the feed-forward part: 2, or 3 where it is gated (SwiGLU). [1]

    Returns:
        Parameters in matrix products. [1]

    Raises:
        OutOfRangeError: an input is not positive, or *head_share* is outside 0 to 1.

    Example:
        >>> round(matmul_params(layers=105, hidden=20480, attention_width=20480, heads=128, kv_heads=128, ffn=81920, vocab=51200, head_width=20480) / 1e9, 1)
        529.5

    References:
        Narayanan et al. 2021, *Efficient large-scale language model training on GPU clusters*, arXiv:2104.04473, equation 2.
        Devlin et al. 2018, *BERT*, arXiv:1810.04805, section 3.1: 15 % of the tokens are masked, and only these are predicted.
    """
    require(above=0.0, layers=layers, hidden=hidden, attention_width=attention_width, heads=heads, kv_heads=kv_heads)
    require(above=0.0, ffn=ffn, vocab=vocab, ffn_matrices=ffn_matrices, head_width=head_width)
    require(at_least=0.0, at_most=1.0, head_share=head_share)
    attention = hidden * attention_width * (2.0 + 2.0 * kv_heads / heads)
    return layers * (attention + ffn_matrices * hidden * ffn) + head_share * head_width * vocab


@equation("(6 × matmul_params + 12 × layers × hidden × seq_len) × tokens", source="chowdhery-2022-palm")
def transformer_training_flop(*, matmul_params: Num, layers: Num, hidden: Num, seq_len: Num, tokens: Num) -> Num:
    r"""Return the model FLOP of training a transformer of known shape, attention scores counted in full.

    Causal models could skip half of the attention scores; by the convention of published MFU they are counted.

    .. math:: C = (6 N + 12 \, L \, h \, s) \, D

    Args:
        matmul_params: Parameters in matrix products, see :func:`matmul_params`. [1]
        layers: Transformer layers L. [1]
        hidden: Width of all heads together h. [1]
        seq_len: Context length s. [1]
        tokens: Tokens seen in training D, epochs included. [1]

    Returns:
        Model FLOP, broadcast over the inputs. [FLOP]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> exact = transformer_training_flop(matmul_params=529.5e9, layers=105, hidden=20480, seq_len=2048, tokens=270e9)
        >>> round(exact / training_flop(active_params=529.5e9, tokens=270e9), 3)
        1.017

    References:
        Chowdhery et al. 2022, *PaLM*, arXiv:2204.02311, appendix B.
    """
    require(above=0.0, matmul_params=matmul_params, layers=layers, hidden=hidden, seq_len=seq_len, tokens=tokens)
    return (6.0 * matmul_params + 12.0 * layers * hidden * seq_len) * tokens


@equation("(6 × matmul_params + 6 × layers × hidden × seq_len) × tokens", source="dao-2023-flashattention-2")
def causal_training_flop(*, matmul_params: Num, layers: Num, hidden: Num, seq_len: Num, tokens: Num) -> Num:
    r"""Return the model FLOP of training a causal transformer of known shape, the half of its attention scores counted that is not masked.

    Kernels that skip the masked half compute so many; published MFU counts them in full, see :func:`transformer_training_flop`.

    .. math:: C = (6 N + 6 \, L \, h \, s) \, D

    Args:
        matmul_params: Parameters in matrix products, see :func:`matmul_params`. [1]
        layers: Transformer layers L. [1]
        hidden: Width of all heads together h. [1]
        seq_len: Context length s. [1]
        tokens: Tokens seen in training D, epochs included. [1]

    Returns:
        Model FLOP, broadcast over the inputs. [FLOP]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> causal_training_flop(matmul_params=1e9, layers=10.0, hidden=1e3, seq_len=1e4, tokens=1e9)
        6.6e+18

    References:
        Dao 2023, *FlashAttention-2*, arXiv:2307.08691, section 4.1: the FLOP of causal attention are half of those of full attention.
    """
    require(above=0.0, matmul_params=matmul_params, layers=layers, hidden=hidden, seq_len=seq_len, tokens=tokens)
    return (6.0 * matmul_params + 6.0 * layers * hidden * seq_len) * tokens


@equation("score_flop × layers × hidden × seq_len", source="chowdhery-2022-palm")
def attention_flop_per_token(*, score_flop: Num, layers: Num, hidden: Num, seq_len: Num) -> Num:
    r"""Return the model FLOP of the attention scores of a token that is trained on.

    .. math:: c_a = f \, L \, h \, s

    Args:
        score_flop: FLOP f of a score and unit of width, forward and backward: 12, or 6 where the masked half is not counted. [FLOP]
        layers: Transformer layers L. [1]
        hidden: Width of all heads together h. [1]
        seq_len: Context length s. [1]

    Returns:
        FLOP of a token, broadcast over the inputs. [FLOP]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> attention_flop_per_token(score_flop=12.0, layers=32.0, hidden=4096.0, seq_len=4096.0)
        6442450944.0

    References:
        Chowdhery et al. 2022, *PaLM*, arXiv:2204.02311, appendix B: the second term of the FLOP of a token.
        Dao 2023, *FlashAttention-2*, arXiv:2307.08691, section 4.1, for the half.
    """
    require(above=0.0, score_flop=score_flop, layers=layers, hidden=hidden, seq_len=seq_len)
    return score_flop * layers * hidden * seq_len


@equation("clamp(score_flop × layers × hidden × seq_len × tokens / compute_flop, 0, 1)", source="chowdhery-2022-palm")
def attention_share(*, layers: Num, hidden: Num, seq_len: Num, tokens: Num, compute_flop: Num, score_flop: Num = 12.0) -> Num:
    r"""Return the share of the model FLOP that is attention scores.

    .. math:: a = \mathrm{clamp}\left(\frac{f \, L \, h \, s \, D}{C}, \; 0, \; 1\right)

    Args:
        layers: Transformer layers L. [1]
        hidden: Width of all heads together h. [1]
        seq_len: Context length s. [1]
        tokens: Tokens seen in training D, epochs included. [1]
        compute_flop: Model FLOP of the run C. [FLOP]
        score_flop: FLOP f of a score and unit of width, as they were counted: 12, or 6 where the masked half is not. [FLOP]

    Returns:
        Share of the model FLOP, broadcast over the inputs. [1]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> attention_share(layers=10.0, hidden=100.0, seq_len=10.0, tokens=1e6, compute_flop=1.2e12)
        0.1

    References:
        Chowdhery et al. 2022, *PaLM*, arXiv:2204.02311, appendix B: the second term of the FLOP of a token.
    """
    require(above=0.0, layers=layers, hidden=hidden, seq_len=seq_len, tokens=tokens, compute_flop=compute_flop, score_flop=score_flop)
    return clamp(score_flop * layers * hidden * seq_len * tokens / compute_flop, 0.0, 1.0)


@equation("compute_flop × (1 + repeated_share / 3)", source="korthikanti-2022-recompute")
def hardware_flop(*, compute_flop: Num, repeated_share: Num) -> Num:
    r"""Return the FLOP that the hardware executes, recomputation included. HFU is measured against it.

    The forward pass is a third of the model FLOP. Selective recomputation repeats its attention scores, full recomputation all of it.

    .. math:: C_{hw} = C \, (1 + r / 3)

    Args:
        compute_flop: Model FLOP of the run. [FLOP]
        repeated_share: Share *r* of the forward pass that is computed again. [1]

    Returns:
        Executed FLOP. [FLOP]

    Raises:
        OutOfRangeError: *compute_flop* is not positive, or *repeated_share* is outside 0 to 1.

    Example:
        >>> hardware_flop(compute_flop=3e21, repeated_share=1.0)
        4e+21

    References:
        Korthikanti et al. 2022, *Reducing activation recomputation*, arXiv:2205.05198, appendix A.
    """
    require(above=0.0, compute_flop=compute_flop)
    require(at_least=0.0, at_most=1.0, repeated_share=repeated_share)
    return compute_flop * (1.0 + repeated_share / 3.0)
