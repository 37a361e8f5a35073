"""From compute to time: utilisation, accelerator-hours and wall-clock."""

from traincarbon.formulas.equation import equation, require
from traincarbon.quantities import S_PER_H
from traincarbon.uncertain import Num, clamp

MOST_MFU = 0.95
"""The highest utilisation that is ever expected."""


@equation("step_mfu × goodput", source="chowdhery-2022-palm")
def end_to_end_mfu(*, step_mfu: Num, goodput: Num) -> Num:
    r"""Return the utilisation over a whole run from that of its steps.

    .. math:: U = U_{step} \, g

    Args:
        step_mfu: Model FLOP utilisation while steps run. [1]
        goodput: Share of the wall-clock in which steps run: restarts, evaluation and stalls taken off. [1]

    Returns:
        Utilisation of the paid accelerator-hours. [1]

    Raises:
        OutOfRangeError: an input is outside 0 to 1.

    Example:
        >>> end_to_end_mfu(step_mfu=0.5, goodput=0.9)
        0.45

    References:
        Chowdhery et al. 2022, *PaLM*, arXiv:2204.02311, section 4.1, for MFU.
    """
    require(above=0.0, at_most=1.0, step_mfu=step_mfu, goodput=goodput)
    return step_mfu * goodput


@equation("min(0.95, mfu × ceiling / usual_ceiling)", source="fit-mfu")
def scaled_mfu(*, mfu: float, ceiling: float, usual_ceiling: float) -> float:
    r"""Return the utilisation of a chip whose matrix products come nearer to their peak than usual, or less near.

    .. math:: U' = \min\left(0.95, \; U \frac{c}{c_0}\right)

    Args:
        mfu: Utilisation of chips of the generation. [1]
        ceiling: Best measured rate of large matrix products on this chip over its peak. [1]
        usual_ceiling: The same, usual in the generation. [1]

    Returns:
        Utilisation. [1]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> scaled_mfu(mfu=0.4, ceiling=0.75, usual_ceiling=0.6)
        0.5

    References:
        Fitted here to published runs; docs/method.md, section Utilisation.
    """
    require(above=0.0, mfu=mfu, ceiling=ceiling, usual_ceiling=usual_ceiling)
    return min(mfu * (ceiling / usual_ceiling), MOST_MFU)


@equation("min(0.95, mfu × family_factor × kind_factor × precision_factor)", source="fit-mfu")
def expected_mfu(*, mfu: float, family_factor: float, kind_factor: float, precision_factor: float) -> float:
    r"""Return the utilisation expected of the steps of a training.

    .. math:: U' = \min(0.95, \; U \, f_{family} \, f_{kind} \, f_{precision})

    Args:
        mfu: Utilisation of a dense language model trained from scratch at 16 bits. [1]
        family_factor: Factor of the model family. [1]
        kind_factor: Factor of the kind of training. [1]
        precision_factor: Factor of the number format. [1]

    Returns:
        Utilisation. [1]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> expected_mfu(mfu=0.4, family_factor=0.5, kind_factor=1.0, precision_factor=1.0)
        0.2

    References:
        Fitted here to published runs; docs/method.md, section Utilisation.
    """
    require(above=0.0, mfu=mfu, family_factor=family_factor, kind_factor=kind_factor, precision_factor=precision_factor)
    return min(mfu * family_factor * kind_factor * precision_factor, MOST_MFU)


@equation("mfu / (narrow_share + (1 - narrow_share) × speed_up)", source="fit-mfu")
def narrowed_mfu(*, mfu: Num, speed_up: Num, narrow_share: float) -> Num:
    r"""Return the utilisation at a number format whose peak is *speed_up* times that of 16 bits.

    Amdahl's law: only the share of a step's time that is in products of that format is shortened, while the peak counts all of it as if it were.

    .. math:: U' = \frac{U}{a + (1 - a) \, r}

    Args:
        mfu: Utilisation at 16 bits U. [1]
        speed_up: Peak at the format over the peak at 16 bits r. [1]
        narrow_share: Share a of the time at 16 bits that the format shortens. [1]

    Returns:
        Utilisation of the peak at the format. [1]

    Raises:
        OutOfRangeError: *mfu* or *speed_up* is not positive, *mfu* exceeds 1, or the share is outside 0 to 1.

    Example:
        >>> narrowed_mfu(mfu=0.4, speed_up=1.0, narrow_share=0.7), round(narrowed_mfu(mfu=0.4, speed_up=2.0, narrow_share=0.7), 3)
        (0.4, 0.308)

    References:
        Amdahl 1967, *Validity of the single processor approach to achieving large scale computing capabilities*; the share is chosen in
        docs/method.md, section Utilisation.
    """
    require(above=0.0, at_most=1.0, mfu=mfu)
    require(above=0.0, speed_up=speed_up)
    require(at_least=0.0, at_most=1.0, narrow_share=narrow_share)
    return mfu / (narrow_share + (1.0 - narrow_share) * speed_up)


