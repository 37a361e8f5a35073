"""Checkpoints: what a reader gets that begins at one is what it gets from all the lines, and a checkpoint that may lie is not used."""

import json
import os
import pathlib
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journals import device, line, write_lines
from traincarbon.ledger import checkpoint, journal
from traincarbon.ledger.checkpoint import advanced, checkpoint_fields, latest_checkpoint
from traincarbon.ledger.folding import fold, fold_files
from traincarbon.ledger.index import Index
from traincarbon.ledger.journal import Journal
from traincarbon.ledger.journal_lines import read_journal

EVERY_B = 1 << 18


@pytest.fixture(autouse=True)
def close_checkpoints(monkeypatch):
    """Checkpoints so close to each other that a short journal has several."""
    for module in (journal, checkpoint):
        monkeypatch.setattr(module, "CHECKPOINT_EVERY_B", EVERY_B)


def written(folder, *, intervals=400, name="a1-7-1.jsonl", end=True):
    """A journal of 8 GPUs that is long enough for several checkpoints."""
    writer = Journal(str(folder / name), run_id="run", node="a1", process=7)
    writer.write(
        "start",
        {"argv": ["train.py"], "hw": "box", "accelerators": 8, "params": 7e9, "plan": {"tokens": 1e9, "deep": [{"x": [1]}]}, "from_s": 0.0, "to_s": 0.0},
    )
    for number in range(1, intervals + 1):
        devices = {
            f"gpu:GPU-{gpu}": device(1500.0 * number, power_max_w=300.0 + number, utilisation=0.5, gap_s=number / 10.0, counter_j=9e6 + 1500.0 * number)
            for gpu in range(8)
        }
        devices["cpu:model"] = device(10.0 * number, part="cpu", how="modelled")
        writer.write("interval", {"from_s": 5.0 * number - 5.0, "to_s": 5.0 * number, "gap_s": 0.1, "samples": 5, "devices": devices})
        writer.write("progress", {"tokens": 10.0 * number})
        if number % 50 == 0:
            writer.write("note", {"text": f"note {number} \N{SNOWMAN}"})
    if end:
        writer.write("end", {"exit_code": 0, "to_s": 5.0 * intervals, "cost_usd": {"low": 1.0, "median": 2.0, "high": 3.0}})
    writer.close()
    return folder / name


def kinds(file):
    return [one["kind"] for one in read_journal(file)[0]]


def without_checkpoints(file):
    return [one for one in read_journal(file)[0] if one["kind"] != "checkpoint"]


def told(processes):
    """The summaries without their number of lines, as a checkpoint is a line too."""
    return [{**process.to_stored(), "seq": 0} for process in processes]


def test_a_reader_that_begins_at_a_checkpoint_knows_what_one_of_all_lines_knows(tmp_path):
    file = written(tmp_path)
    assert kinds(file).count("checkpoint") >= 2
    assert os.path.getsize(file) - latest_checkpoint(file).end_b < EVERY_B + 60_000
    assert told(fold_files([file], "run")) == told(fold(read_journal(file)[0])) == told(fold(without_checkpoints(file)))


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.floats(0.0, 1.0))
def test_a_journal_that_is_cut_anywhere_says_the_same_with_and_without_checkpoints(tmp_path_factory, cut):
    folder = tmp_path_factory.mktemp("cut")
    file = written(folder, intervals=250)
    os.truncate(file, int(cut * os.path.getsize(file)))
    assert told(fold_files([file], "run")) == told(fold(read_journal(file)[0]))


def test_lines_that_are_damaged_before_a_checkpoint_cost_nothing(tmp_path):
    file = written(tmp_path)
    whole = told(fold_files([file], "run"))
    content = bytearray(file.read_bytes())
    content[1000:1400] = b"#" * 400
    file.write_bytes(content)
    assert told(fold_files([file], "run")) == told(fold(read_journal(file)[0])) == whole


@pytest.mark.parametrize("damage", ["digit", "place", "crc", "no summary", "of another run", "hostile"])
def test_a_checkpoint_that_may_lie_is_not_used(tmp_path, damage):
    file = written(tmp_path, end=False)
    lines = read_journal(file)[0]
    at = max(place for place, one in enumerate(lines) if one["kind"] == "checkpoint")
    first = min(place for place, one in enumerate(lines) if one["kind"] == "checkpoint")
    expected = told(fold(without_checkpoints(file)))
    for one in {at, first}:
        match damage:
            case "digit":
                lines[one]["summary"]["devices"]["gpu:GPU-1"]["energy_j"] += 1.0
            case "place":
                lines[one]["at_b"] += 1
            case "crc":
                lines[one]["crc"] = "x"
            case "no summary":
                lines[one]["summary"] = [1]
            case "of another run":
                lines[one]["run_id"] = "other"
            case "hostile":
                lines[one]["summary"]["devices"] = {"gpu:0": {"part": [], "how": 5}}
                lines[one]["crc"] = zlib.crc32(json.dumps(lines[one]["summary"], sort_keys=True, separators=(",", ":")).encode())
    write_lines(file, [{**one} for one in lines])
    assert latest_checkpoint(file) is None or latest_checkpoint(file).process.seq < lines[at]["seq"]
    found = fold_files([file], "run")
    assert told(found)[0]["devices"] == expected[0]["devices"]


def test_lines_of_others_before_a_checkpoint_are_not_skipped(tmp_path):
    file = written(tmp_path)
    own = file.read_bytes()
    other = write_lines(str(tmp_path / "other.jsonl"), [line("interval", writer="b2-8-1", node="b2", devices={"gpu:x": device(7.0)})])
    file.write_bytes(pathlib.Path(other).read_bytes() + own)
    assert latest_checkpoint(file) is None
    assert {process.node for process in fold_files([file], "run")} == {"a1", "b2"}


def test_the_same_journal_twice_counts_once(tmp_path):
    file = written(tmp_path)
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(file.read_bytes())
    assert told(fold_files([file, str(copy)], "run")) == told(fold_files([file], "run"))


def test_the_index_begins_at_a_checkpoint_and_goes_on_there(tmp_path):
    folder = tmp_path / "journals" / "run"
    folder.mkdir(parents=True)
    file = written(folder, end=False)
    content = file.read_bytes()
    index = Index(str(tmp_path), str(tmp_path / "index.sqlite"))
    assert index.records()[0][0].energy_j["gpu"] == 8 * 400 * 1500.0
    last = fold_files([file], "run")[0].seq
    more = json.dumps(line("interval", seq=last + 1, mono_s=1e5, from_s=2000.0, to_s=2005.0, devices={"gpu:GPU-0": device(1e6)}))
    file.write_bytes(content + more.encode() + b"\n")
    assert index.records()[0][0].energy_j["gpu"] == 7 * 400 * 1500.0 + 1e6
    index.close()


def test_what_cannot_be_summed_up_has_no_checkpoint(tmp_path):
    (tmp_path / "a.jsonl").write_text("nothing\n")
    assert checkpoint_fields(str(tmp_path / "a.jsonl"), at_b=8) is None
    assert latest_checkpoint(str(tmp_path)) is None


def test_a_checkpoint_replaces_lines_that_were_lost(tmp_path):
    file = written(tmp_path, intervals=250)
    lines = read_journal(file)[0]
    at = next(place for place, one in enumerate(lines) if one["kind"] == "checkpoint")
    (process,) = fold(lines[:at])
    (later,) = fold(lines[at - 1 : at])
    assert told([advanced(later, lines[at])]) == told([advanced(process, lines[at])])
