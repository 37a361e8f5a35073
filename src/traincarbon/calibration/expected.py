"""What an estimate without calibration expects of runs, for whole columns of them at once."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.calibration.observed import Job, Observed
from traincarbon.calibration.step_time import expected_s_per_token
from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.calibration import NONE
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.formulas import power
from traincarbon.quantities import S_PER_H, W_PER_KW
from traincarbon.uncertain import Num, Uncertain, median_of

if TYPE_CHECKING:
    import numpy.typing as npt
    from numpy import bool_, float64, intp

    from traincarbon.estimation.result import Estimate

    Array = npt.NDArray[float64]
    Codes = npt.NDArray[intp]
    Flags = npt.NDArray[bool_]


class Expected(NamedTuple):
    """What is expected of each run, NaN where nothing is. Powers are those at the utilisation that it reached."""

    mfu: "Array"
    reached_mfu: "Array"
    """What its hours imply, above one if they are impossible."""
    planned_kwh: "Array"
    """Planned energy of the accelerators, by expected hours and power."""
    power_exponent: "Array"
    """How fast power rises with utilisation."""
    power_w: "Array"
    host_w: "Array"
    most_w: "Array"
    """Power cap of one accelerator. [W]"""
    most_server_w: "Array"
    """Nameplate power of a server per accelerator. [W]"""
    sigma: "Array"
    """Log-spread of the expected utilisation."""
    s_per_token: "Array"
    """Wall-clock time per token on its layout, NaN where that is unknown. [s]"""
    chips: tuple[str, ...]
    """The chip of each job, empty if the job cannot be estimated."""
    faults: tuple[str, ...]
    """Why each job cannot be estimated, empty if it can."""

    def select(self, kept: "Codes") -> "Expected":
        """Return what is expected of the runs at the positions *kept*."""
        return self._replace(**{name: getattr(self, name)[kept] for name in _COLUMNS})


_COLUMNS = Expected._fields[:-2]


def expect(observed: Observed, database: Database) -> Expected:
    """Return what the priors expect of each run. All runs of a job are one estimate."""
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
                    chip = _fill(columns, observed, part, job, database)
                except CarbonError as error:
                    fault = str(error)
        chips.append(chip)
        faults.append(fault)
    return Expected(**columns, chips=tuple(chips), faults=tuple(faults))


def _can_be_planned(observed: Observed, rows: "Codes") -> "Flags":
    """Return which of *rows* have numbers that a plan accepts."""
    n = observed.accelerators[rows]
    usable = (n != n) | ((n >= 1.0) & (n < 1e9) & (n % 1.0 == 0.0))  # noqa: PLR0124  NaN is a count that was not stated
    for column in (observed.params, observed.active_params, observed.tokens, observed.hours_h):
        usable &= (column[rows] > 1e-12) & (column[rows] < 1e24)
    fits: Flags = usable & (observed.active_params[rows] <= observed.params[rows])
    return fits


def _fill(columns: dict[str, "Array"], observed: Observed, rows: "Codes", job: Job, database: Database) -> str:
    """Write what is expected of the *rows* of a *job* into *columns*, and return its chip.

    Raises:
        CarbonError: the job cannot be estimated.
    """
    fields: dict[str, Num] = {**job.plan_fields, "calibration": NONE, "params": observed.params[rows], "tokens": observed.tokens[rows]}
    if job.is_mixture:
        fields["active_params"] = observed.active_params[rows]
    n = observed.accelerators[rows]
    answer = estimate(Plan(**fields, accelerators=n if n[0] >= 1.0 else None), database=database)
    facts = answer.facts
    columns["mfu"][rows] = answer.median("mfu")
    mfu = answer.values["mfu"]
    columns["sigma"][rows] = mfu.sigma if isinstance(mfu, Uncertain) else 0.0
    peak = median_of(facts.value("peak_flop_per_s"))
    reached = answer.median("compute_flop") / (peak * S_PER_H * observed.hours_h[rows])
    columns["reached_mfu"][rows] = reached
    if facts.given("board_power_w") is None:
        return facts.accelerator.id
    power_w, hours_h = _link(answer, power.accelerator_power_w), answer.median("accelerator_hours_h")
    columns["planned_kwh"][rows] = hours_h * power_w / W_PER_KW
    columns["power_exponent"][rows] = facts.value("power_exponent")
    if (nameplate := facts.given("max_power_w")) is not None:
        columns["most_server_w"][rows] = median_of(nameplate.value) / facts.accelerator_count
    columns["most_w"][rows] = facts.value("board_power_w")
    possible = reached <= 1.0
    if possible.any():
        by_hours = {name: value[possible] if hasattr(value, "shape") else value for name, value in fields.items()}
        timed = estimate(Plan(**by_hours, accelerator_hours=observed.hours_h[rows][possible]), database=database)
        for name, formula in (("power_w", power.accelerator_power_w), ("host_w", power.host_power_w)):
            value = _link(timed, formula)
            if value is not None:
                columns[name][rows[possible]] = value
    return facts.accelerator.id


def _link(answer: "Estimate", formula: Callable[..., Num]) -> Num:
    """Return the median of the result of *formula* in the chain, None if it was not used."""
    return next((median_of(value) for link, _, value in answer.links if link.formula is formula), None)
