"""The index: an answer is always that of the journals, whatever has become of the file."""

import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import time
import zlib
from contextlib import closing
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journals import WALL_S, line, lines_of, write_lines
from traincarbon.errors import CarbonError
from traincarbon.ledger import checked_file, index_file, index_folding, index_imported, index_scan
from traincarbon.ledger import index as module
from traincarbon.ledger.checked_file import CheckedFile
from traincarbon.ledger.device import Device
from traincarbon.ledger.imported_runs import add_records, checked
from traincarbon.ledger.index import Index
from traincarbon.ledger.index_file import VERSION
from traincarbon.ledger.listed_runs import Filter, page_of
from traincarbon.ledger.process_summary import Process
from traincarbon.ledger.record import merge
from traincarbon.ledger.run import Run


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store"


def write_run(store, run_id, *, name="a1-7-1", **rest):
    return write_lines(store / "journals" / run_id / f"{name}.jsonl", lines_of(run_id=run_id, writer=name, **rest))


def indexed(store):
    return Index(str(store), str(store / "index.sqlite"))


def ids(index):
    return [record.run_id for record in index.records()[0]]


def damaged(store, change):
    """Change rows as a disk does that changes bits and no time."""
    with closing(sqlite3.connect(store / "index.sqlite", isolation_level=None)) as other:
        other.execute(change)
    CheckedFile(str(store / "index.sqlite")).remember()


def asides(store):
    return [name for name in os.listdir(store) if "set-aside" in name and not name.endswith(("-wal", "-shm"))]


def test_an_empty_store_has_no_runs(store):
    assert indexed(store).records() == ([], 0)


def test_the_index_says_what_the_journals_say(store):
    file = write_run(store, "one")
    index = indexed(store)
    assert index.records()[0] == [merge(lines_of(run_id="one", writer="a1-7-1"), now_s=WALL_S)]
    assert index.files("one") == [file]


def test_runs_are_chosen_by_project_state_and_time_the_latest_first(store):
    for number in range(6):
        write_run(store, f"run-{number}", begin_s=100.0 * number, exit_code=number % 2, start={"project": "xyz"[number % 3]})
    index = indexed(store)
    chosen = lambda **by: ([record.run_id for record in index.records(**by)[0]], index.records(**by)[1])  # noqa: E731
    assert chosen() == ([f"run-{number}" for number in range(5, -1, -1)], 6)
    assert chosen(limit=2) == (["run-5", "run-4"], 6)
    assert chosen(state="failed") == (["run-5", "run-3", "run-1"], 3)
    assert chosen(project="y") == (["run-4", "run-1"], 2)
    assert chosen(since="2026-09-21T14:18") == (["run-5", "run-4", "run-3"], 3)
    assert chosen(project="'; DROP TABLE runs; --") == ([], 0)


@given(st.lists(st.integers(1, 400), max_size=12))
def test_a_journal_that_grows_byte_by_byte_is_read_once_and_rightly(tmp_path_factory, steps):
    store = tmp_path_factory.mktemp("grow")
    lines = lines_of(intervals=6, run_id="r")
    content = b"".join(json.dumps(one).encode() + b"\n" for one in lines)
    file = store / "journals" / "r" / "x.jsonl"
    file.parent.mkdir(parents=True)
    index = indexed(store)
    place = 0
    for step in [*steps, len(content)]:
        with open(file, "ab") as stream:
            stream.write(content[place : place + step])
        place = min(place + step, len(content))
        known = content[:place].count(b"\n")
        (found,) = index.records()[0] or (None,)
        assert found == (merge(lines[:known], now_s=time.time()) if known else None)
    index.close()


def test_the_same_lines_in_two_files_count_once(store):
    lines = lines_of(run_id="r", intervals=4)
    for name, known in (("one", lines), ("two", lines[:3]), ("three", lines[1:])):
        write_lines(store / "journals" / name / "copy.jsonl", known)
    (record,) = indexed(store).records()[0]
    assert (record.energy_j["gpu"], record.samples) == (2000.0, 20)


