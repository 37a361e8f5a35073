"""The text that Prometheus reads, checked by promtool."""

import shutil
import subprocess

import pytest

from made_states import state
from traincarbon.tracking.live_state import DeviceState
from traincarbon.tracking.sinks.exposition import exposition
from traincarbon.tracking.sinks.status import of_state

LIVE = state()._replace(devices=(DeviceState("gpu:0", "gpu", 300.0, 0.9, 60.0, 1e9, 5.0, 'a "quoted" \\ name\n'), DeviceState("server:0", "server", 800.0)))


def test_promtool_takes_every_line():
    promtool = shutil.which("promtool") or pytest.skip("promtool is not installed")
    text = exposition(of_state(LIVE), labels={"run_id": "r", "project": "nlp"}, facts={"run_id": "r", "region": "france"})
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_values_keep_all_their_digits_and_labels_are_escaped():
    status = of_state(LIVE)._replace(values={"energy_kwh": 0.1 + 0.2, "tokens": 12.0})
    lines = exposition(status, labels={"run_id": "r"}, facts={}).splitlines()
    assert 'carbon_energy_kwh{run_id="r"} 0.30000000000000004' in lines
    assert 'carbon_tokens{run_id="r"} 12' in lines
    assert 'hw_power_watts{hw_id="gpu:0",hw_name="a \\"quoted\\" \\\\ name\\n",hw_type="gpu",run_id="r"} 300' in lines


def test_a_name_of_a_metric_comes_once_with_its_type():
    text = exposition(of_state(state(8)), labels={"run_id": "r"}, facts={})
    types = [line for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(types) == len(set(types))
    assert "# TYPE hw_power_watts gauge" in types
    assert text.count("\nhw_power_watts{") == 10
    assert 'carbon_run_ended{run_id="r"} 0' in text
