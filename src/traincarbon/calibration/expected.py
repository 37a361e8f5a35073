"""What the chain expects of runs without any calibration, worked out for whole columns of them."""

from typing import TYPE_CHECKING, Any, NamedTuple

from traincarbon.calibration.observed import Observed
from traincarbon.calibration.step_time import expected_s_per_token
from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.calibration import NONE
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.formulas import power
from traincarbon.uncertain import Uncertain, median_of

if TYPE_CHECKING:
    import numpy.typing as npt
    from numpy import float64

    from traincarbon.estimation.result import Estimate

    Array = npt.NDArray[float64]


class Expected(NamedTuple):
    """By run what is expected of it, NaN where nothing is; draws are those at the utilisation that it reached."""

    mfu: "Array"
    reached_mfu: "Array"
    """What its hours imply; above one where they cannot be."""
    planned_kwh: "Array"
    """Energy of the accelerators that would have been planned, by expected hours and draw."""
    power_exponent: "Array"
    """How fast the draw rises with utilisation."""
    power_w: "Array"
    host_w: "Array"
    most_w: "Array"
    """Power cap of one accelerator. [W]"""
    most_server_w: "Array"
    """Nameplate of a server, for each accelerator in it. [W]"""
    sigma: "Array"
    """Log-spread of the expected utilisation."""
    s_per_token: "Array"
    """Wall-clock for each token on the layout that it had, NaN where that is not known. [s]"""
    chips: tuple[str, ...]
    """The chip of each job, empty where it cannot be estimated."""
    faults: tuple[str, ...]
    """Why each job cannot be estimated, empty where it can."""

    def only(self, kept: Any) -> "Expected":
        """Return what is expected of the runs at the places *kept*."""
        return self._replace(**{name: getattr(self, name)[kept] for name in _COLUMNS})


_COLUMNS = Expected._fields[:-2]


def expect(observed: Observed, database: Database) -> Expected:
    """Return what the priors say of each run; a job is one call for all of its runs."""
    import numpy as np

    columns = {name: np.full(len(observed), np.nan) for name in _COLUMNS}
    if observed.layout_of is not None:
        columns["s_per_token"] = expected_s_per_token(observed.layouts, observed.layout_of, database)
    order = np.argsort(observed.job_of, kind="stable")
    bounds = np.searchsorted(observed.job_of[order], np.arange(len(observed.jobs) + 1))
    chips, faults = [], []
    for at, job in enumerate(observed.jobs):
        rows = order[bounds[at] : bounds[at + 1]]
        usable = rows[_can_be_planned(observed, rows)]
        counted = ~np.isnan(observed.accelerators[usable])
        chip = fault = ""
        for part in (usable[counted], usable[~counted]):
            if part.size:
                try:
                    chip = _fill(columns, observed, part, dict(job), database)
                except CarbonError as error:
                    fault = str(error)
        chips.append(chip)
        faults.append(fault)
    return Expected(**columns, chips=tuple(chips), faults=tuple(faults))


def _can_be_planned(observed: Observed, rows: Any) -> Any:
    """Return which of *rows* have numbers that a plan may hold."""
    n = observed.accelerators[rows]
    usable = (n != n) | ((n >= 1.0) & (n < 1e9) & (n % 1.0 == 0.0))  # noqa: PLR0124  NaN is no count that was stated
    for column in (observed.params, observed.active_params, observed.tokens, observed.hours_h):
        usable &= (column[rows] > 1e-12) & (column[rows] < 1e24)
    return usable & (observed.active_params[rows] <= observed.params[rows])


def _fill(columns: dict[str, "Array"], observed: Observed, rows: Any, job: dict[str, Any], database: Database) -> str:
    """Write what is expected of the *rows* of one job into *columns*, and return its chip.

    Raises:
        CarbonError: the job cannot be estimated.
    """
    mixture = job.pop("moe", False)
    fields = {**job, "calibration": NONE, "params": observed.params[rows], "tokens": observed.tokens[rows]}
    if mixture:
        fields["active_params"] = observed.active_params[rows]
    n = observed.accelerators[rows]
    answer = estimate(Plan(**fields, accelerators=n if n[0] >= 1.0 else None), database=database)
    setting = answer.facts
    columns["mfu"][rows] = answer.median("mfu")
    mfu = answer.values["mfu"]
    columns["sigma"][rows] = mfu.sigma if isinstance(mfu, Uncertain) else 0.0
    peak = median_of(setting.value("peak_flop_per_s"))
    reached = answer.median("compute_flop") / (peak * 3600.0 * observed.hours_h[rows])
    columns["reached_mfu"][rows] = reached
    if setting.given("board_power_w") is None:
        return setting.accelerator.id
    draw_w, hours_h = _link(answer, power.accelerator_power_w), answer.median("accelerator_hours_h")
    columns["planned_kwh"][rows] = hours_h * draw_w / 1e3
    columns["power_exponent"][rows] = setting.value("power_exponent")
    if (nameplate := setting.given("max_power_w")) is not None:
        columns["most_server_w"][rows] = median_of(nameplate.value) / setting.accelerator_count
    columns["most_w"][rows] = setting.value("board_power_w")
    possible = reached <= 1.0
    if possible.any():
        by_hours = {name: value[possible] if hasattr(value, "shape") else value for name, value in fields.items()}
        drawn = estimate(Plan(**by_hours, accelerator_hours=observed.hours_h[rows][possible]), database=database)
        for name, formula in (("power_w", power.accelerator_power_w), ("host_w", power.host_power_w)):
            value = _link(drawn, formula)
            if value is not None:
                columns[name][rows[possible]] = value
    return setting.accelerator.id


def _link(answer: "Estimate", formula: Any) -> Any:
    return next((median_of(value) for used, _, value in answer.links if used is formula), None)
