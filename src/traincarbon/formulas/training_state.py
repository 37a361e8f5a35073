"""The memory that weights, gradients and optimiser state of a training need over all accelerators."""

from traincarbon.formulas.equation import equation, require
from traincarbon.uncertain import Num


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
