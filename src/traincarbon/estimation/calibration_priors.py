"""Apply a calibration to the priors of an estimate: the one that the plan names, or the only one that fits. See ``docs/calibration.md``."""

import math
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.billed_rent import Rent, rent_at
from traincarbon.estimation.calibration import NONE, Calibration, Effect, job_family, names, read
from traincarbon.estimation.facts.evidence import Given
from traincarbon.estimation.facts.facts import Facts
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.software_change import CHANGES, change_sigma
from traincarbon.uncertain import Num, Uncertain, median_of

_FAR = 10.0
"""Times the largest run, or below the smallest, from which a reader is warned."""


class _Correction(NamedTuple):
    """A quantity that a calibration corrects: what it is called, and the facts whose spreads it replaces by its own.

    Runs on the same hardware were measured against the same peak rate, so that what is unsure of that rate is in their utilisation too.
    """

    label: str
    replaced: tuple[str, ...] = ()


_CORRECTIONS = {
    "mfu": _Correction("utilisation", ("mfu",)),
    "power": _Correction("power of an accelerator", ("power_share", "board_power_w")),
    "host": _Correction("power of the rest of a server", ("host_share", "max_power_w")),
    "step": _Correction("efficiency of a step on its layout"),
}


def calibrated(plan: Plan, facts: Facts, database: Database, calibration: Calibration | None = None, *, is_moe: bool) -> Facts:
    """Return *facts* with that *calibration*, else the one that the plan names, or the only one that fits them.

    Raises:
        NotFoundError: no calibration has the name that the plan states.
        CarbonError: the named one cannot be read.
    """
    site = facts.place.id if facts.place is not None else ""
    if calibration is not None:
        return _applied(facts, database, calibration, plan, site, is_moe=is_moe, is_automatic=False)
    if plan.calibration == NONE:
        return facts
    if plan.calibration is not None:
        return _applied(facts, database, read(plan.calibration), plan, site, is_moe=is_moe, is_automatic=False)
    fitting, warnings = _fitting(facts.accelerator.id, site)
    if len(fitting) == 1:
        facts = _applied(facts, database, fitting[0].automatic_part, plan, site, is_moe=is_moe, is_automatic=True)
    elif fitting:
        listed = ", ".join(found.name for found in fitting[:5])
        warnings.append(f"{len(fitting)} calibrations fit and none was used: name one of {listed}, or none")
    return facts.having(warnings=tuple(warnings)) if warnings else facts


def _fitting(hardware: str, site: str) -> tuple[list[Calibration], list[str]]:
    """Return the calibrations that may be applied there without being named, and warnings of those that cannot be read."""
    fitting: list[Calibration] = []
    warnings: list[str] = []
    try:
        known = names()
    except CarbonError as error:
        return [], [f"no calibration was looked for: {error}"]
    for name in known:
        try:
            found = read(name)
        except CarbonError as error:
            warnings.append(f"ignored calibration {name!r}: {error}")
            continue
        if found.automatic and found.fits(hardware, site):
            fitting.append(found)
    return fitting, warnings


