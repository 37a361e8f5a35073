"""Prometheus reads a run that is tracked: the real server where it is installed, and the queries of our dashboard in it."""

import json
import re
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from made_states import state
from metric_servers import free_port, scraping
from native import replay
from tracked import Place, python, until
from traincarbon.tracking.options import settings_from
from traincarbon.tracking.sinks.base import SinkError
from traincarbon.tracking.sinks.prometheus_sink import Exporter, dashboard, opened
from traincarbon.tracking.sinks.requests import Address
from traincarbon.tracking.sinks.status import of_state

TRAINING = """
import os, sys, time
print("started", flush=True)
pipe = os.fdopen(int(os.environ["CARBON_PROGRESS_FD"]), "w", buffering=1)
for step in range(1, 1000):
    print('{"steps": %d, "total_steps": 2000, "tokens": %d, "loss": %f}' % (step, step * 4096, 3.0 / step), file=pipe)
    time.sleep(0.02)
    if os.path.exists(sys.argv[1]):
        break
"""
OPTIONS = ("--hw", "8xH100", "--region", "france", "--params", "1e6", "--max-kwh", "50", "--rent-price", "2", "--project", "toy")


@pytest.fixture
def place(tmp_path):
    """A place whose commands see two GPUs through NVML, which a library replays."""
    found = Place(tmp_path)
    (tmp_path / "trace").write_text("devices 2\ncap 5000\nwave 1:600\n")
    found.env = {name: value for name, value in found.env.items() if name != "CARBON_REPLAY"}
    found.env |= {"LD_LIBRARY_PATH": str(replay.build(tmp_path).parent), "NVML_REPLAY_TRACE": str(tmp_path / "trace")}
    return found


@pytest.fixture
def exporter():
    found = Exporter(Address("127.0.0.1", 0), labels={"run_id": "r"}, facts={"run_id": "r"})
    yield found
    found.has_finished = False
    found.close()


def fetch(url, **options):
    with urllib.request.urlopen(urllib.request.Request(url, **options), timeout=10) as answer:
        return answer.read().decode()


def values(text):
    return {line.partition("{")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if not line.startswith("#")}


def test_a_run_is_served_while_it_is_metered_and_at_its_end_as_its_record_has_it(place, tmp_path):
    port, stop = free_port(), tmp_path / "stop"
    url = f"http://127.0.0.1:{port}"
    command = [*OPTIONS, "--run-id", "r", "--prometheus", f"127.0.0.1:{port}", "--", *python(TRAINING), str(stop)]
    with place.tracking(*command) as process:
        assert until(lambda: "carbon_forecast_energy_kwh{" in quietly(url), seconds=30.0)
        live = values(fetch(f"{url}/metrics"))
        assert {"carbon_energy_kwh", "carbon_total_kgco2e", "carbon_cost_usd", "carbon_mfu", "carbon_forecast_cost_usd_high"} <= live.keys()
        assert live["carbon_power_watts"] > 1000.0
        assert live["carbon_run_ended"] == 0.0
        stop.touch()
        last = until(lambda: ended(quietly(url)), seconds=30.0)
        _, errors = process.communicate(timeout=30)
    record = place.record("r")
    assert process.returncode == 0
    assert f"Prometheus: {url}/metrics" in errors
    assert values(last)["carbon_energy_kwh"] == pytest.approx(record.facility_energy_kwh["median"], rel=1e-12, abs=1e-12)
    assert values(last)["carbon_tokens"] == record.tokens
    assert until(lambda: not quietly(url), seconds=10.0)


def ended(text):
    return text if 'carbon_run_ended{project="toy",run_id="r"} 1' in text else ""


def quietly(url):
    try:
        return fetch(f"{url}/metrics")
    except OSError:
        return ""


