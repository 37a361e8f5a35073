"""NVIDIA GPUs through NVML: which of them the job sees, as whole GPUs or as MIG instances."""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from traincarbon.extras import install_command
from traincarbon.meters.base import HIDDEN_TOO, Meter, Unavailable
from traincarbon.meters.gpu import GpuError
from traincarbon.meters.gpus import GpuMeter
from traincarbon.meters.nvidia_driver import LIBRARY, LIBRARY_HINT, has_device, library_file, load_problem
from traincarbon.meters.nvml_bindings import nvml_bindings
from traincarbon.meters.nvml_gpu import NvmlGpu
from traincarbon.meters.nvml_library import Library, NoDeviceError, NotOursError
from traincarbon.meters.visible_devices import Choice, Instance, Listed, visible

_SLICES = 7
"""Compute slices that MIG can split a GPU into, if the GPU does not state it; an A30 has 4."""


def probe(*, environ: Mapping[str, str] = os.environ, clock: Callable[[], float] = time.monotonic) -> Meter | Unavailable:
    """Return a meter of the NVIDIA GPUs that *environ* makes visible, or the reason why there is none."""
    problem = load_problem() if sys.platform.startswith("linux") else ""
    if problem and (has_device() or library_file()):
        return Unavailable("nvml", f"the NVIDIA driver is there, but its library cannot be loaded: {problem}", LIBRARY_HINT, is_there=True)
    if problem:
        return Unavailable("nvml", f"no NVIDIA driver: {LIBRARY} is not found", "in a container, start it with --gpus all")
    try:
        pynvml = nvml_bindings()
    except ImportError:
        return Unavailable("nvml", "the Python bindings of NVML are not installed", install_command(package="nvidia-ml-py"), is_there=True)
    library = Library(pynvml)
    try:
        library.open()
        gpus, notes = _chosen(library, environ)
        order, hidden = _others(library, gpus) if environ.get(HIDDEN_TOO) else ((), ())
    except GpuError as error:
        library.close()
        is_there = not isinstance(error, NoDeviceError) or has_device()
        return Unavailable("nvml", str(error), error.hint, is_there=is_there, may_answer_later=is_there)
    if not gpus and not hidden:
        library.close()
        return Unavailable("nvml", notes[0] if notes else "no NVIDIA GPU is visible", "see CUDA_VISIBLE_DEVICES and nvidia-smi -L")
    meter = GpuMeter("nvml", gpus, notes=notes, clock=clock, hidden=hidden, order=order)
    meter.on_close(library.close)
    return meter


def _chosen(library: Library, environ: Mapping[str, str]) -> tuple[list[NvmlGpu], list[str]]:
    """Return the GPUs that *environ* makes visible, and notes about them."""
    listed, notes = _listed(library), list[str]()
    stated = environ.get("CUDA_VISIBLE_DEVICES")
    choices, ignored = visible(stated, [gpu for _, gpu in listed])
    if ignored:
        notes.append(f"CUDA_VISIBLE_DEVICES={stated}: {ignored}, as CUDA reads it")
    if stated is not None and not choices:
        notes.append(f"CUDA_VISIBLE_DEVICES={stated} makes no GPU visible")
    gpus: list[NvmlGpu] = []
    for choice in choices:
        index, gpu = listed[choice.gpu]
        found = _gpu(library, index, gpu, choice, stated is not None, notes)
        if found.device not in {each.device for each in gpus}:
            gpus.append(found)
    if stated and stated.strip()[:1].isdigit() and environ.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID" and _differ(library, listed):
        notes.append("the GPUs differ and CUDA_DEVICE_ORDER is not PCI_BUS_ID: CUDA may number them in another order")
    return gpus, notes


def _others(library: Library, seen: Sequence[NvmlGpu]) -> tuple[tuple[str, ...], tuple[NvmlGpu, ...]]:
    """Return the ids of all GPUs in NVML's order, and those GPUs that are not *seen*; nothing where MIG splits one, as its instances have no such order."""
    listed = _listed(library)
    if any(gpu.instances or not gpu.uuid for _, gpu in listed):
        return (), ()
    known = {gpu.device for gpu in seen}
    hidden = tuple(NvmlGpu(library, index, gpu.uuid) for index, gpu in listed if f"gpu:{gpu.uuid}" not in known)
    return tuple(f"gpu:{gpu.uuid}" for _, gpu in listed), hidden


