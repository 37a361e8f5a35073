"""The app of a team: its pages and its JSON are those of the runs on the server, whose restarts it survives."""

import pytest
from starlette.testclient import TestClient

from journals import lines_of, write_lines
from postgres_server import postgres
from traincarbon import runs
from traincarbon.ledger.server.sync import sync
from traincarbon.webapp.address import Address
from traincarbon.webapp.app import app_of
from traincarbon.webapp.ledger_thread import LedgerThread
from traincarbon.webapp.site import Site
from webapp.started import TOKEN, URL


@pytest.fixture(scope="module")
def server():
    with postgres("fsync = off") as found:
        yield found


@pytest.fixture
def client(server, shipped, store, tmp_path, monkeypatch):
    """The app on a machine without runs of its own."""
    database = server.new_database(tmp_path.name.replace("_", "-"))
    for at, run_id in enumerate(("toy-1", "toy-2")):
        write_lines(tmp_path / "elsewhere" / "journals" / run_id / "j.jsonl", lines_of(run_id=run_id, begin_s=60.0 * at, start={"project": "toy"}))
    sync(ledger=database, store=tmp_path / "elsewhere", user="ada")
    monkeypatch.setenv("CARBON_LEDGER", database)
    monkeypatch.setenv("CARBON_STORE", str(store))
    ledger = LedgerThread(None, answer_s=20.0)
    site = Site(plans=LedgerThread(str(store)), database=shipped, ledger=ledger, address=Address("127.0.0.1", 8765))
    yield TestClient(app_of(site, token=TOKEN), base_url=URL, follow_redirects=False)
    ledger.close()


def test_every_page_shows_the_runs_of_the_team(client, tmp_path):
    listed = client.get("/api/runs")
    assert listed.json() == [run.to_dict() for run in runs.list(store=tmp_path / "elsewhere")]
    assert listed.headers["x-total-count"] == "2"
    assert client.get("/api/runs/toy-1").json()["run_id"] == "toy-1"
    for page, shown in (("/runs", "toy-2"), ("/runs?words=toy-1", "toy-1"), ("/runs/toy-1", "toy-1"), ("/fleet", "toy"), ("/accuracy", "")):
        found = client.get(page)
        assert (found.status_code, shown in found.text) == (200, True), page
    assert "postgresql://carbon@127.0.0.1" in client.get("/runs").text
    assert client.get("/runs/none").status_code == 404


def test_a_server_that_restarts_is_said_and_then_read_again(client, server):
    assert client.get("/api/runs").status_code == 200
    server.kill()
    try:
        away = client.get("/api/runs")
        assert away.status_code >= 400
        assert "does not answer" in away.text
        assert client.get("/healthz").status_code == 200
    finally:
        server.start()
    assert len(client.get("/api/runs").json()) == 2