def test_a_line_written_twice_in_one_file_counts_once(store):
    lines = lines_of(run_id="r", intervals=3)
    write_lines(store / "journals" / "r" / "x.jsonl", [*lines[:3], lines[2], *lines[3:]])
    assert indexed(store).records()[0] == [merge(lines, now_s=WALL_S)]


def test_a_journal_that_was_changed_and_grew_is_read_anew_with_its_faults(store):
    file = write_run(store, "one", intervals=8)
    index = indexed(store)
    assert index.records()[0][0].energy_j["gpu"] == 4000.0
    with open(file, "rb") as stream:
        lines = stream.readlines()
    lines[8] = b"#" * len(lines[8][:-1]) + b"\n"
    with open(file, "wb") as stream:
        stream.writelines([*lines, *lines[1:4]])
    assert index.records()[0][0].energy_j["gpu"] == 3500.0
    assert len(index.faults()) == 1
    index.close()


def test_a_file_may_hold_several_runs(store):
    write_lines(store / "journals" / "r" / "x.jsonl", [*lines_of(run_id="a"), *lines_of(run_id="b", begin_s=50.0)])
    assert ids(indexed(store)) == ["b", "a"]


def test_a_journal_that_goes_or_comes_or_shrinks_is_noticed(store):
    file = write_run(store, "one")
    index = indexed(store)
    assert ids(index) == ["one"]
    write_run(store, "two", begin_s=100.0)
    assert ids(index) == ["two", "one"]
    os.remove(file)
    assert ids(index) == ["two"]
    write_lines(store / "journals" / "two" / "a1-7-1.jsonl", lines_of(run_id="two", intervals=1, writer="a1-7-1"))
    assert index.records()[0][0].energy_j["gpu"] == 500.0


def test_a_restart_in_a_folder_that_had_settled_is_noticed(store, monkeypatch):
    write_run(store, "one")
    folder = store / "journals" / "one"
    os.utime(folder, (1e9, 1e9))
    index = indexed(store)
    assert index.records()[0][0].restarts == 0
    monkeypatch.setattr(index_scan, "files_in", lambda *_: pytest.fail("a settled folder is not looked into"))
    assert ids(index) == ["one"]
    monkeypatch.undo()
    write_run(store, "one", name="a1-8-2", begin_s=100.0, process=8)
    assert index.records()[0][0].restarts == 1


def test_a_running_run_is_killed_when_it_is_silent_for_long(store, monkeypatch):
    write_run(store, "one", end=False)
    monkeypatch.setattr(time, "time", lambda: WALL_S + 20.0)
    index = indexed(store)
    assert index.records()[0][0].state == "running"
    monkeypatch.setattr(time, "time", lambda: WALL_S + 100.0)
    assert index.records()[0][0].state == "killed"


