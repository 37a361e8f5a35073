"""The seals of a journal name what was changed, added or taken away, and leave alone what a crash leaves."""

import json
import os
import subprocess
import sys
import time

import pytest

from traincarbon.ledger.appended_file import AppendedFile
from traincarbon.ledger.journal import Journal
from traincarbon.ledger.journal_lines import CHECKPOINT_EVERY_B, read_journal, with_checksum, with_seal
from traincarbon.ledger.verification import Seal, Span, united, verify_journal, verify_journals, verify_lines


def written(folder, n=6, name="a1-7-1.jsonl", opens=AppendedFile):
    journal = Journal(str(folder / name), run_id="run", node="a1", process=7, opens=opens)
    journal.write("start", {"argv": ["train.py"]})
    for count in range(n):
        journal.write(
            "interval", {"from_s": float(count), "to_s": count + 1.0, "devices": {"gpu:0": {"part": "gpu", "how": "counter", "energy_j": 1.5 * count}}}
        )
    journal.write("end", {"exit_code": 0})
    journal.close()
    return folder / name


def edited(file, edit):
    """Write the lines of a journal anew, as *edit* returns them."""
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(edit(lines)))
    return verify_journal(file, name="j")


def test_a_journal_that_was_left_alone_is_intact(tmp_path):
    file = written(tmp_path)
    found = verify_journal(file, name="j")
    assert (found.seal, found.lines, found.faults, found.notes) == (Seal.INTACT, 8, (), ())
    assert found.digest == json.loads(file.read_bytes().splitlines()[-1])["seal"]
    assert read_journal(file)[1] == []


@pytest.mark.parametrize("place", ["text", "seal", "sum", "frame", "end of line", "first letter"])
def test_a_changed_byte_is_named(tmp_path, place):
    file = written(tmp_path)
    data = bytearray(file.read_bytes())
    begin_b = data.index(b"\n", data.index(b"\n") + 1) + 1
    end_b = data.index(b"\n", begin_b)
    at_b = {
        "text": data.index(b"energy_j", begin_b) + 11,
        "seal": end_b - 30,
        "sum": end_b - 5,
        "frame": end_b - 54,
        "end of line": end_b,
        "first letter": begin_b,
    }[place]
    was = data[at_b]
    data[at_b] = ord("7") if was != ord("7") else ord("8")
    file.write_bytes(data)
    found = verify_journal(file, name="j")
    assert found.seal is Seal.CHANGED
    shown = "0x0a" if place == "end of line" else repr(chr(was))
    assert found.faults == (f"j, line 3: byte {at_b} was changed: it is {chr(data[at_b])!r}, and was {shown}",)


def test_a_byte_that_became_an_end_of_line_is_named(tmp_path):
    file = written(tmp_path)
    data = bytearray(file.read_bytes())
    at_b = data.index(b"energy_j", 700)
    data[at_b] = ord("\n")
    file.write_bytes(data)
    (fault,) = verify_journal(file, name="j").faults
    assert f"byte {at_b} was changed: it is 0x0a, and was 'e'" in fault


def test_a_number_that_was_changed_with_its_checksum_is_found(tmp_path):
    def edit(lines):
        line = json.loads(lines[3])
        del line["sum"]
        line["devices"]["gpu:0"]["energy_j"] = 77.25
        lines[3] = with_checksum(json.dumps(line, separators=(",", ":")).encode()) + b"\n"
        return lines

    file = written(tmp_path)
    found = edited(file, edit)
    assert read_journal(file)[1] == []
    assert found.seal is Seal.CHANGED
    (fault,) = found.faults
    assert fault.startswith("j, line 4: changed, at more than one place")


def test_a_line_that_is_gone_is_missing(tmp_path):
    found = edited(written(tmp_path), lambda lines: [*lines[:3], *lines[4:]])
    assert (found.seal, found.faults) == (Seal.CHANGED, ("j: lines 3 to 3 of its writer are missing",))


