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


def amd(number: int, name: str, watts: float, **labels: str) -> Series:
    scale = 1e-6 if "energy" in name else 1.0
    known = {"serial_number": f"69225{number}", "gpu_id": str(number), "card_model": "AMD Instinct MI300X", "hostname": "m"}
    return series(name, watts, scale=scale, is_power="power" in name, **{**known, **labels})


def test_boards_of_amd_count_by_their_energy_in_microjoules_else_by_their_power() -> None:
    boards = [amd(0, "gpu_energy_consumed", 600.0), amd(0, "gpu_package_power", 1.0), amd(1, "amd_gpu_average_package_power", 400.0)]
    found = host_energy(boards, Question(0.0, TO_S))
    assert found.parts == {Part.GPU: (pytest.approx(600_000.0), EnergySource.POWER)}
    assert (found.gpus, found.models) == (2, ("AMD Instinct MI300X",))


def test_the_job_of_slurm_has_the_boards_of_amd_that_its_number_names() -> None:
    boards = [amd(0, "gpu_energy_consumed", 600.0, job_id="7", job_user="u"), amd(1, "gpu_energy_consumed", 300.0, job_id="8")]
    found = host_energy(boards, Question(0.0, TO_S, ("job_id", "7")))
    assert found.parts == {Part.GPU: (pytest.approx(360_000.0), EnergySource.COUNTER)}


def test_partitions_of_a_board_of_amd_are_one_board_and_all_but_the_first_state_0() -> None:
    parts = [amd(0, "gpu_power_usage", 700.0 * (number == 0), gpu_id=str(number), gpu_partition_id=str(number)) for number in range(8)]
    found = host_energy(parts, Question(0.0, TO_S))
    assert (found.parts[Part.GPU][0], found.gpus) == (pytest.approx(420_000.0), 1)


def test_the_boards_of_kepler_add_up_and_are_counted() -> None:
    boards = [series("kepler_node_gpu_joules_total", 100.0 * (number + 1), gpu=str(number), gpu_uuid=f"GPU-{number}", vendor="nvidia") for number in range(2)]
    found = host_energy(boards, Question(0.0, TO_S))
    assert (found.parts[Part.GPU][0], found.gpus) == (pytest.approx(180_000.0), 2)
    old = [series("kepler_node_gpu_joules_total", watts, mode=mode) for watts, mode in ((30.0, "idle"), (50.0, "dynamic"))]
    assert host_energy(old, Question(0.0, TO_S)).parts[Part.GPU][0] == pytest.approx(48_000.0)


def test_a_pod_gets_its_share_of_the_boards_that_kepler_assigns_to_it() -> None:
    pods = [series("kepler_pod_gpu_joules_total", 50.0, pod_name=pod, pod_id=pod, gpu=gpu) for pod, gpu in (("p", "0"), ("p", "1"), ("q", "1"))]
    found = host_energy(pods, Question(0.0, TO_S, ("pod_name", "p")))
    assert found.parts == {Part.GPU: (pytest.approx(60_000.0), EnergySource.MODELLED)}
    assert found.gpus == 2


def test_a_virtual_machine_and_a_container_have_their_share() -> None:
    machine = series("kepler_vm_cpu_joules_total", 20.0, vm_name="v", vm_id="1", zone="package")
    assert host_energy([machine], Question(0.0, TO_S, ("vm_name", "v"))).parts[Part.CPU] == (pytest.approx(12_000.0), EnergySource.MODELLED)
    container = [series("kepler_container_cpu_joules_total", 10.0, container_id="c", container_name="train", zone=zone) for zone in ("package", "dram", "core")]
    found = host_energy(container, Question(0.0, TO_S, ("container_name", "train"))).parts
    assert {part: energy_j for part, (energy_j, _) in found.items()} == pytest.approx({Part.CPU: 6_000.0, Part.DRAM: 6_000.0})


def test_the_platform_of_kepler_is_its_greatest_power_control() -> None:
    names = (("PC1", "Server Power Control", 800.0), ("PC2", "CPU Sub-system Power", 300.0))
    node = [series("kepler_platform_watts", watts, is_power=True, chassis_id="1", power_control_id=id, power_control_name=name) for id, name, watts in names]
    assert host_energy([PACKAGE, *node], Question(0.0, TO_S)).parts[Part.OTHER][0] == pytest.approx(480_000.0 - 60_000.0)
