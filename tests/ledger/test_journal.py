"""The journal: every line whole, whatever happens to the disk, the clock or the writer."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.ledger.journal import Journal, new_journal, run_folder
from traincarbon.ledger.journal_lines import LONGEST_LINE_B, read_journal

WRITER = """
import sys
from traincarbon.ledger.journal import new_journal
journal = new_journal(sys.argv[1], sys.argv[2])
journal.write("start", {"argv": ["train.py"]})
for count in range(int(sys.argv[3])):
    devices = {f"gpu:{number}": {"part": "gpu", "how": "counter", "energy_j": float(count + 1)} for number in range(8)}
    journal.write("interval", {"from_s": float(count), "to_s": count + 1.0, "devices": devices})
    print(count + 1, flush=True)
journal.write("end", {"exit_code": 0})
journal.close()
"""


def journal_in(folder, name="a1-7-1.jsonl"):
    return Journal(str(folder / name), run_id="run", node="a1", process=7)


def test_a_line_says_who_wrote_it_and_when_on_both_clocks(tmp_path):
    journal = journal_in(tmp_path)
    before_s, before_mono_s = time.time(), time.monotonic()
    assert journal.write("note", {"text": "hello", "seq": 99, "schema": "forged"})
    (only,), faults = read_journal(journal.file)
    assert not faults
    assert (only["schema"], only["run_id"], only["node"], only["process"], only["writer"]) == ("traincarbon/journal/1", "run", "a1", 7, "a1-7-1")
    assert (only["seq"], only["kind"], only["text"]) == (0, "note", "hello")
    assert before_s <= only["wall_s"] <= time.time()
    assert before_mono_s <= only["mono_s"] <= time.monotonic()
    assert only["wall"].endswith("Z")
    assert len(only["wall"]) == len("2026-11-24T10:00:00.000000Z")


def test_a_journal_goes_into_the_folder_of_its_run(tmp_path):
    journal = new_journal(str(tmp_path), "bert-3")
    journal.write("start", {})
    folder, name = os.path.split(journal.file)
    assert folder == str(tmp_path / "journals" / "bert-3")
    node, process, start_ns = name.removesuffix(".jsonl").split("-")
    assert len(node) == 12
    assert int(process) == os.getpid()
    assert 0 <= time.time_ns() - int(start_ns) < 60e9


@pytest.mark.parametrize("run_id", ["../../etc/passwd", "/etc", "", ".", "..", "a/b", "x" * 10_000, "nul\0", "\udcff", "é", "a b", "con:1"])
def test_no_run_id_leads_out_of_the_store(run_id):
    folder = run_folder("/store", run_id)
    assert os.path.dirname(os.path.normpath(folder)) == "/store/journals"
    assert len(os.path.basename(folder)) < 120
    assert os.path.basename(folder).isascii()


def test_run_ids_that_differ_do_not_share_a_folder():
    ids = ["a/b", "a%2Fb", "a.b", "a b", "x" * 200, "x" * 201, "é", "è", ""]
    assert len({run_folder("/s", run_id) for run_id in ids}) == len(ids)


def test_what_json_cannot_hold_is_written_as_near_as_it_can_be(tmp_path):
    journal = journal_in(tmp_path)
    loop: list = []
    loop.append(loop)
    hostile = {
        "nan": float("nan"), "inf": float("inf"), "huge": 10**400, "bytes": b"\xff", "set": {1}, "object": object(), "half": "\ud800", 3: "key", "nul": "a\0b",
        "rtl": "\u202eevil", "loop": loop, "long": "x" * 10_000, "many": list(range(5000)), "markup": "<script>alert(1)</script>", "sql": "'); DROP TABLE runs; --",
    }  # fmt: skip
    assert journal.write("note", hostile)
    (only,), faults = read_journal(journal.file)
    assert not faults
    assert (only["nan"], only["inf"], only["huge"], only["set"], only["3"]) == (None, None, None, [1], "key")
    assert (only["markup"], only["sql"], only["nul"]) == (hostile["markup"], hostile["sql"], hostile["nul"])
    assert (len(only["long"]), only["long"][-1]) == (2000, "…")
    assert only["many"][-1] == "… 4000 more"


def test_no_line_is_longer_than_a_reader_takes(tmp_path):
    journal = journal_in(tmp_path)
    assert journal.write("start", {"argv": ["é" * 2000] * 1000, "env": {f"{number}": "x" * 2000 for number in range(2000)}})
    assert os.path.getsize(journal.file) <= LONGEST_LINE_B
    assert len(read_journal(journal.file)[0]) == 1


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(), lambda part: st.lists(part) | st.dictionaries(st.text(), part)
    )
)
def test_whatever_is_written_can_be_read(tmp_path_factory, value):
    journal = journal_in(tmp_path_factory.mktemp("any"))
    assert journal.write("note", {"value": value})
    assert len(read_journal(journal.file)[0]) == 1


def test_a_full_disk_keeps_lines_in_memory_and_says_so_once(tmp_path, monkeypatch):
    journal = journal_in(tmp_path)
    assert journal.write("start", {})
    really_write, room = os.write, []

    def full(descriptor, data):
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return really_write(descriptor, data)

    monkeypatch.setattr(os, "write", full)
    assert not any(journal.write("interval", {"n": number}) for number in range(3))
    assert journal.fault == "No space left on device"
    room.append(True)
    assert journal.write("interval", {"n": 3})
    assert journal.fault == ""
    lines, faults = read_journal(journal.file)
    assert not faults
    assert [one["seq"] for one in lines] == [0, 1, 2, 3, 4, 5]
    assert [one["n"] for one in lines if one["kind"] == "interval"] == [0, 1, 2, 3]
    assert [one["text"].partition("(")[2].partition(")")[0] for one in lines if one["kind"] == "note"] == ["No space left on device"]


def test_a_disk_that_fills_within_a_line_costs_that_line_its_first_copy_only(tmp_path, monkeypatch):
    journal = journal_in(tmp_path)
    journal.write("start", {})
    really_write, left_b = os.write, [50]

    def nearly_full(descriptor, data):
        if left_b[0] == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = really_write(descriptor, data[: left_b[0]])
        left_b[0] -= written
        return written

    monkeypatch.setattr(os, "write", nearly_full)
    assert not journal.write("interval", {"n": 1})
    left_b[0] = 10**6
    assert journal.write("interval", {"n": 2})
    lines, faults = read_journal(journal.file)
    assert [one["n"] for one in lines if one["kind"] == "interval"] == [1, 2]
    assert len(faults) == 1
    assert faults[0].endswith("not JSON")


def test_a_limit_on_the_size_of_files_is_survived_like_a_full_disk(tmp_path):
    code = """
