"""Measure how long a calibration takes and how much memory it uses, by number of runs. Run it with ``make bench``.

Runs are drawn at random around their expected values: 40 jobs on four chips at ten sites, each with its own team, machines and site.
Ten thousand are given as records of the ledger, a million as columns.
"""

import argparse
import resource
import sys
import time

import numpy as np

from traincarbon.calibration.fit import fit
from traincarbon.calibration.observed import Job, Observed, from_records
from traincarbon.database.load import Database, open_database
from traincarbon.estimation.chain import estimate
from traincarbon.ledger.run import Run

CHIPS = ("a100-sxm4-80gb", "h100-sxm5-80gb", "v100-sxm2-32gb", "b200-sxm-180gb")
KINDS = ("pretrain", "finetune")
TARGETS = ((10_000, "records", 2.0), (1_000_000, "columns", 60.0))


def columns(count: int, database: Database) -> Observed:
    rng = np.random.default_rng(5)
    jobs = [Job(chip, kind=kind, family=family) for chip in CHIPS for kind in KINDS for family in ("decoder", "encoder")]
    job_of, site_of = rng.integers(len(jobs), size=count), rng.integers(10, size=count)
    params, accelerators = np.exp(rng.uniform(np.log(1e8), np.log(1e11), count)), 8.0 * rng.integers(1, 33, count)
    tokens = 20.0 * params * np.exp(rng.normal(0.0, 0.3, count))
    expected = np.array(
        [estimate(params=1e9, tokens=2e10, **job.plan_fields, database=database, calibration="none").median("accelerator_hours_h") for job in jobs]
    )
    effect = 0.25 + rng.normal(0.0, 0.15, len(jobs))[job_of] + rng.normal(0.0, 0.1, 10)[site_of] + rng.normal(0.0, 0.1, count)
    hours_h = expected[job_of] * params * tokens / 2e19 * np.exp(effect)
    draw_w = np.array([400.0, 700.0, 300.0, 1000.0])[job_of // 4]
    energy_kwh = hours_h * draw_w * 0.7e-3 * np.exp(rng.normal(0.0, 0.05, count))
    return Observed(
        ids=[f"run-{at}" for at in range(count)],
        params=params,
        active_params=params,
        tokens=tokens,
        accelerators=accelerators,
        hours_h=hours_h,
        accelerator_kwh=energy_kwh,
        server_kwh=1.5 * energy_kwh,
        modelled=np.zeros(count, dtype=bool),
        jobs=jobs,
        job_of=job_of.astype(np.intp),
        sites=[f"site-{at}" for at in range(10)],
        site_of=site_of.astype(np.intp),
    )


def records(observed: Observed) -> list[Run]:
    made = []
    for at, id in enumerate(observed.ids):
        job = observed.jobs[observed.job_of[at]]
        energy = {"gpu": observed.accelerator_kwh[at] * 3.6e6, "cpu": None, "dram": None, "other": 0.5 * observed.accelerator_kwh[at] * 3.6e6}
        made.append(
            Run(
                run_id=id,
                state="finished",
                started_at="2026-01-01T00:00:00Z",
                duration_s=float(observed.hours_h[at] * 3600.0 / observed.accelerators[at]),
                accelerators=int(observed.accelerators[at]),
                hw=job.hardware,
                params=float(observed.params[at]),
                tokens=float(observed.tokens[at]),
                energy_j=energy,
                how={},
                missing={},
                versions={},
                counts={},
                plan={name: value for name, value in job.plan_fields.items() if name != "hw"},
            )
        )
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=1_000_000, help="leave out larger numbers of runs")
    options = parser.parse_args()
    database = open_database()
    print(f"{'runs':>10}  {'as':8}{'s':>8}{'target':>8}{'MiB':>8}  median error before, by the others")
    for count, form, target_s in TARGETS:
        if count > options.most:
            continue
        observed, aside = columns(count, database), []
        made = records(observed) if form == "records" else []
        start = time.perf_counter()
        if made:
            observed, aside = from_records(made, database)
        fitted = fit(observed, database, name="bench", made="", version="", set_aside=aside)
        took_s = time.perf_counter() - start
        peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
        told = fitted.calibration.errors["hours"]
        print(f"{count:10,}  {form:8}{took_s:8.2f}{target_s:8.0f}{peak_mib:8,.0f}  {told['before']:.3f}, {told['left_out']:.3f}")


if __name__ == "__main__":
    main()
