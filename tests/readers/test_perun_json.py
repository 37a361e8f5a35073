"""Results of perun: the tree has the form that perun 1.0 writes, with numbers of our own."""

import json

import pytest

from imports import read_text
from traincarbon.errors import CarbonError
from traincarbon.readers.formats import read_file
from traincarbon.readers.perun_json import is_perun, read


def metrics(**values):
    return {name: {"type": name, "value": value, "metric_md": {"unit": "J", "mag": 1.0}, "agg": "sum"} for name, value in values.items()}


def host(gpus=2):
    sensors = {f"CUDA:{at}_POWER": {"id": f"CUDA:{at}_POWER", "type": 6, "metrics": metrics(gpu_energy=1.8e5), "nodes": [{}]} for at in range(gpus)}
    memory = {"RAM_MEM": {"id": "RAM_MEM", "type": 6, "metrics": metrics(dram_mem=1e9), "nodes": [{}]}}
    group = {"id": "gpu", "type": 5, "metrics": metrics(gpu_energy=1.8e5 * gpus), "nodes": [{**sensors, **memory}]}
    return {"id": "node-17", "type": 4, "metadata": {}, "metrics": metrics(gpu_energy=1.8e5 * gpus), "nodes": [{"gpu": group}]}


def result(*, rounds=1, pue="1.0", hosts=1, **values):
    values = values or {"runtime": 600.0, "energy": 4.0e5, "gpu_energy": 3.6e5, "cpu_energy": 4.0e4}
    run = {"type": 3, "metadata": {}, "metrics": metrics(**values), "nodes": [{f"node-{at}": host() for at in range(hosts)}]}
    settings = {"execution_dt": "2026-05-01T10:00:00.5", "perun_version": "1.0.0", "post-processing.pue": pue, "post-processing.emissions_factor": "230.0"}
    series = {"id": "s", "type": 2, "metadata": settings, "metrics": {}, "nodes": [{str(at): {**run, "id": str(at)} for at in range(rounds)}]}
    return json.dumps({"id": "train", "type": 1, "metadata": {"creation_dt": "x", "last_execution_dt": "y"}, "metrics": {}, "nodes": [{"s": series}]})


def test_a_round_is_a_run_with_the_energy_of_its_parts():
    assert is_perun(result())
    (record,), left_out, _ = read_text(read, result())
    assert (record.energy_j, left_out) == ({"gpu": 3.6e5, "cpu": 4.0e4, "dram": None, "other": None}, [])
    assert (record.run_id, record.duration_s, record.started_at, record.accelerators) == ("perun-train-s-0", 600.0, "2026-05-01T10:00:00.500000Z", 2)
    assert (record.versions, record.operational_kgco2e, record.facility_energy_kwh) == ({"perun": "1.0.0"}, None, None)
    assert "node-17" not in repr(record)


def test_rounds_and_hosts_are_told_apart():
    records, _, _ = read_text(read, result(rounds=2, hosts=2))
    assert [(record.run_id, record.started_at != "", record.nodes, record.accelerators) for record in records] == [
        ("perun-train-s-0", True, 2, 4),
        ("perun-train-s-1", False, 2, 4),
    ]


def test_a_pue_that_was_set_gives_the_energy_of_the_facility():
    (record,), _, _ = read_text(read, result(pue="1.25", runtime=600.0, energy=4.5e6, gpu_energy=3.6e5))
    assert record.facility_energy_kwh["median"] == 1.25


def test_a_round_without_a_time_is_left_out():
    assert read_text(read, result(energy=1.0)).left_out == ["train, s, round 0: it states no runtime"]


def test_files_that_are_cut_off_or_in_hdf5_say_so(tmp_path):
    with pytest.raises(CarbonError, match="is not JSON"):
        read_text(read, result()[:-9])
    (tmp_path / "train.hdf5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(CarbonError, match="HDF5") as caught:
        read_file(str(tmp_path / "train.hdf5"))
    assert "perun export" in caught.value.hint
