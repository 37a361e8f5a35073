"""Logs of carbontracker's first releases; 1.0.4 and 1.0.7 wrote them on two GPUs that a replayed NVML let draw 300 W each."""

import pytest

from traincarbon.readers.carbontracker_old import modern
from traincarbon.readers.formats import expanded, merged, read_file

DEVICES = "NVIDIA H100 80GB HBM3, NVIDIA H100 80GB HBM3"
FIRST = f"""2026-11-30 04:30:44,152 - MainThread - INFO - carbontracker version 1.0.4
2026-11-30 04:30:44,196 - MainThread - INFO - The following components were found:  gpu with device(s) {DEVICES}.
2026-11-30 04:30:44,197 - MainThread - INFO - Monitoring thread started.
2026-11-30 04:30:44,197 - MainThread - INFO - Epoch 1 started.
2026-11-30 04:30:47,197 - MainThread - INFO - Epoch 1 ended.
2026-11-30 04:30:47,197 - MainThread - INFO - Power usages for gpu: [[290.0, 300.0], [310.0, 300.0]].
2026-11-30 04:30:47,259 - MainThread - INFO - Epoch 2 started.
2026-11-30 04:30:50,759 - MainThread - INFO - Epoch 2 ended.
2026-11-30 04:30:50,759 - MainThread - INFO - Power usages for gpu: [[300.0, 300.0]].
2026-11-30 04:30:53,259 - MainThread - INFO - Monitoring thread ended.
"""
LATER = f"""2026-11-30 04:30:55 - carbontracker version 1.0.7
2026-11-30 04:30:55 - The following components were found: GPU with device(s) {DEVICES}.
2026-11-30 04:30:58 - Epoch 1:
2026-11-30 04:30:58 - Duration: 0:00:03
2026-11-30 04:30:58 - Average power usage (W) for gpu: [300. 300.]
2026-11-30 04:31:04 - Monitoring thread ended.
"""
OUTPUT = """2026-11-30 04:31:04 - CarbonTracker: 
Actual consumption for 1 epoch(s):
\tTime:\t0:00:03
\tEnergy:\t0.000501 kWh
\tCO2eq:\t0.147309 g
2026-11-30 04:31:04 - CarbonTracker: Finished monitoring.
"""  # noqa: W291  it writes a blank there


def test_every_sample_of_the_first_releases_counts(tmp_path):
    (tmp_path / "2026-11-30T04:30Z_carbontracker.log").write_text(FIRST)
    (record,), left_out, _ = read_file(str(tmp_path / "2026-11-30T04:30Z_carbontracker.log"))
    assert (record.energy_j["gpu"], record.duration_s, left_out) == (pytest.approx(600.0 * 6.5), 6.5, [])
    assert (record.hw, record.accelerators, record.versions) == ("NVIDIA H100 80GB HBM3", 2, {"carbontracker": "1.0.4"})


def test_both_logs_of_a_run_are_one_run_and_the_folder_tells_runs_of_a_minute_apart(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "2026-11-30T04:30Z_carbontracker.log").write_text(LATER)
        (tmp_path / folder / "2026-11-30T04:30Z_carbontracker_output.log").write_text(OUTPUT)
    files = expanded(str(tmp_path))
    runs = merged([record for file in files for record in read_file(file).records])
    assert (len(files), len(runs)) == (4, 2)
    assert [run.energy_j["gpu"] for run in runs] == [1800.0, 1800.0]


def test_later_logs_stay_as_they_are_and_powers_that_cannot_be_read_are_none():
    assert modern(LATER) == LATER
    assert "for gpu: []" in modern(FIRST.replace("[[290.0, 300.0], [310.0, 300.0]]", "[[290.0, 300.0], [310.0]]"))