def test_prometheus_answers_each_query_of_the_dashboard(place, tmp_path):
    port, stop = free_port(), tmp_path / "stop"
    command = [*OPTIONS, "--run-id", "r", "--prometheus", f"127.0.0.1:{port}", "--", *python(TRAINING), str(stop)]
    with scraping(tmp_path / "prometheus", f"127.0.0.1:{port}") as server, place.tracking(*command) as process:
        ask = lambda query: json.loads(fetch(f"{server}/api/v1/query?{urllib.parse.urlencode({'query': query})}"))  # noqa: E731
        assert until(lambda: ask('rate(hw_energy_joules_total{run_id="r"}[10s])')["data"]["result"], seconds=30.0)
        assert until(lambda: ask('carbon_forecast_energy_kwh{run_id="r"}')["data"]["result"], seconds=30.0)
        found = json.loads(dashboard())
        queries = [target["expr"] for panel in found["panels"] for target in panel["targets"]]
        answers = {query: ask(query.replace("$run_id", "r").replace("$__rate_interval", "10s")) for query in queries}
        names = json.loads(fetch(f"{server}/api/v1/label/run_id/values?{urllib.parse.urlencode({'match[]': 'carbon_run_info'})}"))["data"]
        stop.touch()
        assert until(lambda: ask('carbon_run_ended{run_id="r"} == 1')["data"]["result"], seconds=30.0)
        ((_, energy),) = [each["value"] for each in ask('carbon_energy_kwh{run_id="r"}')["data"]["result"]]
        process.wait(timeout=30)
    assert names == ["r"]
    assert [query for query, answer in answers.items() if not (answer["status"] == "success" and answer["data"]["result"])] == []
    assert float(energy) == pytest.approx(place.record("r").facility_energy_kwh["median"], rel=1e-12, abs=1e-12)


def test_the_page_shows_the_answer_to_each_query_of_the_dashboard():
    page = (Path(__file__).parents[3] / "docs" / "frameworks.md").read_text("utf-8")
    rows = re.findall(r"^\| [^|]+ \| `(.+)` \| (.+) \|$", page.partition("<!-- answers -->")[2].partition("<!-- end -->")[0], re.MULTILINE)
    queries = [target["expr"] for panel in json.loads(dashboard())["panels"] for target in panel["targets"]]
    assert [query for query, _ in rows] == queries
    assert all(answer.strip() for _, answer in rows)


def test_the_pages_beside_the_metrics_are_a_dashboard_and_a_list(exporter):
    url = exporter.where.removesuffix("/metrics")
    assert json.loads(fetch(f"{url}/dashboard.json"))["uid"] == "traincarbon-run"
    assert fetch(url).startswith("A run that is metered.")
    assert fetch(f"{url}/metrics", method="HEAD") == ""
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetch(f"{url}/else")
    caught.value.close()
    assert caught.value.code == 404


def test_a_client_that_says_nothing_delays_no_other(exporter):
    exporter.log(of_state(state()))
    host, port = exporter.where.removeprefix("http://").removesuffix("/metrics").split(":")
    with socket.create_connection((host, int(port))):
        assert "carbon_energy_kwh" in fetch(exporter.where)


def test_the_last_values_wait_until_they_are_read():
    found = Exporter(Address("127.0.0.1", 0), labels={}, facts={})
    found.finish(of_state(state()))
    closing = threading.Thread(target=found.close)
    closing.start()
    assert "carbon_energy_kwh" in fetch(found.where)
    closing.join(10.0)
    assert not closing.is_alive()


def test_an_address_that_another_program_has_is_given_up_soon():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        began_s = time.monotonic()
        with pytest.raises(SinkError, match="cannot listen on 127.0.0.1"):
            opened(f"127.0.0.1:{other.getsockname()[1]}", settings_from(argv=["x"]))
        assert time.monotonic() - began_s < 30.0


def test_the_next_run_gets_the_address_once_the_last_values_of_the_one_before_were_read(exporter):
    exporter.log(of_state(state()))
    fetch(exporter.where)
    exporter.finish(of_state(state()))
    closing = threading.Thread(target=exporter.close)
    closing.start()
    threading.Timer(4.0, lambda: fetch(exporter.where)).start()
    following = opened(exporter.where.removeprefix("http://").removesuffix("/metrics"), settings_from(argv=["x"], run_id="next"))
    closing.join(10.0)
    assert 'run_id="next"' in fetch(following.where)
    following.close()
