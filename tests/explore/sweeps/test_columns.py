"""Columns of Arrow over the memory of NumPy are those that pyarrow makes, without pandas."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from traincarbon.explore.sweeps.columns import of_choices, of_numbers, of_texts
from traincarbon.explore.sweeps.evaluation import Texts


@pytest.mark.parametrize("values", [[1.0, 2.0], [1.0, np.nan, 3.0], [np.nan] * 9, [np.inf, -0.0], [], np.arange(40.0)[::2], np.full(20, 3.0)])
def test_a_column_of_numbers_is_missing_where_it_is_not_a_number(values):
    numbers = np.asarray(values, dtype=float)
    column = of_numbers(pa, numbers)
    column.validate(full=True)
    assert column.equals(pa.array(numbers, from_pandas=True))
    assert column.null_count == np.isnan(numbers).sum()


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 1000])
def test_a_column_of_choices_holds_each(count):
    values = np.random.default_rng(count).random(count) < 0.5
    column = of_choices(pa, values)
    column.validate(full=True)
    assert column.to_pylist() == values.tolist()


@pytest.mark.parametrize(
    ("values", "places"),
    [
        (["a", "größer"], [0, 1, 1, 0]),
        (["a", "größer"], [1, 1, 1]),
        (["a"], [0, -1, 0]),
        (["a"], [-1, -1]),
        ([], [-1, -1]),
        (["a"], []),
        (["", "b"], [0, 0]),
    ],
)
def test_a_column_of_texts_holds_each_and_none_where_there_is_none(values, places):
    column = of_texts(pa, Texts(values, np.array(places, dtype=np.int64)))
    column.validate(full=True)
    assert column.type == pa.string()
    assert column.to_pylist() == [values[place] if place >= 0 else None for place in places]


def test_a_unit_of_a_sweep_needs_no_pandas():
    script = """
import pickle, sys
from traincarbon.database.load import open_database
from traincarbon.explore.sweeps.evaluation import Asked
from traincarbon.explore.sweeps.grid import Grid
from traincarbon.explore.sweeps.work import Call, Unit, Work
grid = Grid.from_dict({"hw": "dgx-a100", "params": [1e9, 2e9], "tokens": 1e12, "servers": 4})
pickle.loads(pickle.dumps(Call(Work.of(grid, Asked(intervals=True), open_database(), ()), Unit(0, 2))))
print("pandas" in sys.modules, "pyarrow" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "False True\n"
