"""A store with one run whose journals are sealed."""

import pytest

from traincarbon.ledger.journal import Journal, run_folder

SITE = {"region": "aws:eu-west-3", "zone": "FR", "name": "Paris", "basis": "lifecycle", "pue": 1.25, "carbon_intensity": 50.0, "direct_intensity": 20.0}


@pytest.fixture
def sealed_store(tmp_path):
    """Return a store with a run ``toy`` that has ended."""
    store = tmp_path / "store"
    journal = Journal(f"{run_folder(str(store), 'toy')}/a1-7-1.jsonl", run_id="toy", node="a1", process=7)
    journal.write("start", {"argv": ["train.py"], "hw": "a100-sxm4-80gb", "accelerators": 1, "site": SITE})
    for count in range(1, 4):
        devices = {"gpu:0": {"part": "gpu", "how": "counter", "energy_j": 1.2e6 * count, "power_max_w": 400.0}}
        journal.write("interval", {"from_s": 3000.0 * (count - 1), "to_s": 3000.0 * count, "devices": devices})
    facility, co2e = 1.5, 0.075
    figures = {"facility_energy_kwh": {"low": 1.3, "median": facility, "high": 1.8}, "operational_kgco2e": {"low": 0.05, "median": co2e, "high": 0.1}}
    journal.write("end", {"exit_code": 0, "to_s": 9000.0, **figures})
    journal.close()
    return store
