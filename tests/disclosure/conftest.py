"""A run and a plan whose statements the tests look at."""

import pytest

from traincarbon.disclosure.disclosure import Disclosure
from traincarbon.disclosure.of_plan import statement_of_plan
from traincarbon.disclosure.of_run import statement_of_run
from traincarbon.ledger.run import Run

RECORD = {
    "schema": "traincarbon/run/1",
    "run_id": "abc123",
    "project": "tiny",
    "state": "finished",
    "started_at": "2026-03-01T06:00:00.000000Z",
    "duration_s": 7200.0,
    "nodes": 2,
    "accelerators": 16,
    "hw": "dgx-a100",
    "energy_j": {"gpu": 3.6e7, "cpu": 3.6e6, "dram": None, "other": None},
    "how": {"gpu": "counter", "cpu": "modelled"},
    "missing": {"dram": "no meter of the memory"},
    "facility_energy_kwh": {"low": 12.0, "median": 16.0, "high": 20.0},
    "operational_kgco2e": {"low": 0.5, "median": 0.8, "high": 1.2},
    "embodied_kgco2e": {"low": 0.1, "median": 0.2, "high": 0.4},
    "tokens": 1e9,
    "params": 1e9,
    "site": {"region": "aws:eu-west-3", "zone": "FR", "name": "Paris", "basis": "lifecycle", "pue": 1.25, "carbon_intensity": 50.0, "direct_intensity": 20.0,
             "upstream_intensity": 30.0},
    "attempts": [
        {"began": "2026-03-01T06:00:00Z", "ended": "2026-03-01T07:00:00Z", "duration_s": 3600.0, "state": "killed"},
        {"began": "2026-03-01T07:00:00Z", "ended": "2026-03-01T08:00:00Z", "duration_s": 3600.0, "state": "finished"},
    ],
    "versions": {"carbon": "0.1.0", "python": "3.11.7"},
}  # fmt: skip


@pytest.fixture
def run_of():
    """Return a function that gives the record of a run with other fields; None leaves one out."""

    def made(**fields):
        stated = {**RECORD, **fields}
        return Run.from_dict({name: value for name, value in stated.items() if value is not None})

    return made


@pytest.fixture
def of_run(run_of, shipped):
    """Return a function that gives the statement of such a run."""
    return lambda **fields: statement_of_run(run_of(**fields), database=shipped)


@pytest.fixture
def of_plan(ask):
    """Return a function that gives the statement of a plan."""
    return lambda **fields: statement_of_plan(ask(**fields))


@pytest.fixture
def disclosed(of_run):
    """Return a function that gives a disclosure of statements, by default of the run alone."""

    def made(*statements, **fields):
        stated = {"model": "Tiny <script> & 50% _x_", "date": "2026-03-01", "version": "0.1.0", **fields}
        return Disclosure(statements=statements or (of_run(),), **stated)

    return made


UNKNOWN = {"facility_energy_kwh": None, "operational_kgco2e": None, "embodied_kgco2e": None, "site": None, "accelerators": None, "hw": "", "tokens": None}
"""A run of which little is known."""
