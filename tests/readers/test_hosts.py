"""Hosts of imported runs have the names of the ledger."""

from pathlib import Path

from traincarbon.ledger.run import Run
from traincarbon.ledger.store_folder import name_of_machine
from traincarbon.readers.hosts import with_hosts


def record(run_id: str, *nodes: int) -> Run:
    devices = [{"id": f"gpu:{node}", "node": node, "part": "gpu", "how": "counter", "energy_j": 1.0} for node in nodes]
    stated = {
        "schema": "traincarbon/run/1",
        "run_id": run_id,
        "state": "finished",
        "started_at": "2026-03-01T10:00:00Z",
        "duration_s": 60.0,
        "devices": devices,
    }
    return Run.from_dict(stated)


def test_devices_and_run_have_the_name_of_their_machine(tmp_path: Path) -> None:
    store = str(tmp_path)
    (found,) = with_hosts([record("a", 1, 2, 9)], {"a": ["gpu-1.site.example", "10.0.0.2"]}, store)
    names = name_of_machine(store, "gpu-1"), name_of_machine(store, "10.0.0.2")
    assert found.hosts == names
    assert [use.host for use in found.by_device] == [*names, ""]


def test_other_records_stay_as_they_are(tmp_path: Path) -> None:
    records = (record("a"), record("b", 1))
    assert with_hosts(records, {"a": ["x"]}, str(tmp_path)) == records
    assert list(tmp_path.iterdir()) == []