@equation("mfu × min(1, active_params / accelerators / ample_params) ^ exponent", source="fit-mfu")
def thinned_mfu(*, mfu: Num, active_params: Num, accelerators: Num, ample_params: float, exponent: float) -> Num:
    r"""Return the utilisation of a model with few parameters per accelerator.

    Such accelerators wait for each other.

    An empirical law; above *ample_params* on each accelerator it changes nothing.

    .. math:: U' = U \, \min\left(1, \; \frac{N}{n \, N_0}\right)^{e}

    Args:
        mfu: Utilisation with ample work on each accelerator. [1]
        active_params: Parameters that each token passes through N. [1]
        accelerators: Accelerators at work together n. [1]
        ample_params: Parameters on each accelerator N0 below which utilisation falls. [1]
        exponent: How fast it falls e. [1]

    Returns:
        Utilisation. [1]

    Raises:
        OutOfRangeError: an input is not positive, or *mfu* exceeds 1.

    Example:
        >>> thinned_mfu(mfu=0.4, active_params=8e9, accelerators=1.0, ample_params=5e7, exponent=0.15)
        0.4

    References:
        Fitted here to published runs; docs/method.md, section Utilisation.
    """
    require(above=0.0, at_most=1.0, mfu=mfu)
    require(above=0.0, active_params=active_params, accelerators=accelerators, ample_params=ample_params, exponent=exponent)
    return mfu * clamp(active_params / (accelerators * ample_params), 0.0, 1.0) ** exponent


@equation("mfu / params_per_active ^ exponent", source="fit-mfu")
def sparse_mfu(*, mfu: Num, params_per_active: Num, exponent: float) -> Num:
    r"""Return the utilisation of a mixture of experts from that of a dense model.

    Tokens travel to their experts and back, and each expert multiplies few of them, while the FLOP count active parameters alone.

    An empirical law.

    .. math:: U' = U \left(\frac{N_{active}}{N_{total}}\right)^{e}

    Args:
        mfu: Utilisation of a dense model. [1]
        params_per_active: Parameters of the model over those that each token passes through. [1]
        exponent: How fast utilisation falls e. [1]

    Returns:
        Utilisation. [1]

    Raises:
        OutOfRangeError: an input is not positive, or *mfu* exceeds 1.

    Example:
        >>> sparse_mfu(mfu=0.4, params_per_active=16.0, exponent=0.25)
        0.2

    References:
        Fitted here to published runs; docs/method.md, section Utilisation.
    """
    require(above=0.0, at_most=1.0, mfu=mfu)
    require(above=0.0, params_per_active=params_per_active, exponent=exponent)
    return mfu / params_per_active**exponent


@equation("compute_flop / (peak_flop_per_s × mfu) / 3600", source="chowdhery-2022-palm")
def accelerator_hours_h(*, compute_flop: Num, peak_flop_per_s: Num, mfu: Num) -> Num:
    r"""Return the accelerator-hours that a run occupies.

    .. math:: H = \frac{C}{3600 \, P \, U}

    Args:
        compute_flop: Model FLOP of the run. [FLOP]
        peak_flop_per_s: Dense peak of one accelerator at the precision used. [FLOP/s]
        mfu: Model FLOP utilisation, end to end. [1]

    Returns:
        Accelerator-hours. [h]

    Raises:
        OutOfRangeError: an input is not positive, or *mfu* exceeds 1.

    Example:
        >>> round(accelerator_hours_h(compute_flop=8.586e23, peak_flop_per_s=312e12, mfu=0.3))
        2548077

    References:
        Chowdhery et al. 2022, *PaLM*, arXiv:2204.02311, section 4.1, solved for time.
    """
    require(above=0.0, compute_flop=compute_flop, peak_flop_per_s=peak_flop_per_s)
    require(above=0.0, at_most=1.0, mfu=mfu)
    return compute_flop / (peak_flop_per_s * mfu * S_PER_H)


