"""Fit a calibration to runs: effects by scope, errors with each run left out, and the runs that were not used."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from traincarbon.calibration import screening
from traincarbon.calibration.effects import chips_of, effects_of, groups
from traincarbon.calibration.expected import Expected, expect
from traincarbon.calibration.observed import Observed
from traincarbon.calibration.unmetered_power import accelerator_energy
from traincarbon.calibration.unusable import NoUsableRunError
from traincarbon.database.load import Database
from traincarbon.estimation.billed_rent import Rent
from traincarbon.estimation.calibration import CALIBRATED, Calibration, Effect
from traincarbon.fitting.outliers import outliers
from traincarbon.fitting.shrinkage import Shrunk
from traincarbon.published.reported_runs import SetAside
from traincarbon.published.spreads import Spreads, spreads_of
from traincarbon.quantities import S_PER_H, W_PER_KW
from traincarbon.uncertain import Z_90

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Codes = npt.NDArray[np.intp]
    Flags = npt.NDArray[np.bool_]

_KEPT_RUNS = 1000
"""A calibration lists at most this many ids of runs, and of runs set aside, and of more only their number."""
_FEWEST = 2  # runs of which one can be left out

_OUTLIER_OF_ONE = {
    "power": "only its energy: its accelerators took {:.2g} times the power of similar runs",
    "host": "only its energy: the rest of its servers took {:.2g} times the power of similar runs",
    "step": "only its step: it was {:.2g} times as fast on its layout as similar runs",
}
"""Why one quantity of a run is not used: it differs too much from similar runs."""


class Errors(NamedTuple):
    """Logarithms of predicted over measured: before calibration, after, and with each run left out of the fit that predicts it."""

    rows: "Codes"
    """Positions of the runs among those used."""
    before: "Array"
    after: "Array"
    left_out: "Array"
    before_sigma: "Array"
    """Standard deviation of each prediction, before."""
    left_out_sigma: "Array"

    def summary(self) -> dict[str, float]:
        """Return the number of runs, the median and mean absolute errors, and the share inside 90 % intervals."""
        found: dict[str, float] = {"n": float(len(self.rows))}
        for name in ("before", "after", "left_out"):
            sizes = np.abs(getattr(self, name))
            found |= {name: float(np.median(sizes)), f"{name}_mean": float(sizes.mean())}
        inside = ((np.abs(getattr(self, name)) <= Z_90 * getattr(self, f"{name}_sigma")).mean() for name in ("before", "left_out"))
        return found | dict(zip(("coverage_before", "coverage_left_out"), map(float, inside), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitted:
    """A calibration with the runs that it was fitted to."""

    calibration: Calibration
    used: Observed
    errors: dict[str, Errors]
    """By ``hours``, ``energy`` of the accelerators, ``host`` (power of the rest of the servers) and ``step`` (time of a step on its layout)."""
    set_aside: tuple[SetAside, ...]


def fit(
    observed: Observed,
    database: Database,
    *,
    name: str,
    made: str,
    version: str,
    set_aside: Sequence[SetAside] = (),
    meters: Sequence[Mapping[str, object]] = (),
    remarks: Sequence[str] = (),
    rents: Sequence[Rent] = (),
    spreads: Spreads | None = None,
) -> Fitted:
    """Return the calibration to *observed* runs, and its errors.

    Args:
        observed: The runs, in columns.
        database: The priors to calibrate.
        name: Name of the calibration.
        made: Time of the fit, ISO 8601 in UTC.
        version: Version of the package.
        set_aside: Runs that were set aside already; the calibration lists them too.
        meters: What wall meters showed; saved with the calibration.
        remarks: What a reader should know of the runs; saved with the calibration.
        rents: What an accelerator-hour really cost, by bills; saved with the calibration.
        spreads: Prior spreads of the scopes; by default those of ``priors.csv``.

    Raises:
        NoUsableRunError: no run can be used; the message names the first reason.
    """
    priors = spreads_of(database) if spreads is None else spreads
    expected = expect(observed, database)
    good, wrong = _screened(observed, expected)
    aside = [*set_aside, *wrong]
    if not good.size:
        raise NoUsableRunError(aside)
    mine = expected.select(good)
    used, power_sigma, notes = accelerator_energy(observed.select(good), mine, database, priors)
    shown, energy_aside = _log_ratios(used, mine)
    aside += energy_aside
    effects, errors = _effects_and_errors(used, mine, shown, priors, power_sigma=power_sigma)
    automatic, why = _verdict(used, mine, errors)
    unproven = _unproven(used, mine, errors)
    effects = [effect for effect in effects if effect.quantity not in unproven]
    notes = (*notes, *unproven.values())
    calibration = Calibration(
        name=name,
        made=made,
        version=version,
        automatic=automatic,
        why=why,
        effects=tuple(effects),
        runs=tuple(used.ids[:_KEPT_RUNS]),
        n_runs=len(used),
        set_aside=tuple((each.id, each.reason) for each in aside[:_KEPT_RUNS]),
        errors={quantity: found.summary() for quantity, found in errors.items()},
        meters=tuple(meters),
        notes=(*remarks, *notes),
        software=dict(observed.software),
        rents=tuple(rents),
    )
    return Fitted(calibration=calibration, used=used, errors=errors, set_aside=tuple(aside))


def _screened(observed: Observed, expected: Expected) -> tuple["Codes", list[SetAside]]:
    """Return the positions of the usable runs, and the others, each with the reason."""
    wrong = screening.reasons(observed, expected)
    good = np.array([at for at in range(len(observed)) if at not in wrong], dtype=np.intp)
    sites = groups(chips_of(observed, expected)[good], observed.site_of[good])
    logs = np.log(expected.reached_mfu[good] / expected.mfu[good])
    far = outliers(logs, sites)
    for at in np.flatnonzero(far).tolist():
        middle = float(np.median(logs[sites == sites[at]]))
        wrong[int(good[at])] = f"an outlier: {math.exp(middle - logs[at]):.2g} times the hours of similar runs"
    return good[~far], [SetAside(observed.ids[at], wrong[at]) for at in sorted(wrong)]


def _log_ratios(used: Observed, expected: Expected) -> tuple[dict[str, "Array"], list[SetAside]]:
    """Return by quantity the logarithm of measured over expected, NaN where unknown, and the runs of which one quantity is an outlier."""
    with np.errstate(invalid="ignore", divide="ignore"):
        shown = {
            "mfu": np.log(expected.reached_mfu / expected.mfu),
            "power": np.log(used.accelerator_kwh * W_PER_KW / used.hours_h / expected.power_w),
            "host": np.log((used.server_kwh - used.accelerator_kwh) * W_PER_KW / used.hours_h / expected.host_w),
            "step": np.log(expected.s_per_token * used.tokens * used.accelerators / (used.hours_h * S_PER_H)),
        }
    aside = []
    with np.errstate(invalid="ignore"):
        implausible = used.modelled & (used.accelerator_kwh * W_PER_KW / used.hours_h < screening.IDLE_SHARE * expected.most_w)
    shown["power"][implausible] = np.nan
    aside += [SetAside(used.ids[at], "only its energy: it was modelled, of a small part of the machine") for at in np.flatnonzero(implausible).tolist()]
    sites = groups(chips_of(used, expected), used.site_of)
    for quantity, words in _OUTLIER_OF_ONE.items():
        y = shown[quantity]
        y[~np.isfinite(y)] = np.nan
        known = np.flatnonzero(~np.isnan(y))
        far = known[outliers(y[known], sites[known])] if known.size else known
        for at in far.tolist():
            like = float(np.nanmedian(y[sites == sites[at]]))
            aside.append(SetAside(used.ids[at], words.format(math.exp(y[at] - like))))
        y[far] = np.nan
    return shown, aside


def _effects_and_errors(
    used: Observed, expected: Expected, shown: dict[str, "Array"], priors: Spreads, *, power_sigma: float
) -> tuple[list[Effect], dict[str, Errors]]:
    """Return the effects on every measured quantity, and the errors of hours, energy, the power of the host and the step."""
    effects: list[Effect] = []
    found: dict[str, tuple[Codes, Shrunk]] = {}
    for quantity in CALIBRATED:
        rows = np.flatnonzero(~np.isnan(shown[quantity]))
        if rows.size:
            part = used.select(rows) if rows.size < len(used) else used
            mine = expected.select(rows) if rows.size < len(used) else expected
            shrunk, by_scope = effects_of(quantity, part, mine, shown[quantity][rows], priors)
            found[quantity] = (rows, shrunk)
            common = _shared_sigma(quantity, part, mine, power_sigma)
            effects += [each._replace(log_factor_sigma=math.hypot(each.log_factor_sigma, common.get(each.hardware, 0.0))) for each in by_scope]
    hours = found["mfu"][1]
    everything = np.arange(len(used))
    errors = {"hours": _errors(everything, shown["mfu"], hours, expected.sigma)}
    if "power" in found:
        rows, power = found["power"]
        errors["energy"] = _energy_errors(rows, used, expected, (hours, power), priors.whole("power"))
    if "host" in found:
        rows, host = found["host"]
        errors["host"] = _errors(rows, -shown["host"][rows], host, np.full(rows.size, priors.whole("host")), sign=-1.0)
    if "step" in found:
        rows, step = found["step"]
        errors["step"] = _errors(rows, shown["step"][rows], step, np.full(rows.size, priors.whole("step")))
    return effects, errors


def _shared_sigma(quantity: str, used: Observed, expected: Expected, power_sigma: float) -> dict[str, float]:
    """Return by chip the log-spread of power that all runs share, so that more runs do not lower it: of a split, a model or a wall meter."""
    if quantity == "power":
        return dict.fromkeys(expected.chips, power_sigma)
    if quantity != "host" or used.server_sigma is None:
        return {}
    chips, names = chips_of(used, expected), [*dict.fromkeys(expected.chips)]
    sigma = used.server_sigma * used.server_kwh / (used.server_kwh - used.accelerator_kwh)
    return {names[chip]: float(np.median(sigma[chips == chip])) for chip in np.unique(chips).tolist()}


def _errors(rows: "Codes", before: "Array", shrunk: Shrunk, sigma: "Array", *, sign: float = 1.0) -> Errors:
    """Return the errors, given those *before* calibration. The fitted logarithm counts in them with *sign*."""
    after, left_out = before - sign * shrunk.fitted, before - sign * shrunk.left_out
    return Errors(rows, before, after, left_out, sigma, shrunk.left_out_sigma)


def _energy_errors(rows: "Codes", used: Observed, expected: Expected, fits: tuple[Shrunk, Shrunk], power_sigma: float) -> Errors:
    """Return the errors of the accelerators' energy: as utilisation rises, expected hours fall and power rises."""
    hours, power = fits
    before = np.log(expected.planned_kwh[rows] / used.accelerator_kwh[rows])
    falls = 1.0 - expected.power_exponent[rows]
    moved = [power_log - falls * hours_log[rows] for power_log, hours_log in ((power.fitted, hours.fitted), (power.left_out, hours.left_out))]
    left_sigma = np.hypot(falls * hours.left_out_sigma[rows], power.left_out_sigma)
    prior_sigma = np.hypot(falls * expected.sigma[rows], power_sigma)
    after, left_out = before + moved[0], before + moved[1]
    return Errors(rows, before, after, left_out, prior_sigma, left_sigma)