import resource, sys
from traincarbon.ledger.journal import Journal
journal = Journal(sys.argv[1], run_id="run", node="a1", process=7)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
print(sum(journal.write("interval", {"n": number}) for number in range(20)))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(journal.write("end", {}))
"""
    file = str(tmp_path / "a1-7-1.jsonl")
    done = subprocess.run([sys.executable, "-c", code, file], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    written, ended = done.stdout.split()
    lines, faults = read_journal(file)
    assert ended == "True"
    assert 0 < int(written) < 20
    # a line of which only the end was cut off is there twice, under one number, and counts once
    assert [one["n"] for one in {one["seq"]: one for one in lines}.values() if one["kind"] == "interval"] == list(range(20))
    assert [one["kind"] for one in lines[-2:]] == ["end", "note"]
    assert len(faults) <= 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_file_system_that_is_really_full_loses_nothing_once_there_is_room(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("this root may not mount")
    try:
        (disk / "ballast").write_bytes(b"x" * 32768)
        journal = journal_in(disk)
        written = [journal.write("interval", {"n": number, "pad": "x" * 1000}) for number in range(40)]
        assert written[0]
        assert not written[-1]
        (disk / "ballast").unlink()
        assert journal.write("end", {})
        seen = [one["n"] for one in read_journal(journal.file)[0] if one["kind"] == "interval"]
        journal.close()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
    assert seen == list(range(40))


def test_dev_full_never_raises_and_never_grows_beyond_its_bound():
    journal = Journal("/dev/full", run_id="run", node="a1", process=7)
    assert not journal.write("start", {"argv": ["train.py"]})
    for number in range(3000):
        assert not journal.write("note" if number % 100 == 0 else "interval", {"n": number, "pad": "x" * 1000})
    waiting = [json.loads(text) for _, text in journal._waiting]
    assert sum(len(text) for _, text in journal._waiting) <= 1 << 20
    assert waiting[0]["kind"] == "start"
    assert waiting[-1]["n"] == 2999
    assert sum(one["kind"] == "note" for one in waiting) == 30  # notes are kept where intervals are dropped
    numbers = [one["n"] for one in waiting if one["kind"] == "interval"]
    assert numbers == sorted(numbers)
    journal.close()


def test_what_was_dropped_is_counted_in_the_note(tmp_path, monkeypatch):
    journal = journal_in(tmp_path)
    monkeypatch.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(errno.EDQUOT, "Disk quota exceeded")))
    for number in range(1500):
        journal.write("interval", {"n": number, "pad": "x" * 1000})
    monkeypatch.undo()
    assert journal.write("end", {})
    lines = read_journal(journal.file)[0]
    kept = sum(one["kind"] == "interval" for one in lines)
    assert f"{1500 - kept} earlier lines were dropped" in lines[-1]["text"]
    assert lines[-3]["n"] == 1499


def test_a_folder_that_cannot_be_made_is_tried_again_with_each_line(tmp_path):
    blocked = tmp_path / "journals"
    blocked.write_text("a file in the way")
    journal = new_journal(str(tmp_path), "run")
    assert not journal.write("start", {})
    assert journal.fault == "Not a directory"
    blocked.unlink()
    assert journal.write("interval", {})
    assert [one["kind"] for one in read_journal(journal.file)[0]] == ["start", "interval", "note"]


def test_a_folder_that_is_removed_under_the_writer_harms_nobody(tmp_path):
    journal = new_journal(str(tmp_path), "run")
    journal.write("start", {})
    os.remove(journal.file)
    assert journal.write("interval", {})
    journal.close()


def test_a_writer_that_goes_on_after_a_torn_line_begins_a_line_of_its_own(tmp_path):
    file = tmp_path / "a1-7-1.jsonl"
    file.write_bytes(b'{"schema": "traincarbon/journal/1", "run_')
    journal = journal_in(tmp_path)
    journal.write("note", {"text": "after"})
    lines, faults = read_journal(file)
    assert [one["text"] for one in lines] == ["after"]
    assert len(faults) == 1


def test_a_closed_journal_takes_no_more_and_closes_twice(tmp_path):
    journal = journal_in(tmp_path)
    journal.write("start", {})
    journal.close()
    journal.close()
    assert not journal.write("end", {})
    assert len(read_journal(journal.file)[0]) == 1


def test_fifty_kills_leave_fifty_journals_that_lack_nothing_that_was_written(tmp_path):
    """Real writers, really killed, each at another moment; what they had said to have written is there."""
    chance = random.Random(4)
    for number in range(0, 50, 5):
        writers = [
            subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), f"run-{number + step}", "1000000"], stdout=subprocess.PIPE) for step in range(5)
        ]
        for step, writer in enumerate(writers):
            assert writer.stdout.readline() == b"1\n"
            time.sleep(chance.random() * 0.02)
            os.kill(writer.pid, signal.SIGKILL)
            said = writer.stdout.read().split(b"\n")
            writer.wait()
            writer.stdout.close()
            folder = run_folder(str(tmp_path), f"run-{number + step}")
            (name,) = os.listdir(folder)
            lines, faults = read_journal(os.path.join(folder, name))
            written = int(said[-2]) if len(said) > 1 else 1
            assert [one["seq"] for one in lines] == list(range(len(lines)))
            assert len(lines) - 1 >= written
            assert len(faults) <= 1


def test_fifty_writers_at_once_leave_fifty_complete_journals(tmp_path):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), "one-run", "40"], stdout=subprocess.DEVNULL) for _ in range(50)]
    assert [writer.wait() for writer in writers] == [0] * 50
    folder = run_folder(str(tmp_path), "one-run")
    assert len(os.listdir(folder)) == 50
    for name in os.listdir(folder):
        lines, faults = read_journal(os.path.join(folder, name))
        assert not faults
        assert [one["kind"] for one in lines] == ["start", *["interval"] * 40, "end"]
    assert len({one["node"] for one in lines}) == 1


def test_the_writer_loads_nothing_heavy():
    code = "import sys, os, json, time; before = set(sys.modules); import traincarbon.ledger.journal as j; j.new_journal(sys.argv[1], 'r'); print(*set(sys.modules) - before)"
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-c", f"import sys; sys.path.insert(0, 'src'); {code}", os.devnull], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()} - {"traincarbon"}
    assert loaded <= {
        "math",
        "typing",
        "_typing",
        "contextlib",
        "warnings",
        "_blake2",
        "errno",
        "copyreg",
        "collections",
        "functools",
        "operator",
        "re",
        "types",
        "encodings",
    }
