"""Records are known to stand elsewhere by run, writer and content, as the disk has them now."""

import json
import os
import shutil
from pathlib import Path

import pytest

from journals import write_lines
from traincarbon.ledger.packs import elsewhere as module
from traincarbon.ledger.packs.elsewhere import elsewhere, has_records_of
from traincarbon.ledger.run import Run
from traincarbon.ledger.store import Ledger


def record(run_id):
    return Run.from_dict({"schema": "traincarbon/run/1", "run_id": run_id, "state": "finished", "duration_s": 5.0, "started_at": "2026-11-24T10:00:00Z"})


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "store") as opened:
        opened.add([record(f"r{number}") for number in range(5)])
        opened.index.refresh()
        yield opened


def journal_of(ledger):
    (file,) = Path(ledger.store, "journals").glob("*/*.jsonl")
    return file


def lines_of(file):
    return [{name: value for name, value in json.loads(line).items() if name != "sum"} for line in file.read_bytes().splitlines()]


def other(tmp_path, lines):
    return write_lines(str(tmp_path / "other.jsonl"), lines)


@pytest.mark.parametrize("at_once", [1, 2, 500])
def test_a_copy_and_a_part_of_one_are_known(ledger, tmp_path, monkeypatch, at_once):
    monkeypatch.setattr(module, "_ASKED_AT_ONCE", at_once)
    lines = lines_of(journal_of(ledger))
    for some in (lines, lines[::-1], lines[1:3], [lines[0], lines[0]]):
        assert has_records_of(ledger.index, other(tmp_path, some))


@pytest.mark.parametrize(
    "change", [{"run_id": "another"}, {"writer": "import-0000"}, {"record": {}}, {"kind": "interval"}], ids=["run", "writer", "record", "kind"]
)
@pytest.mark.parametrize("at_once", [2, 500])
def test_a_line_that_differs_in_anything_is_not_known(ledger, tmp_path, monkeypatch, change, at_once):
    monkeypatch.setattr(module, "_ASKED_AT_ONCE", at_once)
    lines = lines_of(journal_of(ledger))
    assert not has_records_of(ledger.index, other(tmp_path, [*lines[:-1], lines[-1] | change]))


def test_two_records_of_one_name_and_what_is_no_line_are_not_known(ledger, tmp_path):
    lines = lines_of(journal_of(ledger))
    assert not has_records_of(ledger.index, other(tmp_path, [*lines, lines[0] | {"record": {}}]))
    file = Path(other(tmp_path, lines))
    file.write_bytes(file.read_bytes() + b"{}\n")
    assert not has_records_of(ledger.index, str(file))


def test_what_the_disk_no_longer_has_is_not_known(ledger, tmp_path):
    file = journal_of(ledger)
    copy = str(shutil.copy(file, tmp_path))
    assert has_records_of(ledger.index, copy)
    os.remove(file)
    assert not has_records_of(ledger.index, copy)


def test_records_of_a_name_are_told_apart_by_content_and_journals_can_be_left_out(ledger):
    file = journal_of(ledger)
    first, second, *_ = lines_of(file)
    records = {("r0", first["writer"]): first["record"], ("r1", second["writer"]): {}, ("none", "x"): {}}
    assert elsewhere(ledger.index, records) == ({("r0", first["writer"])}, {("r1", second["writer"])})
    assert elsewhere(ledger.index, records, but={(file.parent.name, file.name)}) == (set(), set())
