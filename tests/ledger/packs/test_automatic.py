"""Journals are packed without being asked where they are many, some at a time."""

import os

import pytest

from packed_stores import write_run
from traincarbon import runs
from traincarbon.errors import CarbonError
from traincarbon.ledger.packs import automatic
from traincarbon.ledger.packs.automatic import above, journals_of_store

pytest.importorskip("pyarrow")


@pytest.fixture
def store(tmp_path):
    for number in range(3):
        write_run(tmp_path, f"run{number}", writer=f"a1-7-{number}")
    assert len(runs.list(store=tmp_path)) == 3
    return str(tmp_path)


def test_a_small_store_is_left_alone(store):
    found = journals_of_store(store)
    assert (found.journals, found.packs, found.above_b, found.problem, found.is_due) == (3, 0, 1_000_000_000, "", False)
    assert found.size_b == sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(f"{store}/journals") for name in names)
    assert runs.compact_some(store=store) is None


def test_above_the_size_some_are_packed_at_a_time(store, monkeypatch):
    monkeypatch.setenv("CARBON_COMPACT_ABOVE", "1kB")
    monkeypatch.setattr(automatic, "AT_ONCE_B", 25_000)
    size_b = journals_of_store(store).size_b
    assert runs.compact_some(store=store).removed == 25_000 // (size_b // 3)
    while (found := runs.compact_some(store=store)) is not None:
        assert found.removed
    assert journals_of_store(store).journals == 0
    assert len(runs.list(store=store)) == 3


@pytest.mark.parametrize("stated", ["never", "many", "-1"])
def test_never_and_what_is_no_size_pack_nothing(store, monkeypatch, stated):
    monkeypatch.setenv("CARBON_COMPACT_ABOVE", stated)
    assert runs.compact_some(store=store) is None
    assert (journals_of_store(store).problem == "") == (stated == "never")


def test_without_pyarrow_the_reason_is_said(store, monkeypatch):
    monkeypatch.setattr(automatic, "has_pyarrow", lambda: False)
    monkeypatch.setenv("CARBON_COMPACT_ABOVE", "1")
    assert journals_of_store(store).problem == "pyarrow is not installed"
    assert runs.compact_some(store=store) is None


def test_a_store_without_an_index_has_nothing_to_say(tmp_path):
    assert journals_of_store(str(tmp_path / "none")) is None
    (tmp_path / "index-x.sqlite").write_bytes(b"no index")
    assert journals_of_store(str(tmp_path)) is None


@pytest.mark.parametrize("stated", ["", "1", "1.5 GB", "3T", "20k", "never"])
def test_sizes_are_read_as_people_write_them(stated):
    assert above(stated) == {"": 10**9, "1": 1, "1.5 GB": 1_500_000_000, "3T": 3 * 10**12, "20k": 20_000, "never": None}[stated]


@pytest.mark.parametrize("stated", ["GB", "1e9", "-5MB", "5 apples", "1" * 40])
def test_what_is_no_size_is_an_error(stated):
    with pytest.raises(CarbonError, match="is not a size"):
        above(stated)
