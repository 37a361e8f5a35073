"""Fit a calibration to runs: effects by scope, errors with each run left out, and the runs that were not used."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from traincarbon.calibration import screening
from traincarbon.calibration.effects import chips_of, effects_of, groups
from traincarbon.calibration.expected import Expected, expect
from traincarbon.calibration.observed import Observed
from traincarbon.calibration.prediction_errors import Errors
from traincarbon.calibration.unmetered_power import accelerator_energy
from traincarbon.calibration.unusable import NoUsableRunError
from traincarbon.calibration.verdicts import ErrorsByChip, together, unproven, verdicts_of
from traincarbon.database.load import Database
from traincarbon.estimation.billed_rent import Rent
from traincarbon.estimation.calibration import CALIBRATED, Calibration, Effect
from traincarbon.fitting.outliers import outliers
from traincarbon.fitting.shrinkage import Shrunk
from traincarbon.published.reported_runs import SetAside
from traincarbon.published.spreads import Spreads, spreads_of
from traincarbon.quantities import S_PER_H, W_PER_KW

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Codes = npt.NDArray[np.intp]

_KEPT_RUNS = 1000
"""A calibration lists at most this many ids of runs, and of runs set aside, and of more only their number."""

_OUTLIER_OF_ONE = {
    "power": "only its energy: its accelerators took {:.2g} times the power of similar runs",
    "host": "only its energy: the rest of its servers took {:.2g} times the power of similar runs",
    "step": "only its step: it was {:.2g} times as fast on its layout as similar runs",
}
"""Why one quantity of a run is not used: it differs too much from similar runs."""


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
    prices: ErrorsByChip | None = None,
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
        prices: How well these predict the price of a run, None if no run has a bill.
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
    effects, errors, energy_alone = _effects_and_errors(used, mine, shown, priors, power_sigma=power_sigma)
    if prices is not None:
        errors["price"] = prices.errors
    tested = {quantity: prices if prices is not None and quantity == "price" else _tested(found, used, mine) for quantity, found in errors.items()}
    verdicts = verdicts_of(tested, energy_alone=energy_alone)
    automatic, why = together(verdicts)
    dropped = unproven(tested)
    effects = [effect for effect in effects if effect.quantity not in dropped]
    notes = (*notes, *dropped.values())
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
        verdicts=verdicts,
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
) -> tuple[list[Effect], dict[str, Errors], Errors | None]:
    """Return the effects on every measured quantity, the errors of hours, energy, the power of the host and the step, and those of energy if hours stay."""
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
    alone = None
    if "power" in found:
        rows, power = found["power"]
        errors["energy"] = _energy_errors(rows, used, expected, (hours, power), priors.whole("power"))
        before = errors["energy"].before
        alone = errors["energy"]._replace(after=before + power.fitted, left_out=before + power.left_out)
    if "host" in found:
        rows, host = found["host"]
        errors["host"] = _errors(rows, -shown["host"][rows], host, np.full(rows.size, priors.whole("host")), sign=-1.0)
    if "step" in found:
        rows, step = found["step"]
        errors["step"] = _errors(rows, shown["step"][rows], step, np.full(rows.size, priors.whole("step")))
    return effects, errors, alone


def _tested(found: Errors, used: Observed, expected: Expected) -> ErrorsByChip:
    """Return errors with the chip of each of their runs."""
    names = [*dict.fromkeys(expected.chips)]
    return ErrorsByChip(found, [names[chip] for chip in chips_of(used, expected)[found.rows].tolist()])


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
