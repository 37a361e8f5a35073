"""Ids of jobs as batch systems write them."""

import pytest

from traincarbon.tracking.launchers.run_ids import (
    aws_job,
    command_of,
    digest,
    lsf_job,
    mpi_job,
    pbs_job,
    plain_id,
    sge_job,
    slurm_job,
    slurm_step,
    without_step,
)


def test_tasks_of_an_array_are_jobs_of_their_own_also_where_slurm_gives_them_one_id():
    env = {"SLURM_JOB_ID": "12", "SLURM_ARRAY_JOB_ID": "10"}
    assert {slurm_job(env | {"SLURM_ARRAY_TASK_ID": task}).value for task in "12"} == {"10_1", "10_2"}
    assert slurm_job(env).value == "12"
    assert slurm_job({"SLURM_CLUSTER_NAME": "hpc"}) is None


@pytest.mark.parametrize(("written", "found"), [("0", "0"), ("007", "7"), ("4294967290", None), ("4294967291", None), ("batch", None), ("", None)])
def test_only_what_srun_counts_is_a_step(written, found):
    step = slurm_step({"SLURM_STEP_ID": written})
    assert (None if step is None else step.value) == found


def test_what_counts_in_a_step_alone_can_be_left_out():
    job = {"SLURM_JOB_ID": "9", "SLURM_JOB_NUM_NODES": "4", "SLURM_NODEID": "0"}
    assert without_step(job) is job
    assert without_step(job | {"SLURM_STEP_ID": "0", "SLURM_NNODES": "3"}) == {"SLURM_JOB_ID": "9", "SLURM_JOB_NUM_NODES": "4"}


def test_jobs_of_other_batch_systems_keep_their_index():
    assert lsf_job({"LSB_JOBID": "5", "LSB_JOBINDEX": "3"}).value == "5_3"
    assert sge_job({"JOB_ID": "5", "SGE_TASK_ID": "3"}).value == "5_3"
    assert pbs_job({"PBS_JOBID": "12[3]"}).value == "12_3"
    assert aws_job({"AWS_BATCH_JOB_ID": "a#3"}).value == "a"
    assert [read({}) for read in (lsf_job, sge_job, pbs_job, aws_job, mpi_job)] == [None] * 5


def test_the_server_of_pbs_tells_jobs_apart_and_is_not_named():
    one, other = (pbs_job({"PBS_JOBID": f"12.{server}"}).value for server in ("pbs01.lab", "pbs02.lab"))
    assert one != other
    assert "pbs0" not in one


def test_two_calls_of_mpirun_with_one_namespace_are_told_apart_by_their_address():
    ids = {mpi_job({"PMIX_NAMESPACE": "7", "OMPI_MCA_orte_hnp_uri": f"6.0;tcp://10.0.0.1:{port}"}).value for port in (1, 2)}
    assert len(ids) == 2


def test_a_command_is_its_words_without_what_differs_between_ranks():
    assert command_of(["t", "--node_rank", "1", "x"]) == command_of(["t", "--machine-rank=7", "x"]) == command_of(["t", "x"])
    assert command_of(["t", "--rank", "3"], ranks=(3,)) == command_of(["t", "--rank=5"], ranks=(5, 0)) == command_of(["t"])
    assert command_of(["t", "--rank", "3"]) != command_of(["t", "--rank", "4"])
    assert command_of(["a b"]) != command_of(["a", "b"])
    assert command_of(["t", "--node_rank"]) == command_of(["t"])


@pytest.mark.parametrize(
    "around",
    [
        ["python", "-u", "src/train.py"],
        ["mpirun", "-n", "4", "python", "train.py"],
        ["torchrun", "--nnodes", "2", "/home/me/train.py"],
        ["python", "-m", "torch.distributed.run", "--nproc-per-node=8", "train.py"],
        ["python", "-m", "lab.train"],
        ["srun", "-N4", "python", "-m", "train"],
    ],
)
def test_a_tracker_around_a_launcher_and_one_in_its_script_agree_on_the_command(around):
    assert command_of([*around, "--lr", "1"]) == command_of(["/x/y/train.py", "--lr", "1"])
    assert command_of([*around, "--lr", "1"]) != command_of(["/x/y/train.py", "--lr", "2"])
    assert command_of([*around]) != command_of(["/x/y/eval.py"])


def test_a_line_for_a_shell_is_a_command_of_its_own():
    assert command_of(["sh", "-c", "python train.py"]) != command_of(["sh", "-c", "cd x && python train.py"])


def test_a_plain_name_stays_and_others_never_meet():
    assert plain_id("bert-3.1_x") == "bert-3.1_x"
    assert len({plain_id(written) for written in ("a/b", "a_b", "a:b", "a//b")}) == 4
    assert len(digest("x", size_b=6)) == 12
