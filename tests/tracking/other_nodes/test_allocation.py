"""Which nodes a job has: from the first process of a job, and never from a task of a step."""

import pytest

from traincarbon.tracking.other_nodes.allocation import Allocation, Group, Reach, allocation, is_outside
from traincarbon.tracking.settings import NodeScope

BATCH = {"SLURM_JOB_ID": "7", "SLURM_JOB_NUM_NODES": "4", "SLURM_JOB_NODELIST": "n[0-3]", "SLURMD_NODENAME": "n0", "SLURM_PROCID": "0", "SLURM_NODEID": "0"}
ALONE = Allocation(1, None)


def of(env, command=("python", "train.py"), scope=NodeScope.ALL, host="h0"):
    return allocation(env, command, scope, host=host, expand=lambda listed: ["n0", "n1", "n2", "n3"] if listed == "n[0-3]" else [])


def test_the_batch_step_reaches_the_other_nodes_of_its_job_by_srun():
    assert of(BATCH) == Allocation(4, Reach.SRUN, (), "n0", (Group(None, 4),))


@pytest.mark.parametrize("step", ["4294967291", "4294967290"])
def test_the_batch_and_the_interactive_step_have_special_numbers(step):
    assert of({**BATCH, "SLURM_STEP_ID": step}).reach is Reach.SRUN


def test_a_task_of_a_step_starts_nothing_as_each_node_has_one():
    assert of({**BATCH, "SLURM_STEP_ID": "0"}) == ALONE


@pytest.mark.parametrize("nodes", ["1", "", "x", "²", "-4"])
def test_a_job_of_one_node_or_of_an_unknown_number_has_no_others(nodes):
    assert of({**BATCH, "SLURM_JOB_NUM_NODES": nodes}) == ALONE


def test_here_means_this_node_alone():
    assert of(BATCH, scope=NodeScope.HERE) == ALONE


def test_ssh_is_used_when_asked_for_and_knows_the_others_by_name():
    assert of(BATCH, scope=NodeScope.SSH) == Allocation(4, Reach.SSH, ("n1", "n2", "n3"), "n0")


def test_salloc_on_a_login_node_has_all_its_nodes_elsewhere():
    login = {name: value for name, value in BATCH.items() if name != "SLURMD_NODENAME"}
    found = of(login)
    assert found == Allocation(4, Reach.SRUN, (), "", (Group(None, 4),), is_outside=True)
    assert found.n_others == 4
    assert of(login, scope=NodeScope.SSH).hosts == ("n0", "n1", "n2", "n3")
    assert of({**login, "SLURM_JOB_NUM_NODES": "1"}) == Allocation(1, Reach.SRUN, (), "", (Group(None, 1),), is_outside=True)


def test_a_shell_on_a_node_of_its_job_is_within_even_if_slurm_did_not_start_it():
    adopted = {name: value for name, value in BATCH.items() if name != "SLURMD_NODENAME"}
    assert of(adopted, host="n0.cluster") == Allocation(4, Reach.SRUN, (), "n0", (Group(None, 4),))
    assert of({**adopted, "SLURM_JOB_NUM_NODES": "1"}, host="n0") == ALONE


def expanded(listed):
    return ["n0", "n1"] if listed == "n[0-1]" else []


@pytest.mark.parametrize(
    ("change", "outside"),
    [
        ({}, True),
        ({"SLURMD_NODENAME": "n1"}, False),
        ({"SLURM_STEP_ID": "0"}, False),
        ({"SLURM_JOB_NODELIST": "garbage"}, False),
        ({"SLURM_JOB_NODELIST": ""}, False),
        ({"SLURM_JOB_NUM_NODES": ""}, False),
    ],
)
def test_only_the_step_less_shell_of_a_job_on_another_machine_is_outside_of_it(change, outside):
    login = {"SLURM_JOB_ID": "7", "SLURM_JOB_NUM_NODES": "2", "SLURM_JOB_NODELIST": "n[0-1]", **change}
    assert is_outside(login, host="login", expand=expanded) is outside
    assert not is_outside(login, host="n1", expand=expanded)


def test_a_heterogeneous_job_has_the_nodes_of_all_its_groups():
    groups = {"SLURM_JOB_NUM_NODES_HET_GROUP_0": "1", "SLURM_JOB_NUM_NODES_HET_GROUP_1": "2"}
    lists = {"SLURM_JOB_NODELIST_HET_GROUP_0": "n0", "SLURM_JOB_NODELIST_HET_GROUP_1": "n[0-3]"}
    env = {**BATCH, "SLURM_JOB_NUM_NODES": "1", "SLURM_HET_SIZE": "2", **groups, **lists}
    assert of(env) == Allocation(3, Reach.SRUN, (), "n0", (Group(0, 1), Group(1, 2)))
    assert of(env, scope=NodeScope.SSH).hosts == ("n1", "n2", "n3")


@pytest.mark.parametrize("variable", ["PBS_NODEFILE", "LSB_DJOB_HOSTFILE", "OAR_NODEFILE", "PE_HOSTFILE"])
def test_a_file_of_hosts_counts_each_host_once(variable, tmp_path):
    file = tmp_path / "hosts"
    file.write_text("h0.site 8 all.q UNDEFINED\nh0.site 8\n\nh1.site 8\nh2.site\n")
    env = {variable: str(file)}
    assert of(env, ["/opt/bin/mpirun", "-np", "24", "./a.out"]) == Allocation(3, Reach.MPI, ("h1.site", "h2.site"))
    assert of(env, ["mpiexec.hydra"]).reach is of(env, ["/usr/bin/mpirun.openmpi"]).reach is Reach.MPI
    assert of(env, ["python"], NodeScope.SSH) == Allocation(3, Reach.SSH, ("h1.site", "h2.site"))
    assert of(env, ["python"]) == Allocation(3, None, ("h1.site", "h2.site"))


def test_a_rank_of_a_job_with_a_file_of_hosts_starts_nothing(tmp_path):
    file = tmp_path / "hosts"
    file.write_text("h0\nh1\n")
    assert of({"PBS_NODEFILE": str(file), "OMPI_COMM_WORLD_RANK": "3"}, ["mpirun"]) == ALONE


def test_a_file_of_hosts_that_cannot_be_read_names_none(tmp_path):
    assert of({"PBS_NODEFILE": str(tmp_path / "none")}, ["mpirun"]) == ALONE


def test_no_scheduler_means_one_node():
    assert of({}) == ALONE
