"""What the ledger has of the jobs of SLURM."""

from contextlib import closing

import pytest

from traincarbon.ledger import store as store_module
from traincarbon.ledger.run import RUN_SCHEMA, Run
from traincarbon.ledger.store import Ledger
from traincarbon.readers import recorded_jobs
from traincarbon.readers.recorded_jobs import RecordedJobs


def job(run_id, energy_j=None):
    stated = {"run_id": run_id, "state": "finished", "duration_s": 60.0, "energy_j": {} if energy_j is None else {"gpu": energy_j}}
    return Run.from_dict({"schema": RUN_SCHEMA, **stated})


@pytest.fixture
def store(tmp_path):
    with Ledger(tmp_path) as ledger:
        ledger.add([job("slurm-7", 5e3), job("slurm-7-20261001080000"), job("slurm-8-20261001080000", 6e3), job("other-7")])
    return tmp_path


def test_a_job_is_found_by_its_number_the_record_without_energy_first(store):
    with closing(RecordedJobs(store)) as known:
        assert [found and found.run_id for found in map(known, ("7", "8", "9"))] == ["slurm-7-20261001080000", "slurm-8-20261001080000", None]


def test_the_ledger_is_opened_once_and_only_if_a_job_is_asked_for(store, monkeypatch):
    opened = []

    class Counted(store_module.Ledger):
        def __init__(self, *args, **named):
            opened.append(args)
            super().__init__(*args, **named)

    monkeypatch.setattr(recorded_jobs, "Ledger", Counted)
    known = RecordedJobs(store)
    known.close()
    assert opened == []
    for number in ("7", "8", "9") * 3:
        known(number)
    known.close()
    known.close()
    assert len(opened) == 1
