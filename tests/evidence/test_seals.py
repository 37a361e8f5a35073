"""The seals of the journals of runs in a store."""

import os

import pytest

from packed_stores import aged, write_run
from traincarbon import runs
from traincarbon.errors import NotFoundError
from traincarbon.evidence import seals
from traincarbon.evidence.seals import digest_of, journals_of, verify
from traincarbon.ledger.journal import Journal, run_folder
from traincarbon.ledger.verification import Seal, verify_journals


def written(store, run_id, node="a1"):
    file = f"{run_folder(str(store), run_id)}/{node}-7-1.jsonl"
    journal = Journal(file, run_id=run_id, node=node, process=7)
    journal.write("start", {"argv": ["train.py"]})
    journal.write("interval", {"from_s": 0.0, "to_s": 5.0, "devices": {"gpu:0": {"part": "gpu", "how": "counter", "energy_j": 5.0}}})
    journal.write("end", {"exit_code": 0})
    journal.close()
    return file


def test_all_runs_or_those_that_are_named_are_verified(tmp_path):
    written(tmp_path, "one")
    written(tmp_path, "two")
    assert {run.run_id: run.seal for run in verify(store=tmp_path)} == {"one": Seal.INTACT, "two": Seal.INTACT}
    (one,) = verify(["one"], store=tmp_path)
    assert one.to_dict()["journals"][0]["lines"] == 3
    with pytest.raises(NotFoundError):
        verify(["three"], store=tmp_path)


def test_the_worst_journal_gives_the_verdict_and_the_digest_covers_all(tmp_path):
    first, second = written(tmp_path, "one"), written(tmp_path, "one", node="b2")
    (before,) = verify(store=tmp_path)
    assert len(before.digest) == 64
    with open(second, "r+b") as stream:
        stream.seek(300)
        stream.write(b"~")
    (after,) = verify(store=tmp_path)
    assert (before.seal, after.seal) == (Seal.INTACT, Seal.CHANGED)
    assert [each.seal for each in after.journals] == [Seal.INTACT, Seal.CHANGED]
    assert first.endswith(after.journals[0].file)


def test_runs_without_a_seal_have_no_digest(tmp_path):
    (tmp_path / "old.jsonl").write_text('{"schema": "traincarbon/journal/1"}\n')
    assert digest_of(verify_journals([("old", tmp_path / "old.jsonl")])) == ""
    assert digest_of([]) == ""


def test_journals_of_one_name_are_told_apart(tmp_path):
    file = written(tmp_path, "one")
    with journals_of(str(tmp_path), "one", [file]) as found:
        assert [each.name for each in found] == ["a1-7-1.jsonl"]
    with journals_of(str(tmp_path), "one", ["/elsewhere/a1-7-1.jsonl"]) as found:
        assert [each.name for each in found] == ["1-a1-7-1.jsonl", "2-a1-7-1.jsonl"]


def test_a_journal_that_is_packed_while_runs_are_verified_is_read_from_its_pack(tmp_path, monkeypatch):
    pytest.importorskip("pyarrow")
    aged(write_run(tmp_path, "one"))
    before, size = verify(store=tmp_path), seals.size_as_written_b

    def packed(files, run_id):
        whole_b = size(files, run_id)
        assert runs.compact(store=tmp_path).removed == 1
        return whole_b

    monkeypatch.setattr(seals, "size_as_written_b", packed)
    assert verify(store=tmp_path) == before
    assert before[0].seal is Seal.INTACT


def test_a_journal_that_is_removed_while_runs_are_verified_is_unreadable(tmp_path, monkeypatch):
    file, size = written(tmp_path, "one"), seals.size_as_written_b
    monkeypatch.setattr(seals, "size_as_written_b", lambda files, run_id: size(files, run_id) + (os.remove(file) or 0))
    assert [run.seal for run in verify(store=tmp_path)] == [Seal.UNREADABLE]
