"""The table of launchers is that of the code, and the patch for Kubernetes gives one run."""

import re
import runpy
from pathlib import Path

from traincarbon.tracking.launcher import launched

DOCS = Path(__file__).parents[2] / "docs"


def test_the_table_of_launchers_is_that_of_the_code():
    made = runpy.run_path(str(DOCS / "launchers.py"))["table"]()
    assert f"\n{made}\n" in (DOCS / "launchers.md").read_text("utf-8"), "run make launchers"


def test_the_table_names_every_variable_that_a_row_reads():
    lines = runpy.run_path(str(DOCS / "launchers.py"))["table"]().splitlines()
    slurm = next(line for line in lines if line.startswith("| Slurm "))
    names = ("SLURM_CLUSTER_NAME", "SLURM_ARRAY_TASK_ID", "SLURM_STEP_ID", "SLURM_RESTART_COUNT", "SLURM_STEP_NUM_NODES", "SLURM_JOB_NUM_NODES", "SLURM_NODEID")
    assert [name for name in names if f"`{name}`" not in slurm] == []
    workers = next(line for line in lines if line.startswith("| torchrun, its workers "))
    assert [name for name in ("TORCHELASTIC_RUN_ID", "GROUP_RANK", "LOCAL_RANK", "RANK", "WORLD_SIZE") if f"`{name}`" not in workers] == []


def test_the_variables_of_the_kubernetes_page_make_all_pods_one_run():
    text = (DOCS / "kubernetes.md").read_text("utf-8")
    named = set(re.findall(r"\bCARBON_\w+", text))
    assert named == {"CARBON_RUN_ID", "CARBON_NODES", "CARBON_STORE", "CARBON_ATTEMPT"}
    pods = [
        launched(
            {"CARBON_RUN_ID": "1c5f-uid", "CARBON_NODES": "4", "CARBON_ATTEMPT": "1", "JOB_COMPLETION_INDEX": str(pod), "KUBERNETES_SERVICE_HOST": "10.0.0.1"}
        )
        for pod in range(4)
    ]
    assert {(pod.run_id, pod.nodes, pod.attempt) for pod in pods} == {("1c5f-uid", 4, 1)}
    assert [pod.node_rank for pod in pods] == [0, 1, 2, 3]
