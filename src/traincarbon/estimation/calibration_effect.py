"""What a calibration changes in an estimate: its factors, and the results without it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from traincarbon.estimation.result import Estimate

CHANGED = ("accelerator_hours_h", "duration_s", "facility_energy_kwh", "total_kgco2e", "rent_usd")
"""Results that a reader compares with and without a calibration."""
_SUFFIX = "_calibration"


def calibration_effect(answer: "Estimate", without: "Estimate") -> dict[str, Any]:
    """Return the calibration of *answer* for JSON: name, origin, factor of each quantity, and the results *without* it."""
    factors = [given for given in (answer.facts.given(f"{name}{_SUFFIX}") for name in ("mfu", "power", "host", "step")) if given is not None]
    return {
        "name": answer.facts.calibration,
        "made_of": factors[0].locator if factors else "",
        "is_automatic": any(given.assumed for given in factors),
        "factors": {given.name.removesuffix(_SUFFIX): answer.interval(given.value)._asdict() for given in factors},
        "without": changed_results(without),
    }


def changed_results(answer: "Estimate") -> dict[str, Any]:
    """Return the intervals of the results that a calibration changes, None where they are unknown."""
    return {name: None if (interval := answer[name]) is None else interval._asdict() for name in CHANGED}
