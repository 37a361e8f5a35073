"""Ids in the index: by their first letters, and whether none begins so, without a look at all runs."""

import random
import re
import sqlite3
from pathlib import Path

import pytest

from made_runs import record
from traincarbon.ledger import checked_file
from traincarbon.ledger.checked_file import CheckedFile
from traincarbon.ledger.index_file import connect, insert
from traincarbon.ledger.index_ids import ids_in, is_without, known_of, spelled_otherwise
from traincarbon.ledger.listed_runs import run_row
from traincarbon.ledger.store import Ledger

N = 300


@pytest.fixture
def connection(tmp_path):
    opened = connect(str(tmp_path / "index.sqlite"))
    runs = [record(f"run-{number:03d}", started_at=f"2026-01-01T00:{number // 60:02d}:{number % 60:02d}Z") for number in range(0, N, 3)]
    insert(opened, "runs", [run_row(run, is_settled=True) for run in runs])
    insert(opened, "processes", [("f", "n", run.run_id, "w", 0, None, "") for run in runs])
    yield opened
    opened.close()


def test_ids_begin_with_the_letters_and_the_latest_come_first(connection):
    assert ids_in(connection, "run-01", limit=0) == ["run-018", "run-015", "run-012"]
    assert ids_in(connection, "run-01", limit=2) == ["run-018", "run-015"]
    assert ids_in(connection, "", limit=2) == ["run-297", "run-294"]
    assert ids_in(connection, "run-011", limit=0) == ids_in(connection, "a\0b", limit=0) == []


def test_ids_of_another_case_are_those_of_runs(connection):
    assert spelled_otherwise(connection, "Run-012", limit=5) == spelled_otherwise(connection, "RUN-012", limit=5) == ["run-012"]
    assert spelled_otherwise(connection, "Run-01", limit=5) == spelled_otherwise(connection, "Run-0" + chr(0xDCFF), limit=5) == []
    connection.execute("DELETE FROM runs WHERE run_id = 'run-012'")
    assert spelled_otherwise(connection, "Run-012", limit=5) == []


def test_what_no_id_begins_with_is_certain(connection):
    for prefix in ("run-011", "run-0120", "a", "z", "run-299", "\0", "é😀", "run-011\0"):
        assert is_without(connection, prefix), prefix


def test_an_id_that_only_the_processes_have_is_in_doubt(connection):
    connection.execute("DELETE FROM runs WHERE run_id = 'run-012'")
    assert (is_without(connection, "run-012"), is_without(connection, "run-013")) == (False, True)


@pytest.mark.parametrize("id", ["run-000", "run-012", "run-297"])
def test_a_damaged_id_beside_the_place_is_seen(connection, id):
    connection.execute("DELETE FROM processes")
    connection.execute("UPDATE runs SET run_id = run_id || '?' WHERE run_id = ?", (id,))
    with pytest.raises(sqlite3.DatabaseError, match="exception"):
        is_without(connection, id)


def test_the_ids_that_there_are_among_many(connection):
    assert known_of(connection, [f"run-{number:03d}" for number in range(700)]) == ids_in(connection, "", limit=0)[::-1]
    assert known_of(connection, []) == []


@pytest.mark.parametrize("seed", range(20))
def test_a_run_whose_id_was_damaged_at_any_one_place_is_found(tmp_path, monkeypatch, seed):
    chance = random.Random(seed)
    monkeypatch.setattr(checked_file, "_WORTH_B", 1)
    with Ledger(tmp_path) as ledger:
        ledger.add([record(f"run-{number:03d}") for number in range(60)])
    (file,) = map(Path, tmp_path.glob("index-*.sqlite"))
    content = bytearray(file.read_bytes())
    id = f"run-{chance.randrange(60):03d}"
    places = [found.start() for found in re.finditer(id.encode(), content)]
    content[chance.choice(places) + 4 + chance.randrange(3)] ^= 1 << chance.randrange(4)
    file.write_bytes(content)
    CheckedFile(str(file)).remember()
    with Ledger(tmp_path) as ledger:
        assert ledger.run(id).run_id == id
