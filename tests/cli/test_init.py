"""The command as a whole: its table of commands, its exit codes, its errors of two lines."""

import subprocess
import sys

import pytest

from traincarbon import __version__
from traincarbon.cli import COMMANDS

CARBON = [sys.executable, "-c", "from traincarbon.cli import main; main()"]


def carbon(*words, **rest):
    return subprocess.run([*CARBON, *words], capture_output=True, text=True, encoding="utf-8", **rest)


def test_help_lists_every_command_with_its_line():
    shown = carbon("--help")
    assert shown.returncode == 0
    for name, line in COMMANDS.items():
        assert f"  {name}" in shown.stdout
        assert line in shown.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_of_its_own(name):
    shown = carbon(name, "--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith(f"Usage: carbon {name}")


def test_the_version_is_that_of_the_package():
    assert carbon("--version").stdout == f"carbon {__version__}\n"


def test_an_error_of_ours_is_two_lines_on_stderr_and_exit_code_1():
    failed = carbon("estimate", "--params", "7B", "--tokens", "1T", "--hw", "abacus")
    assert failed.returncode == 1
    assert failed.stdout == ""
    error, hint = failed.stderr.splitlines()
    assert error == "error: no hardware 'abacus'"
    assert hint.startswith("hint: ")


@pytest.mark.parametrize("words", [["estimate", "--abacus"], ["abacus"], ["estimate", "--kind", "abacus"], ["db", "list", "abacus"]])
def test_wrong_usage_is_exit_code_2(words):
    failed = carbon(*words)
    assert failed.returncode == 2
    assert "Traceback" not in failed.stderr


def test_a_reader_that_goes_away_is_no_traceback():
    pipe = subprocess.run(f"{subprocess.list2cmdline(CARBON[:2])} '{CARBON[2]}' db list hardware | head -1", shell=True, capture_output=True, text=True)
    assert pipe.stdout.startswith("id")
    assert "Traceback" not in pipe.stderr


def test_what_is_printed_survives_a_locale_without_unicode():
    shown = carbon("estimate", "--params", "7B", "--tokens", "1T", "--hw", "h100", env={"LC_ALL": "C", "PYTHONUTF8": "1", "PYTHONPATH": ":".join(sys.path)})
    assert shown.returncode == 0
    assert "–" in shown.stdout


@pytest.mark.parametrize("words", ["--help", "estimate --params 7B --tokens 1T --hw h100 --json", "db show us-east-1", "estimate --help"])
def test_no_command_minds_a_pipe_that_is_closed_at_once(words):
    quoted = f"{subprocess.list2cmdline(CARBON[:2])} '{CARBON[2]}'"
    pipe = subprocess.run(
        f"{quoted} {words} --quiet 2>&1 >&3 3>&- | cat" if False else f"({quoted} {words} 3>&1 1>&2 2>&3 3>&-) 2>&1 >/dev/full | cat",
        shell=True,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in pipe.stdout + pipe.stderr
