"""What takes longer than a second is told on stderr, unless with --quiet."""

import pytest
from click.testing import CliRunner

from journals import lines_of, write_lines
from traincarbon.cli import COMMANDS as LINES
from traincarbon.cli.lazy import LazyGroup
from traincarbon.ledger import index_progress

GROUP = LazyGroup("carbon", commands_help=LINES)
READING = "reading journals: 0 of 0 MB"
COMMANDS = {
    "runs list": ["runs", "list"],
    "runs show": ["runs", "show", "a"],
    "runs export": ["runs", "export"],
    "runs forget": ["runs", "forget", "a"],
    "report": ["report", "a", "-o", "a.html"],
    "report --all": ["report", "--all", "-o", "a.html"],
    "calibrate": ["calibrate", "--dry-run"],
    "disclose": ["disclose", "a", "--as", "paper"],
    "runs verify": ["runs", "verify"],
    "runs export audit": ["runs", "export", "a", "--format", "audit", "-o", "b.zip"],
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("CARBON_STORE", str(tmp_path / "store"))
    write_lines(str(tmp_path / "store" / "journals" / "a" / "a1-7-1.jsonl"), lines_of(run_id="a", writer="a1-7-1"))
    monkeypatch.setattr(index_progress, "_FIRST_S", -1.0)


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_reading_journals_is_told(words):
    told = CliRunner().invoke(GROUP, words)
    assert READING in told.stderr, told.output
    assert READING not in told.stdout


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_quiet_tells_nothing(words):
    assert READING not in CliRunner().invoke(GROUP, [*words, "--quiet"]).output


@pytest.mark.usefixtures("place")
def test_the_history_of_a_run_that_is_known_is_told_too():
    assert CliRunner().invoke(GROUP, ["runs", "list", "--quiet"]).exit_code == 0
    told = CliRunner().invoke(GROUP, ["report", "a", "-o", "a.html"])
    assert READING in told.stderr


@pytest.mark.usefixtures("place")
def test_verifying_is_told_too():
    for words, told in (
        (["runs", "verify"], "verifying journals: 0 of 0 MB"),
        (["runs", "export", "a", "--format", "audit", "-o", "c.zip"], "reading and verifying journals: 0 of 0 MB"),
        (["runs", "verify", "c.zip"], "verifying the audit export: 0 of 0 MB"),
    ):
        done = CliRunner().invoke(GROUP, words)
        assert told in done.stderr, done.output
        assert told not in done.stdout
    assert "verifying" not in CliRunner().invoke(GROUP, ["runs", "verify", "c.zip", "--quiet"]).stderr
