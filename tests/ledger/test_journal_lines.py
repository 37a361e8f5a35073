"""Reading journals: each line checked, what cannot be used named with its place, and nothing that blocks or fills the memory."""

import json
import os
import resource

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journals import line, lines_of, write_lines
from traincarbon.ledger.journal import Journal
from traincarbon.ledger.journal_lines import LONGEST_LINE_B, WholeLine, parse_line, read_journal, read_lines, with_checksum


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"\xff\xfe\xfa\n", "not JSON"),
        (b"\0\0\0\0\0\n", "only NUL bytes"),
        (b"[1, 2]\n", "not an object"),
        (b'{"schema": "traincarbon/journal/2"}\n', "its schema is 'traincarbon/journal/2', not 'traincarbon/journal/1'"),
        (b'{"hello": 1}\n', "its schema is 'None', not 'traincarbon/journal/1'"),
        (json.dumps(line("note", seq=True)).encode() + b"\n", "its seq is 'True'"),
        (json.dumps(line("note", mono_s="x", wall_s=0)).encode() + b"\n", "its mono_s is 'x'"),
        (json.dumps({**line("note"), "wall_s": float("nan")}).encode() + b"\n", "its wall_s is 'None'"),
        (json.dumps(line("note", wall_s=1e308)).encode() + b"\n", "its wall_s is '1e+308'"),
        (json.dumps({**line("note"), "run_id": " "}).encode() + b"\n", "its run_id is ' '"),
        (json.dumps({**line("note"), "writer": 7}).encode() + b"\n", "its writer is '7'"),
        (b'{"a":' * 100_000 + b"\n", "not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}\n", "not JSON"),
        (b"x" * (LONGEST_LINE_B + 10) + b"\n", "too long for a line of a journal"),
        (json.dumps(line("note")).encode(), "cut off"),
    ],
)
def test_a_line_that_is_not_ours_is_named_and_the_rest_is_read(tmp_path, content, fault):
    file = tmp_path / "x.jsonl"
    good = [json.dumps(line("note", seq=number)).encode() for number in range(2)]
    file.write_bytes(good[0] + b"\n\n" + (content if content.endswith(b"\n") else b"") + good[1] + b"\n" + (b"" if content.endswith(b"\n") else content))
    lines, faults = read_journal(file)
    assert [one["seq"] for one in lines] == [0, 1]
    assert [text.partition(": ")[2] for text in faults] == [fault]


def test_halves_of_letters_become_a_mark_that_utf8_can_hold(tmp_path):
    file = write_lines(tmp_path / "x.jsonl", [line("note", text="\ud83d and more")])
    (only,), _ = read_journal(file)
    assert only["text"].encode("utf-8") == b"? and more"


def test_a_line_of_a_hundred_megabytes_is_passed_over_in_little_memory(tmp_path):
    file = tmp_path / "x.jsonl"
    with open(file, "wb") as stream:
        stream.truncate(100 << 20)
        stream.seek(0, os.SEEK_END)
        stream.write(b"\n" + json.dumps(line("note", text="after")).encode() + b"\n")
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lines, faults = read_journal(file)
    assert [one["text"] for one in lines] == ["after"]
    assert len(faults) == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 20_000


def test_a_file_that_is_not_there_is_a_fault_not_an_error(tmp_path):
    assert read_journal(tmp_path / "none.jsonl") == ([], ["none.jsonl: No such file or directory"])


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_file_is_named_and_blocks_nobody(tmp_path, kind):
    file = tmp_path / "a1-7-1.jsonl"
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "device":
        file.symlink_to("/dev/zero")
    else:
        file.mkdir()
    lines, faults = read_journal(file)
    assert (lines, len(faults)) == ([], 1)
    assert faults[0].startswith("a1-7-1.jsonl: ")


def test_reading_can_go_on_where_it_stopped(tmp_path):
    lines = lines_of(intervals=4)
    file = write_lines(tmp_path / "x.jsonl", lines)
    places = [place_b for _, _, place_b in read_lines(file)]
    assert places[-1] == os.path.getsize(file)
    for number, place_b in enumerate(places, 1):
        assert [one for one, _, _ in read_lines(file, begin_b=place_b)] == lines[number:]


@given(st.integers(min_value=0, max_value=10**6))
def test_a_journal_cut_anywhere_keeps_every_whole_line(tmp_path_factory, cut):
    lines = lines_of(intervals=5)
    file = write_lines(tmp_path_factory.mktemp("cut") / "x.jsonl", lines)
    with open(file, "rb") as stream:
        content = stream.read()[: cut % (os.path.getsize(file) + 1)]
    with open(file, "wb") as stream:
        stream.write(content)
    assert read_journal(file)[0] == lines[: content.count(b"\n")]


def test_a_line_of_which_a_single_bit_has_changed_is_named_and_not_believed(tmp_path):
    writer = Journal(str(tmp_path / "a1-7-1.jsonl"), run_id="run", node="a1", process=7)
    writer.write("interval", {"devices": {"gpu:0": {"part": "gpu", "how": "counter", "energy_j": 12345.678}}})
    writer.close()
    content = (tmp_path / "a1-7-1.jsonl").read_bytes()
    (whole,) = read_journal(writer.file)[0]
    assert "sum" not in whole
    for place in range(len(content)):
        (tmp_path / "b.jsonl").write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        lines, faults = read_journal(tmp_path / "b.jsonl")
        assert len(faults) + len(lines) >= 1
        assert all(one["devices"] == whole["devices"] and one["seq"] == whole["seq"] for one in lines)


def test_a_line_without_a_checksum_is_read_as_before(tmp_path):
    file = write_lines(str(tmp_path / "a.jsonl"), [line("note", text="by hand")])
    assert read_journal(file) == ([line("note", text="by hand")], [])


def test_only_a_line_whose_own_checksum_is_right_is_known_to_be_whole():
    text = json.dumps(line("note"), separators=(",", ":")).encode()
    assert isinstance(parse_line(with_checksum(text) + b"\n")[0], WholeLine)
    assert not isinstance(parse_line(text + b"\n")[0], WholeLine)
    assert parse_line(with_checksum(text).replace(b"note", b"nota") + b"\n") == (None, "damaged: its checksum is wrong")
