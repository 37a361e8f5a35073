"""Named calibrations: what a team's own runs showed, read from plain TOML and laid over the priors of an estimate.

They are written by ``carbon calibrate``; the equations stand in ``docs/calibration.md``.
"""

import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from traincarbon.database.load import calibrations_folder
from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.estimate.plan import Plan
from traincarbon.estimate.setting import Given, Setting
from traincarbon.uncertain import Num, Uncertain, median_of

SCHEMA = "traincarbon/calibration/1"
NONE = "none"
"""The name that switches calibrations off."""
QUANTITIES = ("mfu", "power", "host")
"""What a calibration can correct: end-to-end utilisation, the draw of an accelerator, that of the rest of its server."""

_REACH = math.log(4.0)
"""How far beyond the sizes of the runs their trend is followed, as a logarithm of parameters."""
_FAR = 10.0
"""Times the largest run, or below the smallest, from which a reader is warned."""
_LONGEST_NAME = 64
_MOST_SIGMA = 5.0
_STANDS_IN = {"mfu": ("mfu", "goodput"), "power": ("power_share",), "host": ("host_share", "max_power_w")}
"""Quantities to the givens whose spreads a calibration replaces by its own."""
_WORDS = {"mfu": "utilisation", "power": "draw of an accelerator", "host": "draw of the rest of a server"}


class Effect(NamedTuple):
    """What the runs of a scope showed of one quantity: the logarithm of measured over expected, with a trend in the size of the model.

    An empty name of hardware, site or family stands for any.
    """

    quantity: str
    hardware: str
    site: str
    family: str
    runs: int
    log_factor: float
    log_factor_sigma: float
    log_slope: float
    log_slope_sigma: float
    correlation: float
    """Of factor and slope."""
    scatter: float
    """Standard deviation of one run around what its scope says."""
    centre_params: float
    least_params: float
    most_params: float

    @property
    def scope(self) -> tuple[str, str, str]:
        """Hardware, site and family."""
        return (self.hardware, self.site, self.family)

    def at(self, params: Num | None) -> tuple[Num, Num]:
        """Return mean and standard deviation of the logarithm for a model of *params*, the scatter of a run included; without, that of the centre."""
        if params is None or not self.log_slope_sigma:
            return self.log_factor, math.hypot(self.log_factor_sigma, self.scatter)
        away = _log(params / self.centre_params)
        least, most = math.log(self.least_params / self.centre_params) - _REACH, math.log(self.most_params / self.centre_params) + _REACH
        followed = min(max(away, least), most) if isinstance(away, float) else away.clip(least, most)
        covariance = self.correlation * self.log_factor_sigma * self.log_slope_sigma
        variance = self.log_factor_sigma**2 + 2.0 * covariance * away + (self.log_slope_sigma * away) ** 2 + self.scatter**2
        return self.log_factor + self.log_slope * followed, variance**0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """A named calibration with its provenance.

    Attributes:
        name: What it is called.
        made: When it was fitted, ISO 8601 in UTC.
        version: That of the package that fitted it.
        automatic: Whether it may be applied without being named: leave-one-out showed it to be better than none.
        why: The reason for that, in a sentence.
        effects: What each scope showed.
        runs: The runs that it rests on; of very many the first.
        n_runs: How many they are.
        set_aside: Runs that were not used, each with the reason.
        errors: By quantity the median absolute logarithm of predicted over measured ``before``, ``after`` and ``left_out``.
        meters: What readings at the wall showed of the meters inside.
    """

    name: str
    made: str
    version: str
    automatic: bool
    why: str
    effects: tuple[Effect, ...]
    runs: tuple[str, ...] = ()
    n_runs: int = 0
    set_aside: tuple[tuple[str, str], ...] = ()
    errors: Mapping[str, Mapping[str, float]]
    meters: tuple[Mapping[str, Any], ...] = ()

    def fits(self, hardware: str, site: str) -> bool:
        """Say whether runs on that hardware are behind it, and none of its sites contradicts *site*; a site that is not said contradicts none."""
        on_it = [effect for effect in self.effects if effect.quantity == "mfu" and effect.hardware == hardware]
        sites = {effect.site for effect in on_it if effect.site}
        return bool(on_it) and (not site or not sites or site in sites)

    def effect(self, quantity: str, hardware: str, site: str, family: str) -> Effect | None:
        """Return the narrowest effect on *quantity* whose scope holds all three, None where there is none.

        Where the runs on that hardware are of one site and either side does not say which, it is taken to be the same.
        """
        sites = {effect.site for effect in self.effects if effect.quantity == quantity and effect.hardware == hardware and effect.family}
        if len(sites) == 1 and (not site or "" in sites):
            (site,) = sites
        scopes = ((hardware, site, family), (hardware, site, ""), (hardware, "", ""), ("", "", ""))
        mine = {effect.scope: effect for effect in self.effects if effect.quantity == quantity}
        return next((mine[scope] for scope in scopes if scope in mine), None)