def _verdict(used: Observed, expected: Expected, errors: dict[str, Errors]) -> tuple[bool, str]:
    """Return whether estimates may use the calibration unasked, and why: left-out runs on each chip must be predicted better than without it."""
    if len(used) < _FEWEST:
        return False, "there is only one run, so it cannot be tested"
    for quantity in ("hours", "energy"):
        if quantity in errors and (worse := _no_better(used, expected, errors[quantity])):
            return False, f"the other runs predict {quantity} {worse}"
    for quantity in ("hours", "energy"):
        if quantity in errors and len(errors[quantity].rows) >= _FEWEST and (worse := _worse(*_means(errors[quantity]))):
            return False, f"the other runs predict {quantity} {worse}"
    left_out, before = _means(errors["hours"])
    return True, f"with each run left out in turn, the mean error of hours is {_apart(left_out, before)}"


def _unproven(used: Observed, expected: Expected, errors: dict[str, Errors]) -> dict[str, str]:
    """Return the quantities that are dropped, of which the rest of the calibration does not depend, each with the reason."""
    found: dict[str, str] = {}
    for quantity in ("host", "step"):
        if quantity not in errors:
            continue
        is_tested = len(errors[quantity].rows) >= _FEWEST
        worse = (_no_better(used, expected, errors[quantity]) or _worse(*_means(errors[quantity]))) if is_tested else ""
        if quantity == "step" and not is_tested:
            found[quantity] = "steps are not calibrated: only one run has a known layout"
        elif worse:
            what = "steps are" if quantity == "step" else "the power of the rest of servers is"
            found[quantity] = f"{what} not calibrated: the other runs predict {'them' if quantity == 'step' else 'it'} {worse}"
    return found


def _no_better(used: Observed, expected: Expected, found: Errors) -> str:
    """Return on which chip the other runs predict no better than no calibration, and by how much, empty if on none."""
    chips, names = chips_of(used, expected)[found.rows], [*dict.fromkeys(expected.chips)]
    for chip in np.unique(chips).tolist():
        mine = chips == chip
        if mine.sum() >= _FEWEST and (worse := _worse(*_means(found, mine), where=f" on {names[chip]}")):
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


def _means(found: Errors, mine: "Flags | slice" = slice(None)) -> tuple[float, float]:
    """Return the mean absolute error of left-out runs, and without calibration."""
    return float(np.abs(found.left_out[mine]).mean()), float(np.abs(found.before[mine]).mean())
