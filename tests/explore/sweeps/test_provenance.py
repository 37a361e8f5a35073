"""What the files of a sweep say of themselves."""

import os
import shutil

from traincarbon.database.load import Database, builtin_root
from traincarbon.explore.sweeps.evaluation import Asked, evaluated
from traincarbon.explore.sweeps.grid import Grid
from traincarbon.explore.sweeps.parquet_file import table_of
from traincarbon.explore.sweeps.provenance import _COLUMNS, KEY, metadata, provenance, read_metadata

STATED = {"hw": "dgx-a100", "params": [7e9, 70e9], "tokens": 1e12}


def digest(database, stated=None, asked=None, objectives=()):
    return provenance(Grid.from_dict(stated or STATED), asked or Asked(), database, objectives=objectives)["sweep_sha256"]


def test_equal_sweeps_agree_and_others_differ(shipped):
    assert digest(shipped) == digest(shipped, {**STATED, "params": ["7B", "70B"]})
    others = [
        digest(shipped, {**STATED, "params": [7e9, 71e9]}),
        digest(shipped, asked=Asked(intervals=True)),
        digest(shipped, asked=Asked(layouts=True)),
        digest(shipped, objectives=("rent_usd",)),
    ]
    assert len({digest(shipped), *others}) == 5


def test_files_with_other_columns_are_of_another_sweep(shipped, monkeypatch):
    before = digest(shipped)
    monkeypatch.setattr("traincarbon.explore.sweeps.provenance._COLUMNS", 1)
    assert digest(shipped) != before


def test_columns_that_change_need_another_number_of_columns(shipped):
    grid, asked = Grid.from_dict(STATED), Asked(intervals=True, layouts=True)
    schema = table_of(evaluated(grid, asked, shipped, start=0, stop=1), asked.columns(grid)).schema
    always = {field.name: str(field.type) for field in schema if not field.nullable}
    assert (_COLUMNS, always) == (2, {"hw": "string", "params": "double", "tokens": "double", "fits": "bool"})
    assert {str(field.type) for field in schema if field.nullable} == {"double", "string"}


def test_other_facts_are_another_sweep_wherever_the_same_facts_lie(tmp_path):
    copied = tmp_path / "copied"
    shutil.copytree(builtin_root(), copied)
    assert digest(Database([str(copied)])) == digest(Database([builtin_root()]))
    with open(copied / "regions.csv", "a", encoding="utf-8") as stream:
        stream.write("# another line\n")
    assert digest(Database([str(copied)])) != digest(Database([builtin_root()]))


def test_it_states_units_and_holds_no_time_and_no_path(shipped):
    stated = provenance(Grid.from_dict(STATED), Asked(), shipped)
    assert stated["units"]["facility_energy_kwh"] == "kWh"
    assert not any(os.sep in str(value) for value in (stated["grid"], stated["version"]))
    assert provenance(Grid.from_dict(STATED), Asked(), shipped) == stated


def test_what_is_no_metadata_of_a_sweep_is_empty(shipped):
    stated = provenance(Grid.from_dict(STATED), Asked(), shipped)
    assert read_metadata(metadata(stated, start=0, stop=2)) == {**stated, "rows": [0, 2]}
    for found in (None, {}, {KEY: b"{"}, {KEY: b"[]"}, {KEY: b"\xff"}):
        assert read_metadata(found) == {}
