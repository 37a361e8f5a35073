"""A large index is looked through once: what nobody has written since is not looked through again, and what somebody has is."""

import os
import random
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from traincarbon.ledger import checked_file, index_file
from traincarbon.ledger.checked_file import CheckedFile
from traincarbon.ledger.index_file import connect, insert, writing


@pytest.fixture
def database(tmp_path, monkeypatch):
    """An index that counts as large and was just written."""
    monkeypatch.setattr(checked_file, "_WORTH_B", 1)
    os.chmod(tmp_path, 0o700)
    connection = connect(str(tmp_path / "index.sqlite"))
    insert(connection, "folders", [(f"folder-{number}", number, 1) for number in range(400)])
    connection.close()
    return tmp_path / "index.sqlite"


@pytest.fixture
def looked(monkeypatch):
    """How often an index was looked through."""
    seen = []
    real = index_file._check_content
    monkeypatch.setattr(index_file, "_check_content", lambda connection: seen.append(1) or real(connection))
    return seen


def opened(database):
    connection = connect(str(database))
    place = connection.execute("PRAGMA database_list").fetchone()[2]
    rows = connection.execute("SELECT count(*) FROM folders").fetchone()[0]
    connection.close()
    return place, rows


def test_an_unchanged_index_is_looked_through_once_and_one_that_others_changed_again(database, looked):
    for expected in (1, 1, 1):
        assert opened(database) == (str(database), 400)
        assert len(looked) == expected
    os.utime(database, ns=(1, 1))
    assert [opened(database)[1] for _ in range(2)] == [400, 400]
    assert len(looked) == 2


def test_an_index_that_our_own_commands_write_is_not_looked_through_again(database, looked):
    opened(database)
    for number in range(3):
        connection, reader = connect(str(database)), connect(str(database))
        with writing(connection):
            insert(connection, "folders", [(f"more-{number}", 1, 1)])
        assert opened(database) == (str(database), 401 + number), "what SQLite has not moved into the file yet"
        connection.close()
        reader.close()
        assert opened(database) == (str(database), 401 + number)
    assert len(looked) == 1


def test_what_was_changed_behind_the_back_of_a_command_is_not_kept_as_sound_by_its_next_write(database, looked):
    opened(database)
    connection = connect(str(database))
    os.utime(database, ns=(1, 1))
    with writing(connection):
        insert(connection, "folders", [("more", 1, 1)])
    connection.close()
    assert opened(database) == (str(database), 401)
    assert len(looked) == 2


def test_a_command_that_was_killed_before_it_could_keep_what_it_wrote_leaves_an_index_to_be_looked_through(database, looked):
    opened(database)
    child = os.fork()
    if not child:
        with writing(connection := connect(str(database))):
            insert(connection, "folders", [("more", 1, 1)])
            os.utime(database.with_name("index.sqlite.checked"))
            connection.commit()
            os._exit(0)
    os.waitpid(child, 0)
    assert opened(database) == (str(database), 401)
    assert len(looked) == 2


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("is_dated", [True, False], ids=["as written", "with the old time"])
def test_a_change_of_any_bit_is_found_whatever_time_the_file_has(database, looked, seed, is_dated):
    opened(database)
    state = os.stat(database)
    content = bytearray(database.read_bytes())
    content[random.Random(seed).randrange(len(content))] ^= 1 << seed % 8
    database.write_bytes(content)
    if not is_dated:
        os.utime(database, ns=(state.st_atime_ns, state.st_mtime_ns))
    place, rows = opened(database)
    assert place == str(database)
    assert rows in (400, 0), "whole, as in an unused part of it, or made anew"
    assert len(looked) > 1


def test_a_change_in_the_tick_of_the_clock_in_which_the_index_was_kept_is_found(database, looked):
    for number in range(20):
        opened(database)
        content = bytearray(database.read_bytes())
        content[100 + number] ^= 1
        database.write_bytes(content)
        times_looked = len(looked)
        opened(database)
        assert len(looked) > times_looked


