"""``carbon runs sync``, and what lists and reports read afterwards."""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from journals import lines_of, write_lines
from postgres_server import postgres
from traincarbon.cli.commands.report import command as report
from traincarbon.cli.commands.runs import command


@pytest.fixture(scope="module")
def server():
    with postgres("fsync = off") as found:
        yield found


@pytest.fixture
def store(tmp_path):
    for at, run_id in enumerate(("toy-1", "toy-2")):
        write_lines(tmp_path / "store" / "journals" / run_id / "j.jsonl", lines_of(run_id=run_id, begin_s=60.0 * at, start={"project": "toy"}))
    return str(tmp_path / "store")


def run(*words, **env):
    return CliRunner().invoke(command, words, env=env, catch_exceptions=False)


def test_runs_are_sent_and_listed_shown_and_exported_from_the_server(server, store, tmp_path):
    database = server.new_database("screens")
    env = {"CARBON_LEDGER": database, "CARBON_STORE": store}
    sent = run("sync", **env)
    assert (sent.exit_code, sent.stdout) == (0, f"2 runs sent to postgresql://carbon@127.0.0.1:{server.port}/screens, 0 unchanged\n")
    found = json.loads(run("sync", "toy-1", "--json", **env).stdout)
    assert (found["sent"], found["unchanged"], found["refused"]) == ([], 1, {})
    away = {"CARBON_LEDGER": database, "CARBON_STORE": str(tmp_path / "another machine")}
    assert json.loads(run("list", "--json", **away).stdout) == json.loads(run("list", "--json", "--store", store).stdout)
    assert json.loads(run("show", "toy-1", "--json", **away).stdout) == json.loads(run("show", "toy-1", "--json", "--store", store).stdout)
    assert run("export", **away).stdout == run("export", "--store", store).stdout
    assert "no runs in" in run("list", "--store", str(tmp_path / "another machine"), **away).stderr


def test_a_report_reads_the_server(server, store, tmp_path):
    database = server.new_database("reports")
    run("sync", "--ledger", database, "--store", store)
    page = tmp_path / "page.html"
    done = CliRunner().invoke(
        report, ["--all", "-o", str(page)], env={"CARBON_LEDGER": database, "CARBON_STORE": str(tmp_path / "empty")}, catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    assert all(run_id in page.read_text() for run_id in ("toy-1", "toy-2"))


def carbon(*words, **env):
    command = [sys.executable, "-c", "from traincarbon.__main__ import main; main()", *words]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **env})


@pytest.mark.parametrize(
    ("address", "message", "hint"),
    [
        ("", "error: no ledger on a server is named", "CARBON_LEDGER="),
        ("mysql://ada:hunter2@db/team", "error: the ledger 'mysql' is not a database of PostgreSQL", "postgresql+psycopg://USER@HOST/DATABASE"),
        (
            "postgresql://ada:hunter2@127.0.0.1:1/team",
            "error: the ledger at postgresql://ada@127.0.0.1:1/team does not answer",
            "carbon runs sync sends them later",
        ),
    ],
)
def test_errors_are_two_lines_without_a_password(store, address, message, hint):
    for words in (("sync", "--wait", "0"), *([("list",), ("show", "last")] if address else [])):
        done = carbon("runs", *words, CARBON_LEDGER=address, CARBON_STORE=store)
        first, second = done.stderr.splitlines()
        assert (done.returncode, done.stdout) == (1, "")
        assert first.startswith(message)
        assert second.startswith("hint: ")
        assert hint in second
        assert "hunter2" not in done.stderr


def test_a_ledger_of_a_later_version_is_said_and_nothing_is_written(server, store):
    database = server.new_database("later")
    run("sync", "--ledger", database, "--store", store)
    server.query("UPDATE traincarbon.alembic_version SET version_num = '0099'; DELETE FROM traincarbon.runs", "later")
    for words in (("sync",), ("list",)):
        done = carbon("runs", *words, CARBON_LEDGER=database, CARBON_STORE=store)
        assert (done.returncode, done.stdout) == (1, "")
        assert "has the schema 0099, which this version does not know" in done.stderr
    assert server.query("SELECT count(*) FROM traincarbon.runs", "later") == [["0"]]
