"""Who launched this process, as carbon doctor shows it."""

import json

from tracking.launcher_environments import ROWS
from traincarbon.cli.screens.launch import launch_dict, launch_rows, region_rows
from traincarbon.tracking.launcher import Launch, launched


def test_each_fact_names_the_variables_that_state_it():
    assert launch_rows(launched(ROWS["slurm requeued"].env)) == [
        ("launcher", "Slurm, srun"),
        ("run id", "slurm-hpc-12-3 (SLURM_CLUSTER_NAME, SLURM_JOB_ID, SLURM_STEP_ID)"),
        ("node", "2 of 3 (SLURM_NODEID, SLURM_STEP_NUM_NODES)"),
        ("rank", "9 of 11 (SLURM_PROCID, SLURM_STEP_NUM_TASKS)"),
        ("local rank", "1 of 3 (SLURM_LOCALID, SLURM_STEP_TASKS_PER_NODE, SLURM_NODEID)"),
        ("attempt", "3 (SLURM_RESTART_COUNT)"),
    ]


def test_the_commands_of_a_batch_script_are_runs_of_their_own():
    assert ("run id", "slurm-hpc-12 (SLURM_CLUSTER_NAME, SLURM_JOB_ID), and a part of its own for each command") in launch_rows(
        launched(ROWS["slurm batch step"].env)
    )
    assert ("run id", "mine (CARBON_RUN_ID)") in launch_rows(launched({"SLURM_JOB_ID": "12", "CARBON_RUN_ID": "mine"}))


def test_a_process_without_a_launcher_is_told_so():
    assert launch_rows(Launch()) == [("launcher", "none found: each run gets an id of its own")]


def test_a_run_without_an_id_says_how_its_ranks_will_agree_on_one():
    rows = dict(launch_rows(launched(ROWS["torchrun without id"].env)))
    assert rows["run id"].startswith("agreed on in the store")
    assert rows["address"] == "node-a:41231 (MASTER_ADDR, MASTER_PORT)"


def test_every_launch_can_be_shown_and_written_as_json():
    for row in ROWS.values():
        launch = launched(row.env, row.argv)
        assert all(label and told for label, told in launch_rows(launch))
        assert json.loads(json.dumps(launch_dict(launch)))["run_id"] == launch.run_id


def test_a_region_that_the_launcher_states_is_shown():
    assert region_rows({"MODAL_CLOUD_PROVIDER": "GCP", "MODAL_REGION": "us-central1"}) == [("region", "gcp:us-central1 (MODAL_REGION, MODAL_CLOUD_PROVIDER)")]
    assert region_rows({"AWS_REGION": "us-east-1"}) == []
