"""What the launchers of a process say of it."""

from traincarbon.tracking.launchers.launch import Launch


def test_the_record_states_what_launched_a_run_and_what_gave_its_id():
    launch = Launch(launcher="slurm", starter="srun", run_id="slurm-9-0", run_id_from=("SLURM_JOB_ID", "SLURM_STEP_ID"), attempt=1)
    assert launch.origin == {"name": "slurm", "starter": "srun", "run_id_from": ["SLURM_JOB_ID", "SLURM_STEP_ID"], "attempt": 1}


def test_a_run_that_nothing_launched_states_nothing():
    assert Launch(run_id="9f2c").origin is None
    assert Launch(run_id="mine", run_id_from=("CARBON_RUN_ID",)).origin["run_id_from"] == ["CARBON_RUN_ID"]


def test_a_process_is_one_of_many_by_its_rank_or_by_any_size():
    assert Launch(local_rank=0).is_one_of_many
    assert Launch(nodes=2).is_one_of_many
    assert not Launch(nodes=1, world_size=1).is_one_of_many


def test_other_nodes_are_known_by_their_number_a_rank_among_them_or_ranks_elsewhere():
    assert [Launch(nodes=2).has_other_nodes, Launch(node_rank=0).has_other_nodes, Launch(world_size=6, local_size=3).has_other_nodes] == [True] * 3
    assert [Launch().has_other_nodes, Launch(nodes=1, node_rank=0).has_other_nodes, Launch(world_size=3, local_size=3).has_other_nodes] == [False] * 3
