"""Programs that start the processes of a training."""

import pytest

from traincarbon.tracking.launchers.starters import ENVIRONMENT, STARTERS


@pytest.mark.parametrize("row", [row for row in (*STARTERS, ENVIRONMENT) if row.rank is not None], ids=lambda row: row.name)
def test_rank_and_world_size_alone_may_count_pods_and_state_no_rank(row):
    assert row.rank({"RANK": "1", "WORLD_SIZE": "2"}) is None
    assert row.world_size({"RANK": "1", "WORLD_SIZE": "2"}) is None


def test_srun_is_there_in_a_step_alone():
    srun = next(row for row in STARTERS if row.name == "srun")
    assert srun.is_there({"SLURM_STEP_ID": "0"})
    assert not srun.is_there({"SLURM_PROCID": "0", "SLURM_LOCALID": "0"})


def test_torchrun_without_an_id_states_none():
    assert [row.run_id({"TORCHELASTIC_RUN_ID": "none"}) for row in STARTERS if row.name == "torchrun"] == [None, None]