def _gpu(library: Library, index: int, listed: Listed, choice: Choice, is_stated: bool, notes: list[str]) -> NvmlGpu:
    """Return the GPU of *choice*, or its share where MIG splits it.

    A program that names the GPU by its number gets the first instance from CUDA. Without a variable all instances that this process
    can see count: a container with one sees only that one.
    """
    instances = list(listed.instances[:1] if is_stated else listed.instances) if choice.instance is None else [listed.instances[choice.instance]]
    if not instances:
        return NvmlGpu(library, index, listed.uuid)
    handle = library.optional("nvmlDeviceGetHandleByUUID", listed.uuid)
    of = library.optional("nvmlDeviceGetMaxMigDeviceCount", handle) or _SLICES
    slices = [_slices(library, instance) for instance in instances]
    device = f"gpu:{instances[0].uuid}" if len(instances) == 1 else f"gpu:{listed.uuid}"
    if None in slices:
        notes.append(f"{device}: MIG is on, but the size of its instance is unknown: the whole GPU's energy counts")
        return NvmlGpu(library, index, listed.uuid)
    known = sum(count for count in slices if count is not None)
    if known >= of and len(instances) > 1:
        return NvmlGpu(library, index, listed.uuid)
    notes.append(f"{device}: MIG counts no energy per instance: {known} of {of} slices of the GPU's energy count")
    share, instance = min(known / of, 1.0), instances[0].uuid if len(instances) == 1 else ""
    return NvmlGpu(library, index, listed.uuid, share=share, sigma_ln=_sigma_ln(), instance=instance)


def _slices(library: Library, instance: Instance) -> int | None:
    handle = library.optional("nvmlDeviceGetHandleByUUID", instance.uuid)
    attributes = None if handle is None else library.optional("nvmlDeviceGetAttributes_v2", handle)
    return None if attributes is None else attributes.computeInstanceSliceCount or None


def _sigma_ln() -> float:
    from traincarbon.database.load import open_database  # slower than reading a GPU, and rarely needed
    from traincarbon.database.select import sigma_of

    return sigma_of(open_database(), "mig_energy_share", "*")


def _listed(library: Library) -> list[tuple[int, Listed]]:
    """Return all GPUs in the driver's order with their numbers; one that cannot be read now has no id and keeps its place.

    GPUs of another job are left out, as CUDA does not number them.
    """
    listed: list[tuple[int, Listed]] = []
    refused: NotOursError | None = None
    count = library("nvmlDeviceGetCount")
    if count is None:
        raise GpuError("nvmlDeviceGetCount: the number of GPUs cannot be read", hint="see nvidia-smi")
    for index in range(count):
        try:
            handle = library("nvmlDeviceGetHandleByIndex", index)
        except NotOursError as error:
            refused = error
        except GpuError:
            listed.append((index, Listed("")))
        else:
            listed.append((index, Listed(str(library.optional("nvmlDeviceGetUUID", handle) or ""), _instances(library, handle))))
    if refused is not None and not listed:
        raise refused
    return listed


def _instances(library: Library, handle: Any) -> tuple[Instance, ...]:
    mode = library.optional("nvmlDeviceGetMigMode", handle)
    if not mode or not mode[0]:
        return ()
    found: list[Instance] = []
    for place in range(library.optional("nvmlDeviceGetMaxMigDeviceCount", handle) or 0):
        with suppress(GpuError):  # places without an instance, and those of other jobs
            instance = library("nvmlDeviceGetMigDeviceHandleByIndex", handle, place)
            numbers = [library.optional(f"nvmlDeviceGet{which}InstanceId", instance) or 0 for which in ("Gpu", "Compute")]
            found.append(Instance(str(library("nvmlDeviceGetUUID", instance)), *numbers))
    return tuple(found)


def _differ(library: Library, listed: list[tuple[int, Listed]]) -> bool:
    """Return whether the GPUs are of several kinds, as far as they tell their names."""
    handles = [library.optional("nvmlDeviceGetHandleByIndex", index) for index, gpu in listed if gpu.uuid]
    return len({name for handle in handles if handle is not None and (name := library.optional("nvmlDeviceGetName", handle))}) > 1
