"""Samples of experiment-impact-tracker: the keys are those of its data_info_and_router.py, the numbers are ours."""

import json

import pytest

from imports import read_text
from traincarbon.readers.formats import expanded, read_file
from traincarbon.readers.impact_tracker_json import is_impact_tracker, read
from traincarbon.readers.imported import ImportOptions


def sample(at, *, gpu=200.0, cpu=50.0, **others):
    power = {"nvidia_draw_absolute": 300.0, "nvidia_estimated_attributable_power_draw": gpu, "rapl_estimated_attributable_power_draw": cpu}
    return json.dumps({"timestamp": 1_600_000_000.0 + at, **power, "per_gpu_performance_state": "0::P0|1::P2", **others}) + "\n"


LOG = "".join(sample(at) for at in range(0, 301, 60))


def test_the_share_of_the_process_is_integrated():
    assert is_impact_tracker(LOG)
    (record,), left_out, _ = read_text(read, LOG)
    assert (record.energy_j["gpu"], record.energy_j["cpu"], left_out) == (60_000.0, 15_000.0, [])
    assert (record.duration_s, record.samples, record.accelerators, record.started_at) == (300.0, 6, 2, "2020-09-13T12:26:40.000000Z")
    assert "it is under cpu" in record.missing["dram"]


def test_a_machine_without_gpus_has_the_processor_alone():
    text = "".join(json.dumps({"timestamp": at, "rapl_estimated_attributable_power_draw": 40.0}) + "\n" for at in (1.6e9, 1.6e9 + 60))
    (record,), _, _ = read_text(read, text)
    assert (record.energy_j["cpu"], record.energy_j["gpu"], record.accelerators) == (2400.0, None, None)


def test_lines_that_cannot_be_read_are_named():
    _, left_out, _ = read_text(read, LOG + "\n{}\n" + sample(360)[:40])
    assert left_out == ["line 8: it states no time", "line 9: it is no JSON; it is cut off"]
    assert read_text(read, sample(0)).left_out == ["it has only one sample of power"]


def test_a_power_that_no_gpu_draws_is_no_sample():
    (record,), _, _ = read_text(read, LOG + sample(360, gpu=4294967.295))
    assert record.energy_j["gpu"] == pytest.approx(60_000.0)
    assert "unknown" in record.notes[0]


def test_the_folder_above_names_the_run(tmp_path):
    folder = tmp_path / "exp-7" / "impacttracker"
    folder.mkdir(parents=True)
    (folder / "data.json").write_text(LOG)
    (file,) = expanded(str(tmp_path))
    (record,), _, _ = read_file(file, options=ImportOptions())
    assert (record.run_id, record.source) == ("impacttracker-exp-7-20200913T122640", "impacttracker")
