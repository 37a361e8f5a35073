"""From the wall-clock time of a run to its accelerator-hours, and from one attempt to all."""

from traincarbon.formulas.equation import equation, require
from traincarbon.quantities import S_PER_H
from traincarbon.uncertain import Num


@equation("wall_clock_h × accelerators", source="definition")
def occupied_hours_h(*, wall_clock_h: Num, accelerators: Num) -> Num:
    r"""Return the accelerator-hours of a run of known wall-clock time.

    .. math:: H = t \, n

    Args:
        wall_clock_h: Wall-clock time t. [h]
        accelerators: Accelerators that train together n. [1]

    Returns:
        Accelerator-hours, broadcast over the inputs. [h]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> occupied_hours_h(wall_clock_h=72.0, accelerators=8.0)
        576.0
    """
    require(above=0.0, wall_clock_h=wall_clock_h, accelerators=accelerators)
    return wall_clock_h * accelerators


@equation("accelerator_hours_h × attempts", source="definition")
def attempted_hours_h(*, accelerator_hours_h: Num, attempts: Num) -> Num:
    r"""Return the accelerator-hours of all attempts at a run: failed ones, and those of a sweep.

    .. math:: H' = H \, a

    Args:
        accelerator_hours_h: Accelerator-hours of one run H. [h]
        attempts: Runs' worth of work for each run that counts a. [1]

    Returns:
        Accelerator-hours of all attempts, broadcast over the inputs. [h]

    Raises:
        OutOfRangeError: *accelerator_hours_h* is negative, or *attempts* is below 1.

    Example:
        >>> attempted_hours_h(accelerator_hours_h=100.0, attempts=2.5)
        250.0
    """
    require(at_least=0.0, accelerator_hours_h=accelerator_hours_h)
    require(at_least=1.0, attempts=attempts)
    return accelerator_hours_h * attempts


@equation("seconds_per_sample × samples × epochs / 3600", source="definition")
def sampled_hours_h(*, seconds_per_sample: Num, samples: Num, epochs: Num) -> Num:
    r"""Return the accelerator-hours of a training of which the time of a sample was measured.

    .. math:: H = \frac{\tau \, n \, e}{3600}

    Args:
        seconds_per_sample: Accelerator-seconds of a sample, forward and backward τ. [s]
        samples: Samples of the data set n. [1]
        epochs: Passes over the data set e. [1]

    Returns:
        Accelerator-hours, broadcast over the inputs. [h]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> sampled_hours_h(seconds_per_sample=0.36, samples=1e6, epochs=10.0)
        1000.0
    """
    require(above=0.0, seconds_per_sample=seconds_per_sample, samples=samples, epochs=epochs)
    return seconds_per_sample * samples * epochs / S_PER_H


@equation("accelerator_hours_h + startup_hours × accelerators", source="definition")
def hours_with_startup_h(*, accelerator_hours_h: Num, startup_hours: Num, accelerators: Num) -> Num:
    r"""Return the accelerator-hours of a run with the time before its first step, in which all accelerators wait.

    .. math:: H' = H + t_0 \, n

    Args:
        accelerator_hours_h: Accelerator-hours of the steps H. [h]
        startup_hours: Wall-clock time of loading, compiling and saving t_0. [h]
        accelerators: Accelerators that train together n. [1]

    Returns:
        Accelerator-hours, broadcast over the inputs. [h]

    Raises:
        OutOfRangeError: *accelerators* is not positive, or another input is negative.

    Example:
        >>> hours_with_startup_h(accelerator_hours_h=10.0, startup_hours=0.25, accelerators=8.0)
        12.0
    """
    require(at_least=0.0, accelerator_hours_h=accelerator_hours_h, startup_hours=startup_hours)
    require(above=0.0, accelerators=accelerators)
    return accelerator_hours_h + startup_hours * accelerators
