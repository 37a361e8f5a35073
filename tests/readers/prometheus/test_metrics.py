"""The table of metrics."""

from traincarbon.quantities import Part
from traincarbon.readers.prometheus.metrics import METRICS, Kind, Scope, metric_of


def test_the_counter_of_a_gpu_is_in_millijoules_and_comes_before_its_power() -> None:
    gpus = [metric for metric in METRICS if metric.scope is Scope.DEVICE]
    assert (gpus[0].name, gpus[0].scale, gpus[0].kind) == ("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", 1e-3, Kind.COUNTER)
    assert {metric.kind for metric in gpus[1:]} == {Kind.POWER}


def test_only_registers_overflow() -> None:
    assert {metric.part for metric in METRICS if metric.registers_j} == {Part.CPU, Part.DRAM}
    assert all(metric.kind is Kind.REGISTER for metric in METRICS if metric.registers_j)


def test_a_zone_of_a_processor_is_its_own_metric() -> None:
    zones = {zone: metric_of({"__name__": "kepler_node_cpu_joules_total", "zone": zone}) for zone in ("package", "dram", "core", "psys")}
    assert {zone: metric.part.value for zone, metric in zones.items() if metric} == {"package": "cpu", "dram": "dram"}
    assert metric_of({"__name__": "up"}) is None
