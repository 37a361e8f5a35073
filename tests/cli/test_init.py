"""The command as a whole: its table of commands, its exit codes, its errors of two lines."""

import os
import re
import subprocess
import sys

import pytest

from traincarbon import __version__
from traincarbon.cli import COMMANDS, main

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


@pytest.mark.parametrize("words", ["--help", "estimate --params 7B --tokens 1T --hw h100 --json --quiet", "db show us-east-1"])
def test_no_command_minds_a_pipe_that_nobody_reads(words):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        done = subprocess.run([*CARBON, *words.split()], stdout=pipe, stderr=subprocess.PIPE, text=True, encoding="utf-8")
    assert done.stderr == ""


@pytest.mark.parametrize("words", ["estimate --params 7B --tokens 1T --hw h100", "db list hardware"])
def test_output_that_cannot_be_written_is_an_error_of_two_lines(words):
    with open(os.devnull, "rb") as unwritable:
        done = subprocess.run([*CARBON, *words.split()], stdout=unwritable, stderr=subprocess.PIPE, text=True, encoding="utf-8")
    error, hint = done.stderr.splitlines()
    assert done.returncode == 1
    assert error.startswith("error: cannot write the output")
    assert hint.startswith("hint: ")


def test_a_terminal_that_knows_few_letters_is_no_traceback():
    words = ["estimate", "--params", "7B", "--tokens", "1T", "--hw", "h100"]
    shown = subprocess.run([*CARBON, *words], capture_output=True, text=True, encoding="latin-1", env={**os.environ, "PYTHONIOENCODING": "latin-1"})
    assert (shown.returncode, shown.stderr) == (0, "")
    # what latin-1 has stays, as the dot, and what it lacks is a question mark, as the dash
    assert "Training 7B parameters on 1T tokens" in shown.stdout
    assert re.search(r"Cost to rent .* \? ", shown.stdout)


@pytest.mark.parametrize(
    "words",
    [["estimate", "a\nb\x1b[2J.toml"], ["validate", "--quiet", "--runs", "a\nb\x1b[2J.csv"], ["db", "show", "a\nb\x1b[2J"], ["db", "path", "--db", "a\nb"]],
)
def test_an_error_about_a_hostile_name_is_still_two_plain_lines(words):
    failed = carbon(*words)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert [line.partition(": ")[0] for line in failed.stderr.split("\n")] == ["error", "hint", ""]
    assert "\x1b" not in failed.stderr


def test_a_file_that_cannot_be_used_is_named_and_not_taken_for_the_output(monkeypatch, capsys):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied", "/store/journal.jsonl")

    monkeypatch.setattr("traincarbon.cli.lazy.LazyGroup.__call__", refused)
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 1
    assert capsys.readouterr().err.startswith("error: cannot use '/store/journal.jsonl': Permission denied\nhint: ")
