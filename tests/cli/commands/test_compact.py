"""``carbon runs compact`` says what will be packed and joined, and what was."""

import json
import os

import pytest
from click.testing import CliRunner

from journals import WALL_S, lines_of
from packed_stores import write_run
from traincarbon.cli.commands.runs import command
from traincarbon.ledger.packs.lock import BusyError, alone
from traincarbon.ledger.record import merge
from traincarbon.ledger.store import Ledger

pytest.importorskip("pyarrow")


def run(*words):
    found = CliRunner().invoke(command, list(words), terminal_width=80)
    assert (found.exit_code, found.exception) == (0, None)
    return found


@pytest.fixture
def store(tmp_path):
    with Ledger(tmp_path) as ledger:
        for run_id in ("one", "two", "three"):
            ledger.add([merge(lines_of(run_id=run_id), now_s=WALL_S)])
    return str(tmp_path)


def test_imported_runs_are_joined_and_both_are_said(store):
    dry = run("compact", "--dry-run", "--store", store)
    assert dry.stdout.splitlines()[0].startswith("3 journals of imported runs (")
    assert dry.stdout.endswith(") to be joined into 1.\nNothing was changed.\n")
    assert len(os.listdir(os.path.join(store, "journals"))) == 3
    done = run("compact", "--store", store)
    assert done.stdout.splitlines()[1] == "3 journals of imported runs joined into 1, read back and removed"
    assert (done.stderr, len(os.listdir(os.path.join(store, "journals")))) == ("", 1)
    again = run("compact", "--store", store)
    assert again.stdout == f"no journals to pack in {store}\n"
    assert again.stderr.startswith("note: 1 journal left of imported runs, joined with no other, such as import-")


@pytest.mark.parametrize("words", [(), ("--json",), ("--quiet",)])
def test_while_another_process_packs_nothing_is_said_but_the_error(store, words):
    write_run(store, "tracked")
    with alone(store):
        found = CliRunner().invoke(command, ["compact", "--store", store, *words])
    assert isinstance(found.exception, BusyError)
    assert found.stdout == ""


def test_what_would_be_packed_is_shown_while_another_process_packs(store):
    with alone(store):
        assert run("compact", "--dry-run", "--store", store).stdout.startswith("3 journals of imported runs (")


def test_packed_and_joined_are_told_apart(store):
    write_run(store, "tracked")
    shown = run("compact", "--store", store).stdout
    assert "2026-09     1         1" in shown
    assert "1 journal packed, read back and removed: " in shown
    assert "3 journals of imported runs joined into 1, read back and removed" in shown
    assert json.loads(run("compact", "--json", "--store", store).stdout)["joined"] == {"journals": 0, "files": 0, "size_b": 0}
