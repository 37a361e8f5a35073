"""Which runs of several stores are one."""

import pytest

from journals import lines_of
from traincarbon.ledger.folding import fold
from traincarbon.ledger.server.cluster import cluster_of


def processes(run_id, *, origin=(), nodes=None):
    return fold(lines_of(run_id=run_id, start={"launcher": {"name": "slurm", "run_id_from": list(origin)}, "nodes_expected": nodes}))


@pytest.mark.parametrize(
    ("run_id", "origin", "nodes", "expected"),
    [
        ("0123456789ab", (), None, ""),  # drawn by lot
        ("slurm-a-7-0", ("SLURM_CLUSTER_NAME", "SLURM_JOB_ID"), 4, ""),
        ("slurm-7", ("SLURM_JOB_ID",), 4, "store"),
        ("lsf-7", ("LSB_JOBID",), None, "store"),
        ("baseline", ("--run-id",), None, "store"),
        ("baseline", ("CARBON_RUN_ID",), 1, "store"),
        ("big", ("CARBON_RUN_ID",), 4, ""),  # its user gave the nodes one id
        ("big", (), None, "store"),
    ],
)
def test_an_id_that_others_may_have_too_belongs_to_its_store(run_id, origin, nodes, expected):
    assert cluster_of(run_id, processes(run_id, origin=origin, nodes=nodes), store="store") == expected


def test_a_cluster_that_is_stated_counts():
    assert cluster_of("slurm-7", processes("slurm-7"), store="store", stated="jupiter") == "jupiter"
