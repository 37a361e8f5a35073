"""Joules of jobs from real servers: exact over a reset, a gap and a restart, by label and by hosts and time."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from metric_servers import Filled, prometheus, victoria_metrics
from traincarbon import runs
from traincarbon.errors import CarbonError
from traincarbon.ledger.run import Run
from traincarbon.ledger.shared_boards import counted_once, metered_once_kwh
from traincarbon.quantities import EnergySource
from traincarbon.readers.found import Found

BEGAN = 1_772_359_200.0  # 2026-03-01T10:00:00Z
EVERY_S = 15.0
FROM, TO = BEGAN + 600.0, BEGAN + 4200.0
LASTS_S = TO - FROM
ENERGY = "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"
POWER = "DCGM_FI_DEV_POWER_USAGE"
Server = Callable[..., Iterator[str]]


def times(begin_s: float = BEGAN, end_s: float = BEGAN + 4800.0) -> list[float]:
    return [begin_s + EVERY_S * number for number in range(int((end_s - begin_s) / EVERY_S) + 1)]


def counter(watts: Callable[[float], float], *, reset_s: float = 0.0, start_mj: float = 5e9) -> list[tuple[float, float]]:
    """Return a counter of millijoules; at *reset_s* it begins at 0 again."""
    value, found = start_mj, []
    for time_s in times():
        found.append((time_s, value))
        if time_s == reset_s:
            value = 0.0
        value += watts(time_s) * EVERY_S * 1e3
    return found


def gpu(name: str, host: str, number: int, samples: Sequence[tuple[float, float]], *, instance: str = "", job: bool = True) -> list[Filled]:
    """Return the series of one GPU: with the job's label while it runs, else with none."""
    labels = {"__name__": name, "UUID": f"GPU-{host}-{number}", "gpu": str(number), "modelName": "NVIDIA A100-SXM4-80GB", "Hostname": host}
    labels["instance"] = instance or f"{host}:9400"
    mine = [sample for sample in samples if FROM <= sample[0] <= TO]
    others = [sample for sample in samples if not FROM <= sample[0] <= TO]
    if not job:
        return [Filled(labels, list(samples))]
    before, after = [each for each in others if each[0] < FROM], [each for each in others if each[0] > TO]
    return [Filled({**labels, "hpc_job": "1234"}, mine), Filled(labels, before), Filled({**labels, "hpc_job": "99"}, after)]


def cluster() -> list[Filled]:
    """Two nodes: a's driver is loaded anew in the middle; b has a gap, and its exporter restarts under another port."""
    reset = gpu(ENERGY, "a", 0, counter(lambda _: 400.0, reset_s=BEGAN + 1800.0))
    steady = gpu(ENERGY, "a", 1, counter(lambda time_s: 300.0 if time_s < BEGAN + 2400.0 else 100.0))
    whole = counter(lambda _: 250.0)
    gap = gpu(ENERGY, "b", 0, [each for each in whole if not BEGAN + 2000.0 < each[0] < BEGAN + 2900.0])
    before = gpu(ENERGY, "b", 1, [each for each in whole if each[0] < BEGAN + 3000.0])
    after = gpu(ENERGY, "b", 1, [each for each in whole if each[0] > BEGAN + 3060.0], instance="b:9500")
    return [each for each in [*reset, *steady, *gap, *before, *after] if each.samples]


TRUE_J = 400.0 * LASTS_S + 300.0 * 1800.0 + 100.0 * 1800.0 + 2.0 * 250.0 * LASTS_S


