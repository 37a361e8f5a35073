"""Named calibrations: what a team's own runs showed, by scope. ``carbon calibrate`` writes them as TOML; this module reads them."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

from traincarbon.database.load import calibrations_folder
from traincarbon.decode import decode
from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.estimation.billed_rent import Rent, check_rent
from traincarbon.estimation.calibration_verdict import PRICE, Verdict, automatic_effects, refused
from traincarbon.estimation.families import USUAL
from traincarbon.reading import read_limited
from traincarbon.toml import parse_toml
from traincarbon.uncertain import Num, any_of

SCHEMA = "traincarbon/calibration/1"
NONE = "none"
"""The name that switches calibrations off."""
CALIBRATED = ("mfu", "power", "host", "step")
"""What a calibration corrects: end-to-end utilisation, power of an accelerator, power of the rest of its server, efficiency of a step on its layout."""

_REACH = math.log(4.0)
"""How far beyond the sizes of the runs their trend is followed, as a logarithm of parameters."""
_LONGEST_NAME = 64
_MOST_SIGMA = 5.0


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
        """Return mean and standard deviation of the logarithm for a model of *params*, by default of the centre; they include the scatter of a run."""
        if params is None or not self.log_slope_sigma:
            return self.log_factor, math.hypot(self.log_factor_sigma, self.scatter)
        away = _log(params / self.centre_params)
        least, most = math.log(self.least_params / self.centre_params) - _REACH, math.log(self.most_params / self.centre_params) + _REACH
        followed = min(max(away, least), most) if isinstance(away, float) else away.clip(least, most)
        covariance = self.correlation * self.log_factor_sigma * self.log_slope_sigma
        variance = self.log_factor_sigma**2 + 2.0 * covariance * away + (self.log_slope_sigma * away) ** 2 + self.scatter**2
        return self.log_factor + self.log_slope * followed, variance**0.5

    def nearness(self, params: Num | None, sigma: Num) -> Num:
        """Return how much the runs of the scope say about a model of *params*, from 1 at their own size to 0 far from it.

        The utilisation of a team at two sizes is correlated: by 1 less half the square of their distance at first, and by nothing in the end.
        The trend with size, as far as it is uncertain, sets how fast that falls; *sigma* is the log-spread without the calibration.
        """
        room = sigma**2 - self.scatter**2
        if params is None or not self.log_slope_sigma or not any_of(room > 0.0):
            return 1.0
        away = self.log_slope_sigma * _log(params / self.centre_params)
        return math.e ** (-0.5 * away**2 / room)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """A named calibration with its provenance.

    Attributes:
        name: What it is called.
        made: When it was fitted, ISO 8601 in UTC.
        version: That of the package that fitted it.
        automatic: Whether any of it may be applied without being named, because a leave-one-out test showed that it helps.
        why: The reason for that, in a sentence.
        effects: What each scope showed.
        runs: The runs that it was fitted on; the first ones if there are very many.
        n_runs: How many there are.
        set_aside: Runs that were not used, each with the reason.
        errors: By quantity the median absolute logarithm of predicted over measured ``before``, ``after`` and ``left_out``.
        meters: What readings at the wall showed about the meters inside.
        notes: What a reader should know before relying on it.
        software: The software of the latest run.
        rents: What an accelerator-hour really cost, by bills.
        verdicts: Which quantities it corrects without being named; empty in one of an older version, which corrects all of them or none.
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
    meters: tuple[Mapping[str, object], ...] = ()
    notes: tuple[str, ...] = ()
    software: Mapping[str, str] = field(default_factory=dict)
    rents: tuple[Rent, ...] = ()
    verdicts: tuple[Verdict, ...] = ()

    @property
    def automatic_part(self) -> "Calibration":
        """What of it applies without being named."""
        rents = () if PRICE in refused(self.verdicts) else self.rents
        return replace(self, effects=automatic_effects(self.effects, self.verdicts), rents=rents)

    def fits(self, hardware: str, site: str) -> bool:
        """Say whether it was fitted on runs on that hardware, at that *site* if both sides name one."""
        on_it = [effect for effect in self.effects if effect.quantity == "mfu" and effect.hardware == hardware]
        sites = {effect.site for effect in on_it if effect.site}
        return bool(on_it) and (not site or not sites or site in sites)

    def effect(self, quantity: str, hardware: str, site: str, family: str) -> Effect | None:
        """Return the narrowest effect on *quantity* whose scope includes all three, None if there is none.

        If the runs on that hardware are of one site and either side does not name it, it is taken to be the same.
        """
        sites = {effect.site for effect in self.effects if effect.quantity == quantity and effect.hardware == hardware and effect.family}
        if len(sites) == 1 and (not site or "" in sites):
            (site,) = sites
        scopes = ((hardware, site, family), (hardware, site, ""), (hardware, "", ""), ("", "", ""))
        mine = {effect.scope: effect for effect in self.effects if effect.quantity == quantity}
        return next((mine[scope] for scope in scopes if scope in mine), None)


def job_family(family: str | None, kind: str | None, *, is_moe: bool) -> str:
    """Return what a calibration calls the family of a job, by the fields of its plan.

    Example:
        >>> job_family(None, None, is_moe=False), job_family("encoder", "finetune", is_moe=False), job_family(None, None, is_moe=True)
        ('decoder pretrain', 'encoder finetune', 'moe decoder pretrain')
    """
    return f"{'moe ' if is_moe else ''}{family or USUAL.name} {kind or 'pretrain'}"


