"""The units of a sweep."""

import pickle
import subprocess
import sys
from typing import NamedTuple

import pyarrow as pa
import pytest

from traincarbon.errors import CarbonError
from traincarbon.explore.sweeps import evaluation
from traincarbon.explore.sweeps.evaluation import Asked
from traincarbon.explore.sweeps.grid import Grid
from traincarbon.explore.sweeps.parquet_file import tables_of_unit
from traincarbon.explore.sweeps.work import Call, Unit, Work, compute_into, computed_bytes

STATED = {"hw": "dgx-a100", "params": {"from": 1e9, "to": 1e12, "n": 40}, "tokens": 1e12, "servers": [1, 16], "pue": "1.1..1.2"}


@pytest.fixture
def work(shipped):
    return Work.of(Grid.from_dict(STATED), Asked(), shipped, ())


def test_units_hold_every_plan_once(work):
    units = work.units(10, 5_000_000)
    assert units[0].start == 10
    assert [unit.start for unit in units[1:]] == [unit.stop for unit in units[:-1]]
    assert units[-1].stop == 5_000_000
    assert work.units(5, 5) == []


def test_units_with_layouts_are_smaller(work):
    assert work._replace(asked=Asked(layouts=True)).units(0, 10**7)[0].plans < work.units(0, 10**7)[0].plans


def test_it_travels_to_another_process_and_gives_the_same(work, tmp_path):
    compute_into(work, Unit(3, 40), str(tmp_path / "unit"))
    table = pa.concat_tables(tables_of_unit(str(tmp_path / "unit")))
    with pa.ipc.open_file(pickle.loads(pickle.dumps(Call(work, Unit(3, 40))))) as opened:
        assert opened.read_all().equals(table)
    assert len(table) == 37


def test_a_worker_with_other_facts_refuses(work):
    with pytest.raises(CarbonError, match="other facts"):
        pickle.loads(pickle.dumps(Call(work._replace(sweep_sha256="0" * 64), Unit(0, 1))))


def test_a_worker_that_knows_other_work_says_so(work, monkeypatch):
    sent = pickle.dumps((work, Unit(0, 1)))
    for content in (sent.replace(b"Unit", b"Tinu"), sent.replace(b"sweeps.work", b"sweeps.wore")):
        with pytest.raises(CarbonError, match="another version"):
            computed_bytes(content)

    class Asked(NamedTuple):  # of a version with fewer options
        intervals: bool = False

    monkeypatch.setattr(evaluation, "Asked", Asked)
    with pytest.raises(CarbonError, match="another version"):
        computed_bytes(sent)


def test_who_passes_a_call_on_needs_nothing_of_the_package(work):
    words = "import pickle, sys; sys.modules['traincarbon'] = None; print(type(pickle.load(sys.stdin.buffer)).__name__)"
    passed_on = pickle.dumps((pickle.loads, pickle.dumps(Call(work, Unit(0, 1)))))
    done = subprocess.run([sys.executable, "-c", words], input=passed_on, capture_output=True, check=True)
    assert done.stdout == b"tuple\n"
