"""Trackio has what a tracked training took, in its database."""

import json
import sqlite3
from contextlib import closing

import pytest

pytest.importorskip("trackio")


def rows(file):
    with closing(sqlite3.connect(file)) as database:
        found = database.execute("SELECT run_name, metrics FROM metrics ORDER BY id").fetchall()
    return [(name, json.loads(metrics)) for name, metrics in found]


def test_the_last_row_is_that_of_the_record(logged, tmp_path):
    record, told = logged("trackio", TRACKIO_DIR=str(tmp_path / "trackio"))
    found = rows(tmp_path / "trackio" / "toy.db")
    assert found[-1][0] == "carbon-r"
    assert found[-1][1]["carbon/energy_kwh"] == pytest.approx(record.facility_energy_kwh["median"], rel=1e-12)
    assert found[-1][1]["carbon/tokens"] == record.tokens
    assert "Trackio: project toy, run carbon-r" in told


def test_a_run_that_goes_on_is_the_same_run(logged, tmp_path):
    logged("trackio=other", TRACKIO_DIR=str(tmp_path / "trackio"))
    record, _ = logged("trackio=other", TRACKIO_DIR=str(tmp_path / "trackio"))
    found = rows(tmp_path / "trackio" / "other.db")
    assert {name for name, _ in found} == {"carbon-r"}
    assert found[-1][1]["carbon/energy_kwh"] == pytest.approx(record.facility_energy_kwh["median"], rel=1e-12)
    assert found[-1][1]["carbon/duration_s"] > 7.0