def calibrated(plan: Plan, setting: Setting) -> Setting:
    """Return *setting* with the calibration that the plan names, or the only one that fits it, laid over its priors.

    Raises:
        NotFoundError: there is none of the name that the plan states.
        CarbonError: the named one cannot be read.
    """
    place = setting.place.id if setting.place is not None else ""
    if plan.calibration is not None:
        return _laid_over(setting, read(plan.calibration), plan, place, by_itself=False)
    fitting, faults = [], []
    for name in names():
        try:
            found = read(name)
        except CarbonError as error:
            faults.append(f"calibration {name!r} is left out: {error}")
            continue
        if found.automatic and found.fits(setting.accelerator.id, place):
            fitting.append(found)
    if len(fitting) == 1:
        setting = _laid_over(setting, fitting[0], plan, place, by_itself=True)
    elif fitting:
        listed = ", ".join(found.name for found in fitting[:5])
        faults.append(f"{len(fitting)} calibrations fit and none was used: name one of {listed}, or none")
    return _copy(setting, warnings=faults) if faults else setting


def job_family(fields: Mapping[str, Any]) -> str:
    """Return what a calibration calls the family of a job, by the *fields* of its plan.

    Example:
        >>> job_family({}), job_family({"family": "encoder", "kind": "finetune"}), job_family({"moe": True})
        ('decoder pretrain', 'encoder finetune', 'moe decoder pretrain')
    """
    words = ("moe",) if fields.get("moe") else ()
    return " ".join((*words, str(fields.get("family") or "decoder"), str(fields.get("kind") or "pretrain")))


def names(folder: str | None = None) -> list[str]:
    """Return the names of all calibrations in *folder*, by default the user's own."""
    place = calibrations_folder() if folder is None else folder
    if not os.path.isdir(place):
        return []
    return sorted(name[:-5] for name in os.listdir(place) if name.endswith(".toml") and is_name(name[:-5]))


def is_name(name: str) -> bool:
    """Say whether a calibration may be called so: letters, digits, ``-``, ``_`` and dots inside."""
    plain = name.replace("-", "").replace("_", "").replace(".", "")
    return 0 < len(name) <= _LONGEST_NAME and plain.isascii() and plain.isalnum() and name[0] != "." and name.lower() != NONE


def file_of(name: str, folder: str | None = None) -> str:
    """Return the file of the calibration *name*.

    Raises:
        CarbonError: nothing can be called so.
    """
    if not is_name(name):
        raise CarbonError(f"{name[:60]!r} cannot be the name of a calibration", hint="use up to 64 letters, digits, - and _")
    return os.path.join(calibrations_folder() if folder is None else folder, f"{name}.toml")


def read(name: str, folder: str | None = None) -> Calibration:
    """Return the calibration *name*; what was read is kept until the file changes.

    Raises:
        NotFoundError: there is none.
        CarbonError: its file cannot be read or is no calibration.
    """
    file = file_of(name, folder)
    try:
        stamp = os.stat(file)
    except OSError:
        known = names(folder)
        hint = f"known are {', '.join(known[:8])}, and none" if known else "make one of your runs: carbon calibrate"
        raise NotFoundError(f"no calibration {name!r}", hint=hint) from None
    return _parsed(file, name, (stamp.st_mtime_ns, stamp.st_size))


