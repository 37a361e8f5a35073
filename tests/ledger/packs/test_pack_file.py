"""A file of Parquet gives back what was put into it, and says so if it does not."""

import pytest

from packed_stores import write_run
from traincarbon import runs
from traincarbon.ledger.packs import pack_file
from traincarbon.ledger.packs.pack_file import PackWriter, contents

pytest.importorskip("pyarrow")


@pytest.fixture
def pack(tmp_path, monkeypatch):
    monkeypatch.setattr(pack_file, "_GROUP_ROWS", 30)
    written = {}
    for number in range(4):
        with open(write_run(tmp_path, f"run{number}", writer=f"a1-7-{number}"), "rb") as stream:
            written[f"run{number}/a1-7-{number}.jsonl"] = stream.read()
    runs.compact(store=tmp_path)
    (file,) = (tmp_path / "journals" / "month=2026-09").glob("*.parquet")
    return str(file), written


def test_every_journal_comes_back(pack):
    file, written = pack
    found = {}
    for part in contents(file):
        found[part.journal] = found.get(part.journal, b"") + part.content
        assert part.lines == part.content.count(b"\n")
        assert part.energy_j == pytest.approx(20 * 30 * 351.0)
    assert found == written


def test_one_journal_is_read_from_the_groups_that_may_hold_it(pack, monkeypatch):
    file, written = pack
    read = []
    real = pack_file._in_group
    monkeypatch.setattr(pack_file, "_in_group", lambda table, journal: read.append(table.num_rows) or real(table, journal))
    name = "run2/a1-7-2.jsonl"
    assert b"".join(part.content for part in contents(file, journal=name)) == written[name]
    assert len(read) == 1
    assert list(contents(file, journal="none")) == []


def test_a_damaged_file_is_an_error_that_says_so(pack):
    file, _ = pack
    with open(file, "rb") as stream:
        content = stream.read()
    for damaged in (content[:-20], b"", content[:8] + b"x" * 400 + content[408:]):
        with open(file, "wb") as stream:
            stream.write(damaged)
        with pytest.raises(OSError, match="damaged"):
            list(contents(file))


def test_a_file_that_exists_is_not_written_over(tmp_path):
    (tmp_path / "p").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        PackWriter(str(tmp_path / "p"), mode=0o600)
    assert (tmp_path / "p").read_bytes() == b"mine"


def test_giving_up_closes_the_file(tmp_path):
    writer = PackWriter(str(tmp_path / "p"), mode=0o600)
    writer.discard()
    writer.discard()
    assert (tmp_path / "p").exists()
