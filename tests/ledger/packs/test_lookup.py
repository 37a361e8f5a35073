"""Packs are found by the run that they hold, with an index and without."""

import os
import shutil

import pytest

from packed_stores import write_run
from traincarbon import runs
from traincarbon.ledger.journal import run_packs
from traincarbon.ledger.packs import lookup
from traincarbon.ledger.packs.lookup import begins_with, is_in_pack, is_within, journals_in_packs, packs_of
from traincarbon.ledger.record import read_run
from traincarbon.ledger.store import Ledger

pytest.importorskip("pyarrow")


@pytest.fixture
def content(tmp_path):
    with open(write_run(tmp_path), "rb") as stream:
        found = stream.read()
    write_run(tmp_path, "other", writer="b2-8-2")
    runs.compact(store=tmp_path)
    return found


@pytest.mark.usefixtures("content")
def test_the_packs_of_a_run_are_found_with_and_without_an_index(tmp_path):
    (pack,) = packs_of(str(tmp_path), "run")
    assert pack.endswith(".jsonl")
    assert packs_of(str(tmp_path), "none") == []
    for name in os.listdir(tmp_path):
        if name.startswith("index-"):
            os.remove(tmp_path / name)
    assert packs_of(str(tmp_path), "run") == [pack]
    assert packs_of(str(tmp_path), "none") == []


@pytest.mark.usefixtures("content")
def test_packs_that_another_machine_made_since_the_index_was_written_are_found(tmp_path):
    (index,) = (name for name in os.listdir(tmp_path) if name.startswith("index-") and name.endswith(".sqlite"))
    shutil.copy(tmp_path / index, tmp_path / "older")
    write_run(tmp_path, "later", writer="c3-9-3")
    runs.compact(store=tmp_path)
    later = packs_of(str(tmp_path), "later")
    os.replace(tmp_path / "older", tmp_path / index)
    assert len(packs_of(str(tmp_path), "run")) == 1
    assert len(later) == 1
    assert packs_of(str(tmp_path), "later") == later


def test_a_store_without_packs_has_none(tmp_path):
    write_run(tmp_path)
    assert run_packs(str(tmp_path), "run") == packs_of(str(tmp_path), "run") == []
    assert run_packs(str(tmp_path / "none"), "run") == []


@pytest.mark.usefixtures("content")
def test_a_run_that_goes_on_after_it_was_packed_has_its_earlier_sessions(tmp_path):
    earlier = read_run(str(tmp_path), "run")
    assert earlier is not None
    assert earlier.energy_j["gpu"] == pytest.approx(20 * 30 * 300.7)
    write_run(tmp_path, writer="a1-9-9", n=10, began_s=1_790_010_000.0)
    assert read_run(str(tmp_path), "run").energy_j["gpu"] == pytest.approx(30 * 30 * 300.7)
    assert runs.load("run", store=tmp_path).energy_j["gpu"] == pytest.approx(30 * 30 * 300.7)


@pytest.mark.usefixtures("content")
def test_each_pack_is_read_once_for_all_of_its_runs(tmp_path, monkeypatch):
    real, read = lookup.summaries_in, []
    monkeypatch.setattr(lookup, "summaries_in", lambda file, **given: read.append(file) or real(file, **given))
    with Ledger(tmp_path) as ledger:
        assert sorted(journals_in_packs(ledger.index, ["run", "other", "none"])) == ["other/b2-8-2.jsonl", "run/a1-7-1.jsonl"]
    assert len(read) == 1


def test_a_file_is_compared_with_what_a_pack_holds_under_its_name(tmp_path, content):
    with Ledger(tmp_path) as ledger:
        known = journals_in_packs(ledger.index, ["run", "none"])
    assert list(known) == ["run/a1-7-1.jsonl"]
    in_pack = known["run/a1-7-1.jsonl"]
    file = tmp_path / "file"
    for given, is_same, is_part, goes_on in (
        (content, True, True, True), (content[:-9], False, True, False), (content + b"\n", False, False, True), (b"x" * len(content), False, False, False), (b"", False, True, False),
    ):  # fmt: skip
        file.write_bytes(given)
        assert (is_in_pack(known, "run/a1-7-1.jsonl", str(file)), is_within(str(file), in_pack), begins_with(str(file), in_pack)) == (is_same, is_part, goes_on)
    assert not is_in_pack(known, "other/name.jsonl", str(file))
