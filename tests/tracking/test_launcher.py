"""Who started a process: a matrix of environments, and what no environment may do."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.launcher_environments import ROWS
from traincarbon.tracking.launcher import Launch, launched
from traincarbon.tracking.launchers.table import EXPERIMENTS, LAUNCHERS

_NAMES = sorted({name for row in ROWS.values() for name in row.env})
_VALUES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["", " ", "-1", "²", "9" * 5000, "4(x", "(x2)", "4(x0)", "1:", ":4", "../../etc", "[]", "{}", '{"cluster": 3}', '{"cluster": {"a": [1]}, "task": 7}']
    ),
    st.integers(-5, 10**12).map(str),
    st.recursive(st.none() | st.floats() | st.text(), lambda each: st.lists(each) | st.dictionaries(st.text(), each)).map(json.dumps),
)


@pytest.mark.parametrize("name", ROWS)
def test_each_launcher_gives_the_run_and_the_place_in_it(name):
    row = ROWS[name]
    launch = launched(row.env, row.argv)
    assert {field: getattr(launch, field) for field in row.said} == row.said


def test_every_launcher_of_the_table_is_tried():
    reached = {row.name for row in (*LAUNCHERS, *EXPERIMENTS) for each in ROWS.values() if row.is_there(dict(each.env))}
    assert reached == {row.name for row in (*LAUNCHERS, *EXPERIMENTS)}


def test_each_field_says_which_variables_stated_it():
    found = launched(ROWS["slurm step"].env).found
    assert found == {
        "node_rank": ("SLURM_NODEID",), "nodes": ("SLURM_STEP_NUM_NODES",), "local_rank": ("SLURM_LOCALID",), "rank": ("SLURM_PROCID",),
        "local_size": ("SLURM_STEP_TASKS_PER_NODE", "SLURM_NODEID"), "world_size": ("SLURM_STEP_NUM_TASKS",),
        "run_id": ("SLURM_CLUSTER_NAME", "SLURM_JOB_ID", "SLURM_STEP_ID"),
    }  # fmt: skip


def test_two_commands_of_one_batch_script_are_two_runs_and_each_comes_again_with_its_job():
    batch = ROWS["slurm batch step"].env
    train, evaluate = launched(batch, ["python", "train.py"]).run_id, launched(batch, ["python", "eval.py"]).run_id
    assert train != evaluate
    assert launched(batch | {"SLURM_RESTART_COUNT": "1"}, ["python", "train.py"]).run_id == train
    assert launched(batch | {"SLURM_JOB_ID": "13"}, ["python", "train.py"]).run_id != train
    assert launched(batch | {"SLURM_CLUSTER_NAME": "other"}, ["python", "train.py"]).run_id != train


def test_the_command_is_the_same_on_all_nodes_and_ranks_that_run_it():
    env = {"SKYPILOT_TASK_ID": "t", "SKYPILOT_NUM_NODES": "2"}
    ids = {
        launched(env | {"SKYPILOT_NODE_RANK": str(rank)}, ["torchrun", "--nnodes=2", *option, "train.py"]).run_id
        for rank in (0, 1)
        for option in ([f"--node_rank={rank}"], ["--node-rank", str(rank)])
    }
    assert len(ids) == 1
    jax = {launched(env | {"SKYPILOT_NODE_RANK": str(rank)}, ["python", "t.py", "--rank", str(rank), f"--process_id={rank}"]).run_id for rank in (0, 1)}
    assert len(jax) == 1


def test_a_rank_of_a_matrix_tells_two_commands_apart():
    batch = ROWS["slurm batch step"].env
    assert launched(batch, ["t.py", "--rank", "8"]).run_id != launched(batch, ["t.py", "--rank", "16"]).run_id
    assert launched(batch, ["t.py", "--lora_rank=8"]).run_id != launched(batch, ["t.py", "--lora_rank=16"]).run_id


@pytest.mark.parametrize("written", ["../../etc", "a/b", "a\\b", "x" * 500, "ƒuzzN", ".hidden", "a b"])
def test_an_id_of_a_launcher_becomes_a_plain_name_and_stays_its_own(written):
    run_id = launched({"TORCHELASTIC_RUN_ID": written}).run_id
    assert len(run_id) < 100
    assert run_id.isascii()
    assert not set(run_id) & set("/\\ ")
    assert not run_id.startswith(".")
    assert run_id != launched({"TORCHELASTIC_RUN_ID": f"{written}2"}).run_id


@pytest.mark.parametrize("empty", ["", "   ", "\t", "\x1b[2J", "a\nb"])
def test_what_is_empty_or_not_printable_is_not_stated(empty):
    assert launched({name: empty for name in _NAMES if name != "CARBON_RUN_ID"}) == Launch()


def test_an_id_that_the_user_sets_is_taken_as_it_is():
    assert launched({"CARBON_RUN_ID": " a/b "}).run_id == "a/b"
    assert launched({"CARBON_RUN_ID": "a\x1b[2J"}).run_id == "a\x1b[2J"


@given(st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=25), st.lists(st.text(max_size=8), max_size=6))
def test_no_environment_makes_it_fail_or_say_what_cannot_be(env, argv):
    launch = launched(env, argv)
    assert launch.run_id.isprintable() or launch.run_id_from == ("CARBON_RUN_ID",)
    for place, size in ((launch.node_rank, launch.nodes), (launch.local_rank, launch.local_size), (launch.rank, launch.world_size)):
        assert place is None or place >= 0
        assert size is None or size >= 1
        assert place is None or size is None or place < size
    numbers = {name for name in launch.found if name not in ("run_id", "rendezvous")}
    assert numbers == {name for name, value in launch._asdict().items() if type(value) is int}
