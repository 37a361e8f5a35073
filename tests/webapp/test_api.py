"""The answers at /api/ are those that the command line prints with --json."""

import json

import pytest
from click.testing import CliRunner

from journals import lines_of, write_lines
from traincarbon.cli.commands import compare, estimate, runs
from webapp.started import PLAN


def printed(command, *words):
    done = CliRunner().invoke(command, [*words, "--json", "--quiet"])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_an_estimate_is_that_of_the_command_line_letter_by_letter(client):
    answer = client.post("/api/estimate", json={**PLAN, "accelerators": 64, "region": "sweden"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    options = [f"--{name}={value}" for name, value in {**PLAN, "accelerators": 64, "region": "sweden"}.items()]
    assert answer.text == printed(estimate.command, *options)


def test_a_level_gives_other_intervals(client):
    wide, narrow = (client.post(f"/api/estimate?level={level}", json=PLAN).json() for level in ("0.9", "50%"))
    assert narrow["level"] == 0.5
    assert narrow["results"]["rent_usd"]["high"] < wide["results"]["rent_usd"]["high"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not an object"),
        (b'"plan"', "not an object"),
        (b"{}", "no plan given"),
        (b'{"params": NaN, "tokens": 1e12, "hw": "h100"}', "NaN is not a number"),
        (b'{"params": Infinity, "tokens": 1e12, "hw": "h100"}', "Infinity is not a number"),
        (b'{"params": 1e400, "tokens": 1e12, "hw": "h100"}', "params"),
        (b'{"params": -7e9, "tokens": 1e12, "hw": "h100"}', "params"),
        (b'{"params": 7e9, "tokens": 1e12, "hw": "h1000"}', "no hardware 'h1000'"),
        (b'{"params": 7e9, "toknes": 1e12, "hw": "h100"}', "unknown key 'toknes'"),
        (b'{"schema": "traincarbon/plan/9", "params": 7e9, "tokens": 1e12, "hw": "h100"}', "schema"),
        (b'{"params": true, "tokens": 1e12, "hw": "h100"}', "params"),
        (b'{"params": {"low": 1}, "tokens": 1e12, "hw": "h100"}', "params"),
        (b'{"params": 7e9, "tokens": 1e12, "hw": ["h100"]}', "hw"),
        (b'{"params": 7e9, "tokens": 1e12, "hw": "<script>alert(1)</script>"}', "no hardware"),
    ],
)
def test_what_is_no_plan_is_refused_with_what_was_wrong(client, body, message):
    answer = client.post("/api/estimate", content=body)
    assert answer.status_code == 400
    found = answer.json()
    assert set(found) == {"error", "hint"}
    assert message in found["error"]
    assert "\n" not in found["error"]


def test_an_estimate_is_asked_for_by_post(client):
    answer = client.get("/api/estimate")
    assert answer.status_code == 405
    assert "allow" in answer.headers
    assert set(answer.json()) == {"error", "hint"}


def test_a_comparison_is_that_of_the_command_line(client):
    answer = client.get("/api/compare?params=7B&tokens=1T&accelerators=64&hw=dgx-a100,dgx-h100&region=sweden&region=poland")
    words = "--params 7B --tokens 1T --accelerators 64 --hw dgx-a100,dgx-h100 --region sweden --region poland"
    assert answer.text == printed(compare.command, *words.split())


@pytest.mark.parametrize(
    "query", ["", "parms=7B&tokens=1T&hw=h100", "params=7B&tokens=1T&hw=h1000", "params=7B&tokens=1T&hw=h100&money=gold", "params=x&tokens=1T&hw=h100&level=2"]
)
def test_a_comparison_that_cannot_be_made_is_refused(client, query):
    answer = client.get(f"/api/compare?{query}")
    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "hint"}


@pytest.fixture
def made(store, monkeypatch):
    for number in range(3):
        lines = lines_of(run_id=f"run-{number}", begin_s=3600.0 * number, start={"project": f"p{number % 2}"})
        write_lines(store / "journals" / f"run-{number}" / "a.jsonl", lines)
    monkeypatch.setenv("CARBON_STORE", str(store))
    return store


@pytest.mark.parametrize("query", ["", "project=p0", "state=finished", "since=2020-01-01", "limit=2", "limit=0", "project=nothing", "state=killed"])
@pytest.mark.usefixtures("made")
def test_a_list_of_runs_is_that_of_the_command_line(client, query):
    words = [f"--{part}" for part in query.split("&") if part]
    answer = client.get(f"/api/runs?{query}")
    assert answer.text == printed(runs.list_command, *words)


@pytest.mark.usefixtures("made")
def test_the_number_of_all_matches_is_said(client):
    assert client.get("/api/runs?limit=1").headers["x-total-count"] == "3"


@pytest.mark.parametrize("query", ["state=nothing", "limit=-1", "limit=x", "limit=99999999999999", "since=yesterday-ish", "projct=a"])
@pytest.mark.usefixtures("made")
def test_a_filter_that_means_nothing_is_refused(client, query):
    answer = client.get(f"/api/runs?{query}")
    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "hint"}


@pytest.mark.usefixtures("made")
def test_a_run_is_that_of_the_command_line(client):
    assert client.get("/api/runs/run-1").text == printed(runs.show_command, "run-1")
    assert client.get("/api/runs/last").json()["run_id"] == "run-2"


@pytest.mark.parametrize("id", ["nothing", "%3Cscript%3E", "x" * 5000, "..%2F..%2Fetc", "%00"])
@pytest.mark.usefixtures("made")
def test_a_run_that_does_not_exist_is_not_found(client, id):
    answer = client.get(f"/api/runs/{id}")
    assert answer.status_code == 404
    assert set(json.loads(answer.text)) == {"error", "hint"}


def test_an_empty_store_has_no_runs(client):
    assert client.get("/api/runs").json() == []


def test_the_contract_lists_its_paths_and_health_says_that_it_works(client):
    assert "POST /api/estimate" in client.get("/api/").json()["paths"]
    assert client.get("/healthz").json()["status"] == "ok"
