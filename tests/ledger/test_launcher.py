"""What launched a run, as its lines state it."""

import pytest

from traincarbon.ledger.launcher import checked_launcher, latest_launcher, launcher_line

STATED = {"name": "slurm", "starter": "srun", "run_id_from": ["SLURM_JOB_ID"], "attempt": 1}


def test_what_a_line_states_is_read_back():
    assert checked_launcher(STATED) == STATED


@pytest.mark.parametrize("stated", [None, 3, "slurm", [], {}])
def test_what_is_no_table_states_nothing(stated):
    assert checked_launcher(stated) is None


def test_values_of_another_kind_are_not_taken():
    assert checked_launcher({"name": 3, "run_id_from": [None, "A"], "attempt": -1}) == {"name": "", "starter": "", "run_id_from": ["", "A"], "attempt": None}
    assert len(checked_launcher({"name": "x" * 10_000, "run_id_from": ["y"] * 1000})["run_id_from"]) == 20


def test_the_latest_attempt_speaks_for_the_run():
    assert latest_launcher([None, STATED | {"attempt": 0}, STATED | {"attempt": 2}, STATED]) == STATED | {"attempt": 2}
    assert latest_launcher([None]) is None


def test_a_run_of_one_launcher_names_it_once():
    assert launcher_line({"name": "torchrun", "starter": "torchrun", "run_id_from": [], "attempt": 0}) == "torchrun"
    assert launcher_line(None) == ""
