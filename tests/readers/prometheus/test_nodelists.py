"""Nodes of jobs in output of sacct."""

from pathlib import Path

from traincarbon.readers.prometheus.nodelists import nodes_of_jobs
from traincarbon.runs import read


def test_nodes_are_those_of_the_runs_that_the_reader_of_sacct_makes(tmp_path: Path) -> None:
    file, other = tmp_path / "jobs.txt", tmp_path / "other.csv"
    file.write_text(
        "JobID|State|Start|ElapsedRaw|NNodes|NodeList|Cluster\n"
        "7|COMPLETED|2026-03-01T10:00:00|60|2|gpu[1-2]|west\n"
        "7.batch|COMPLETED|2026-03-01T10:00:00|60|1|gpu1|west\n"
        "8_1|COMPLETED|2026-03-01T10:00:00|60|1|gpu3|west\n"
        "9|CANCELLED|2026-03-01T10:00:00|60|0|None assigned|west\n"
    )
    other.write_text("name,hours\na,1\n")
    found = nodes_of_jobs([str(file), str(other), str(tmp_path / "none")])
    assert found == {"slurm-west-7-20260301100000": ("gpu1", "gpu2"), "slurm-west-8_1-20260301100000": ("gpu3",)}
    assert set(found) <= {run.run_id for run in read(str(file)).runs}
