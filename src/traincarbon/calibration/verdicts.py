"""The verdict on a calibration by quantity: runs that are left out must be predicted better than without it, on every chip."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from traincarbon.calibration.prediction_errors import Errors
from traincarbon.estimation.calibration_verdict import ENERGY, HOURS, PRICE, Verdict

FEWEST_TESTED = 2
"""Runs of which one can be left out."""
_ONE_RUN = "there is only one run, so it cannot be tested"
_VERB = {HOURS: "are", ENERGY: "is", PRICE: "is"}


class ErrorsByChip(NamedTuple):
    """The errors of a quantity, and the chip of each of its runs."""

    errors: Errors
    chips: Sequence[str]


def verdicts_of(tested: Mapping[str, ErrorsByChip], *, energy_alone: Errors | None = None) -> tuple[Verdict, ...]:
    """Return the verdict on hours, on energy and on the price, of those that were tested.

    Args:
        tested: The errors by quantity.
        energy_alone: The errors of energy if hours are not corrected; they count if these do not pass.
    """
    found: list[Verdict] = []
    for quantity in (HOURS, ENERGY):
        if quantity in tested:
            errors, chips = tested[quantity]
            if quantity == ENERGY and energy_alone is not None and found and not found[0].automatic:
                errors = energy_alone
            found.append(_verdict(quantity, errors, chips))
    if PRICE in tested:
        found.append(_verdict(PRICE, *tested[PRICE]))
    return tuple(found)


def together(verdicts: Sequence[Verdict]) -> tuple[bool, str]:
    """Return whether a calibration applies to anything by itself, and why.

    Example:
        >>> together([Verdict("hours", True, "the error fell"), Verdict("energy", False, "it grew")])
        (True, 'the error fell; energy is not corrected by itself: it grew')
    """
    taken, out = [each for each in verdicts if each.automatic], [each for each in verdicts if not each.automatic]
    if not taken:
        return False, out[0].why if out else ""
    return True, "; ".join([taken[0].why, *(f"{each.quantity} {_VERB[each.quantity]} not corrected by itself: {each.why}" for each in out)])


def unproven(tested: Mapping[str, ErrorsByChip]) -> dict[str, str]:
    """Return the quantities that are dropped, of which the rest of the calibration does not depend, each with the reason."""
    found: dict[str, str] = {}
    for quantity in ("host", "step"):
        if quantity not in tested:
            continue
        errors, chips = tested[quantity]
        is_tested = len(errors.rows) >= FEWEST_TESTED
        worse = (_no_better(errors, chips) or _worse(*_means(errors))) if is_tested else ""
        if quantity == "step" and not is_tested:
            found[quantity] = "steps are not calibrated: only one run has a known layout"
        elif worse:
            what = "steps are" if quantity == "step" else "the power of the rest of servers is"
            found[quantity] = f"{what} not calibrated: the other runs predict {'them' if quantity == 'step' else 'it'} {worse}"
    return found


def _verdict(quantity: str, errors: Errors, chips: Sequence[str]) -> Verdict:
    if len(errors.rows) < FEWEST_TESTED:
        return Verdict(quantity, False, _ONE_RUN)
    if worse := _no_better(errors, chips) or _worse(*_means(errors)):
        return Verdict(quantity, False, f"the other runs predict {quantity} {worse}")
    left_out, before = _means(errors)
    return Verdict(quantity, True, f"with each run left out in turn, the mean error of {quantity} is {_apart(left_out, before)}")


def _no_better(errors: Errors, chips: Sequence[str]) -> str:
    """Return on which chip the other runs predict no better than no calibration, and by how much, empty if on none."""
    for name in dict.fromkeys(chips):
        mine = np.array([chip == name for chip in chips], dtype=bool)
        if mine.sum() >= FEWEST_TESTED and (worse := _worse(*_means(errors, mine), where=f" on {name}")):
            return worse
    return ""


def _worse(left_out: float, before: float, *, where: str = "") -> str:
    """Return in words that left-out runs are predicted no better than without calibration, empty if they are predicted better."""
    return f"no better{where}: mean error {_apart(left_out, before)}" if left_out >= before else ""


def _apart(left_out: float, before: float) -> str:
    """Return both errors with as many digits as tell them apart.

    Example:
        >>> _apart(0.08, 0.271), _apart(0.0312, 0.0309), _apart(0.5, 0.5)
        ('0.08, without calibration 0.27', '0.0312, without calibration 0.0309', '0.50, without calibration 0.50')
    """
    digits = next((digits for digits in (2, 3, 4) if f"{left_out:.{digits}f}" != f"{before:.{digits}f}"), 2)
    return f"{left_out:.{digits}f}, without calibration {before:.{digits}f}"


def _means(errors: Errors, mine: "np.ndarray[tuple[int], np.dtype[np.bool_]] | slice" = slice(None)) -> tuple[float, float]:
    """Return the mean absolute error of left-out runs, and without calibration."""
    return float(np.abs(errors.left_out[mine]).mean()), float(np.abs(errors.before[mine]).mean())
