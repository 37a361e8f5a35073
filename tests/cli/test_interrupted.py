"""Ctrl-C ends every command with one line and exit code 130: while modules are imported, while it works, and with ``--json``."""

import os
import signal
import subprocess
import sys
import time

import pytest

from traincarbon.cli import COMMANDS

PRESSED_AT = """
import os, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
sys.argv = ["carbon", *{words!r}]
from traincarbon.__main__ import main
main()
"""
PLAN = ("--params", "7e9", "--tokens", "1e12", "--hw", "dgx-a100")
WORDS = {
    "estimate": ("estimate", *PLAN),
    "compare": ("compare", *PLAN),
    "diff": ("diff", "before.toml", "after.toml"),
    "advise": ("advise", *PLAN),
    "sweep": ("sweep", "grid.toml", "-o", "plans.parquet"),
    "optimise": ("optimise", "--budget-usd", "1e6", "--hw", "dgx-a100"),
    "report": ("report", "--all", "-o", "page.html"),
    "calculator": ("calculator", "-o", "calculator.html"),
    "disclose": ("disclose", "last"),
    "serve": ("serve", "--port", "0"),
    "validate": ("validate",),
    "calibrate": ("calibrate",),
    "runs": ("runs", "list"),
    "bench": ("bench", "--quick"),
    "doctor": ("doctor",),
    "mcp": ("mcp",),
    "db": ("db", "list"),
}


def ended(module, words, folder):
    environment = {**os.environ, "CARBON_STORE": str(folder / "store"), "XDG_CONFIG_HOME": str(folder)}
    command = [sys.executable, "-c", PRESSED_AT.format(module=module, words=words)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, check=False)


def test_every_command_is_tried():
    assert set(WORDS) == set(COMMANDS) - {"track"}


@pytest.mark.parametrize("json", [False, True], ids=["screen", "json"])
@pytest.mark.parametrize("name", WORDS)
def test_a_command_that_is_interrupted_says_so_in_a_line(name, json, tmp_path):
    words = (*WORDS[name], *(["--json"] if json and name != "report" else []))
    for module in ("traincarbon.cli", "click.core", f"traincarbon.cli.commands.{name}"):
        done = ended(module, words, tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (130, "", "carbon: interrupted\n"), module


@pytest.mark.parametrize("words", [("validate",), ("validate", "--json")])
def test_a_command_that_works_is_interrupted_too(words, tmp_path):
    command = [sys.executable, "-m", "traincarbon", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    first = process.stderr.readline()
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (130, "")
    assert "Traceback" not in first + stderr
    assert stderr.endswith("carbon: interrupted\n")
