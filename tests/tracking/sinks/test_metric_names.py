"""Names, units and attributes of metrics: those of OpenTelemetry's conventions for hardware, and ours of the run."""

import pytest

from made_states import state
from traincarbon.tracking.live_state import DeviceState
from traincarbon.tracking.sinks.metric_names import INSTRUMENTS, help_of, metrics_of, unit_of
from traincarbon.tracking.sinks.status import of_state

SUFFIX = {"J": "_joules", "W": "_watts", "Cel": "_celsius", "By": "_bytes", "1": "_ratio"}


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda each: each.name)
def test_the_name_in_prometheus_follows_from_that_in_opentelemetry(instrument):
    assert instrument.prometheus == instrument.name.replace(".", "_") + SUFFIX[instrument.unit] + ("_total" if instrument.is_counter else "")


def test_a_gpu_has_its_id_its_type_and_all_that_it_states():
    gpu = DeviceState("gpu:GPU-1", "gpu", 300.0, 0.9, 60.0, 1e9, 5.0, "NVIDIA H100")
    found = {instrument.name: (attributes, value) for instrument, attributes, value in metrics_of(gpu)}
    attributes = {"hw.id": "gpu:GPU-1", "hw.type": "gpu", "hw.name": "NVIDIA H100"}
    assert found == {
        "hw.energy": (attributes, 5.0),
        "hw.power": (attributes, 300.0),
        "hw.temperature": (attributes, 60.0),
        "hw.gpu.utilization": (attributes, 0.9),
        "hw.gpu.memory.usage": (attributes, 1e9),
    }


def test_memory_has_the_type_of_the_conventions_and_a_server_metrics_of_its_own():
    (power,) = metrics_of(DeviceState("dram:0", "dram", 20.0))
    assert power[1] == {"hw.id": "dram:0", "hw.type": "memory"}
    assert [instrument.name for instrument, _, _ in metrics_of(DeviceState("server:0", "server", 800.0, energy_j=3.0))] == ["hw.host.energy", "hw.host.power"]


def test_each_number_of_a_run_has_a_unit_and_a_sentence():
    for name in of_state(state()).values:
        assert unit_of(name)
        assert help_of(name).endswith(".")
    assert (unit_of("tokens_per_s"), unit_of("left_s"), unit_of("j_per_token"), unit_of("power_w")) == ("1/s", "s", "J", "W")
