"""The runs by which people know the subject: what the chain says of each from the plan alone and from the published hours."""

from collections.abc import Sequence
from dataclasses import dataclass

from traincarbon.database.load import Database, open_database
from traincarbon.errors import DatabaseError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.result import Estimate
from traincarbon.formulas import carbon
from traincarbon.published.priors import is_nominal, peak_of
from traincarbon.published.runs import Run, read_runs
from traincarbon.uncertain import Interval

GOLDEN = ("strubell-bert-base-v100", "gpt3-175b", "t5-11b", "meena", "gshard-600b", "switch-1.5t", "bloom-176b", "llama1-65b")
"""Ids in published_runs.csv."""


@dataclass(frozen=True, slots=True, eq=False)
class Golden:
    """A published run beside what the chain says of it; None where a figure was not published.

    Attributes:
        run: The row.
        hours: Accelerator-hours from parameters, tokens, hardware and count alone.
        energy: Energy on the published scope, from the same.
        energy_from_hours_kwh: Median energy from the published accelerator-hours, at the utilisation that they imply.
        energy_is_measured: Whether the published energy rests on measured power rather than on the power cap.
        co2e_from_energy_t: CO2e from the published energy and intensity.
    """

    run: Run
    hours: Interval
    energy: Interval
    energy_from_hours_kwh: float | None
    co2e_from_energy_t: float | None
    energy_is_measured: bool


def golden_cases(database: Database | None = None) -> list[Golden]:
    """Return every run of :data:`GOLDEN` beside what the chain says of it.

    Raises:
        DatabaseError: one of them is not among our published runs.
    """
    database = database if database is not None else open_database()
    by_id = {run["id"]: run for run in read_runs()[0]}
    missing = [id for id in GOLDEN if id not in by_id]
    if missing:
        raise DatabaseError(f"published_runs.csv lacks {', '.join(missing)}", hint="the golden cases are rows of it")
    return [_case(by_id[id], database) for id in GOLDEN]


def _case(run: Run, database: Database) -> Golden:
    plan = run.plan(database)
    alone = estimate(plan, database=database)
    hours_h = run.hours_h
    from_hours = None
    if hours_h is not None:
        timed = Plan.from_dict({**plan.to_dict(), "accelerator_hours": hours_h})
        from_hours = _on_scope(estimate(timed, database=database), run).median
    energy_kwh, intensity = run.number("energy_kwh"), run.number("carbon_intensity_g_per_kwh")
    co2e_t = None
    if energy_kwh is not None and intensity is not None:
        co2e_t = float(carbon.operational_kgco2e(facility_energy_kwh=energy_kwh, intensity_gco2e_per_kwh=intensity)) / 1e3
    hours = alone["accelerator_hours_h"]
    assert hours is not None, "a plan with params and tokens has hours"
    measured = not is_nominal(run, peak_of(run, database)[0])
    return Golden(run, hours, _on_scope(alone, run), from_hours, co2e_t, measured)


def _on_scope(answer: Estimate, run: Run) -> Interval:
    """Return the energy that *answer* gives on the scope that *run* published: the facility's, else that of the servers."""
    interval = answer["facility_energy_kwh" if run["energy_scope"] == "facility" else "it_energy_kwh"]
    assert interval is not None, "every golden chip has a known power"
    return interval


def inside(interval: Interval, published: float | None) -> bool | None:
    """Say whether *published* lies in *interval*, None where nothing was published."""
    return None if published is None else bool(interval.low <= published <= interval.high)


def relative(value: float | None, published: float | None) -> float | None:
    """Return how far *value* is from *published*, as a share of it."""
    return None if value is None or published is None else value / published - 1.0


def share_inside(cases: Sequence[Golden]) -> tuple[int, int]:
    """Return how many published hours and energies lie in their intervals, of how many."""
    verdicts = [inside(case.hours, case.run.hours_h) for case in cases] + [inside(case.energy, case.run.number("energy_kwh")) for case in cases]
    known = [verdict for verdict in verdicts if verdict is not None]
    return sum(known), len(known)
