"""Tables of plans in files, and back."""

import io
import itertools

import numpy as np
import pyarrow as pa
import pytest

from traincarbon.errors import CarbonError
from traincarbon.explore.sweeps import parquet_file
from traincarbon.explore.sweeps.evaluation import Block, Texts
from traincarbon.explore.sweeps.parquet_file import stored_in, table_of, tables_in, tables_of_unit, write_tables

NONE = np.array([-1, -1, -1])


def test_what_is_unknown_is_null_and_a_field_that_is_a_result_too_keeps_its_name():
    block = Block(
        {"mfu": np.array([0.3, 0.4, 0.5])}, {"mfu": np.array([0.3, np.nan, 0.5])}, np.array([True, False, True]), Texts(["why"], np.array([-1, 0, -1]))
    )
    table = table_of(block, ("mfu", "rent_usd")).to_pydict()
    assert table == {
        "mfu": [0.3, 0.4, 0.5],
        "used_mfu": [0.3, None, 0.5],
        "rent_usd": [None] * 3,
        "fits": [True, False, True],
        "problem": [None, "why", None],
    }


def test_where_tables_end_leaves_no_trace_in_the_file(monkeypatch):
    monkeypatch.setattr(parquet_file, "ROWS_TOGETHER", 10)
    table = pa.table({"a": np.arange(35.0), "text": [f"{k}" for k in range(35)]})
    files = []
    for cuts in ([0, 35], [0, 3, 4, 20, 35], [0, 10, 20, 30, 35]):
        stream = io.BytesIO()
        tables = (table.slice(start, stop - start) for start, stop in itertools.pairwise(cuts))
        assert write_tables(tables, stream, table.schema) == 35
        files.append(stream.getvalue())
    assert files[0] == files[1] == files[2]
    assert [group.num_rows for group in map(pa.parquet.ParquetFile(io.BytesIO(files[0])).metadata.row_group, range(4))] == [10, 10, 10, 5]


def test_a_file_without_plans_keeps_its_columns():
    stream = io.BytesIO()
    schema = pa.schema({"a": pa.float64()})
    assert write_tables([], stream, schema) == 0
    assert pa.parquet.read_table(io.BytesIO(stream.getvalue())).schema == schema


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no parquet at all"])
def test_what_is_cut_off_is_said_with_its_name(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    for read in (tables_in, tables_of_unit, stored_in):
        with pytest.raises(CarbonError, match="cannot read"):
            list(read(str(tmp_path / "x")))
