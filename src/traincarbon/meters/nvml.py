"""NVIDIA GPUs through NVML: which of them the job sees, their energy counters, and the meaning of the library's errors."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from glob import glob
from typing import Any

from traincarbon.extras import install_command
from traincarbon.meters.base import Meter, Unavailable
from traincarbon.meters.gpus import Details, GpuError, GpuMeter, is_possible
from traincarbon.meters.visible_devices import Choice, Instance, Listed, visible

_SLICES = 7
"""Compute slices that MIG can split a GPU into, if the GPU does not state it; an A30 has 4."""
_FALLBACK_LIMIT_W = 2000.0
_HINTS = {
    "DRIVER_NOT_LOADED": "load the NVIDIA driver: sudo modprobe nvidia",
    "LIB_RM_VERSION_MISMATCH": "the driver was updated while loaded: reboot, or unload and load it again",
    "NO_PERMISSION": "allow this user to read /dev/nvidiactl, or start the container with --gpus all",
    "NOT_FOUND": "start the container with --gpus all",
}
_NO_DEVICE = ("DRIVER_NOT_LOADED", "NOT_FOUND")


def probe(*, environ: Mapping[str, str] = os.environ, clock: Callable[[], float] = time.monotonic) -> Meter | Unavailable:
    """Return a meter of the NVIDIA GPUs that *environ* makes visible, or the reason why there is none."""
    if sys.platform.startswith("linux") and not _has_driver():
        return Unavailable("nvml", "no NVIDIA driver: libnvidia-ml.so.1 is not found", "in a container, start it with --gpus all", is_there=_has_device())
    try:
        import pynvml
    except ImportError:
        return Unavailable("nvml", "the Python bindings of NVML are not installed", install_command(package="nvidia-ml-py"), is_there=True)
    library = _Library(pynvml)
    try:
        library.open()
        gpus, notes = _chosen(library, environ)
        readable = [gpu for gpu in gpus if _answers(gpu, notes)]
    except GpuError as error:
        library.close()
        return Unavailable("nvml", str(error), error.hint, is_there=not isinstance(error, _NoDeviceError) or _has_device())
    if not readable:
        library.close()
        return Unavailable("nvml", notes[0] if notes else "no NVIDIA GPU is visible", "see CUDA_VISIBLE_DEVICES and nvidia-smi -L", is_there=bool(gpus))
    meter = GpuMeter("nvml", readable, notes=notes, clock=clock)
    meter.unread = tuple(gpu.device for gpu in gpus if gpu not in readable)
    meter.on_close(library.close)
    return meter


class _NotOursError(GpuError):
    """A GPU that this process may not open, such as one of another job on the same machine."""


class _NoDeviceError(GpuError):
    """The driver is not loaded, or shows this process no GPU."""


class _Library:
    """NVML, which can be initialised again. Its errors are raised as :class:`GpuError`."""

    def __init__(self, pynvml: Any) -> None:
        self._pynvml = pynvml
        self.opened = 0

    def open(self) -> None:
        self("nvmlInit")
        self.opened += 1

    def close(self) -> None:
        try:
            self("nvmlShutdown")
        except GpuError:
            return

    def reopen(self) -> None:
        """Initialise it again: GPUs that come back are only found in this way."""
        self.close()
        self.open()

    def __call__(self, name: str, *values: Any) -> Any:
        """Call the function *name*. Return None if a GPU does not support it or does not permit it."""
        try:
            return getattr(self._pynvml, name)(*values)
        except (self._pynvml.NVMLError_NotSupported, self._pynvml.NVMLError_FunctionNotFound):
            return None
        except self._pynvml.NVMLError as error:
            if isinstance(error, self._pynvml.NVMLError_NoPermission) and not name.startswith(("nvmlInit", "nvmlDeviceGetHandle")):
                return None
            code = type(error).__name__.removeprefix("NVMLError_")
            constant = next((key for key in _HINTS if key.replace("_", "") == code.upper()), "")
            kind = _NotOursError if constant == "NO_PERMISSION" and name.startswith("nvmlDeviceGet") else GpuError
            kind = _NoDeviceError if constant in _NO_DEVICE else kind
            raise kind(f"{name}: {error}", hint=_HINTS.get(constant, "see nvidia-smi")) from None
        except UnicodeDecodeError as error:
            raise GpuError(f"{name}: {error}", hint="see nvidia-smi") from None


class _Gpu:
    """One GPU, or the share of it that is a MIG instance."""

    unit_j = 1e-3

    def __init__(self, library: _Library, uuid: str, *, share: float = 1.0, sigma_ln: float = 0.0, instance: str = "") -> None:
        self._library = library
        self._uuid = uuid
        self._handle: Any = library("nvmlDeviceGetHandleByUUID", uuid)
        self._opened = self._tried = library.opened
        self.device = f"gpu:{instance or uuid}"
        self.name = str(library("nvmlDeviceGetName", self._handle) or "NVIDIA")
        self.share = share
        self.sigma_ln = sigma_ln
        self.limit_w = self._limit_w()

    def counts(self) -> int | None:
        """Return the millijoules since the driver was loaded."""
        found: int | None = self._ask("nvmlDeviceGetTotalEnergyConsumption")
        return found

    def power_w(self) -> float | None:
        """Return the power of the whole GPU."""
        found = self._ask("nvmlDeviceGetPowerUsage")
        return None if found is None else found / 1e3

    def details(self) -> Details:
        """Return utilisation, temperature, clock of the multiprocessors and memory in use, as far as they can be read."""
        rates, memory = self._ask_if_it_can("nvmlDeviceGetUtilizationRates"), self._ask_if_it_can("nvmlDeviceGetMemoryInfo")
        celsius, mhz = self._ask_if_it_can("nvmlDeviceGetTemperature", 0), self._ask_if_it_can("nvmlDeviceGetClockInfo", 1)
        return Details(
            utilisation=None if rates is None else rates.gpu / 100.0,
            temperature_c=None if celsius is None else float(celsius),
            clock_hz=None if mhz is None else mhz * 1e6,
            memory_used_b=None if memory is None else float(memory.used),
        )

    def reopen(self) -> None:
        """Initialise the library again, unless another GPU just did, and look the GPU up."""
        if self._tried == self._library.opened:
            self._library.reopen()
        self._tried = self._library.opened
        self._look_up()

    def _ask(self, name: str, *values: Any) -> Any:
        if self._opened != self._library.opened:
            self._look_up()
        return self._library(name, self._handle, *values)

    def _ask_if_it_can(self, name: str, *values: Any) -> Any:
        try:
            return self._ask(name, *values)
        except GpuError:
            return None

    def _look_up(self) -> None:
        self._handle = self._library("nvmlDeviceGetHandleByUUID", self._uuid)
        self._opened = self._library.opened

    def _limit_w(self) -> float:
        for name in ("nvmlDeviceGetPowerManagementLimitConstraints", "nvmlDeviceGetEnforcedPowerLimit"):
            found = self._ask_if_it_can(name)
            if found:
                return float(found[1] if isinstance(found, (list, tuple)) else found) / 1e3
        return _FALLBACK_LIMIT_W


def _has_driver() -> bool:
    """Return whether the driver's library can be loaded, before 6 MB of bindings are."""
    from ctypes import CDLL

    try:
        CDLL("libnvidia-ml.so.1")
    except OSError:
        return False
    return True


