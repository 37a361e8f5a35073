"""The page of a run, and the stream of its figures while it runs."""

import threading
import time

import pytest

from traincarbon.errors import CarbonError
from webapp.made_store import add_ended, add_running, add_without_energy, end_running


def test_a_run_is_shown_with_what_it_took(client, store):
    add_ended(store, "done")
    page = client.get("/runs/done").text
    assert "Run done" in page
    assert "measured by energy counters" in page
    assert 'href="/api/runs/done"' in page
    assert "sse-connect" not in page


def test_a_run_is_compared_with_its_plan(client, store):
    bounds = {"low": 10.0, "median": 15.0, "high": 20.0}
    add_ended(store, "planned", start={"plan": {"duration_s": bounds, "facility_energy_kwh": bounds}})
    page = client.get("/runs/planned").text
    assert "Actual compared with the forecast" in page


def test_a_run_without_energy_says_so(client, store):
    add_without_energy(store, "unmetered")
    page = client.get("/runs/unmetered").text
    assert "was not metered" in page
    assert "0 kWh" not in page


def test_a_run_whose_journals_cannot_be_unpacked_is_shown_without_its_chart(client, store, monkeypatch):
    def full(*_):
        raise CarbonError("cannot unpack a journal into /tmp")

    add_ended(store, "done")
    monkeypatch.setattr("traincarbon.webapp.run_page.history_of", full)
    assert "measured by energy counters" in client.get("/runs/done").text


def test_a_plan_of_another_version_does_not_break_the_page(client, store):
    add_ended(store, "odd", start={"plan": {"schema": "traincarbon/plan/9", "params": "many", "nothing": [1], "duration_s": {"low": None, "median": "x"}}})
    assert client.get("/runs/odd").status_code == 200


@pytest.mark.parametrize("id", ["nothing", "%3Cscript%3Ealert(1)%3C/script%3E", "..%2F..", "x" * 3000])
def test_a_run_that_does_not_exist_is_said(client, id):
    for path in ("runs", "live"):
        answer = client.get(f"/{path}/{id}")
        assert answer.status_code == 404
        assert "<script>alert" not in answer.text


def test_a_run_that_runs_is_followed_until_it_ends(client, store):
    add_running(store, "now")
    page = client.get("/runs/now").text
    assert 'sse-connect="/live/now"' in page
    assert 'sse-close="end"' in page

    def end():
        time.sleep(0.5)
        end_running(store, "now")

    thread = threading.Thread(target=end)
    thread.start()
    answer = client.get("/live/now")
    thread.join()
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [line.removeprefix("event: ") for line in answer.text.splitlines() if line.startswith("event: ")]
    assert events[0] == "run"
    assert events[-1] == "end"
    assert "It ended: finished" in answer.text


def test_the_stream_of_a_run_that_ended_ends_at_once(client, store):
    add_ended(store, "done")
    answer = client.get("/live/done")
    assert answer.text.count("event: run") == 1
    assert answer.text.endswith("event: end\ndata: \n\n")
