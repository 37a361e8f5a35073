"""What MPICH states on the command line of its process on each node, found from a rank that may be deep below it."""

import os
import subprocess
import sys

import pytest

from traincarbon.tracking.launchers.parents import CONTROL_PORT, environment_with_parents

ASK = "import os; from traincarbon.tracking.launchers.parents import *; print(environment_with_parents(os.environ).get(CONTROL_PORT))"


def said_below(tmp_path, *words, shell=False, rank="3"):
    """Return what a process finds that a program of the name and options of MPICH's started."""
    proxy = tmp_path / "hydra_pmi_proxy"
    proxy.write_text('#!/bin/bash\n"$SHELL_OR_ENV" "${@:(-1)}"\n')
    asks = tmp_path / "ask"
    asks.write_text(f"#!{sys.executable}\nimport sys; sys.path[:] = {sys.path!r}\n{ASK}\n")
    for each in (proxy, asks):
        each.chmod(0o700)
    env = {**os.environ, "SHELL_OR_ENV": "sh" if shell else "env", **({"PMI_RANK": rank} if rank else {})}
    inner = f'-c "{asks}; true"' if shell else str(asks)
    last = [str(tmp_path / "in_shell")] if shell else [inner]
    if shell:
        (tmp_path / "in_shell").write_text(f"{asks}; true\n")
    # bash shows itself as the first word: only exec -a gives the program its name there
    command = ["bash", "-c", f'exec -a /usr/bin/hydra_pmi_proxy bash {proxy} "$@"', "x", *words, *last]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("shell", [False, True])
def test_a_rank_finds_the_address_at_which_all_nodes_report(tmp_path, shell):
    assert said_below(tmp_path, "--control-port", "n0:46609", "--rmk", "user", "--proxy-id", "1", shell=shell) == "n0:46609"


def test_an_older_or_changed_program_states_nothing(tmp_path):
    assert said_below(tmp_path, "--rmk", "user") == "None"


def test_a_process_that_is_no_rank_of_mpi_does_not_look(tmp_path):
    assert said_below(tmp_path, "--control-port", "n0:46609", rank="") == "None"


def test_a_system_that_shows_no_processes_changes_nothing(tmp_path):
    assert environment_with_parents({"PMI_RANK": "0"}, proc=str(tmp_path)) == {"PMI_RANK": "0"}
    assert CONTROL_PORT not in environment_with_parents({"PMI_RANK": "0"})
