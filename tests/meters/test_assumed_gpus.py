"""GPUs that no library reads are assumed, if the database knows all of them."""

import pytest

from traincarbon.meters.assumed_gpus import assumed_gpus
from traincarbon.meters.nvidia_driver import AMD, NVIDIA, KernelGpu

A100 = KernelGpu("gpu:GPU-a", "NVIDIA A100-SXM4-40GB", "10de:20b0")
BY_PCI_ID = KernelGpu("gpu:0000:01:00.0", "", "10de:2330")
UNKNOWN = KernelGpu("gpu:GPU-c", "NVIDIA X9000", "10de:ffff")


def of(*gpus):
    """Return a kernel that lists *gpus*."""
    return lambda **_: list(gpus)


def test_power_is_assumed_by_name_or_by_pci_id_from_then_on(clock):
    meter = assumed_gpus("nvml", environ={}, listed=of(A100, BY_PCI_ID), clock=clock)
    clock.now_s += 10.0
    readings = {reading.device: reading for reading in meter.read()}
    assert {device: (reading.energy_j, reading.how) for device, reading in readings.items()} == {
        "gpu:GPU-a": (pytest.approx(10 * 200.0), "assumed"),
        "gpu:0000:01:00.0": (pytest.approx(10 * 350.0), "assumed"),
    }
    assert readings["gpu:GPU-a"].sigma_ln == 0.45
    assert "H100" in meter.assumed["gpu:0000:01:00.0"]


def test_an_amd_gpu_is_known_by_its_pci_id(clock):
    meter = assumed_gpus("amd", environ={}, listed=of(KernelGpu("gpu:0000:03:00.0", "", "1002:74a1")), clock=clock)
    assert meter.read()[0].power_w == 375.0


def test_one_that_is_unknown_makes_the_whole_unknown():
    assert assumed_gpus("nvml", environ={}, listed=of(A100, UNKNOWN)) is None
    assert assumed_gpus("nvml", environ={}, listed=of()) is None
    assert assumed_gpus("rapl", environ={}, listed=of(A100)) is None


@pytest.mark.parametrize(("name", "vendor", "variable"), [("nvml", NVIDIA, "CUDA_VISIBLE_DEVICES"), ("amd", AMD, "ROCR_VISIBLE_DEVICES")])
def test_the_variable_of_the_maker_chooses(name, vendor, variable):
    asked = {}
    assumed_gpus(name, environ={variable: "1"}, listed=lambda **options: asked.update(options) or [])
    assert asked == {"visible_devices": "1", "vendor": vendor}
