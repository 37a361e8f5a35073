"""Packed journals come back as files, and what does not come back as it was is named."""

import os
import sys

import pytest

from packed_stores import write_run
from traincarbon import runs
from traincarbon.errors import CarbonError
from traincarbon.evidence.audit import audit
from traincarbon.evidence.seals import verify
from traincarbon.extras import MissingExtraError
from traincarbon.ledger.journal_lines import with_checksum
from traincarbon.ledger.packs import unpacking
from traincarbon.ledger.packs.unpacking import as_written, size_as_written_b
from traincarbon.ledger.store import Ledger
from traincarbon.reporting.run_history import history_of

pytest.importorskip("pyarrow")


@pytest.fixture
def content(tmp_path):
    with open(write_run(tmp_path), "rb") as stream:
        found = stream.read()
    write_run(tmp_path, "other", writer="b2-8-2")
    runs.compact(store=tmp_path)
    return found


def files(store, run_id="run"):
    with Ledger(store) as ledger:
        return ledger.index.files(run_id)


def test_the_journals_are_files_as_long_as_they_are_needed(tmp_path, content):
    packs = files(tmp_path)
    with as_written(packs, "run") as found:
        ((name, file, fault),) = found
        with open(file, "rb") as stream:
            assert stream.read() == content
    assert (name, fault, os.path.exists(file)) == ("a1-7-1.jsonl", "", False)
    assert size_as_written_b([*packs, "/none"], "run") == len(content)


def test_the_history_of_a_run_is_the_same(tmp_path, content):
    plain = tmp_path / "plain.jsonl"
    plain.write_bytes(content)
    assert history_of(files(tmp_path), "run") == history_of([str(plain)], "run")


@pytest.mark.usefixtures("content")
def test_without_pyarrow_lists_work_and_what_needs_the_lines_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert len(runs.list(store=tmp_path)) == 2
    assert runs.load("run", store=tmp_path).energy_j["gpu"] == pytest.approx(20 * 30 * 300.7)
    assert b"run" in runs.export(store=tmp_path)
    with pytest.raises(MissingExtraError, match="packed journals need pyarrow"):
        verify(store=tmp_path)
    told = []
    assert history_of(files(tmp_path), "run", tell=told.append) is None
    assert told[0].startswith("no power over time: packed journals need pyarrow")


@pytest.mark.usefixtures("content")
def test_damaged_lines_and_changed_summaries_are_named(tmp_path):
    (pack,) = files(tmp_path)
    lines = pack.removesuffix(".jsonl") + ".parquet"
    with open(lines, "rb") as stream:
        whole = stream.read()
    with open(lines, "wb") as stream:
        stream.write(whole[:-100])
    assert verify(["run"], store=tmp_path)[0].seal == "changed"
    assert "it cannot be read from" in verify(["run"], store=tmp_path)[0].journals[0].faults[0]
    with pytest.raises(CarbonError, match="is not as it was packed"):
        audit("run", store=tmp_path)
    with open(lines, "wb") as stream:
        stream.write(whole)
    assert verify(["run"], store=tmp_path)[0].seal == "intact"
    with open(pack, "rb") as stream:
        summaries = [line[: line.rindex(b',"sum":')] + b"}" for line in stream]
    for old, new, fault in ((b'"sha256":"', b'"sha256":"0', "its hash differs"), (b'"mono_s":5', b'"mono_s":6', "is not that of its lines")):
        with open(pack, "wb") as stream:
            stream.writelines(with_checksum(line.replace(old, new, 1)) + b"\n" for line in summaries)
        assert fault in verify(["run"], store=tmp_path)[0].journals[0].faults[0]


@pytest.mark.usefixtures("content")
def test_no_room_for_temporary_files_is_an_error_with_a_hint(tmp_path, monkeypatch):
    packs = files(tmp_path)
    monkeypatch.setattr("traincarbon.ledger.packs.unpacking.tempfile.mkdtemp", lambda **_: str(tmp_path / "none"))
    with pytest.raises(CarbonError, match="cannot unpack a journal") as raised, as_written(packs, "run"):
        pass
    assert "TMPDIR" in raised.value.hint


def test_a_journal_whose_pack_gets_its_file_meanwhile_is_read_from_there(tmp_path, content, monkeypatch):
    with Ledger(tmp_path) as ledger:
        (run_id,) = [run.run_id for run in ledger.runs() if run.run_id != "other"]
        files = ledger.index.files(run_id)
    real = unpacking.current_lines
    endings = iter([".next", ""])
    monkeypatch.setattr(unpacking, "current_lines", lambda file: real(file) + next(endings))
    with as_written(files, run_id) as (journal,):
        assert journal.fault == ""
        with open(journal.file, "rb") as stream:
            assert stream.read() == content
