"""The SQLite file of an index is sound, or it is set aside and made again."""

import math
import os
import sqlite3
import subprocess
import sys

import pytest

from traincarbon.ledger import index_file
from traincarbon.ledger.index_file import IN_MEMORY, VERSION, connect, insert, is_at_fault, rows_of, set_aside


def place_of(connection):
    return connection.execute("PRAGMA database_list").fetchone()[2]


def test_a_new_file_has_the_tables_and_the_version(tmp_path):
    file = str(tmp_path / "new" / "index.sqlite")
    connection = connect(file)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"folders", "files", "processes", "runs"}
    assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    connection.close()


def test_the_file_of_another_program_is_kept_under_another_name(tmp_path):
    file = tmp_path / "index.sqlite"
    file.write_bytes(b"not a database at all, but precious" * 100)
    connection = connect(str(file))
    assert place_of(connection) == str(file)
    connection.close()
    (aside,) = tmp_path.glob("index.sqlite.set-aside-*")
    assert aside.read_bytes().startswith(b"not a database at all")


def of_version(file, version):
    """Make an index that another version of the program wrote, with a row."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(index_file, "VERSION", version)
        connection = connect(str(file))
        insert(connection, "folders", [(f"version {version}", 1, 1)])
        connection.close()


def test_indexes_of_other_versions_do_not_add_up(tmp_path):
    file = tmp_path / "index.sqlite"
    (tmp_path / "index.sqlite.set-aside-7").write_bytes(b"precious")
    for version in (VERSION - 2, VERSION + 1, VERSION - 1, VERSION):
        of_version(file, version)
    assert sorted(path.name for path in tmp_path.glob("*set-aside*")) == ["index.sqlite.set-aside-7"]
    with connect(str(file)) as connection:
        assert list(rows_of(connection, "folders")) == [(f"version {VERSION}", 1, 1)]
    connection.close()


def test_what_earlier_versions_set_aside_goes_and_the_last_damaged_index_stays(tmp_path):
    file = tmp_path / "index.sqlite"
    of_version(file, VERSION - 1)
    for name in ("5", "6", "5-wal", "5-shm"):
        (tmp_path / f"index.sqlite.set-aside-{name}").write_bytes(file.read_bytes())
    for number in range(3):
        connect(str(file)).close()
        with sqlite3.connect(file) as other:
            other.execute("DROP TABLE files")
            other.execute(f"CREATE TABLE damage_{number} (x)")
        other.close()
    connect(str(file)).close()
    (aside,) = tmp_path.glob("*set-aside*")
    with sqlite3.connect(aside) as other:
        assert other.execute("SELECT name FROM sqlite_master WHERE name LIKE 'damage%'").fetchall() == [("damage_2",)]
    other.close()


_READS = """
import sys
from traincarbon.ledger import index_file
index_file.VERSION -= 1
connection = index_file.connect(sys.argv[1])
rows = connection.execute("SELECT name FROM folders")
print(rows.fetchone()[0], flush=True)
sys.stdin.readline()
print(len(rows.fetchall()))
index_file.insert(connection, "folders", [("more", 1, 1)])
print(connection.execute("SELECT count(*) FROM folders").fetchone()[0])
connection.close()
"""


def test_an_older_program_that_has_its_index_open_reads_on_when_it_is_removed_and_harms_no_new_one(tmp_path):
    file = tmp_path / "index.sqlite"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(index_file, "VERSION", VERSION - 1)
        older = connect(str(file))
        insert(older, "folders", [(f"{number:05d}", 1, 1) for number in range(5000)])
        older.close()
    with subprocess.Popen([sys.executable, "-c", _READS, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout.readline() == "00000\n"
        newer = connect(str(file))
        insert(newer, "folders", [("new", 1, 1)])
        assert list(tmp_path.glob("*set-aside*")) == []
        assert reader.communicate("\n")[0].split() == ["4999", "5001"]
    insert(newer, "folders", [("newer", 1, 1)])
    newer.close()
    with connect(str(file)) as again:
        assert [row[0] for row in rows_of(again, "folders")] == ["new", "newer"]
    again.close()
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".sqlite" or "aside" in path.name) == ["index.sqlite"]


_HOLDS = """
import sys
from traincarbon.ledger import index_file
index_file.VERSION -= 1
connection = index_file.connect(sys.argv[1])
index_file.insert(connection, "folders", [("old", 1, 1)])
print("holds", flush=True)
sys.stdin.readline()
print(connection.execute("SELECT name FROM folders").fetchall())
connection.close()
"""


def test_a_new_index_of_another_version_that_a_program_has_open_is_removed_too(tmp_path):
    file = tmp_path / "index.sqlite"
    with subprocess.Popen([sys.executable, "-c", _HOLDS, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "holds\n"
        assert index_file._version_of(str(file)) is None  # all of it is in the file beside it
        newer = connect(str(file))
        insert(newer, "folders", [("new", 1, 1)])
        assert list(tmp_path.glob("*set-aside*")) == []
        assert holder.communicate("\n")[0] == "[('old',)]\n"
    newer.close()
    with connect(str(file)) as again:
        assert [row[0] for row in rows_of(again, "folders")] == ["new"]
    again.close()
    assert list(tmp_path.glob("*set-aside*")) == []


def test_a_sound_file_is_not_set_aside(tmp_path):
    file = str(tmp_path / "index.sqlite")
    connect(file).close()
    set_aside(file)
    assert sorted(name for name in os.listdir(tmp_path) if not name.endswith(".lock")) == ["index.sqlite"]


def test_a_place_that_cannot_be_written_gives_an_index_in_memory(tmp_path):
    (tmp_path / "file").write_text("")
    connection = connect(str(tmp_path / "file" / "index.sqlite"))
    assert place_of(connection) == ""
    connection.close()


@pytest.mark.parametrize(
    ("code", "at_fault"), [("SQLITE_NOTADB", True), ("SQLITE_CORRUPT", True), ("SQLITE_BUSY", False), ("SQLITE_FULL", False), ("SQLITE_READONLY", False)]
)
def test_only_a_wrong_file_is_at_fault(code, at_fault):
    error = sqlite3.DatabaseError("x")
    error.sqlite_errorcode = getattr(sqlite3, code)
    assert is_at_fault(error) is at_fault


def test_a_link_in_the_place_of_the_index_is_set_aside_and_not_followed(tmp_path):
    file = tmp_path / "index.sqlite"
    file.symlink_to(tmp_path / "elsewhere")
    connect(str(file)).close()
    assert not (tmp_path / "elsewhere").exists()
    assert file.is_file()
    assert not file.is_symlink()


def test_a_damaged_table_whose_error_is_no_text_is_set_aside(tmp_path):
    file = tmp_path / "index.sqlite"
    connection = connect(str(file))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    sound = file.read_bytes()
    assert b"WITHOUT ROWID" in sound
    file.write_bytes(sound.replace(b"WITHOUT ROWID", b"WITHOUT \xd2OWID"))
    connection = connect(str(file))
    assert place_of(connection) == str(file)
    connection.close()
    assert list(tmp_path.glob("index.sqlite.set-aside-*"))


@pytest.mark.parametrize(
    ("given", "kept"), [(-0.0, 0.0), (math.nan, None), (math.inf, math.inf), (-math.inf, -math.inf), (0.1, 0.1), (5e-324, 5e-324), (3, 3.0)]
)
def test_a_row_is_as_it_was_written_whatever_numbers_it_has(given, kept):
    with connect(IN_MEMORY) as connection:
        numbers = [given if isinstance(given, float) else float(given)] * 8
        insert(connection, "runs", [("one", "", "", "finished", 1, "", *numbers, 0, None, 0, "{}")])
        found = connection.execute(f"SELECT duration_s, repeated_usd, {index_file.tested('runs')} FROM runs").fetchone()
        assert found == (kept, kept, 1)
        assert not found[0] or math.copysign(1.0, found[0]) == math.copysign(1.0, kept)
        assert len(list(rows_of(connection, "runs"))) == 1


def test_a_row_that_was_changed_is_not_among_all_rows(tmp_path):
    with connect(str(tmp_path / "index.sqlite")) as connection:
        insert(connection, "folders", [("one", 1, 1), ("two", 2, 0)])
        assert list(rows_of(connection, "folders")) == [("one", 1, 1), ("two", 2, 0)]
        connection.execute("UPDATE folders SET settled = 1")
        with pytest.raises(sqlite3.DatabaseError, match="damaged"):
            list(rows_of(connection, "folders"))
