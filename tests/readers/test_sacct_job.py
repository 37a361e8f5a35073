"""Jobs and steps in single rows of sacct."""

import pytest

from traincarbon.readers.imported import ImportOptions
from traincarbon.readers.sacct_job import Kind, job_of, step_of
from traincarbon.readers.table import Row

CELLS = {"JobID": "7", "State": "COMPLETED", "Start": "2026-10-01T08:00:00", "ElapsedRaw": "60", "NNodes": "2", "AllocTRES": "gres/gpu:a100=8,node=2"}


def job(**cells):
    return job_of("7", Row(3, {**CELLS, **cells}), ImportOptions())


def test_jobs_with_the_same_cells_share_one_kind():
    first, second = job(ConsumedEnergyRaw="5"), job(Start="2026-10-02T08:00:00")
    assert first.kind is second.kind
    assert first.kind == Kind("finished", None, 2.0, 8, "a100", "")
    assert (first.energy_j, second.energy_j, first.line, first.duration_s) == (5.0, None, 3, 60.0)


@pytest.mark.parametrize(
    ("cells", "code"),
    [({"ExitCode": "0:0"}, 0), ({"ExitCode": "1:0", "State": "FAILED"}, 1), ({"ExitCode": "0:9"}, None), ({"ExitCode": "0:15", "State": "TIMEOUT"}, None)],
)
def test_the_exit_code_of_what_a_signal_ended_is_unknown(cells, code):
    assert job(**cells).kind.exit_code == code


def test_nodes_stand_in_one_of_three_columns():
    assert [job(NNodes="", AllocNodes=nodes).kind.nodes for nodes in ("3", "")] == [3.0, 2.0]


def test_a_step_without_energy_says_nothing():
    assert step_of("0", Row(4, CELLS), ImportOptions()) is None
    step = step_of("batch", Row(4, {**CELLS, "ConsumedEnergy": "2K", "End": "Unknown"}), ImportOptions())
    assert (step.name, step.energy_j, step.nodes, step.ended) == ("batch", 2000.0, 2.0, None)


@pytest.mark.parametrize(("cells", "reason"), [({"State": "PENDING"}, "has not ended"), ({"Start": "None"}, "never began"), ({"NNodes": "many"}, "NNodes")])
def test_what_cannot_be_read_is_refused(cells, reason):
    with pytest.raises(ValueError, match=reason):
        job(**cells)
