"""The exit code of a program that an exception ends is the one that Python gives it."""

import subprocess
import sys

import pytest

from traincarbon.tracking.command.outcome import exit_code_of


@pytest.mark.parametrize(
    ("error", "raised"),
    [(SystemExit(), "SystemExit()"), (SystemExit(7), "SystemExit(7)"), (SystemExit("x"), "SystemExit('x')"), (ValueError(), "ValueError()")],
)
def test_it_is_the_one_that_python_ends_with(error, raised):
    done = subprocess.run([sys.executable, "-I", "-S", "-c", f"raise {raised}"], capture_output=True, check=False)
    assert exit_code_of(error) == done.returncode


def test_a_program_without_an_error_has_none_and_an_interrupted_one_that_of_shells():
    assert (exit_code_of(None), exit_code_of(KeyboardInterrupt())) == (0, 130)