def _applied(facts: Facts, database: Database, calibration: Calibration, plan: Plan, site: str, *, is_moe: bool, is_automatic: bool) -> Facts:
    """Return *facts* with the factors of *calibration*; the priors that these correct lose their spreads."""
    family = job_family(plan.family, plan.kind, is_moe=is_moe)
    params = plan.number("active_params" if plan.active_params is not None else "params")
    size = median_of(params) if params is not None else None
    changed: list[Given] = []
    warnings: list[str] = []
    is_alike = False
    for quantity, correction in _CORRECTIONS.items():
        effect = calibration.effect(quantity, facts.accelerator.id, site, family)
        replaced = (*correction.replaced, *(("peak_flop_per_s",) if quantity == "mfu" and effect is not None and effect.hardware else ()))
        known = [given for name in replaced if (given := facts.given(name)) is not None]
        is_stated = quantity == "mfu" and (plan.mfu is not None or plan.accelerator_hours is not None)
        if effect is None or is_stated or (correction.replaced and facts.given(correction.replaced[0]) is None):
            continue
        mean, sigma = effect.at(size)
        if known:
            spread = _spread_of(known)
            changed_by = _precision_change(database, calibration, facts) if quantity == "mfu" and spread else 0.0
            mean, sigma = mean * effect.nearness(size, spread), (sigma**2 + changed_by**2) ** 0.5
            mean, sigma = mean * spread**2 / (spread**2 + changed_by**2) if changed_by else mean, _at_most(sigma, spread)
        changed += [given._replace(value=median_of(given.value)) for given in known]
        factor = Given(
            f"{quantity}_calibration",
            Uncertain(_exp(mean), {quantity: sigma}),
            "",
            f"{correction.label}, measured over expected: {_scope(effect, is_automatic=is_automatic)}",
            f"calibration {calibration.name}",
            f"made {calibration.made[:10]} of {calibration.n_runs:,} run{'s' * (calibration.n_runs != 1)}",
            "measured",
            is_automatic,
        )
        changed.append(factor)
        if quantity == "mfu":
            is_alike = bool(effect.hardware) and not _is_far(effect, size)
            warnings += _warnings(effect, calibration.name, facts.accelerator.name, size)
    rent = rent_at(calibration.rents, facts.accelerator.id, site)
    if rent is not None and not any(stated is not None for stated in (plan.rent_price, plan.rent, plan.rent_from)):
        facts = facts.having(_billed(rent, calibration, is_automatic=is_automatic))
    return facts.having(*changed, calibration=calibration.name, is_known_from_own_runs=is_alike, warnings=tuple(warnings))


def _billed(rent: Rent, calibration: Calibration, *, is_automatic: bool) -> Given:
    """Return the rent that bills of own runs show."""
    return Given(
        "rent_price",
        Uncertain(rent.usd_per_h, {"rent_price": rent.sigma}),
        "$/h",
        f"bills of {rent.runs:,} own run{'s' * (rent.runs != 1)}, {rent.first_day} – {rent.last_day}: ${rent.usd:,.2f} for {rent.accelerator_hours_h:,.4g} accelerator-hours",
        f"calibration {calibration.name}",
        f"made {calibration.made[:10]}",
        "measured",
        is_automatic,
    )


def _precision_change(database: Database, calibration: Calibration, facts: Facts) -> float:
    """Return the log-spread between the number format of the calibration's latest run and that of the plan; 0 where they are the same or unknown."""
    row = next((each for each in database.rows("priors", "calibration_change") if each["scope"] == "precision"), None)
    if row is None or not row["sigma_ln"] or facts.precision is None:
        return 0.0
    spreads = dict.fromkeys(CHANGES, float(row["sigma_ln"]))
    return change_sigma({"precision": facts.precision}, {name: value for name, value in calibration.software.items() if name == "precision"}, spreads)


def _scope(effect: Effect, *, is_automatic: bool) -> str:
    scope = ", ".join(name for name in effect.scope if name) or "any hardware"
    found = f"{effect.runs:,} run{'s' * (effect.runs != 1)} ({scope})"
    return f"{found}; applied automatically because it fits the hardware: calibration none disables it" if is_automatic else found


def _is_far(effect: Effect, size: Num | None) -> bool:
    """Return whether a plan of that *size* is far from all runs of the calibration; many plans at once are not looked at."""
    return isinstance(size, float) and not effect.least_params / _FAR <= size <= effect.most_params * _FAR


def _warnings(effect: Effect, name: str, accelerator: str, size: Num | None) -> list[str]:
    found = []
    if not effect.hardware:
        found.append(f"calibration {name!r} has no run on {accelerator}: it uses what its runs on other hardware have in common")
    if isinstance(size, float) and _is_far(effect, size):
        nearest = effect.most_params if size > effect.most_params else effect.least_params
        found.append(f"calibration {name!r} has no run nearer to {size:.3g} parameters than {nearest:.3g}: its trend is not followed that far")
    return found


def _spread_of(known: list[Given]) -> float:
    """Return the log-spread without a calibration; with one it is never larger."""
    return math.sqrt(sum(given.value.sigma**2 for given in known if isinstance(given.value, Uncertain)))


def _at_most(value: Num, most: float) -> Num:
    return min(value, most) if isinstance(value, float) else value.clip(max=most)


def _exp(value: Num) -> Num:
    return math.exp(value) if isinstance(value, float) else math.e**value
