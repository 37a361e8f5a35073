"""Estimates of well-known published runs, from the plan alone and from the published hours."""

from collections.abc import Sequence
from dataclasses import dataclass

from traincarbon.database.load import Database, open_database
from traincarbon.errors import DatabaseError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.result import Estimate
from traincarbon.formulas import carbon
from traincarbon.published.power_rows import is_nominal
from traincarbon.published.reported_runs import PublishedRun, chip_of
from traincarbon.published.runs_file import read_runs
from traincarbon.quantities import KG_PER_T
from traincarbon.uncertain import Interval

LANDMARKS = ("strubell-bert-base-v100", "gpt3-175b", "t5-11b", "meena", "gshard-600b", "switch-1.5t", "bloom-176b", "llama1-65b")
"""Ids in published_runs.csv."""


@dataclass(frozen=True, slots=True, eq=False)
class Landmark:
    """A published run with its estimates, None where nothing was published to compare with.

    Attributes:
        run: The row.
        hours: Accelerator-hours from parameters, tokens, hardware and number of accelerators alone.
        energy: Energy in the published scope, from the same.
        energy_from_hours_kwh: Median energy from the published accelerator-hours, at the utilisation that they imply.
        energy_is_measured: Whether the published energy rests on measured power rather than on the power cap.
        co2e_from_energy_t: CO2e from the published energy and intensity.
    """

    run: PublishedRun
    hours: Interval
    energy: Interval
    energy_from_hours_kwh: float | None
    co2e_from_energy_t: float | None
    energy_is_measured: bool


def landmark_estimates(database: Database | None = None) -> list[Landmark]:
    """Return every run of :data:`LANDMARKS` with its estimates.

    Raises:
        DatabaseError: one of them is not among our published runs.
    """
    database = database if database is not None else open_database()
    by_id = {run.id: run for run in read_runs()[0]}
    missing = [id for id in LANDMARKS if id not in by_id]
    if missing:
        raise DatabaseError(f"published_runs.csv lacks {', '.join(missing)}", hint="is the installation complete?")
    return [_landmark(by_id[id], database) for id in LANDMARKS]


def _landmark(run: PublishedRun, database: Database) -> Landmark:
    plan = run.plan(database)
    alone = estimate(plan, database=database)
    from_hours = None
    if run.hours_h is not None:
        timed = Plan.from_dict({**plan.to_dict(), "accelerator_hours": run.hours_h})
        from_hours = _on_scope(estimate(timed, database=database), run).median
    energy_kwh, intensity = run.energy_kwh, run.carbon_intensity_g_per_kwh
    co2e_t = None
    if energy_kwh is not None and intensity is not None:
        co2e_t = float(carbon.operational_kgco2e(facility_energy_kwh=energy_kwh, intensity_gco2e_per_kwh=intensity)) / KG_PER_T
    hours = alone["accelerator_hours_h"]
    assert hours is not None, "a plan with params and tokens has hours"
    measured = not is_nominal(run, chip_of(run, database))
    return Landmark(run, hours, _on_scope(alone, run), from_hours, co2e_t, measured)


def _on_scope(answer: Estimate, run: PublishedRun) -> Interval:
    """Return the estimated energy in the scope that *run* published: the facility, else the servers."""
    interval = answer["facility_energy_kwh" if run.energy_scope == "facility" else "it_energy_kwh"]
    assert interval is not None, "the power of every landmark's chip is known"
    return interval


def inside(interval: Interval, published: float | None) -> bool | None:
    """Return whether *published* lies in *interval*, None where nothing was published."""
    return None if published is None else bool(interval.low <= published <= interval.high)


def relative(value: float | None, published: float | None) -> float | None:
    """Return the relative difference of *value* from *published*."""
    return None if value is None or published is None else value / published - 1.0


def share_inside(cases: Sequence[Landmark]) -> tuple[int, int]:
    """Return how many published hours and energies lie in their intervals, and how many there are."""
    verdicts = [inside(case.hours, case.run.hours_h) for case in cases] + [inside(case.energy, case.run.energy_kwh) for case in cases]
    known = [verdict for verdict in verdicts if verdict is not None]
    return sum(known), len(known)
