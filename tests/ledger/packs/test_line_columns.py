"""Columns in bulk are those of lines one by one."""

import io

import numpy as np
import pytest

from packed_stores import write_run
from traincarbon.ledger.folding import fold_files
from traincarbon.ledger.journal_lines import with_checksum
from traincarbon.ledger.packs import line_columns
from traincarbon.ledger.packs.line_columns import stated_in
from traincarbon.ledger.packs.raw_lines import pieces

pytest.importorskip("pyarrow")
DEVICES = ["gpu:GPU-1", "cpu:0"]


def piece_of(file, edit=lambda content: content):
    (process,) = fold_files([file], "run")
    with open(file, "rb") as stream:
        (found,) = pieces(io.BytesIO(edit(stream.read())), process)
    return found


def same(one, other):
    assert one.seq.tolist() == other.seq.tolist()
    assert one.kind.tolist() == other.kind.tolist()
    assert one.ended.tolist() == other.ended.tolist()
    for name in DEVICES:
        for each in ("energy_j", "power_max_w", "utilisation"):
            np.testing.assert_array_equal(one.devices[name][each], other.devices[name][each])
        assert one.how[name].to_pylist() == other.how[name].to_pylist()


def test_bulk_and_single_lines_say_the_same(tmp_path, monkeypatch):
    piece = piece_of(write_run(tmp_path))
    (bulk,) = stated_in(piece, DEVICES)
    assert len(piece.sealed) == piece.n_lines == len(bulk.seq)
    monkeypatch.setattr(line_columns, "_in_bulk", lambda *_: None)
    (single,) = stated_in(piece, DEVICES)
    same(bulk, single)


def test_lines_without_a_checksum_are_parsed_one_by_one(tmp_path):
    file = write_run(tmp_path)
    (sealed,) = stated_in(piece_of(file), DEVICES)
    piece = piece_of(file, lambda content: b"".join(line[: line.rindex(b',"seal"')] + b"}\n" for line in content.splitlines()))
    assert (piece.sealed, len(piece.others)) == ([], 22)
    (plain,) = stated_in(piece, DEVICES)
    same(sealed, plain)


@pytest.mark.parametrize("value", [b'"many"', b"true", b"[1]", b"1e400", b"-5", b"null", b"{}"])
def test_a_value_of_another_kind_is_as_if_it_were_not_stated(tmp_path, value):
    def edit(content):
        lines = content.splitlines(keepends=True)
        text = lines[3][: lines[3].rindex(b',"sum"')] + b"}"
        at = text.index(b'"energy_j":') + len(b'"energy_j":')
        return b"".join([*lines[:3], with_checksum(text[:at] + value + text[text.index(b",", at) :]) + b"\n", *lines[4:]])

    (found,) = stated_in(piece_of(write_run(tmp_path), edit), DEVICES)
    stated = found.devices["gpu:GPU-1"]["energy_j"]
    assert np.isnan(stated[3]) or stated[3] < 0.0
    assert stated[4] == pytest.approx(4 * 30 * 300.7)


def test_many_devices_are_parsed_in_groups(tmp_path, monkeypatch):
    piece = piece_of(write_run(tmp_path))
    (whole,) = stated_in(piece, DEVICES)
    monkeypatch.setattr(line_columns, "_MOST_CELLS", 10)
    groups = stated_in(piece, DEVICES)
    assert [len(group.seq) for group in groups] == [5, 5, 5, 5, 2]
    assert np.concatenate([group.seq for group in groups]).tolist() == whole.seq.tolist()
    assert np.concatenate([group.places for group in groups]).tolist() == list(range(22))


def test_bad_lines_are_left_out(tmp_path):
    piece = piece_of(write_run(tmp_path), lambda content: content.replace(b'"seq":5,', b'"seq":6,', 1))
    assert len(piece.sealed) == piece.n_lines - 1
    (found,) = stated_in(piece, DEVICES)
    assert 5 not in found.places.tolist()