def _has_device() -> bool:
    """Return whether the kernel's driver shows a GPU to this process, with or without the library."""
    return bool(glob("/dev/nvidia[0-9]*") or glob("/proc/driver/nvidia/gpus/*"))


def _chosen(library: _Library, environ: Mapping[str, str]) -> tuple[list[_Gpu], list[str]]:
    """Return the GPUs that *environ* makes visible, and notes about them."""
    listed, notes = _listed(library), list[str]()
    stated = environ.get("CUDA_VISIBLE_DEVICES")
    choices, ignored = visible(stated, [gpu for gpu, _ in listed])
    if ignored:
        notes.append(f"CUDA_VISIBLE_DEVICES={stated}: {ignored}, as CUDA reads it")
    if stated and stated.strip()[:1].isdigit() and environ.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID" and len({name for gpu, name in listed if gpu.uuid}) > 1:
        notes.append("the GPUs differ and CUDA_DEVICE_ORDER is not PCI_BUS_ID: CUDA may number them in another order")
    if stated is not None and not choices:
        notes.append(f"CUDA_VISIBLE_DEVICES={stated} makes no GPU visible")
    gpus: list[_Gpu] = []
    for choice in choices:
        gpu, name = listed[choice.gpu]
        if not gpu.uuid:
            notes.append(f"GPU {choice.gpu} cannot be read: {name}")
            continue
        try:
            gpus.append(_gpu(library, gpu, choice, stated, notes))
        except GpuError as error:
            notes.append(f"GPU {choice.gpu} cannot be read: {error}")
    return gpus, notes


