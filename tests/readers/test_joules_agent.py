"""Jobs of the agent of joules: the keys are those that version 0.8 writes, the numbers are ours."""

import json

import pytest

from imports import read_text
from traincarbon.errors import CarbonError
from traincarbon.ledger.same_energy import job_of
from traincarbon.readers.joules_agent import is_joules_agent, read

START = 1_796_011_657.5


def job(**stated):
    usual = {
        "kind": "process", "id": "1000:python train.py", "name": "python train.py", "user": "jane", "namespace": None, "started": START, "last_seen": START + 600,
        "duration_s": 600.0, "energy_j": 200_000.0, "idle_gpu_j": 0.0, "facility_j": 200_000.0, "cost": 0.1, "co2_g": 20.0,
        "devices": ["GPU 0 NVIDIA H100 80GB HBM3", "CPU package-0"], "gpus": ["GPU 0 NVIDIA H100 80GB HBM3"], "attribution": "whole_gpu",
        "attribution_j": {"whole_gpu": 180_000.0, "cpu_time": 20_000.0}, "coverage": 1.0, "sampled_s": 600.0,
    }  # fmt: skip
    return {**usual, **stated}


def jobs(*finished, running=()):
    return json.dumps({"host": "node-17", "jobs": list(running), "finished": list(finished)})


def test_a_job_that_had_a_gpu_alone_has_all_of_its_energy():
    assert is_joules_agent(jobs(job()))
    (record,), left_out, notes = read_text(read, jobs(job()))
    assert (record.energy_j["gpu"], record.energy_j["cpu"], record.how) == (180_000.0, 20_000.0, {"gpu": "power", "cpu": "modelled"})
    assert (record.accelerators, record.hw, record.duration_s, record.operational_kgco2e) == (1, "NVIDIA H100 80GB HBM3", 600.0, None)
    assert (record.project, record.state, left_out, notes) == ("python train.py", "lost", [], [])
    assert "jane" not in repr(record)
    assert "node-17" not in repr(record)


def test_a_share_of_a_gpu_is_modelled_and_what_was_not_sampled_is_a_gap():
    (record,), _, _ = read_text(read, jobs(job(attribution_j={"sm_time": 30_000.0}, energy_j=30_000.0, coverage=0.75)))
    assert (record.energy_j["gpu"], record.how, record.gaps_s) == (30_000.0, {"gpu": "modelled"}, 150.0)


def test_jobs_of_slurm_keep_their_number():
    (record,), _, _ = read_text(read, jobs(job(kind="slurm", id="4711", name="llama")))
    assert job_of(record.run_id) == "4711"


def test_running_jobs_and_devices_without_a_job_are_no_runs():
    records, left_out, notes = read_text(read, jobs(job(kind="idle"), job(energy_j=0.0), running=[job(), job(kind="idle")]))
    assert (records, left_out) == ([], [])
    assert notes == ["1 jobs have not finished; import them when they have", "1 finished jobs used no device that the agent meters"]


def test_what_cannot_be_is_set_aside_and_what_is_cut_off_is_refused():
    (record,), _, _ = read_text(read, jobs(job(energy_j=9e12, attribution_j={"whole_gpu": 9e12})))
    assert (record.metered_kwh, "is it in" in record.missing["gpu"]) == (None, True)
    assert read_text(read, jobs(job(started=None))).left_out == ["finished job 1: it does not say when it ran"]
    with pytest.raises(CarbonError, match="is not JSON"):
        read_text(read, jobs(job())[:-5])