@lru_cache(maxsize=64)
def _parsed(file: str, name: str, stamp: tuple[int, int]) -> Calibration:  # noqa: ARG001  a changed file has another stamp
    try:
        with open(file, "rb") as stream:
            stated = tomllib.load(stream)
        if stated["schema"] != SCHEMA:
            raise ValueError(f"its schema is {str(stated['schema'])[:60]!r}")
        return Calibration(
            name=name,
            made=str(stated["made"]),
            version=str(stated["version"]),
            automatic=stated["automatic"] is True,
            why=str(stated["why"]),
            effects=tuple(_effect(entry) for entry in stated["effect"]),
            runs=tuple(map(str, stated["runs"]["used"])),
            n_runs=int(stated["runs"]["count"]),
            set_aside=tuple((str(entry["id"]), str(entry["reason"])) for entry in stated["runs"].get("set_aside", ())),
            errors={str(quantity): {key: float(value) for key, value in table.items()} for quantity, table in stated.get("errors", {}).items()},
            meters=tuple(stated.get("meter", ())),
        )
    except KeyError as error:
        raise CarbonError(f"{file} is no calibration: it has no {error.args[0]}", hint="make it again: carbon calibrate") from error
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise CarbonError(f"{file} is no calibration: {error}", hint="make it again: carbon calibrate; is the file cut off?") from error


def _effect(entry: Mapping[str, Any]) -> Effect:
    """Return one effect of a file, its numbers within what can be.

    Raises:
        ValueError: a number cannot be.
    """
    texts = {name: str(entry[name]) for name in ("quantity", "hardware", "site", "family")}
    numbers = {name: float(entry[name]) for name in Effect._fields if name not in (*texts, "runs")}
    effect = Effect(runs=int(entry["runs"]), **texts, **numbers)
    spreads = (effect.log_factor_sigma, effect.log_slope_sigma, effect.scatter)
    sizes = (effect.least_params, effect.centre_params, effect.most_params)
    if effect.quantity not in QUANTITIES or not all(0.0 <= spread <= _MOST_SIGMA for spread in spreads):
        raise ValueError(f"an effect on {effect.quantity[:20]!r} with spreads {spreads}")
    if not (abs(effect.log_factor) <= _MOST_SIGMA and abs(effect.log_slope) <= _MOST_SIGMA and abs(effect.correlation) <= 1.0):
        raise ValueError(f"an effect on {effect.quantity} of {effect.log_factor:g}, slope {effect.log_slope:g}, correlation {effect.correlation:g}")
    if not 0.0 < sizes[0] <= sizes[1] <= sizes[2] < math.inf:
        raise ValueError(f"an effect on {effect.quantity} of models of {sizes} parameters")
    return effect


def _laid_over(setting: Setting, calibration: Calibration, plan: Plan, site: str, *, by_itself: bool) -> Setting:
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
        if effect is None or stated.get(quantity) or _STANDS_IN[quantity][0] not in setting.given:
            continue
        mean, sigma = effect.at(size)
        sigma = _at_most(sigma, _spread_of(setting, quantity))
        for name in _STANDS_IN[quantity]:
            if (given := setting.given.get(name)) is not None:
                laid.given[name] = given._replace(value=median_of(given.value))
        laid.given[f"{quantity}_calibration"] = Given(
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


def _spread_of(setting: Setting, quantity: str) -> float:
    """Return the log-spread without a calibration, beyond which none goes."""
    values = [setting.given[name].value for name in _STANDS_IN[quantity] if name in setting.given]
    return math.sqrt(sum(value.sigma**2 for value in values if isinstance(value, Uncertain)))


def _copy(setting: Setting, warnings: list[str] | None = None) -> Setting:
    other = Setting(setting.hardware, setting.accelerator, setting.accelerator_count, setting.place)
    other.given = dict(setting.given)
    other.warnings = [*setting.warnings, *(warnings or ())]
    return other


def _at_most(value: Any, most: float) -> Any:
    return min(value, most) if isinstance(value, float) else value.clip(max=most)


def _log(value: Any) -> Any:
    if isinstance(value, float):
        return math.log(value)
    import numpy as np

    return np.log(value)


def _exp(value: Any) -> Any:
    return math.exp(value) if isinstance(value, float) else math.e**value