def names(folder: str | None = None) -> list[str]:
    """Return the names of all calibrations in *folder*, by default the user's own.

    Raises:
        CarbonError: the folder cannot be read.
    """
    place = calibrations_folder() if folder is None else folder
    try:
        return sorted(name[:-5] for name in os.listdir(place) if name.endswith(".toml") and is_name(name[:-5]))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise CarbonError(f"cannot read {place!r}: {error.strerror}", hint="is the folder yours? calibration none needs none") from error


def is_name(name: str) -> bool:
    """Say whether *name* can be the name of a calibration: letters, digits, ``-``, ``_`` and dots inside."""
    plain = name.replace("-", "").replace("_", "").replace(".", "")
    return 0 < len(name) <= _LONGEST_NAME and plain.isascii() and plain.isalnum() and name[0] != "." and name.lower() != NONE


def file_of(name: str, folder: str | None = None) -> str:
    """Return the file of the calibration *name*.

    Raises:
        CarbonError: it cannot be a name.
    """
    if not is_name(name):
        raise CarbonError(f"{name[:60]!r} cannot be the name of a calibration", hint="use up to 64 letters, digits, - and _")
    return os.path.join(calibrations_folder() if folder is None else folder, f"{name}.toml")


def read(name: str, folder: str | None = None) -> Calibration:
    """Return the calibration *name*; it is read again only if the file has changed.

    Raises:
        NotFoundError: there is none.
        CarbonError: its file cannot be read or is no calibration.
    """
    file = file_of(name, folder)
    try:
        stamp = os.stat(file)
    except OSError:
        known = names(folder)
        hint = f"known are {', '.join(known[:8])}, and none" if known else "make one from your runs: carbon calibrate"
        raise NotFoundError(f"no calibration {name!r}", hint=hint) from None
    return _parsed(file, name, (stamp.st_mtime_ns, stamp.st_size))


class _SetAside(NamedTuple):
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Runs:
    used: tuple[str, ...]
    count: int
    set_aside: tuple[_SetAside, ...] = ()


class _File(NamedTuple):
    """What the file of a calibration states."""

    schema: str
    made: str
    version: str
    why: str
    runs: _Runs
    effect: tuple[Effect, ...] = ()
    automatic: bool = False
    errors: Mapping[str, Mapping[str, float]] = {}
    meter: tuple[Mapping[str, object], ...] = ()
    notes: tuple[str, ...] = ()
    software: Mapping[str, str] = {}
    rent: tuple[Rent, ...] = ()
    verdict: tuple[Verdict, ...] = ()


@lru_cache(maxsize=64)
def _parsed(file: str, name: str, stamp: tuple[int, int]) -> Calibration:  # noqa: ARG001  a changed file has another stamp
    try:
        stated = decode(_File, parse_toml(read_limited(file).decode("utf-8")), where="it")
        _check(stated)
    except (OSError, ValueError, CarbonError) as error:
        raise CarbonError(f"{file} is no calibration: {error}", hint="make it again: carbon calibrate; is the file cut off?") from error
    return Calibration(
        name=name,
        made=stated.made,
        version=stated.version,
        automatic=stated.automatic,
        why=stated.why,
        effects=stated.effect,
        runs=stated.runs.used,
        n_runs=stated.runs.count,
        set_aside=stated.runs.set_aside,
        errors=stated.errors,
        meters=stated.meter,
        notes=stated.notes,
        software=stated.software,
        rents=stated.rent,
        verdicts=stated.verdict,
    )


def _check(stated: _File) -> None:
    """Refuse a file whose schema is another, or whose texts or numbers cannot be.

    Raises:
        ValueError: with what is wrong.
    """
    if stated.schema != SCHEMA:
        raise ValueError(f"its schema is {stated.schema[:60]!r}")
    if not all(
        text.isprintable()
        for text in (stated.made, stated.version, stated.why, *(each.why for each in stated.verdict), *stated.software, *stated.software.values())
    ):
        raise ValueError("it holds control characters")
    if not stated.effect and not stated.rent:
        raise ValueError("it has no effect")
    for effect in stated.effect:
        _check_effect(effect)
    for rent in stated.rent:
        check_rent(rent)


def _check_effect(effect: Effect) -> None:
    spreads = (effect.log_factor_sigma, effect.log_slope_sigma, effect.scatter)
    sizes = (effect.least_params, effect.centre_params, effect.most_params)
    if not "".join(effect[:4]).isprintable():
        raise ValueError("a scope holds control characters")
    if effect.quantity not in CALIBRATED or not all(0.0 <= spread <= _MOST_SIGMA for spread in spreads):
        raise ValueError(f"an effect on {effect.quantity[:20]!r} with spreads {spreads}")
    if not (abs(effect.log_factor) <= _MOST_SIGMA and abs(effect.log_slope) <= _MOST_SIGMA and abs(effect.correlation) <= 1.0):
        raise ValueError(f"an effect on {effect.quantity} of {effect.log_factor:g}, slope {effect.log_slope:g}, correlation {effect.correlation:g}")
    if not 0.0 < sizes[0] <= sizes[1] <= sizes[2] < math.inf:
        raise ValueError(f"an effect on {effect.quantity} of models of {sizes} parameters")


def _log(value: Num) -> Num:
    if isinstance(value, float):
        return math.log(value)
    import numpy as np

    return np.log(value)
