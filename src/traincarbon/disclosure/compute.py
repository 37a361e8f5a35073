"""The compute of a training by its hardware, for the check that the guidelines on general-purpose AI ask for, and their thresholds."""

from typing import Any, NamedTuple

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate
from traincarbon.formulas.throughput import hardware_based_flop
from traincarbon.uncertain import Interval, median_of

_USUAL_PARAMS, _USUAL_TOKENS = 7e9, 1e12
"""A model of usual size, for the utilisation where the size is not stated."""


class Threshold(NamedTuple):
    """A bound on the compute of a training, and what is beyond it."""

    flop: float
    meaning: str


GENERAL_PURPOSE = Threshold(1e23, "indication of a general-purpose AI model, if it generates language, or images or video from text")
SYSTEMIC_RISK = Threshold(1e25, "presumption of systemic risk")
MODIFIED_SHARE = 1.0 / 3.0
"""Who modifies a model with more than this share of its compute becomes the provider of a new one."""


def compute_by_hardware(
    *, hw: str | None, params: Any, precision: str | None, accelerator_hours_h: Any, level: float, database: Database | None = None
) -> tuple[Interval | None, float | None]:
    """Return the compute of *accelerator_hours_h* on *hw*, with the utilisation that published runs reach there, and that utilisation.

    The utilisation comes from published runs and not from this one, so that the count is independent of parameters × tokens.
    Both are None where the hardware is not known.

    Args:
        hw: A server or an accelerator.
        params: Parameters of the model, None if they are not known. [1]
        precision: Number format of the matrix products.
        accelerator_hours_h: Accelerators × time. [h]
        level: Confidence level of the interval. [1]
        database: The facts; by default the built-in ones with the user's own.
    """
    if not hw:
        return None, None
    try:
        usual = estimate(params=median_of(params) if params else _USUAL_PARAMS, tokens=_USUAL_TOKENS, hw=hw, precision=precision, database=database)
    except CarbonError:
        return None, None
    peak, mfu = usual.facts.value("peak_flop_per_s"), usual.values["mfu"]
    if peak is None or mfu is None:
        return None, None
    flop = hardware_based_flop(accelerator_hours_h=accelerator_hours_h, peak_flop_per_s=peak, mfu=mfu)
    return Interval.of(flop, level), float(median_of(mfu))