def _gpu(library: _Library, listed: Listed, choice: Choice, stated: str | None, notes: list[str]) -> _Gpu:
    if choice.instance is None:
        if listed.instances and stated is not None:
            notes.append(f"gpu:{listed.uuid}: MIG is on, but the whole GPU is named: all of its energy counts; name the instance to count only its share")
        return _Gpu(library, listed.uuid)
    instance = listed.instances[choice.instance]
    attributes = library("nvmlDeviceGetAttributes_v2", library("nvmlDeviceGetHandleByUUID", instance.uuid))
    if attributes is None or not attributes.computeInstanceSliceCount:
        raise GpuError(f"the share of its instance {instance.uuid} is unknown")
    slices = attributes.computeInstanceSliceCount
    of = library("nvmlDeviceGetMaxMigDeviceCount", library("nvmlDeviceGetHandleByUUID", listed.uuid)) or _SLICES
    notes.append(f"gpu:{instance.uuid}: MIG counts no energy per instance: {slices} of {of} slices of the GPU's energy count")
    from traincarbon.database.load import open_database  # slower than reading a GPU, and rarely needed
    from traincarbon.database.select import sigma_of

    sigma_ln = sigma_of(open_database(), "mig_energy_share", "*")
    return _Gpu(library, listed.uuid, share=min(slices / of, 1.0), sigma_ln=sigma_ln, instance=instance.uuid)


def _listed(library: _Library) -> list[tuple[Listed, str]]:
    """Return all GPUs in the driver's order, with their names or the reason why they cannot be read.

    GPUs of another job are left out, as CUDA does not number them.
    """
    listed: list[tuple[Listed, str]] = []
    refused: _NotOursError | None = None
    for index in range(library("nvmlDeviceGetCount") or 0):
        try:
            handle = library("nvmlDeviceGetHandleByIndex", index)
            listed.append((Listed(str(library("nvmlDeviceGetUUID", handle)), _instances(library, handle)), str(library("nvmlDeviceGetName", handle))))
        except _NotOursError as error:
            refused = error
        except GpuError as error:
            listed.append((Listed(""), str(error)))  # keeps the numbering
    if refused is not None and not listed:
        raise refused
    return listed


def _instances(library: _Library, handle: Any) -> tuple[Instance, ...]:
    mode = library("nvmlDeviceGetMigMode", handle)
    if not mode or not mode[0]:
        return ()
    found: list[Instance] = []
    for place in range(library("nvmlDeviceGetMaxMigDeviceCount", handle) or 0):
        try:
            instance = library("nvmlDeviceGetMigDeviceHandleByIndex", handle, place)
        except GpuError:
            continue
        numbers = [library(f"nvmlDeviceGet{which}InstanceId", instance) or 0 for which in ("Gpu", "Compute")]
        found.append(Instance(str(library("nvmlDeviceGetUUID", instance)), *numbers))
    return tuple(found)


def _answers(gpu: _Gpu, notes: list[str]) -> bool:
    """Return whether *gpu* states its energy or power, and note why not."""
    reasons: list[str] = []
    try:
        if gpu.counts() is not None:
            return True
    except GpuError as error:
        reasons.append(str(error))
    try:
        power_w = gpu.power_w()
        if power_w is not None and is_possible(power_w, limit_w=gpu.limit_w):
            return True
        reasons += [] if power_w is None else [f"its power reads {power_w:,.0f} W"]
    except GpuError as error:
        reasons.append(str(error))
    notes.append(f"{gpu.device}: {'; '.join(reasons) or 'states neither energy nor power'}")
    return False
