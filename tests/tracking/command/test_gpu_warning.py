"""A GPU that this installation cannot read is said before the training starts."""

import pytest

from traincarbon.meters import amd, nvidia_driver
from traincarbon.tracking.command.gpu_warning import unmetered_gpu


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Return a function that makes a machine with a driver, whose library loads or not, and with bindings or not."""
    drivers = [str(tmp_path / name) for name in ("gpus", "nvidia0", "kfd")]

    def call(*there, problem="", bindings=()):
        for name in there:
            (tmp_path / name).touch()
        for name in bindings:
            (tmp_path / f"{name}.py").touch()
        monkeypatch.setattr(nvidia_driver, "load_problem", lambda: problem)
        monkeypatch.setattr(nvidia_driver, "has_device", lambda: "gpus" in there or "nvidia0" in there)
        monkeypatch.setattr(amd, "lists_gpu", lambda: "kfd" in there)
        return {"drivers": drivers, "path": [str(tmp_path)]}

    return call


def test_a_driver_without_its_library_is_said_with_the_remedy(machine):
    said = unmetered_gpu((), environ={}, **machine("nvidia0", problem="libnvidia-ml.so.1: cannot open shared object file"))
    assert "its driver's library cannot be loaded (libnvidia-ml.so.1: cannot open shared object file)" in said
    assert "NVIDIA_DRIVER_CAPABILITIES" in said


@pytest.mark.parametrize(("there", "what", "remedy"), [("gpus", "NVML", "nvidia-ml-py"), ("kfd", "AMD SMI", "amd")])
def test_missing_bindings_are_said_with_the_command_that_installs_them(machine, there, what, remedy):
    said = unmetered_gpu((), environ={}, **machine(there))
    assert f"the Python bindings of {what} are not installed" in said
    assert remedy in said.split("To meter it: ")[1]


@pytest.mark.parametrize(
    ("there", "options", "meters", "environ"),
    [
        ((), {}, (), {}),
        (("nvidia0",), {"bindings": ["pynvml"]}, (), {}),
        (("kfd",), {"bindings": ["amdsmi"]}, (), {}),
        (("nvidia0",), {"problem": "no"}, ("rapl",), {}),
        (("nvidia0",), {"problem": "no"}, (), {"CUDA_VISIBLE_DEVICES": ""}),
        (("nvidia0",), {"problem": "no"}, (), {"CUDA_VISIBLE_DEVICES": "-1"}),
        (("nvidia0",), {"problem": "no"}, (), {"CARBON_REPLAY": "trace.csv"}),
    ],
)
def test_nothing_is_said_where_nothing_is_missing_or_wanted(machine, there, options, meters, environ):
    assert unmetered_gpu(meters, environ=environ, **machine(*there, **options)) == ""
