"""``carbon runs hours`` on the command line."""

import csv
import io
import json
import subprocess
import sys

import pytest

from journals import WALL_S, device, line, write_lines

SITE = {"region": "aws:eu-west-2", "zone": "GB", "name": "London", "basis": "lifecycle", "pue": 1.25, "carbon_intensity": 200.0}
NO_NETWORK = "import socket; socket.socket = None; from traincarbon.cli import main; main()"


@pytest.fixture
def store(tmp_path):
    figures = {"facility_energy_kwh": {"low": 2.0, "median": 2.5, "high": 3.0}}
    lines = [
        line("start", hw="box", accelerators=1, site=SITE, run_id="toy"),
        line("interval", seq=1, mono_s=7200.0, from_s=0.0, to_s=7200.0, devices={"gpu:0": device(7.2e6)}, run_id="toy"),
        line("end", seq=2, mono_s=7200.0, exit_code=0, run_id="toy", **figures),
    ]
    write_lines(tmp_path / "journals" / "toy" / "a1-7-1.jsonl", lines)
    return tmp_path


def hours(store, *words):
    command = [sys.executable, "-c", NO_NETWORK, "runs", "hours", "toy", "--store", str(store), *words]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def test_json_and_csv_have_every_hour_and_touch_no_network(store):
    stated = json.loads(hours(store, "--json").stdout)
    rows = list(csv.DictReader(io.StringIO(hours(store, "--csv").stdout)))
    assert sum(row["it_energy_kwh"] for row in stated["hours"]) == 2.0
    assert [float(row["facility_energy_kwh"]) for row in rows] == [row["facility_energy_kwh"] for row in stated["hours"]]
    assert stated["total"]["kgco2e"] == pytest.approx(0.5)
    assert rows[0]["intensity_from"] == "year"


def test_the_table_says_what_the_hours_add_up_to(store):
    shown = hours(store)
    assert (shown.returncode, shown.stdout.splitlines()[0].split()[:2]) == (0, ["hour", "(UTC)"])
    assert "2 kWh of IT, 2.5 kWh in the facility" in " ".join(shown.stdout.split())
    assert "--live asks a service" in shown.stderr


def test_live_without_a_network_falls_back_and_says_so(store, tmp_path):
    command = [sys.executable, "-m", "traincarbon", "runs", "hours", "toy", "--store", str(store), "--live", "--json", "--service", "gb-carbon-intensity"]
    environment = {"PATH": "/usr/bin", "HOME": str(tmp_path), "CARBON_GB_CARBON_INTENSITY_URL": "http://127.0.0.1:9"}
    shown = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, env=environment)
    stated = json.loads(shown.stdout)
    assert {row["intensity_from"] for row in stated["hours"]} == {"year"}
    assert stated["notes"][0] == "the Carbon Intensity API of Great Britain does not answer"


def test_a_wrong_word_is_a_usage_error(store):
    assert hours(store, "--basis", "marginal").returncode == 2
    failed = hours(store, "--live", "--grid-zone", "X")
    assert failed.returncode == 1
    assert "name it too: --service" in failed.stderr
    assert WALL_S
