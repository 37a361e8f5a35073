"""The memory that a training needs over all accelerators: weights, gradients and optimiser state, and at least one sequence of activations."""

from traincarbon.formulas.equation import equation, require
from traincarbon.uncertain import Num, median_of, where


@equation("params × weight_b + trainable_params × state_b", source="rajbhandari-2020-zero")
def training_state_b(*, params: Num, trainable_params: Num, weight_b: Num = 2.0, state_b: Num = 14.0) -> Num:
    r"""Return the bytes of weights, gradients and optimiser state of a mixed-precision training with Adam.

    Every weight is held at 16 bits; a trained one has beside it a 16-bit gradient and, at 32 bits, a master copy
    and two moments: 2 + 2 + 4 + 4 + 4 = 16 bytes. Activations come on top.

    .. math:: M = w \, N + m \, N_{trainable}

    Args:
        params: All parameters, experts included. [1]
        trainable_params: Those that are updated. [1]
        weight_b: Bytes of a weight. [B]
        state_b: Bytes of gradient, master copy and moments of a trained weight. [B]

    Returns:
        Bytes over all accelerators together. [B]

    Raises:
        OutOfRangeError: *params* is not positive or another input is negative.

    Example:
        >>> training_state_b(params=7e9, trainable_params=7e9)
        112000000000.0

    References:
        Rajbhandari et al. 2020, *ZeRO*, arXiv:1910.02054, section 3.1.
    """
    require(above=0.0, params=params)
    require(at_least=0.0, trainable_params=trainable_params, weight_b=weight_b, state_b=state_b)
    return params * weight_b + trainable_params * state_b


@equation("training_state_b / (memory_b × usable_share)", source="rajbhandari-2020-zero")
def fewest_accelerators(*, training_state_b: Num, memory_b: Num, usable_share: Num) -> Num:
    r"""Return the number of accelerators, not rounded, over which the state of a training fits when sharded fully.

    .. math:: n = \frac{M}{m \, u}

    Args:
        training_state_b: Weights, gradients and optimiser state. [B]
        memory_b: Memory of one accelerator. [B]
        usable_share: Share of the memory left for this state by activations and buffers. [1]

    Returns:
        Accelerators. [1]

    Raises:
        OutOfRangeError: an input is not positive, or *usable_share* exceeds 1.

    Example:
        >>> fewest_accelerators(training_state_b=128e9, memory_b=80e9, usable_share=0.8)
        2.0

    References:
        Rajbhandari et al. 2020, *ZeRO*, arXiv:1910.02054, section 5: stage 3 divides the state by the number of devices.
    """
    require(above=0.0, training_state_b=training_state_b, memory_b=memory_b)
    require(above=0.0, at_most=1.0, usable_share=usable_share)
    return training_state_b / (memory_b * usable_share)


@equation("seq_len × hidden × (2 × layers + 34)", source="korthikanti-2022-recompute")
def least_activations_b(*, layers: Num, hidden: Num, seq_len: Num) -> Num:
    r"""Return the least bytes of activations with which a transformer can be trained: those of one sequence, recomputed in full.

    At 16 bits the input of every layer is kept, and one layer at work holds 34 bytes for each token and unit of width. Attention scores are
    never written out, and logits are computed in parts; what else a training keeps comes on top.

    .. math:: A = s \, h \, (2 L + 34)

    Args:
        layers: Layers L. [1]
        hidden: Width h of the model. [1]
        seq_len: Tokens s of a sequence. [1]

    Returns:
        Bytes over all accelerators that share the sequence. [B]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> least_activations_b(layers=32, hidden=4096, seq_len=131072)
        52613349376.0

    References:
        Korthikanti et al. 2022, *Reducing activation recomputation*, arXiv:2205.05198, sections 4.1 and 5.
    """
    require(above=0.0, layers=layers, hidden=hidden, seq_len=seq_len)
    return seq_len * hidden * (2.0 * layers + 34.0)


@equation("max(fewest_accelerators, (training_state_b + activations_b) / (memory_b × layout_memory_share))", source="korthikanti-2022-recompute")
def fewest_with_activations(*, fewest_accelerators: Num, training_state_b: Num, activations_b: Num, memory_b: Num, layout_memory_share: Num) -> Num:
    r"""Return the number of accelerators, not rounded, that hold the state of a training and the least activations.

    .. math:: n = \max\left(n_0, \frac{M + A}{m \, u}\right)

    Args:
        fewest_accelerators: The number by the usual share of memory for the state n_0. [1]
        training_state_b: Weights, gradients and optimiser state M. [B]
        activations_b: The least activations A. [B]
        memory_b: Memory m of one accelerator. [B]
        layout_memory_share: Share u of it that driver and libraries leave. [1]

    Returns:
        Accelerators. [1]

    Raises:
        OutOfRangeError: a quantity is not positive, or the share is above 1.

    Example:
        >>> round(fewest_with_activations(fewest_accelerators=2.0, training_state_b=112e9, activations_b=52.6e9, memory_b=40e9, layout_memory_share=0.95), 2)
        4.33

    References:
        Korthikanti et al. 2022, *Reducing activation recomputation*, arXiv:2205.05198, section 5.
    """
    require(above=0.0, fewest_accelerators=fewest_accelerators, training_state_b=training_state_b, activations_b=activations_b, memory_b=memory_b)
    require(above=0.0, at_most=1.0, layout_memory_share=layout_memory_share)
    by_memory = (training_state_b + activations_b) / (memory_b * layout_memory_share)
    return where(median_of(fewest_accelerators) < median_of(by_memory), by_memory, fewest_accelerators)
