"""A run is sent to the team's ledger once it has ended, and nobody waits for it."""

import os
import socket
import time
from contextlib import closing

import pytest

from fates import kill_processes
from postgres_server import postgres
from tracked import Place, until
from traincarbon.tracking.sidecar.sending import send_at_end


@pytest.fixture(scope="module")
def server():
    with postgres("fsync = off") as found:
        yield found


@pytest.fixture
def place(tmp_path):
    found = Place(tmp_path)
    yield found
    kill_processes(f"CARBON_STORE={found.store}")  # what sends a run waits a minute for a server that does not answer


def test_without_a_server_nothing_is_started(tmp_path, monkeypatch):
    monkeypatch.delenv("CARBON_LEDGER", raising=False)
    send_at_end(str(tmp_path), "run", __file__)
    monkeypatch.setenv("CARBON_LEDGER", "postgresql://db/team")
    send_at_end(str(tmp_path), "run", str(tmp_path / "no journal was written"))


def test_a_run_is_on_the_server_soon_after_its_end(place, server):
    database = server.new_database("at-end")
    done = place.track(
        "--run-id", "mine", "--project", "llm", "--", "sh", "-c", "sleep 0.5; exit 3", env={"CARBON_LEDGER": database, "CARBON_LEDGER_USER": "ada"}
    )
    assert done.returncode == 3, done.stderr
    sql = "SELECT run_id, project, state, username, energy_kwh FROM traincarbon.runs"
    assert until(lambda: server.query("SELECT to_regclass('traincarbon.runs') IS NOT NULL", "at-end") == [["t"]] and server.query(sql, "at-end"), seconds=60.0)
    ((run_id, project, state, user, energy_kwh),) = server.query(sql, "at-end")
    record = place.record("mine")
    assert (run_id, project, state, user) == ("mine", "llm", "failed", "ada")
    assert float(energy_kwh) == pytest.approx(record.facility_energy_kwh["median"] if record.facility_energy_kwh else record.metered_kwh)


def test_a_server_that_says_nothing_keeps_nobody_waiting(place):
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        address = f"postgresql://carbon@127.0.0.1:{silent.getsockname()[1]}/team"
        silent.settimeout(60.0)
        began_s = time.monotonic()
        done = place.track("--", "true", env={"CARBON_LEDGER": address})
        ended_s = time.monotonic()
        asked, _ = silent.accept()  # the sender comes when the command has long ended
        assert done.returncode == 0
        assert ended_s - began_s < 30.0
        asked.close()


def test_what_a_server_did_not_get_comes_with_the_next_sync(place, server):
    from traincarbon import runs

    done = place.track("--run-id", "later", "--", "true", env={"CARBON_LEDGER": "postgresql://carbon@127.0.0.1:1/team"})
    assert done.returncode == 0
    assert done.stderr.count("error") == 0
    database = server.new_database("later")
    assert runs.sync(ledger=database, store=place.store).sent == ("later",)
    assert os.listdir(os.path.join(place.store, "journals")) == ["later"]
