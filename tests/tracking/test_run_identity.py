"""The id of a run that is tracked without one."""

import subprocess
import sys

from traincarbon.tracking.launcher import Launch
from traincarbon.tracking.run_identity import run_id_of

RANKS = """
import subprocess, sys
code = "from traincarbon.tracking.launcher import Launch; from traincarbon.tracking.run_identity import run_id_of; print(run_id_of(Launch(local_rank=0)))"
for _ in range(2):
    print(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip())
"""


def test_the_launcher_gives_the_id_where_it_states_one():
    assert run_id_of(Launch(run_id="slurm-8", local_rank=3)) == "slurm-8"


def test_without_a_launcher_each_process_is_a_run():
    assert run_id_of(Launch()) != run_id_of(Launch())


def test_ranks_of_one_launcher_without_an_id_share_one_and_those_of_another_do_not():
    first, second = (subprocess.run([sys.executable, "-c", RANKS], capture_output=True, text=True, check=True).stdout.split() for _ in range(2))
    assert first[0] == first[1]
    assert second[0] == second[1]
    assert first[0] != second[0]