def test_a_line_that_was_added_is_found(tmp_path):
    forged = b'{"schema":"traincarbon/journal/1","run_id":"run","node":"a1","writer":"a1-7-1","kind":"note","process":7,"seq":99,"wall_s":1.0,"mono_s":1.0}\n'
    found = edited(written(tmp_path), lambda lines: [*lines[:3], forged, *lines[3:]])
    assert found.seal is Seal.CHANGED
    assert "1 of 9 lines have no seal" in found.faults[0]


def test_a_line_that_was_written_twice_or_moved_is_found(tmp_path):
    assert edited(written(tmp_path), lambda lines: [*lines[:3], lines[2], *lines[3:]]).seal is Seal.CHANGED
    assert edited(written(tmp_path, name="b.jsonl"), lambda lines: [lines[0], lines[2], lines[1], *lines[3:]]).seal is Seal.CHANGED


def test_an_end_that_was_cut_off_changes_the_digest(tmp_path):
    file = written(tmp_path)
    whole = verify_journal(file).digest
    shorter = edited(file, lambda lines: lines[:-2])
    assert shorter.seal is Seal.INTACT
    assert shorter.digest != whole


def test_a_journal_of_an_earlier_version_has_no_seal_and_that_is_said(tmp_path):
    file = tmp_path / "old.jsonl"
    file.write_bytes(with_checksum(b'{"schema":"traincarbon/journal/1","kind":"note"}') + b"\n")
    found = verify_journal(file, name="old")
    assert (found.seal, found.digest, found.faults) == (Seal.UNSEALED, "", ())
    assert found.notes == ("old has no seal: it was written before there were any, or by another program",)


def test_a_writer_that_was_killed_leaves_an_intact_journal(tmp_path):
    file = written(tmp_path)
    os.truncate(file, file.stat().st_size - 40)
    found = verify_journal(file, name="j")
    assert (found.seal, found.faults) == (Seal.INTACT, ())
    assert "cut off" in found.notes[0]


def test_every_cut_of_a_journal_is_intact(tmp_path):
    data = written(tmp_path, n=2).read_bytes()
    first_b = data.index(b"\n") + 1
    for cut_b in range(first_b, len(data)):
        assert verify_lines(iter(data[:cut_b].splitlines(keepends=True)), name="j").seal is Seal.INTACT


class Full(AppendedFile):
    """A disk that is full for some lines: the first attempt of one leaves a piece of it."""

    def __init__(self, path):
        super().__init__(path)
        self.appended = 0

    def append(self, line, *, head=()):
        self.appended += 1
        if self.appended == 4:
            with open(self._path, "ab") as stream:
                stream.write(line[:30])
            self._fresh = False
            raise OSError(28, "No space left on device")
        super().append(line, head=head)


def test_a_line_that_a_full_disk_cut_short_and_that_was_written_again_is_no_change(tmp_path):
    found = verify_journal(written(tmp_path, opens=Full), name="j")
    assert (found.seal, found.faults) == (Seal.INTACT, ())
    assert "had to write again" in found.notes[0]


def test_lines_that_the_writer_dropped_are_said_and_are_no_change(tmp_path, monkeypatch):
    monkeypatch.setattr("traincarbon.ledger.journal._KEPT_B", 800)
    file = tmp_path / "blocked" / "a1-7-1.jsonl"
    journal = Journal(str(file), run_id="run", node="a1", process=7)
    (tmp_path / "blocked").write_text("")
    for count in range(9):
        journal.write("interval", {"from_s": float(count), "to_s": count + 1.0, "devices": {}})
    os.remove(tmp_path / "blocked")
    journal.write("end", {"exit_code": 0})
    journal.close()
    found = verify_journal(file, name="j")
    assert (found.seal, found.faults) == (Seal.INTACT, ())
    assert "dropped by their writer" in found.notes[0]


