"""One board of NVML: found by its id or its number, and learnt about late."""

import pytest

from traincarbon.meters.nvml_gpu import NvmlGpu
from traincarbon.meters.nvml_library import Library


@pytest.fixture
def gpu(played):
    """Return a function that plays a trace and returns its first board, of which only the number is known."""

    def call(*lines):
        import pynvml

        played.play("wave 1:300", *lines)
        library = Library(pynvml)
        library.open()
        return NvmlGpu(library, 0, "")

    return call


def test_a_board_is_known_by_its_id_once_that_can_be_read(gpu, played):
    found = gpu("fail device lost until 5")
    assert (found.device, found.name, found.limit_w) == ("gpu:index-0", "NVIDIA", 2000.0)
    played.set(6.0)
    found.reopen()
    assert found.device == "gpu:GPU-5f3c0000-0000-4000-8000-000000000000"
    assert (found.name, found.limit_w) == ("NVIDIA H100 80GB HBM3", 700.0)
    assert found.power_w() == 300.0


def test_what_else_it_states_may_be_missing_one_by_one(gpu):
    found = gpu("fail nvmlDeviceGetTemperature unknown").details()
    assert (found.utilisation, found.temperature_c, found.clock_hz) == (0.42, None, 1.41e9)
