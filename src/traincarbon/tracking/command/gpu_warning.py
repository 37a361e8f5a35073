"""A warning before the training starts: a GPU is here that this installation cannot read."""

import os
import sys
from collections.abc import Mapping, Sequence

from traincarbon.meters.base import REPLAY

_DRIVERS = ("/proc/driver/nvidia/gpus", "/dev/nvidia0", "/dev/kfd")
"""Cheap signs of a GPU; without one of them nothing else is looked at."""
_HIDES_ALL = ("", "-1", "NoDevFiles")


def unmetered_gpu(
    meters: Sequence[str], *, environ: Mapping[str, str] = os.environ, drivers: Sequence[str] = _DRIVERS, path: Sequence[str] | None = None
) -> str:
    """Return what to tell the user about GPUs whose library or bindings are missing, "" if there is nothing to tell.

    This takes a few milliseconds on a machine with a GPU, and next to nothing on others. What only an opened library shows is told later.

    Args:
        meters: The meters that were asked for, none for all.
        environ: The variables of the job.
        drivers: Files that show a driver: NVIDIA's list of GPUs and its first device, AMD's device.
        path: Where Python looks for packages.
    """
    there = [file for file in drivers if os.path.exists(file)]
    if not there or environ.get(REPLAY):
        return ""
    found = ""
    if there[0] != drivers[-1] and "nvml" in (meters or ("nvml",)) and environ.get("CUDA_VISIBLE_DEVICES", "0") not in _HIDES_ALL:
        found = _nvidia(sys.path if path is None else path)
    if not found and drivers[-1] in there and "amd" in (meters or ("amd",)) and environ.get("ROCR_VISIBLE_DEVICES", "0") not in _HIDES_ALL:
        found = _amd(sys.path if path is None else path)
    return found


def _nvidia(path: Sequence[str]) -> str:
    from traincarbon.meters.nvidia_driver import LIBRARY_HINT, has_device, load_problem

    if not has_device():
        return ""
    problem = load_problem()
    if problem:
        return _warning(f"its driver's library cannot be loaded ({problem})", LIBRARY_HINT)
    if _is_installed("pynvml", path):
        return ""
    from traincarbon.extras import install_command

    return _warning("the Python bindings of NVML are not installed", install_command(package="nvidia-ml-py"))


def _amd(path: Sequence[str]) -> str:
    from traincarbon.meters.amd import lists_gpu

    if _is_installed("amdsmi", path) or not lists_gpu():
        return ""
    from traincarbon.extras import install_command

    return _warning("the Python bindings of AMD SMI are not installed", install_command(extra="amd"))


def _warning(why: str, hint: str) -> str:
    return f"a GPU is here that cannot be metered: {why}. Its energy will be assumed or unknown. To meter it: {hint}"


def _is_installed(name: str, path: Sequence[str]) -> bool:
    """Return whether Python finds that module, without importing the machinery that would say so."""
    return any(os.path.exists(f"{folder or '.'}/{name}{ending}") for folder in path for ending in (".py", "/__init__.py"))
