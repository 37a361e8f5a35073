"""Arrays go to Arrow and back with what is unknown, and nothing imports pandas."""

import subprocess
import sys

import numpy as np
import pytest

from packed_stores import write_run
from traincarbon.ledger.packs.arrow_arrays import from_numbers, from_texts, repeated, to_flags, to_floats, to_integers, to_texts

pa = pytest.importorskip("pyarrow")


def test_numbers_are_null_where_they_are_not_known():
    known = np.array([True, False, True] * 5)
    assert from_numbers(np.arange(15.0), known=known).to_pylist() == [float(at) if at % 3 != 1 else None for at in range(15)]
    assert from_numbers(np.array([3, 4], np.int32)).equals(pa.array([3, 4], pa.int32()))
    assert from_numbers(np.arange(6)[::2]).to_pylist() == [0, 2, 4]


def test_texts_keep_their_letters_and_what_is_none():
    texts = ["", "é😀", None, "nul\0byte", "\u202eevil"]
    assert from_texts(texts).equals(pa.array(texts, pa.string()))
    assert from_texts([]).equals(pa.array([], pa.string()))
    assert repeated("é", 3).to_pylist() == ["é", "é", "é"]
    with pytest.raises(UnicodeEncodeError):
        from_texts(["\ud800"])


@pytest.mark.parametrize("offset", [0, 1, 9])
def test_columns_come_back_whatever_part_of_an_array_they_are(offset):
    floats, flags, texts = [1.5, None, float("inf")] * 6, [True, None, False] * 6, ["a", None, "b"] * 6
    assert to_floats(pa.array(floats)[offset:]).tolist() == pytest.approx([float("nan") if each is None else each for each in floats[offset:]], nan_ok=True)
    assert to_flags(pa.array(flags)[offset:]).tolist() == [each is True for each in flags[offset:]]
    assert to_texts(pa.array(texts)[offset:]).tolist() == texts[offset:]
    assert to_integers(pa.array(range(18))[offset:]).tolist() == list(range(offset, 18))


def test_columns_in_several_pieces_or_without_rows_come_back_too():
    assert to_integers(pa.chunked_array([[1, 2], [3]])).tolist() == [1, 2, 3]
    empty = [
        to_floats(pa.array([], pa.float64())),
        to_flags(pa.array([], pa.bool_())),
        to_texts(pa.array([], pa.string())),
        to_integers(pa.array([], pa.int64())),
    ]
    assert [each.tolist() for each in empty] == [[], [], [], []]


def test_packing_does_not_import_pandas(tmp_path):
    pytest.importorskip("pandas")
    write_run(tmp_path)
    code = f"import sys; from traincarbon import runs; assert runs.compact(store={str(tmp_path)!r}).removed == 1; sys.exit('pandas' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
