"""Utilisation where the loading of images sets the pace."""

from traincarbon.formulas.equation import equation, require
from traincarbon.uncertain import Num, clamp


@equation("mfu × min(1, image_flop / (peak_flop_per_s × ample_image_s)) ^ exponent", source="fit-mfu")
def light_mfu(*, mfu: Num, image_flop: Num, peak_flop_per_s: Num, ample_image_s: float, exponent: float) -> Num:
    r"""Return the utilisation of a model that computes little for each image that is loaded.

    Such accelerators wait for images to be read, decoded and augmented, or for small kernels to start.

    An empirical law; where an image is worth *ample_image_s* of the peak or more it changes nothing.

    .. math:: U' = U \, \min\left(1, \; \frac{C_{image}}{P \, t_0}\right)^{e}

    Args:
        mfu: Utilisation with ample work for each image. [1]
        image_flop: Model FLOP of the training for each image that is loaded, every view and frame counted. [FLOP]
        peak_flop_per_s: Dense peak of one accelerator at the precision used. [FLOP/s]
        ample_image_s: Time at the peak t0 that an image is worth below which utilisation falls. [s]
        exponent: How fast it falls e. [1]

    Returns:
        Utilisation. [1]

    Raises:
        OutOfRangeError: an input is not positive, or *mfu* exceeds 1.

    Example:
        >>> light_mfu(mfu=0.4, image_flop=2.5e10, peak_flop_per_s=1e14, ample_image_s=1e-3, exponent=0.5)
        0.2

    References:
        Fitted here to published runs; docs/method.md, section Utilisation.
    """
    require(above=0.0, at_most=1.0, mfu=mfu)
    require(above=0.0, image_flop=image_flop, peak_flop_per_s=peak_flop_per_s, ample_image_s=ample_image_s, exponent=exponent)
    return mfu * clamp(image_flop / (peak_flop_per_s * ample_image_s), 0.0, 1.0) ** exponent
