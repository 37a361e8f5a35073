"""A calibration laid over the priors of an estimate: the one that the plan names, or the only one that fits it. See ``docs/calibration.md``."""

import math
from typing import Any

from traincarbon.errors import CarbonError
from traincarbon.estimation.calibration import NONE, QUANTITIES, Calibration, Effect, job_family, names, read
from traincarbon.estimation.facts.types import Facts, Given
from traincarbon.estimation.plan import Plan
from traincarbon.uncertain import Uncertain, median_of

_FAR = 10.0
"""Times the largest run, or below the smallest, from which a reader is warned."""
_STANDS_IN = {"mfu": ("mfu", "goodput"), "power": ("power_share", "board_power_w"), "host": ("host_share", "max_power_w"), "step": ()}
"""Quantities to the givens whose spreads a calibration replaces by its own."""
_WORDS = {"mfu": "utilisation", "power": "draw of an accelerator", "host": "draw of the rest of a server", "step": "efficiency of a step on its layout"}


def calibrated(plan: Plan, setting: Facts) -> Facts:
    """Return *setting* with the calibration that the plan names, or the only one that fits it, laid over its priors.

    Raises:
        NotFoundError: there is none of the name that the plan states.
        CarbonError: the named one cannot be read.
    """
    if plan.calibration == NONE:
        return setting
    place = setting.place.id if setting.place is not None else ""
    if plan.calibration is not None:
        return _laid_over(setting, read(plan.calibration), plan, place, by_itself=False)
    fitting, faults = _fitting(setting.accelerator.id, place)
    if len(fitting) == 1:
        setting = _laid_over(setting, fitting[0], plan, place, by_itself=True)
    elif fitting:
        listed = ", ".join(found.name for found in fitting[:5])
        faults.append(f"{len(fitting)} calibrations fit and none was used: name one of {listed}, or none")
    return _copy(setting, warnings=faults) if faults else setting


def _fitting(hardware: str, place: str) -> tuple[list[Calibration], list[str]]:
    """Return the calibrations that may be applied there by themselves, and what cannot be read in words."""
    fitting: list[Calibration] = []
    faults: list[str] = []
    try:
        known = names()
    except CarbonError as error:
        return [], [f"no calibration was looked for: {error}"]
    for name in known:
        try:
            found = read(name)
        except CarbonError as error:
            faults.append(f"calibration {name!r} is left out: {error}")
            continue
        if found.automatic and found.fits(hardware, place):
            fitting.append(found)
    return fitting, faults


def _laid_over(setting: Facts, calibration: Calibration, plan: Plan, site: str, *, by_itself: bool) -> Facts:
    """Return *setting* with the factors of *calibration* among its givens, and the priors that they replace without their spreads."""
    active = plan.active_params
    moe = active is not None and (hasattr(active, "shape") or active != plan.params)
    family = job_family({"family": plan.family, "kind": plan.kind, "moe": moe})
    params = plan.number("active_params" if active is not None else "params")
    size = median_of(params) if params is not None else None
    laid = _copy(setting)
    stated = {"mfu": plan.mfu is not None or plan.accelerator_hours is not None}
    for quantity in QUANTITIES:
        effect = calibration.effect(quantity, setting.accelerator.id, site, family)
        replaced = _STANDS_IN[quantity]
        if effect is None or stated.get(quantity) or (replaced and setting.given(replaced[0]) is None):
            continue
        mean, sigma = effect.at(size)
        if replaced:
            sigma = _at_most(sigma, _spread_of(setting, quantity))
        for name in replaced:
            if (given := setting.given(name)) is not None:
                laid.noted[name] = given._replace(value=median_of(given.value))
        laid.noted[f"{quantity}_calibration"] = Given(
            f"{quantity}_calibration",
            Uncertain(_exp(mean), {quantity: sigma}),
            "",
            f"{_WORDS[quantity]} over what is expected without: {_said(effect, by_itself=by_itself)}",
            f"calibration {calibration.name}",
            f"made {calibration.made[:10]} of {calibration.n_runs:,} run{'s' * (calibration.n_runs != 1)}",
            "measured",
            by_itself,
        )
        if quantity == "mfu":
            laid.warnings += _cautions(effect, calibration.name, setting.accelerator.name, size)
    return laid


def _said(effect: Effect, *, by_itself: bool) -> str:
    scope = ", ".join(name for name in effect.scope if name) or "whatever the hardware"
    found = f"{effect.runs:,} run{'s' * (effect.runs != 1)} ({scope})"
    return f"{found}; it fits the hardware and was applied by itself: calibration none switches it off" if by_itself else found


def _cautions(effect: Effect, name: str, chip: str, size: Any) -> list[str]:
    found = []
    if not effect.hardware:
        found.append(f"calibration {name!r} has no run on {chip}: what its runs on other hardware have in common is used")
    if isinstance(size, float) and not effect.least_params / _FAR <= size <= effect.most_params * _FAR:
        nearest = effect.most_params if size > effect.most_params else effect.least_params
        found.append(f"calibration {name!r} has no run nearer to {size:.3g} parameters than {nearest:.3g}: its trend is not followed that far")
    return found


def _spread_of(setting: Facts, quantity: str) -> float:
    """Return the log-spread without a calibration, beyond which none goes."""
    values = [setting.value(name) for name in _STANDS_IN[quantity] if name in setting.noted]
    return math.sqrt(sum(value.sigma**2 for value in values if isinstance(value, Uncertain)))


def _copy(setting: Facts, warnings: list[str] | None = None) -> Facts:
    other = Facts(setting.hardware, setting.accelerator, setting.accelerator_count, setting.place)
    other.noted = dict(setting.noted)
    other.precision = setting.precision
    other.warnings = [*setting.warnings, *(warnings or ())]
    return other


def _at_most(value: Any, most: float) -> Any:
    return min(value, most) if isinstance(value, float) else value.clip(max=most)


def _exp(value: Any) -> Any:
    return math.exp(value) if isinstance(value, float) else math.e**value