@equation("compute_flop / (peak_flop_per_s × 3600 × accelerator_hours_h)", source="chowdhery-2022-palm")
def implied_mfu(*, compute_flop: Num, peak_flop_per_s: Num, accelerator_hours_h: Num) -> Num:
    r"""Return the utilisation that known accelerator-hours imply.

    .. math:: U = \frac{C}{3600 \, P \, H}

    Args:
        compute_flop: Model FLOP of the run. [FLOP]
        peak_flop_per_s: Dense peak of one accelerator at the precision used. [FLOP/s]
        accelerator_hours_h: Accelerator-hours of the run. [h]

    Returns:
        Model FLOP utilisation, end to end; above 1 where the inputs contradict each other. [1]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> round(implied_mfu(compute_flop=5.477e23, peak_flop_per_s=312e12, accelerator_hours_h=1022362.0), 2)
        0.48

    References:
        Chowdhery et al. 2022, *PaLM*, arXiv:2204.02311, section 4.1.
    """
    require(above=0.0, compute_flop=compute_flop, peak_flop_per_s=peak_flop_per_s, accelerator_hours_h=accelerator_hours_h)
    return compute_flop / (peak_flop_per_s * S_PER_H * accelerator_hours_h)


@equation("accelerator_hours_h × 3600 × peak_flop_per_s × mfu", source="eu-2025-gpai-guidelines")
def hardware_based_flop(*, accelerator_hours_h: Num, peak_flop_per_s: Num, mfu: Num) -> Num:
    r"""Return the compute of a training by the hardware that it used, the hardware-based count of the guidelines on general-purpose AI.

    .. math:: C = 3600 \, H \, P \, U

    Args:
        accelerator_hours_h: Accelerators × time of the training. [h]
        peak_flop_per_s: Dense peak of one accelerator at the precision used. [FLOP/s]
        mfu: Share of the peak that the training reached on average. [1]

    Returns:
        Floating-point operations. [FLOP]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> f"{hardware_based_flop(accelerator_hours_h=200_000.0, peak_flop_per_s=300e12, mfu=0.5):.1e}"
        '1.1e+23'

    References:
        European Commission 2025, *Guidelines on the scope of the obligations for general-purpose AI models*, annex A.
    """
    require(above=0.0, accelerator_hours_h=accelerator_hours_h, peak_flop_per_s=peak_flop_per_s, mfu=mfu)
    return accelerator_hours_h * S_PER_H * peak_flop_per_s * mfu


@equation("clamp(mfu × factor, 0, 1)", source="definition")
def calibrated_mfu(*, mfu: Num, factor: Num) -> Num:
    r"""Return an expected utilisation, calibrated with the user's own runs.

    .. math:: U' = \min(f \, U, 1)

    Args:
        mfu: Expected model FLOP utilisation without calibration, end to end. [1]
        factor: Measured over expected, of the runs of a calibration. [1]

    Returns:
        Model FLOP utilisation, end to end. [1]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> calibrated_mfu(mfu=0.4, factor=0.5)
        0.2
    """
    require(above=0.0, mfu=mfu, factor=factor)
    return clamp(mfu * factor, 0.0, 1.0)


@equation("accelerator_hours_h × 3600 / accelerators", source="definition")
def duration_s(*, accelerator_hours_h: Num, accelerators: Num) -> Num:
    r"""Return the wall-clock of a run on a number of accelerators.

    The accelerator-hours must hold for that number.

    .. math:: t = 3600 \, H / n

    Args:
        accelerator_hours_h: Accelerator-hours of the run. [h]
        accelerators: Accelerators at work together. [1]

    Returns:
        Wall-clock. [s]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> duration_s(accelerator_hours_h=2240.0, accelerators=2240.0)
        3600.0
    """
    require(above=0.0, accelerator_hours_h=accelerator_hours_h, accelerators=accelerators)
    return accelerator_hours_h * S_PER_H / accelerators
