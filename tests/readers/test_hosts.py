"""Hosts of imported runs have the names of the ledger."""

from pathlib import Path

import pytest

from traincarbon.ledger.run import Run
from traincarbon.ledger.store_folder import name_of_machine, node_name
from traincarbon.readers.hosts import as_named_here, name_of_host, with_hosts


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
    names = name_of_host(store, "gpu-1.site.example"), name_of_machine(store, "10.0.0.2")
    assert found.hosts == names
    assert [use.host for use in found.by_device] == [*names, ""]


def test_other_records_stay_as_they_are(tmp_path: Path) -> None:
    records = (record("a"), record("b", 1))
    assert with_hosts(records, {"a": ["x"]}, str(tmp_path)) == records
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("host", "own", "named"),
    [
        ("gpu-7", "login.site.example", "gpu-7.site.example"),
        ("gpu-7.site.example", "login.site.example", "gpu-7.site.example"),
        ("gpu-7.site.example", "login", "gpu-7"),
        ("LOGIN", "login.site.example", "login.site.example"),
        ("login.site.example", "login", "login"),
        ("login.other.example", "login.site.example", "login.other.example"),
        ("gpu-7.site.example", "localhost.localdomain", "gpu-7"),
        ("localhost", "login", ""),
        ("127.0.0.1", "login", ""),
        ("::1", "login.site.example", ""),
        ("10.0.0.2", "login.site.example", "10.0.0.2"),
    ],
)
def test_hosts_are_named_in_the_form_of_this_machine(host: str, own: str, named: str) -> None:
    assert as_named_here(host, own=own) == named


@pytest.mark.parametrize("own", ["me", "me.site.example"])
@pytest.mark.parametrize("host", ["me", "me.site.example"])
def test_this_machine_has_one_name_whether_with_its_domain_or_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str, host: str) -> None:
    for module in ("traincarbon.readers.hosts", "traincarbon.ledger.store_folder"):
        monkeypatch.setattr(f"{module}.host_name", lambda: own)
    assert name_of_host(str(tmp_path), host) == node_name(str(tmp_path))


def test_a_machine_that_names_only_itself_is_unknown(tmp_path: Path) -> None:
    (found,) = with_hosts([record("a", 1)], {"a": ["localhost"]}, str(tmp_path))
    assert found.hosts == ()
