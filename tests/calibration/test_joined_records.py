"""Records of one run by several programs, joined."""

from traincarbon.calibration.joined_records import joined
from traincarbon.ledger.bills import Billed
from traincarbon.ledger.run import Run


def run(run_id, **fields):
    stated = {"schema": "traincarbon/run/1", "run_id": run_id, "state": "lost", "duration_s": 3600.0, "started_at": "2026-03-01T10:00:00Z"}
    return Run.from_dict({**stated, **fields})


METERED = run("slurm-7-prometheus", energy_j={"gpu": 3.6e6}, how={"gpu": "counter"}, accelerators=8, source="prometheus", hw="a100")
JOB = run("slurm-7-20260301100000", state="finished", source="sacct", accelerators=8, project="p")
TRAINED = run("wandb-1", tokens=2e9, params=1e9, source="wandb", energy_j={"gpu": 3.5e6}, counted_in="slurm-7-prometheus")


def test_the_energy_of_one_gets_the_tokens_and_the_end_of_others():
    from dataclasses import replace

    best, job, trained = joined([METERED, JOB, replace(TRAINED, counted_in="slurm-7-prometheus")])
    assert (best.run_id, best.state, best.tokens, best.params, best.project, best.energy_j["gpu"]) == ("slurm-7-prometheus", "finished", 2e9, 1e9, "p", 3.6e6)
    assert (job.counted_in, trained.counted_in) == ("slurm-7-prometheus", "slurm-7-prometheus")


def test_what_a_record_states_stays():
    from dataclasses import replace

    bill = Billed(5.0, 5.0, 0.0, 1, "2026-03-01", "2026-03-01")
    best, _ = joined([replace(METERED, params=3.0, state="failed"), replace(JOB, params=4.0, billed=bill)])
    assert (best.params, best.state, best.billed) == (3.0, "failed", bill)


def test_jobs_of_other_numbers_and_runs_alone_stay_as_they_are():
    records = [METERED, run("slurm-8-1"), run("a")]
    assert joined(records) == records
