"""The bytes of a journal come in pieces of whole lines, of which each is known to be its writer's or not."""

import io

import pytest

from packed_stores import write_run
from traincarbon.ledger.folding import fold_files
from traincarbon.ledger.packs import raw_lines
from traincarbon.ledger.packs.raw_lines import NotPackableError, pieces


@pytest.fixture
def journal(tmp_path):
    file = write_run(tmp_path)
    (process,) = fold_files([file], "run")
    with open(file, "rb") as stream:
        return process, stream.read()


def test_pieces_of_any_size_give_the_whole(journal, monkeypatch):
    process, content = journal
    for size_b in (1, 7, 1000, 1 << 20):
        monkeypatch.setattr(raw_lines, "_PIECE_B", size_b)
        found = list(pieces(io.BytesIO(content), process))
        assert b"".join(piece.content for piece in found) == content
        assert sum(len(piece.sealed) for piece in found) == content.count(b"\n")


def test_a_line_that_is_cut_off_damaged_or_foreign_is_not_used(journal):
    process, content = journal
    whole, cut = pieces(io.BytesIO(content[:-5]), process)
    assert (whole.n_lines, len(whole.sealed), cut.n_lines, len(cut.sealed)) == (21, 21, 1, 0)
    (found,) = pieces(io.BytesIO(content.replace(b"toy", b"ToY") + b"\n\0\0\nnot json\n"), process)
    assert found.sealed == list(range(1, 22))
    assert found.line(24) == b"not json\n"
    assert found.others == {}


def test_a_line_of_another_run_is_refused(journal, tmp_path):
    process, content = journal
    with open(write_run(tmp_path, "other"), "rb") as stream, pytest.raises(NotPackableError, match="other runs"):
        list(pieces(io.BytesIO(content + stream.read()), process))


def test_a_line_without_an_end_is_not_read_into_memory_for_ever(journal, monkeypatch):
    monkeypatch.setattr(raw_lines, "_LONGEST_B", 100)
    monkeypatch.setattr(raw_lines, "_PIECE_B", 64)
    with pytest.raises(NotPackableError, match="1 GiB"):
        list(pieces(io.BytesIO(b"x" * 1000), journal[0]))
