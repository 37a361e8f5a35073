"""The energy of a job on a host out of its series."""

import pytest

from traincarbon.quantities import EnergySource, Part
from traincarbon.readers.prometheus.client import Series
from traincarbon.readers.prometheus.energy import HostEnergy, Question, host_energy, together

TO_S = 600.0
JOB = ("hpc_job", "7")


def series(name: str, watts: float, *, scale: float = 1.0, is_power: bool = False, begin: int = 0, end: int = 600, **labels: str) -> Series:
    times = range(begin, end + 1, 10)
    return Series({"__name__": name, **labels}, [(float(time_s), watts if is_power else watts * time_s / scale) for time_s in times])


def board(number: int, watts: float, **labels: str) -> Series:
    return series("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", watts, scale=1e-3, UUID=f"GPU-{number}", modelName="NVIDIA H100 80GB HBM3", **labels)


PACKAGE = series("node_rapl_package_joules_total", 100.0, index="0")


def test_a_job_gets_the_boards_that_its_label_names_and_no_node_that_others_used_too() -> None:
    found = host_energy([board(0, 500.0, hpc_job="7"), board(1, 300.0, hpc_job="8"), PACKAGE], Question(0.0, TO_S, JOB))
    assert found.parts == {Part.GPU: (pytest.approx(300_000.0), EnergySource.COUNTER)}
    assert (found.gpus, found.is_shared) == (1, True)
    _, missing = together([found])
    assert missing[Part.CPU].startswith("other jobs may have used the nodes")


def test_a_job_with_all_boards_of_a_node_gets_its_processor_too() -> None:
    found = host_energy([board(0, 500.0, hpc_job="7"), board(1, 300.0, hpc_job="7"), PACKAGE], Question(0.0, TO_S, JOB))
    assert {part: energy_j for part, (energy_j, _) in found.parts.items()} == pytest.approx({Part.GPU: 480_000.0, Part.CPU: 60_000.0})
    assert (found.gpus, found.models, found.gaps_s, found.samples) == (2, ("NVIDIA H100 80GB HBM3",), 0.0, 61)


def test_the_flags_of_ceems_say_which_boards_a_job_had() -> None:
    flag = Series({"__name__": "ceems_compute_unit_gpu_index_flag", "uuid": "7", "gpuuuid": "GPU-1"}, [(float(time_s), 1.0) for time_s in range(5, 600, 30)])
    found = host_energy([board(0, 500.0), board(1, 300.0)], Question(0.0, TO_S, ("uuid", "7"), [flag]))
    assert found.parts[Part.GPU][0] == pytest.approx(180_000.0)
    assert found.gpus == 1


def test_a_board_without_counter_counts_by_its_power() -> None:
    power = series("DCGM_FI_DEV_POWER_USAGE", 250.0, is_power=True, UUID="GPU-1")
    found = host_energy([board(0, 500.0), power], Question(0.0, TO_S))
    assert found.parts == {Part.GPU: (pytest.approx(450_000.0), EnergySource.POWER)}


def test_a_counter_that_stays_at_0_is_none() -> None:
    power = series("DCGM_FI_DEV_POWER_USAGE", 250.0, is_power=True, UUID="GPU-0")
    assert host_energy([board(0, 0.0), power], Question(0.0, TO_S)).parts == {Part.GPU: (pytest.approx(150_000.0), EnergySource.POWER)}


def test_the_share_of_a_pod_is_modelled_by_its_exporter() -> None:
    pod = series("kepler_pod_cpu_joules_total", 20.0, pod_name="p", pod_id="1", zone="package")
    other = series("kepler_pod_cpu_joules_total", 90.0, pod_name="q", pod_id="2", zone="package")
    found = host_energy([pod, other], Question(0.0, TO_S, ("pod_name", "p")))
    assert found.parts == {Part.CPU: (pytest.approx(12_000.0), EnergySource.MODELLED)}


def test_the_modes_and_packages_of_a_node_add_up_and_one_exporter_counts() -> None:
    kepler = [series("kepler_node_package_joules_total", watts, package="0", mode=mode) for watts, mode in ((30.0, "idle"), (50.0, "dynamic"))]
    found = host_energy([PACKAGE, series("node_rapl_package_joules_total", 50.0, index="1"), *kepler], Question(0.0, TO_S))
    assert found.parts[Part.CPU][0] == pytest.approx(90_000.0)
    assert host_energy(kepler, Question(0.0, TO_S)).parts[Part.CPU][0] == pytest.approx(48_000.0)


def test_time_without_samples_is_a_gap() -> None:
    found = host_energy([series("DCGM_FI_DEV_POWER_USAGE", 250.0, is_power=True, UUID="GPU-1", begin=100, end=500)], Question(0.0, TO_S))
    assert found.gaps_s == pytest.approx(200.0)


def test_a_part_that_only_some_nodes_state_is_not_known() -> None:
    whole = (1000.0, EnergySource.COUNTER)
    parts, missing = together([HostEnergy({Part.GPU: whole, Part.CPU: whole}), HostEnergy({Part.GPU: whole})])
    assert (parts, missing[Part.CPU]) == ({Part.GPU: (2000.0, EnergySource.COUNTER)}, "Prometheus has it of 1 of 2 nodes")


def test_a_whole_node_that_takes_less_than_its_parts_is_not_known() -> None:
    parts, missing = together([HostEnergy({Part.GPU: (1000.0, EnergySource.COUNTER), Part.OTHER: (-5.0, EnergySource.POWER)})])
    assert Part.OTHER not in parts
    assert "less than its parts" in missing[Part.OTHER]
