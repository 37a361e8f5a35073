"""A pack is complete or not there."""

import os
import stat

import pytest

from packed_stores import files_in, write_run
from traincarbon.ledger.packs import pack_making
from traincarbon.ledger.packs.pack import is_pack, lines_file
from traincarbon.ledger.packs.pack_file import contents
from traincarbon.ledger.packs.pack_making import make_pack, state_of
from traincarbon.ledger.packs.resting import find_resting
from traincarbon.ledger.store import Ledger

pytest.importorskip("pyarrow")


def made(store):
    left, read = [], []
    with Ledger(store) as ledger:
        batch = find_resting(ledger.index).resting
        return make_pack(ledger.index.journals, batch, name="p", left=left, done=read.append), left, sum(read)


def test_it_holds_the_journals_and_leaves_them(tmp_path):
    file = write_run(tmp_path)
    found, left, read_b = made(tmp_path)
    assert (len(found.journals), left, is_pack(found.file)) == (1, [], True)
    assert found.journals[0].state == state_of(file)
    assert read_b == state_of(file)[0]
    assert files_in(tmp_path) == ["month=2026-09/p.jsonl", "month=2026-09/p.parquet", "run/a1-7-1.jsonl"]


@pytest.mark.parametrize("large_b", [1, 1 << 40])
def test_a_journal_that_a_pack_would_not_state_exactly_is_left(tmp_path, monkeypatch, large_b):
    write_run(tmp_path)
    monkeypatch.setattr(pack_making, "LARGE_B", large_b)
    monkeypatch.setattr(pack_making, "summary_line", lambda _: None)
    found, left, _ = made(tmp_path)
    assert found is None
    assert [(each.journal, each.reason, each.detail) for each in left] == [("run/a1-7-1.jsonl", "different", "its summary cannot be stated in a line")]
    assert files_in(tmp_path) == ["run/a1-7-1.jsonl"]


def test_one_that_is_left_leaves_nothing_in_the_pack_of_the_others(tmp_path, monkeypatch):
    write_run(tmp_path, "bad", project="bad")
    write_run(tmp_path, "good", writer="b2-8-2")
    real = pack_making.summary_line
    monkeypatch.setattr(pack_making, "summary_line", lambda each: None if each.process.run_id == "bad" else real(each))
    found, left, _ = made(tmp_path)
    assert ([each.packed.journal for each in found.journals], [each.journal for each in left]) == (["good/b2-8-2.jsonl"], ["bad/a1-7-1.jsonl"])
    assert {part.journal for part in contents(lines_file(found.file))} == {"good/b2-8-2.jsonl"}


def test_a_large_journal_is_packed_piece_by_piece(tmp_path, monkeypatch):
    write_run(tmp_path, n=300)
    monkeypatch.setattr(pack_making, "LARGE_B", 1)
    found, left, _ = made(tmp_path)
    assert (len(found.journals), found.journals[0].packed.lines, left) == (1, 302, [])


@pytest.mark.skipif(os.name == "nt", reason="no modes")
def test_its_folder_is_for_the_owner_alone_in_a_store_that_is(tmp_path):
    write_run(tmp_path)
    os.chmod(tmp_path / "journals", 0o700)
    found, _, _ = made(tmp_path)
    assert stat.S_IMODE(os.stat(os.path.dirname(found.file)).st_mode) == 0o700
