"""Whether a calibration may correct a quantity without being named: what predicting left-out runs showed of it."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from traincarbon.estimation.calibration import Effect

HOURS, ENERGY, PRICE = "hours", "energy", "price"
_RESTS_ON = {"mfu": HOURS, "power": ENERGY}
"""The verdict that an effect needs; other effects are kept only if they passed their own test."""


class Verdict(NamedTuple):
    """Whether a calibration corrects a quantity by itself.

    Attributes:
        quantity: ``hours``, ``energy`` of the accelerators, or ``price`` of an accelerator-hour.
        automatic: Whether it does. Named, a calibration corrects all that it has.
        why: What the test showed.
    """

    quantity: str
    automatic: bool
    why: str


def refused(verdicts: Iterable[Verdict]) -> set[str]:
    """Return the quantities that are not corrected by themselves.

    Example:
        >>> refused([Verdict("hours", True, "better"), Verdict("energy", False, "worse")])
        {'energy'}
    """
    return {verdict.quantity for verdict in verdicts if not verdict.automatic}


def automatic_effects(effects: Sequence["Effect"], verdicts: Iterable[Verdict]) -> tuple["Effect", ...]:
    """Return the effects that apply by themselves."""
    out = refused(verdicts)
    return tuple(effect for effect in effects if _RESTS_ON.get(effect.quantity) not in out)