@pytest.mark.parametrize("damage", ["torn", "garbage", "empty", "foreign", "newer", "older", "zeroed inside", "without tables"])
def test_a_damaged_or_foreign_index_is_set_aside_one_of_another_version_removed_and_both_made_anew(store, damage):
    for number in range(30):
        write_run(store, f"run-{number:02d}", begin_s=10.0 * number)
    index = indexed(store)
    expected = index.records()[0]
    index.close()
    file = store / "index.sqlite"
    content = file.read_bytes()
    if damage in ("torn", "garbage", "empty", "zeroed inside"):
        middle = content[:8192] + b"\0" * (len(content) - 8192)
        file.write_bytes({"torn": content[: len(content) // 2], "garbage": os.urandom(50_000), "empty": b"", "zeroed inside": middle}[damage])
    elif damage == "foreign":
        file.unlink()
        with sqlite3.connect(file) as other:
            other.execute("CREATE TABLE precious (x)")
        other.close()
    else:
        with sqlite3.connect(file) as other:
            other.execute({"newer": f"PRAGMA user_version = {VERSION + 1}", "older": "PRAGMA user_version = 0", "without tables": "DROP TABLE files"}[damage])
        other.close()
    index = indexed(store)
    assert index.records()[0] == expected
    assert index._connection.execute("PRAGMA database_list").fetchone()[2] == str(file)
    index.close()
    assert len(asides(store)) == (0 if damage in ("empty", "newer", "older") else 1)
    if damage == "foreign":
        with sqlite3.connect(store / asides(store)[0]) as other:
            assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("precious",)]
        other.close()


@pytest.mark.parametrize("seed", range(24))
def test_an_index_with_flipped_bits_missing_pages_or_a_cut_end_gives_no_wrong_figure(store, seed):
    chance = random.Random(seed)
    for number in range(12):
        write_run(store, f"run-{number:02d}", begin_s=10.0 * number, start={"project": f"p{number}"})
    index = indexed(store)
    expected = index.records()[0]
    index.close()
    file = store / "index.sqlite"
    content = bytearray(file.read_bytes())
    for _ in range(chance.choice((1, 1, 20))):
        place = chance.randrange(len(content))
        match seed % 3:
            case 0:
                content[place] ^= 1 << chance.randrange(8)
            case 1:
                content[place & ~4095 : (place & ~4095) + 4096] = chance.choice((bytes(4096), content[:4096], os.urandom(4096)))
            case 2:
                del content[max(place, 1) :]
    file.write_bytes(content)
    index = indexed(store)
    assert index.records()[0] == expected
    assert [index.record(run.run_id) for run in expected] == expected
    assert index.faults() == []
    index.close()


@pytest.mark.parametrize("asked", [lambda index: index.records()[0], lambda index: [index.record(f"run-{n:02d}") for n in range(11, -1, -1)]])
def test_a_disk_that_changes_a_record_and_no_time_gives_no_wrong_figure(store, monkeypatch, asked):
    monkeypatch.setattr(checked_file, "_WORTH_B", 1)
    for number in range(12):
        write_run(store, f"run-{number:02d}", begin_s=10.0 * number)
    index = indexed(store)
    expected = index.records()[0]
    index.close()
    file = store / "index.sqlite"
    content = file.read_bytes()
    assert content.count(b'"duration_s": 15.0') == 12
    file.write_bytes(content.replace(b'"duration_s": 15.0', b'"duration_s": 25.0', 1))
    CheckedFile(str(file)).remember()
    index = indexed(store)
    assert asides(store) == []
    assert asked(index) == expected
    assert len(asides(store)) == 1
    index.close()


@pytest.mark.parametrize("place", range(12))
def test_an_entry_of_an_index_of_sqlite_that_differs_from_its_row_is_found(store, place):
    for number in range(12):
        write_run(store, f"run-{number:02d}", begin_s=10.0 * number, start={"project": "only-once"})
    index = indexed(store)
    expected = index.records()[0]
    index.close()
    file = store / "index.sqlite"
    content = bytearray(file.read_bytes())
    at = -1
    for _ in range(place * 4 + 1):  # in rows, and in each index that has the project
        at = content.find(b"only-once", at + 1) if content.find(b"only-once", at + 1) >= 0 else at
    content[at] ^= 1
    file.write_bytes(content)
    index = indexed(store)
    assert (index.records()[0], index.records(project="only-once")[1]) == (expected, 12)
    index.close()


def test_a_page_and_faults_of_a_damaged_row_are_not_told(store, monkeypatch):
    monkeypatch.setattr(checked_file, "_WORTH_B", 1)
    file = write_run(store, "one")
    with open(file, "ab") as stream:
        stream.write(b"not JSON")
        stream.write(b"\n")
    index = indexed(store)
    index.refresh()
    listed, faults = page_of(index, Filter()), index.faults()
    assert (listed.total, len(faults)) == (1, 1)
    index.close()
    found = set()
    for table, change in (("runs", "hw = 'other'"), ("files", "faults = '[]x'")):
        with closing(sqlite3.connect(store / "index.sqlite", isolation_level=None)) as other:
            other.execute(f"UPDATE {table} SET {change}")
        CheckedFile(str(store / "index.sqlite")).remember()
        index = indexed(store)
        index.refresh()
        assert (page_of(index, Filter()), index.faults()) == (listed, faults)
        index.close()
        found |= set(asides(store))
    assert len(found) == 2


def test_a_damaged_place_in_a_journal_gives_no_wrong_figures_that_are_kept(store, monkeypatch):
    monkeypatch.setattr(checked_file, "_WORTH_B", 1)
    file = write_run(store, "one")
    with open(file, "rb") as stream:
        whole = stream.read()
    for change in (f"read_b = {len(whole)}", "faults = '[\"gone\"]'", "size = 7"):
        with open(file, "wb") as stream:
            stream.writelines(whole.splitlines(keepends=True)[:2])
        index = indexed(store)
        index.refresh()
        index.close()
        damaged(store, f"UPDATE files SET {change}")
        with open(file, "wb") as stream:
            stream.write(whole)
        for _ in range(2):
            index = indexed(store)
            assert index.records()[0] == [merge(lines_of(run_id="one", writer="a1-7-1"), now_s=WALL_S)]
            assert index.faults() == []
            index.close()


def test_a_damaged_row_of_a_folder_hides_no_line(store, monkeypatch):
    monkeypatch.setattr(checked_file, "_WORTH_B", 1)
    file = write_run(store, "one", end=False)
    os.utime(os.path.dirname(file), (1, 1))
    index = indexed(store)
    index.refresh()
    index.close()
    damaged(store, "UPDATE folders SET settled = 1")
    write_run(store, "one")
    os.utime(os.path.dirname(file), (1, 1))
    index = indexed(store)
    assert index.records()[0] == [merge(lines_of(run_id="one", writer="a1-7-1"), now_s=WALL_S)]
    index.close()


@pytest.fixture
def twelve(store, monkeypatch):
    """The file of an index of twelve runs that counts as large, with what it holds, and where the id of a run stands in it."""
    monkeypatch.setattr(checked_file, "_WORTH_B", 1)
    for number in range(12):
        write_run(store, f"run-{number:02d}", begin_s=10.0 * number)
    index = indexed(store)
    index.refresh()
    index.close()
    file = store / "index.sqlite"
    content = file.read_bytes()
    return file, content, [found.start() for found in re.finditer(b"run-07", content)]


@pytest.mark.parametrize(
    "asked",
    [
        lambda index: (page_of(index, Filter()).total, [run.run_id for run in page_of(index, Filter()).runs]),
        lambda index: [run.run_id for run in page_of(index, Filter(), limit=3, offset=3).runs],
        ids,
        lambda index: [run.run_id for run in index.records(limit=6)[0]],
    ],
    ids=["a page", "a later page", "records", "the latest records"],
)
def test_a_run_that_one_tree_of_the_index_has_lost_is_listed(store, twelve, asked):
    file, content, places = twelve
    index = indexed(store)
    expected = asked(index)
    index.close()
    n_lost = 0
    for place in places:
        file.write_bytes(content[:place] + b"run-77" + content[place + 6 :])
        CheckedFile(str(file)).remember()
        index = indexed(store)
        index.refresh()
        n_lost += len(index._connection.execute("SELECT run_id, record FROM runs INDEXED BY runs_listed WHERE started_at > ''").fetchall()) != 12
        assert asked(index) == expected
        index.close()
    assert n_lost >= 1


def test_the_whole_index_is_looked_through_when_asked_unless_it_just_was(store, twelve, monkeypatch):
    looked = []
    real = index_file._check_content
    monkeypatch.setattr(index_file, "_check_content", lambda connection: looked.append(1) or real(connection))
    index = indexed(store)
    index.look_through(within_s=60.0)
    assert looked == [], "it was made a moment ago"
    index.look_through()
    assert len(looked) == 1
    index.close()
    index = indexed(store)
    index.look_through(within_s=60.0)
    assert len(looked) == 1
    content = twelve[0].read_bytes()
    twelve[0].write_bytes(content.replace(b"run-07", b"run-77"))
    index.look_through()
    assert len(asides(store)) == 1
    assert len(ids(index)) == 12


def test_a_number_that_sqlite_writes_in_another_way_does_not_stop_a_list(store):
    index = indexed(store)
    index.add(imported(store, [replace(merge(lines_of(run_id="one"), now_s=WALL_S), cost_usd={"low": -0.0, "median": -0.0, "high": -0.0})]))
    assert ids(index) == ["one"]
    assert page_of(index, Filter()).runs[0].cost_usd == 0.0
    index.close()
    assert ids(indexed(store)) == ["one"]
    assert asides(store) == []


def test_an_index_that_cannot_be_read_at_all_is_an_error_of_ours(store):
    write_run(store, "one")
    index = indexed(store)
    for ask in (lambda: index.rows("SELECT raise_nothing()"), lambda: index.rows("SELECT * FROM none")):
        with pytest.raises(CarbonError, match="the index of the runs cannot be read"):
            ask()
    assert ids(index) == ["one"]


def test_what_was_taken_in_before_a_command_was_killed_stays(store, monkeypatch):
    monkeypatch.setattr(index_scan, "_AT_A_TIME", 3)
    monkeypatch.setattr(module, "_STEP_S", 0.0)  # each group of journals is a step
    for number in range(10):
        write_run(store, f"run-{number}", begin_s=10.0 * number)
    steps = iter(range(2))
    real = Index._take_in

    def killed_later(index, files, progress):
        if next(steps, None) is None:
            raise KeyboardInterrupt
        return real(index, files, progress)

    with monkeypatch.context() as patched:
        patched.setattr(Index, "_take_in", killed_later)
        index = indexed(store)
        with pytest.raises(KeyboardInterrupt):
            index.refresh()
        index.close()
    index = indexed(store)
    kept = index._connection.execute("SELECT count(*) FROM runs").fetchone()[0]
    assert kept == 6
    assert ids(index) == [f"run-{number}" for number in range(9, -1, -1)]
    index.close()


def test_no_question_about_some_runs_reads_them_all(store):
    write_run(store, "one", start={"project": "p"})
    index = indexed(store)
    (record,) = index.records()[0]
    asked = []
    index._connection.set_trace_callback(asked.append)
    for chosen in ({}, {"project": "p"}, {"state": "failed"}, {"since": "2026"}, {"project": "p", "state": "failed", "since": "2026", "until": "2027"}):
        index.records(**chosen, limit=30)
        page_of(index, Filter(**{name: value for name, value in chosen.items() if name != "until"}))
    index.ids("on")
    index.ids("", limit=1)
    index.record("one")
    index.records_of_boards(record)
    index.records_around("2026-01-01", "2026-01-02")
    index.records_across("2026-01-01", "2026-02-01", long_s=60.0)
    index.faults()
    index._connection.set_trace_callback(None)
    for question in {each for each in asked if each.startswith("SELECT") and " runs" in each}:
        steps = [step for *_, step in index._connection.execute(f"EXPLAIN QUERY PLAN {question}")]
        is_list = "LIMIT" in question or "count(*)" in question
        assert not [step for step in steps if step.startswith("SCAN") and not (is_list and "INDEX" in step)], question
        assert not [
            step for step in steps if "TEMP B-TREE FOR ORDER BY" in step and "LIMIT" in question and " IN (" not in question and "BETWEEN" not in question
        ], question
    index.close()


def test_an_index_that_is_damaged_while_it_is_open_is_mended(store):
    for number in range(12):
        write_run(store, f"run-{number:02d}", begin_s=10.0 * number)
    index = indexed(store)
    expected = index.records()[0]
    index._connection.execute("DROP TABLE processes")
    assert len(index.files("run-03")) == 1
    assert index.records()[0] == expected
    index.close()


def test_an_index_that_another_command_writes_can_be_read(store, monkeypatch):
    monkeypatch.setattr(index_file, "_BUSY_S", 0.05)
    write_run(store, "one")
    index = indexed(store)
    assert ids(index) == ["one"]
    index.close()
    other = sqlite3.connect(store / "index.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    index = indexed(store)
    assert index._connection.execute("PRAGMA database_list").fetchone()[2] == str(store / "index.sqlite")
    assert [run_id for (run_id,) in index._connection.execute("SELECT run_id FROM runs")] == ["one"]
    assert ids(index) == ["one"]
    index.close()
    other.close()


def test_what_is_kept_of_a_process_or_run_changes_with_the_version_only():
    kept = [item.name for kind in (Process, Device, Run) for item in fields(kind)]
    assert (VERSION, zlib.crc32(" ".join(kept).encode())) == (27, 227777813), "count VERSION up, as older indexes lack what is new"


def test_a_store_that_cannot_be_written_is_indexed_in_memory(store):
    write_run(store, "one")
    index = Index(str(store), os.path.join(os.devnull, "index.sqlite"))
    assert ids(index) == ["one"]
    assert index._connection.execute("PRAGMA database_list").fetchone()[2] == ""


def test_a_damaged_index_that_cannot_be_set_aside_is_done_without(store, monkeypatch):
    write_run(store, "one")
    index = indexed(store)
    index.records()
    for each in (module, index_file):
        monkeypatch.setattr(each, "set_aside", lambda file: (_ for _ in ()).throw(PermissionError(13, "Permission denied", file)))
    index._connection.execute("DROP TABLE runs")
    assert ids(index) == ["one"]


def test_an_index_that_another_holds_for_long_is_done_without(store, monkeypatch):
    write_run(store, "one")
    monkeypatch.setattr(index_file, "_BUSY_S", 0.05)
    indexed(store).close()
    other = sqlite3.connect(store / "index.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert ids(indexed(store)) == ["one"]
    other.close()


def test_an_index_that_can_be_nowhere_is_an_error_with_a_hint(store, monkeypatch):
    index = indexed(store)
    monkeypatch.setattr(Index, "_refresh", lambda _: (_ for _ in ()).throw(sqlite3.OperationalError("disk I/O error")))
    with pytest.raises(CarbonError, match="neither on disk nor in memory"):
        index.records()


def test_several_that_make_the_index_at_once_all_answer_rightly(store):
    for number in range(200):
        write_run(store, f"run-{number:03d}", begin_s=10.0 * number)
    (store / "index.sqlite").write_bytes(b"garbage" * 1000)
    code = "import sys; from traincarbon.ledger.index import Index; i = Index(sys.argv[1], sys.argv[2]); r = i.records()[0]; print(len(r), sum(x.energy_j['gpu'] for x in r))"
    words = [sys.executable, "-c", code, str(store), str(store / "index.sqlite")]
    commands = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(6)]
    assert [command.communicate() for command in commands] == [("200 300000.0\n", "")] * 6
    assert len(asides(store)) == 1


def test_what_cannot_be_read_is_named_with_its_place_and_harms_nothing_else(store):
    file = write_run(store, "one")
    with open(file, "ab") as stream:
        stream.write(b"\xff\xfe\n" * 50 + b'{"torn": ')
    write_lines(store / "journals" / "two" / "x.jsonl", [{**line("record", run_id="two"), "record": {"schema": "x"}}])
    index = indexed(store)
    assert ids(index) == ["one"]
    assert len(index.faults()) == 20
    assert index.faults()[0].startswith("one/a1-7-1.jsonl, byte ")


ODD = [None, True, 0, -1, 1e308, 1e300, 2**70, "", "x" * 3000, "\x00", "=1+1", [], {}, [1], {"a": 1}, [[[]]], 1e-320]


@pytest.mark.parametrize("kind", [0, 1, -1])
def test_no_value_in_a_line_keeps_the_other_runs_from_being_listed(store, kind):
    lines = lines_of(writer="a1-7-1", figures={"cost_usd": {"low": 1, "median": 2, "high": 3}}, start={"plan": {"params": 1e9}, "versions": {"a": "1"}})
    for number, name in enumerate({**lines[kind], "mfu": 0.3, "forecast": {}, "life": "", "gap_s": 0.0, "samples": 1}):
        for place, odd in enumerate(ODD):
            changed = [*lines]
            changed[kind] = {**lines[kind], name: odd}
            run_id = f"r{number}-{place}"
            write_lines(store / "journals" / run_id / "a1-7-1.jsonl", [one if name == "run_id" else {**one, "run_id": run_id} for one in changed])
    write_run(store, "sound")
    records, _ = indexed(store).records()
    assert "sound" in [record.run_id for record in records]
    for record in records:
        assert Run.from_dict({**record.to_dict(), "run_id": "r"}).duration_s == record.duration_s


def test_links_and_other_files_in_the_store_are_left_alone(store, tmp_path):
    write_run(store, "one")
    outside = write_lines(tmp_path / "outside" / "x.jsonl", lines_of(run_id="outside"))
    os.symlink(os.path.dirname(outside), store / "journals" / "linked")
    os.symlink(outside, store / "journals" / "one" / "linked.jsonl")
    (store / "journals" / "one" / "notes.txt").write_text("x")
    (store / "journals" / "stray.jsonl").write_text("x")
    assert ids(indexed(store)) == ["one"]


def test_many_runs_are_listed_without_being_read_again(store, monkeypatch):
    for number in range(300):
        write_run(store, f"run-{number}")
        os.utime(store / "journals" / f"run-{number}", (1e9, 1e9))
    assert indexed(store).records()[1] == 300
    monkeypatch.setattr(index_folding, "read_lines", lambda *_, **__: pytest.fail("nothing has changed"))
    monkeypatch.setattr(index_scan, "files_in", lambda *_: pytest.fail("nothing has changed"))
    assert indexed(store).records(limit=7)[1] == 300


def imported(store, records):
    return list(map(checked, add_records(str(store), records, known=None, dry_run=False).journals))


def test_imported_records_are_listed_without_being_read(store, monkeypatch):
    records = [merge(lines_of(run_id=f"run-{number}", begin_s=10.0 * number), now_s=WALL_S) for number in range(20)]
    index = indexed(store)
    index.add(imported(store, records))
    monkeypatch.setattr(index_folding, "read_lines", lambda *_, **__: pytest.fail("nothing has changed"))
    from_index = index.records()[0]
    monkeypatch.undo()
    os.remove(store / "index.sqlite")
    assert from_index == indexed(store).records()[0]
    assert len(from_index) == 20


def test_a_record_that_was_imported_into_the_index_is_combined_with_what_is_metered_later(store):
    index = indexed(store)
    index.add(imported(store, [merge(lines_of(run_id="one"), now_s=WALL_S)]))
    assert index.records()[0][0].duration_s == 15.0
    imported(store, [merge(lines_of(run_id="one", intervals=9), now_s=WALL_S)])
    assert index.records()[0][0].duration_s == 45.0
    write_run(store, "one", intervals=2)
    assert index.records()[0][0].duration_s == 10.0


def test_an_index_that_cannot_take_in_imported_records_finds_them_later(store, monkeypatch):
    index = indexed(store)
    with monkeypatch.context() as patched:
        patched.setattr(index_imported, "insert", lambda *_: (_ for _ in ()).throw(sqlite3.OperationalError("database or disk is full")))
        index.add(imported(store, [merge(lines_of(run_id="one"), now_s=WALL_S)]))
    assert ids(index) == ["one"]


def test_a_process_that_had_ended_is_kept_once_its_run_has_others(store):
    write_run(store, "one")
    index = indexed(store)
    index.records()
    for number in range(2, 5):
        write_run(store, "one", name=f"a1-7-{number}", begin_s=100.0 * number, process=number)
        assert index.records()[0][0].restarts == number - 1
    kept = [summary for (summary,) in index._connection.execute("SELECT summary FROM processes ORDER BY name")]
    assert [bool(summary) for summary in kept] == [True, True, True, False]


def test_journals_of_many_folders_are_read_some_at_a_time(store, monkeypatch):
    monkeypatch.setattr(index_scan, "_AT_A_TIME", 3)
    for number in range(10):
        write_run(store, f"run-{number}", begin_s=10.0 * number)
        write_run(store, f"run-{number}", name="b2-9-1", begin_s=10.0 * number, process=9)
    index = indexed(store)
    assert ids(index) == [f"run-{number}" for number in range(9, -1, -1)]
    assert {len(index.files(run_id)) for run_id in ids(index)} == {2}


def test_the_rows_of_a_sound_index_have_the_checksums_that_are_tested_when_it_is_opened(store):
    for number in range(5):
        write_run(store, f"run-{number}", end=number % 2 == 0)
    index = indexed(store)
    index.add(imported(store, [merge(lines_of(run_id="imported"), now_s=WALL_S)]))
    index.records()
    index.close()
    assert len(ids(indexed(store))) == 6
    assert asides(store) == []