def test_a_file_system_that_keeps_whole_seconds_has_no_note_of_what_was_just_written(database):
    os.utime(database, ns=(1, (time.time_ns() // 10**9 + 1) * 10**9))
    CheckedFile(str(database)).remember()
    assert not CheckedFile(str(database)).is_known()
    os.utime(database, ns=(1, 10**9))
    CheckedFile(str(database)).remember()
    assert CheckedFile(str(database)).is_known()


def test_what_another_command_has_not_moved_into_the_file_yet_is_looked_through(database):
    opened(database)
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("UPDATE folders SET mtime_ns = 7 WHERE name = 'folder-3'")
    connection = connect(str(database))
    assert connection.execute("SELECT count(*) FROM folders").fetchone() == (0,), "a row without its checksum: the index is made anew"
    connection.close()
    other.close()


def test_a_small_file_a_missing_one_and_one_that_was_changed_meanwhile_are_not_kept(database, monkeypatch):
    database.with_name("index.sqlite.checked").unlink(missing_ok=True)
    checked = CheckedFile(str(database))
    seen = checked.state()
    os.utime(database, ns=(1, 1))
    checked.remember(seen)
    CheckedFile(str(database.with_name("none"))).remember()
    assert not CheckedFile(str(database)).is_known()
    monkeypatch.setattr(checked_file, "_WORTH_B", 1 << 22)
    checked.remember()
    assert checked.is_known()
    assert not list(database.parent.glob("*.checked*"))
    assert not CheckedFile(str(database)).is_known()


def test_what_another_command_is_about_to_note_is_waited_for(database, monkeypatch):
    CheckedFile(str(database)).remember()
    own = database.with_name("index.sqlite.checked").read_bytes()
    database.with_name("index.sqlite.checked").write_bytes(b"2 what was before\n")
    monkeypatch.setattr(checked_file.time, "sleep", lambda _: database.with_name("index.sqlite.checked").write_bytes(own))
    assert not CheckedFile(str(database)).is_known()
    assert CheckedFile(str(database)).is_known(patience_s=60.0)


@pytest.mark.parametrize("stated", [b"", b"1 2 3 4", b"\xff" * 300, "of another state"])
def test_a_foreign_text_beside_it_is_not_believed(database, stated):
    beside = database.with_name("index.sqlite.checked")
    CheckedFile(str(database)).remember()
    own = beside.read_bytes()
    beside.write_bytes(own.replace(b"2 ", b"2 1", 1) if isinstance(stated, str) else stated)
    assert not CheckedFile(str(database)).is_known()
    beside.unlink()
    os.mkfifo(beside)
    assert not CheckedFile(str(database)).is_known()


def test_a_note_is_dropped_where_the_index_turned_out_to_be_wrong(database, looked):
    opened(database)
    checked = CheckedFile(str(database))
    assert checked.is_known()
    checked.forget()
    assert not checked.is_known()
    opened(database)
    assert len(looked) == 2


def test_it_is_for_its_owner_alone_in_a_private_store_and_no_link_is_written_through(database, tmp_path):
    CheckedFile(str(database)).remember()
    beside = database.with_name("index.sqlite.checked")
    assert beside.stat().st_mode & 0o777 == 0o600
    beside.unlink()
    beside.symlink_to(tmp_path / "elsewhere")
    CheckedFile(str(database)).remember()
    assert not (tmp_path / "elsewhere").exists()
    assert CheckedFile(str(database)).is_known()


def test_threads_that_keep_a_state_at_once_leave_one_note_and_nothing_else(database):
    left = database.with_name("index.sqlite.checked-0123")
    left.write_bytes(b"of a process that died")
    os.utime(left, (1, 1))
    for number in range(20):
        os.utime(database, ns=(1, 10**9 * number))
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: CheckedFile(str(database)).remember(), range(4)))
        assert CheckedFile(str(database)).is_known()
    assert sorted(path.name for path in database.parent.iterdir()) == ["index.sqlite", "index.sqlite.checked"]


def test_what_is_changed_while_an_index_is_opened_is_looked_through(database, looked, monkeypatch):
    opened(database)
    real = sqlite3.connect

    def late(*given, **named):
        os.utime(database, ns=(1, 1))
        return real(*given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(index_file.sqlite3, "connect", late)
        opened(database)
    assert len(looked) == 2
    opened(database)
    assert len(looked) == 2


def test_a_note_tells_when_the_whole_index_was_looked_through_and_not_when_it_was_written(database, looked, monkeypatch):
    opened(database)
    now_s = time.time()
    monkeypatch.setattr(checked_file, "_is_fresh", lambda *_: False)
    monkeypatch.setattr(checked_file.time, "time", lambda: now_s + 3600.0)
    connection = connect(str(database))
    with writing(connection):
        insert(connection, "folders", [("more", 1, 1)])
    assert [connection.was_looked_through(within_s=within_s) for within_s in (60.0, 3500.0, 3700.0)] == [False, False, True]
    connection.close()
    connection = connect(str(database))
    assert not connection.was_looked_through(within_s=3500.0)
    assert connection.was_looked_through(within_s=3700.0)
    connection.close()
    assert len(looked) == 1
    beside = database.with_name("index.sqlite.checked")
    beside.write_bytes(beside.read_bytes().partition(b"looked")[0])
    connection = connect(str(database))
    assert not connection.was_looked_through(within_s=1e9), "a note of a version that did not tell"
    connection.close()
    assert len(looked) == 1


def test_where_nothing_can_be_written_the_index_is_read_all_the_same(database, looked, monkeypatch):
    database.with_name("index.sqlite.checked").unlink(missing_ok=True)
    monkeypatch.setattr(checked_file.os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    assert [opened(database) for _ in range(2)] == [(str(database), 400)] * 2
    assert len(looked) == 2
    assert sorted(path.name for path in database.parent.iterdir()) == ["index.sqlite"]
