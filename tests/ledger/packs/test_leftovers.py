"""What a compaction that died has left is cleared, and nothing that somebody may need."""

import os

import pytest

from packed_stores import files_in, write_run
from traincarbon import runs
from traincarbon.ledger.packs.leftovers import remove_leftovers

pytest.importorskip("pyarrow")


def test_unfinished_files_go_and_packs_stay(tmp_path):
    write_run(tmp_path)
    runs.compact(store=tmp_path)
    names = files_in(tmp_path)
    folder = tmp_path / "journals" / "month=2026-09"
    (folder / ".n-1-1.parquet.part").write_bytes(b"PAR1")
    remove_leftovers(str(tmp_path / "journals"))
    assert files_in(tmp_path) == names


def test_a_pack_without_summaries_goes_only_if_its_journals_are_there(tmp_path):
    file = write_run(tmp_path)
    with open(file, "rb") as stream:
        content = stream.read()
    runs.compact(store=tmp_path)
    lines, summaries = sorted((tmp_path / "journals" / "month=2026-09").iterdir(), key=lambda path: path.suffix, reverse=True)
    summaries.unlink()
    remove_leftovers(str(tmp_path / "journals"))
    assert lines.exists()
    os.makedirs(os.path.dirname(file))
    with open(file, "wb") as stream:
        stream.write(content)
    remove_leftovers(str(tmp_path / "journals"))
    assert not lines.exists()


def test_no_store_has_no_leftovers(tmp_path):
    remove_leftovers(str(tmp_path / "none"))
    assert not (tmp_path / "none").exists()
