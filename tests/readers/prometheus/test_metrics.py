"""The table of metrics."""

from traincarbon.quantities import Part
from traincarbon.readers.prometheus.metrics import COUNTERS, METRICS, Kind, Scope, device_of, metric_of


def test_the_counter_of_a_gpu_is_in_millijoules_and_comes_before_its_power() -> None:
    gpus = [metric for metric in METRICS if metric.scope is Scope.DEVICE]
    assert (gpus[0].name, gpus[0].scale, gpus[0].kind) == ("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", 1e-3, Kind.COUNTER)
    assert {metric.kind for metric in gpus if metric.name not in COUNTERS} == {Kind.POWER}
    assert {metric.name: metric.scale for metric in gpus if metric.name in COUNTERS} == {
        "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": 1e-3,
        "gpu_energy_consumed": 1e-6,
        "amd_gpu_energy_consumed": 1e-6,
    }


def test_only_registers_overflow() -> None:
    assert {metric.part for metric in METRICS if metric.registers_j} == {Part.CPU, Part.DRAM}
    assert all(metric.kind is Kind.REGISTER for metric in METRICS if metric.registers_j)


def test_a_zone_of_a_processor_is_its_own_metric() -> None:
    zones = {zone: metric_of({"__name__": "kepler_node_cpu_joules_total", "zone": zone}) for zone in ("package", "dram", "core", "psys")}
    assert {zone: metric.part.value for zone, metric in zones.items() if metric} == {"package": "cpu", "dram": "dram"}
    assert metric_of({"__name__": "up"}) is None


def test_a_board_without_a_serial_number_goes_by_its_index() -> None:
    metric = metric_of({"__name__": "amd_gpu_package_power"})
    assert metric is not None
    found = [device_of(metric, {"serial_number": serial, "gpu_id": "0"}) for serial in ("692251001124", "0", "N/A", "")]
    assert found == ["692251001124", "0", "0", "0"]
    assert device_of(metric, {}) == ""