@pytest.fixture(scope="module", params=[prometheus, victoria_metrics], ids=["prometheus", "victoria-metrics"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with request.param(tmp_path_factory.mktemp("server"), [*cluster(), *node_energy()]) as url:
        yield f"prom+{url}"


def node_energy() -> list[Filled]:
    """Return registers of two packages on c, of which one overflows, the memory, and the power of the whole node."""
    size_j = 262_143.328850
    found = []
    for package, start_j in ((0, 1000.0), (1, size_j - 60_000.0)):
        samples = [(time_s, (start_j + 100.0 * (time_s - BEGAN)) % size_j) for time_s in times()]
        found.append(Filled({"__name__": "node_rapl_package_joules_total", "instance": "c:9100", "index": str(package), "path": f"/p{package}"}, samples))
    found.append(Filled({"__name__": "node_rapl_dram_joules_total", "instance": "c:9100", "index": "0"}, [(t, 20.0 * (t - BEGAN)) for t in times()]))
    found.append(Filled({"__name__": "ceems_ipmi_dcmi_current_watts", "hostname": "c", "instance": "c:9010"}, [(t, 500.0) for t in times()]))
    square = [(time_s, 400.0 if int((time_s - BEGAN) / 600.0) % 2 else 100.0) for time_s in times()]
    none = [(time_s, 0.0) for time_s in times()]
    for number, job in ((0, "train-0"), (1, "train-1"), (2, "eval")):
        labels = {"serial_number": f"69{number}", "gpu_id": str(number), "card_model": "AMD Instinct MI300X", "hostname": "m", "instance": "m:5000"}
        samples = [(time_s, 1e17 + 1e6 * 100.0 * (number + 1) * (time_s - BEGAN)) for time_s in times(FROM, TO)]
        found.append(Filled({"__name__": "amd_gpu_energy_consumed", **labels, "pod": job}, samples))
    return [*found, *gpu(POWER, "d", 0, square, job=False), *gpu(ENERGY, "d", 0, none, job=False)]


def one(found: Found) -> Run:
    (run,) = found.runs
    return run


def test_the_joules_of_a_job_are_exact_over_a_reset_a_gap_and_a_restart_on_two_nodes(server: str) -> None:
    run = one(runs.read(server, job="1234"))
    assert run.energy_j["gpu"] == pytest.approx(TRUE_J, rel=1e-12)
    assert run.how["gpu"] is EnergySource.COUNTER
    assert (run.nodes, run.accelerators, run.hw) == (2, 4, "NVIDIA A100-SXM4-80GB")
    assert (run.started_at, run.duration_s) == ("2026-03-01T10:10:00.000000Z", LASTS_S)
    assert (run.run_id, run.source) == ("slurm-1234-prometheus", "prometheus")


def test_hosts_and_time_give_the_same_joules_as_the_label(server: str) -> None:
    run = one(runs.read(server, hosts="a,b", from_="2026-03-01T10:10", to="2026-03-01T12:10+01:00"))
    assert run.energy_j["gpu"] == pytest.approx(TRUE_J, rel=1e-12)
    assert (run.duration_s, run.accelerators) == (LASTS_S, 4)


@pytest.mark.parametrize("margin_s", [0.0, 7.0, 600.0, 6e6])
def test_times_beside_a_label_say_where_to_look(server: str, margin_s: float) -> None:
    run = one(runs.read(server, job="hpc_job=1234", from_=str(FROM - margin_s), to=str(TO + margin_s)))
    if margin_s == 7.0:  # less than a scrape: the job began and ended then
        assert run.duration_s == LASTS_S + 14.0
        assert run.energy_j["gpu"] == pytest.approx(TRUE_J + 7.0 * (1200.0 + 1000.0), rel=1e-9)
    else:
        assert (run.duration_s, run.energy_j["gpu"]) == (LASTS_S, pytest.approx(TRUE_J, rel=1e-12))


def test_time_between_two_samples_counts_by_its_share(server: str) -> None:
    run = one(runs.read(server, hosts="a", from_=str(FROM + 5.0), to=str(FROM + 65.0)))
    assert run.energy_j["gpu"] == pytest.approx(700.0 * 60.0, rel=1e-12)


def test_a_register_that_overflows_and_the_rest_of_a_node_are_read(server: str) -> None:
    run = one(runs.read(server, hosts="c", from_=str(FROM), to=str(TO)))
    known = {part: energy_j for part, energy_j in run.energy_j.items() if energy_j is not None}
    assert known == pytest.approx({"cpu": 200.0 * LASTS_S, "dram": 20.0 * LASTS_S, "other": 280.0 * LASTS_S}, rel=1e-9)
    assert run.energy_covers == "node"


def test_power_is_integrated_if_the_counter_counts_nothing(server: str) -> None:
    run = one(runs.read(server, hosts="d", from_=str(BEGAN), to=str(BEGAN + 4800.0)))
    assert run.energy_j["gpu"] == pytest.approx(250.0 * 4800.0, rel=1e-12)
    assert run.how["gpu"] is EnergySource.POWER


def test_all_jobs_of_sacct_are_read_by_their_nodes_and_times(server: str, tmp_path: Path) -> None:
    jobs = tmp_path / "jobs.txt"
    jobs.write_text(
        "JobID|JobName|State|Start|ElapsedRaw|NNodes|AllocTRES|NodeList\n"
        "1234|train|COMPLETED|2026-03-01T10:10:00|3600|2|cpu=8,gres/gpu=4,node=2|a,b\n"
        "1235|other|COMPLETED|2026-03-01T10:00:00|4800|1|cpu=8,node=1|c\n"
        "1236|elsewhere|FAILED|2026-03-01T10:00:00|4800|1|cpu=8,node=1|z\n"
    )
    found = runs.read([str(jobs), server])
    by_id = {run.run_id: run for run in found.runs}
    job = by_id["slurm-1234-20260301101000"]
    assert job.energy_j["gpu"] == pytest.approx(TRUE_J, rel=1e-12)
    assert (job.state, job.project, job.accelerators, job.source) == ("finished", "train", 4, "prometheus")
    assert by_id["slurm-1235-20260301100000"].energy_j["cpu"] == pytest.approx(200.0 * 4800.0, rel=1e-9)
    assert by_id["slurm-1236-20260301100000"].energy_j["gpu"] is None
    assert any("1236" in fault and "z" in fault for fault in found.left_out)


def test_a_node_without_samples_is_missing_and_said(server: str) -> None:
    found = runs.read(server, hosts="a,ghost", from_=str(FROM), to=str(TO))
    run = one(found)
    assert (run.nodes, run.nodes_expected) == (1, 2)
    assert run.missing["nodes"] == "Prometheus has no energy of 1 of 2 nodes"
    assert any("ghost" in note for note in found.notes)


def test_a_job_that_the_ledger_knows_gets_its_energy(server: str, tmp_path: Path) -> None:
    jobs = tmp_path / "jobs.txt"
    jobs.write_text("JobID|JobName|State|Start|ElapsedRaw|NNodes|AllocTRES\n1234|train|COMPLETED|2026-03-01T10:10:00|3600|2|gres/gpu:a100=4,node=2\n")
    runs.import_(str(jobs), store=tmp_path / "store")
    runs.import_(server, job="1234", store=tmp_path / "store")
    (run,) = runs.list(store=tmp_path / "store")
    assert run.energy_j["gpu"] == pytest.approx(TRUE_J, rel=1e-12)
    assert (run.run_id, run.state, run.project) == ("slurm-1234-20260301101000", "finished", "train")


def test_an_energy_of_slurm_becomes_a_second_opinion(server: str, tmp_path: Path) -> None:
    jobs, store = tmp_path / "jobs.txt", tmp_path / "store"
    jobs.write_text(
        "JobID|State|Start|ElapsedRaw|NNodes|AllocTRES|ConsumedEnergyRaw|NodeList\n"
        f"1234|COMPLETED|2026-03-01T10:10:00|3600|2|gres/gpu:a100=4,node=2|{TRUE_J * 1.1:.0f}|a,b\n"
    )
    runs.import_([jobs, server], store=store)
    by_id = {run.run_id: run for run in runs.list(store=store)}
    best, job = by_id["slurm-1234-20260301101000-prometheus"], by_id["slurm-1234-20260301101000"]
    assert best.energy_j["gpu"] == pytest.approx(TRUE_J, rel=1e-12)
    assert (best.state, job.counted_in) == ("finished", best.run_id)
    (opinion,) = best.second_opinions
    assert (opinion.source, opinion.difference) == ("sacct", pytest.approx(0.1, rel=1e-3))


def test_gpus_that_prometheus_does_not_have_leave_the_energy_unknown(server: str, tmp_path: Path) -> None:
    jobs = tmp_path / "jobs.txt"
    jobs.write_text("JobID|State|Start|ElapsedRaw|NNodes|AllocTRES|NodeList\n1234|COMPLETED|2026-03-01T10:10:00|3600|2|gres/gpu:a100=8,node=2|a,b\n")
    run = one(runs.read([str(jobs), server]))
    assert (run.energy_j["gpu"], run.notes) == (None, ("Prometheus has 4 of 8 GPUs",))


def test_an_unknown_job_is_an_error_that_names_the_labels(server: str) -> None:
    with pytest.raises(CarbonError, match="no energy with the label of job '77'") as caught:
        runs.read(server, job="77")
    assert "hpc_job" in caught.value.hint
    assert "--job LABEL=77" in caught.value.hint


def test_several_jobs_and_patterns_are_a_run_each(server: str) -> None:
    def joules(*jobs: str) -> dict[str, float | None]:
        return {run.run_id.removeprefix("prometheus-"): run.energy_j["gpu"] for run in runs.read(server, job=jobs).runs}

    trains = {"train-0": pytest.approx(100.0 * LASTS_S, rel=1e-6), "train-1": pytest.approx(200.0 * LASTS_S, rel=1e-6)}
    assert joules("train-*") == trains
    assert joules("pod=train-0,train-1") == trains
    assert joules("train-[0-1]") == trains
    assert joules("train-?", "1234") == {**trains, "slurm-1234-prometheus": pytest.approx(TRUE_J, rel=1e-12)}
    one_of_two = runs.read(server, job="eval,ghost")
    assert [run.hw for run in one_of_two.runs] == ["AMD Instinct MI300X"]
    assert "job ghost: Prometheus has no energy with the label of job 'ghost'" in one_of_two.left_out[0]
    with pytest.raises(CarbonError, match=r"no energy of a job like 'ghost\*'"):
        runs.read(server, job="ghost*")
    with pytest.raises(CarbonError, match="--hosts are those of one job"):
        runs.read(server, job="train-0,eval", hosts="m")


def test_jobs_of_sacct_are_chosen_by_a_pattern(server: str, tmp_path: Path) -> None:
    jobs = tmp_path / "jobs.txt"
    line = "COMPLETED|2026-03-01T10:10:00|3600|2|gres/gpu:a100=4,node=2|a,b\n"
    jobs.write_text(f"JobID|State|Start|ElapsedRaw|NNodes|AllocTRES|NodeList\n1234|{line}1299|{line}77|{line}")
    found = {run.run_id: run.energy_j["gpu"] is not None for run in runs.read([jobs, server], job="12*").runs}
    assert found == {"slurm-1234-20260301101000": True, "slurm-1299-20260301101000": True, "slurm-77-20260301101000": False}


def test_a_job_by_its_label_and_by_its_hosts_counts_once(server: str, tmp_path: Path) -> None:
    runs.import_(server, job="1234", store=tmp_path)
    runs.import_(server, hosts="a,b", from_=str(FROM), to=str(TO), store=tmp_path)
    runs.import_(server, hosts="b.site,a", from_=str(FROM - 30.0), to=str(TO), store=tmp_path)
    found = runs.list(store=tmp_path)
    assert metered_once_kwh(found, counted_once(found)) == pytest.approx(TRUE_J / 3.6e6, rel=0.02)
    assert sum(not run.counted_in for run in found) == 1
    assert sum(len(run.second_opinions) for run in found) == 2
    assert not any(run.shared_with for run in found)
    assert {use.device for use in found[0].by_device} == {"gpu:GPU-a-0", "gpu:GPU-a-1", "gpu:GPU-b-0", "gpu:GPU-b-1"}


def test_a_job_on_a_part_of_what_was_asked_for_by_hosts_counts_once(server: str, tmp_path: Path) -> None:
    runs.import_(server, job="train-0,train-1", store=tmp_path)
    runs.import_(server, hosts="m", from_=str(FROM), to=str(TO), store=tmp_path)
    found = runs.list(store=tmp_path)
    assert metered_once_kwh(found, counted_once(found)) == pytest.approx(600.0 * LASTS_S / 3.6e6, rel=1e-6)
    assert sorted(run.run_id[:12] for run in found if run.shared_with) == ["prometheus-2", "prometheus-t", "prometheus-t"]


def test_the_command_imports_a_job_without_its_login(server: str, tmp_path: Path) -> None:
    address = server.replace("http://", "http://me:hunter2@")
    command = [sys.executable, "-m", "traincarbon", "runs", "import", address, "--job", "1234", "--store", str(tmp_path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["added"] == ["slurm-1234-prometheus"]
    everything = done.stdout + done.stderr + "".join(file.read_text(errors="replace") for file in tmp_path.rglob("*.jsonl"))
    assert "hunter2" not in everything
    assert "127.0.0.1" not in everything