def test_lines_in_another_journal_of_the_run_are_not_missing(tmp_path):
    file = written(tmp_path)
    lines = file.read_bytes().splitlines(keepends=True)
    (tmp_path / "one.jsonl").write_bytes(b"".join([*lines[:2], *lines[5:]]))
    (tmp_path / "two.jsonl").write_bytes(b"".join([lines[0], *lines[2:5]]))
    alone = verify_journal(tmp_path / "one.jsonl", name="one")
    assert (alone.seal, alone.gaps) == (Seal.CHANGED, (Span("a1-7-1", 2, 4),))
    both = verify_journals([(name, tmp_path / f"{name}.jsonl") for name in ("one", "two")])
    assert [each.seal for each in both] == [Seal.INTACT, Seal.INTACT]
    assert united([alone])[0].seal is Seal.CHANGED


def test_journals_of_several_writers_in_one_file_have_chains_of_their_own(tmp_path):
    one, two = written(tmp_path), written(tmp_path, name="b2-8-1.jsonl")
    mixed = [line for pair in zip(one.read_bytes().splitlines(keepends=True), two.read_bytes().splitlines(keepends=True), strict=True) for line in pair]
    file = tmp_path / "both"
    file.write_bytes(b"".join(mixed))
    found = verify_journal(file)
    assert (found.seal, found.lines, len(found.digest)) == (Seal.INTACT, 16, 32)
    assert found.digest not in (verify_journal(one).digest, verify_journal(two).digest)
    assert edited(file, lambda lines: lines[:5] + lines[6:]).gaps == (Span("b2-8-1", 2, 2),)


def test_a_checkpoint_is_sealed_and_may_be_missing(tmp_path, monkeypatch):
    monkeypatch.setattr("traincarbon.ledger.journal.CHECKPOINT_EVERY_B", 900)
    file = written(tmp_path, n=12)
    lines = file.read_bytes().splitlines(keepends=True)
    checkpoints = [number for number, line in enumerate(lines) if b'"kind":"checkpoint"' in line]
    assert checkpoints or CHECKPOINT_EVERY_B == 0
    assert verify_journal(file).seal is Seal.INTACT
    damaged = lines[checkpoints[0]].replace(b'"energy_j":', b'"energy_k":', 1)
    assert edited(file, lambda found: [*found[: checkpoints[0]], damaged, *found[checkpoints[0] + 1 :]]).seal is Seal.CHANGED
    assert edited(file, lambda found: [*found[: checkpoints[0]], *found[checkpoints[0] + 1 :]]).seal is Seal.INTACT


def test_a_file_that_cannot_be_read_is_said(tmp_path):
    found = verify_journal(tmp_path, name="j")
    assert (found.seal, found.lines) == (Seal.UNREADABLE, 0)
    assert found.to_dict()["faults"]
    assert verify_journal(tmp_path / "none", name="j").seal is Seal.UNREADABLE


def test_nothing_hostile_stops_it(tmp_path):
    for content in (b"", b"\n\n", b"\0" * 500, b"x" * 70_000, b'"}' * 900 + b"\n", with_seal(b'{"a":1}', after="")[0] + b"\n"):
        file = tmp_path / "hostile.jsonl"
        file.write_bytes(content)
        assert verify_journal(file, name="j").seal in (Seal.UNSEALED, Seal.CHANGED)


WRITER = """
import sys
from traincarbon.ledger.journal import Journal
journal = Journal(sys.argv[1], run_id="run", node="a1", process=7)
for count in range(10**6):
    journal.write("interval", {"from_s": float(count), "to_s": count + 1.0, "devices": {}})
    if count == 20:
        print("ready", flush=True)
"""


@pytest.mark.parametrize("wait_s", [0.0, 0.013, 0.05])
def test_a_writer_that_is_killed_at_any_moment_leaves_seals_that_hold(tmp_path, wait_s):
    file = tmp_path / "a1-7-1.jsonl"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(file)], stdout=subprocess.PIPE) as writer:
        writer.stdout.readline()
        time.sleep(wait_s)
        writer.kill()
    found = verify_journal(file, name="j")
    assert (found.seal, found.faults) == (Seal.INTACT, ())
    assert found.lines > 20
