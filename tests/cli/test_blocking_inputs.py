"""A named pipe in the place of an input does not hold a command up, whatever the input is."""

import os
import subprocess
import sys
import time

import pytest

CARBON = [sys.executable, "-m", "traincarbon"]
MOST_S = 30.0
"""Twice the three seconds that a pipe is given, and the start of a command on a busy machine."""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("estimate PIPE", "named pipe"),
        ("compare PIPE PIPE", "named pipe"),
        ("advise PIPE", "named pipe"),
        ("runs import PIPE", "named pipe"),
        ("validate --runs PIPE", "named pipe"),
        ("track --plan PIPE -- true", "named pipe"),
        ("report PIPE --quiet --output page.html", "no run"),
        ("runs merge PIPE", "no folder"),
        ("runs list --store PIPE", "not a folder"),
    ],
)
def test_a_pipe_that_nobody_writes_into_is_an_error(tmp_path, words, says):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    began_s = time.monotonic()
    command = [*CARBON, *(str(pipe) if word == "PIPE" else word for word in words.split())]
    done = subprocess.run(
        command, env={**os.environ, "CARBON_STORE": str(tmp_path / "store")}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    assert says in done.stderr
    assert "hint: " in done.stderr
    assert time.monotonic() - began_s < MOST_S


def test_a_pipe_of_a_shell_is_read_as_a_file_is(tmp_path):
    rows = tmp_path / "runs.csv"
    rows.write_text("name,hours,hw,accelerators\na,1.5,h100-sxm5-80gb,8\n")
    script = f"{' '.join(CARBON)} runs import <(sleep 0.5; cat {rows}) --quiet --store {tmp_path / 'store'}"
    assert subprocess.check_output(["bash", "-c", script], text=True).startswith("1 run read, 1 added")
