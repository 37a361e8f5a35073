"""AMD GPUs through AMD SMI: which of them the job sees and what they count."""

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from glob import glob
from typing import Any

from traincarbon.extras import install_command
from traincarbon.meters.base import HIDDEN_TOO, Meter, Unavailable
from traincarbon.meters.gpu import FALLBACK_LIMIT_W, Details, GpuError, is_limit
from traincarbon.meters.gpus import GpuMeter
from traincarbon.meters.visible_devices import Listed, visible

KFD = "/dev/kfd"
_NODES = "/sys/class/kfd/kfd/topology/nodes/*/gpu_id"
_FALLBACK_UNIT_J = 15.259e-6
"""The unit of the energy register of an Instinct GPU."""
_UNKNOWN = 65535.0
"""What some versions return for an unknown power or load; others return 2**32 - 1, 0 or "N/A"."""
_TWO_DIES = re.compile(r"\bMI250X?\b", re.IGNORECASE)
"""GPUs with two dies, each a device of its own with every second number."""
_NARROWING = ("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES")
"""Each chooses among the GPUs that the one before has left. HIP reads the last two alike; the first that is set counts."""


def probe(*, environ: Mapping[str, str] = os.environ, kfd: str = KFD, clock: Callable[[], float] = time.monotonic) -> Meter | Unavailable:
    """Return a meter of the AMD GPUs that *environ* makes visible, or the reason why there is none."""
    if not os.path.exists(kfd):
        return Unavailable("amd", f"no AMD driver: {kfd} does not exist", "in a container, start it with --device=/dev/kfd --device=/dev/dri")
    try:
        with redirect_stdout(None):  # it prints warnings there
            import amdsmi
    except ImportError:
        return Unavailable("amd", "the Python bindings of AMD SMI are not installed", install_command(extra="amd"), is_there=lists_gpu())
    except (OSError, KeyError, AttributeError) as error:  # its import loads the driver's library
        return Unavailable("amd", f"AMD SMI does not load: {error}", "the version of amdsmi must be that of ROCm", is_there=lists_gpu())
    library = _Library(amdsmi)
    try:
        library("amdsmi_init")
        handles = list(library("amdsmi_get_processor_handles") or ())
        gpus, notes = _chosen(library, handles, environ)
        order, hidden = _others(library, handles, gpus) if environ.get(HIDDEN_TOO) else ((), ())
    except GpuError as error:
        return Unavailable("amd", str(error), "allow this user: sudo usermod -aG render,video $USER", is_there=lists_gpu(), may_answer_later=True)
    if not gpus and not hidden:
        return Unavailable("amd", notes[0] if notes else "no AMD GPU is visible", "see ROCR_VISIBLE_DEVICES and amd-smi list")
    meter = GpuMeter("amd", gpus, notes=notes, clock=clock, hidden=hidden, order=order)
    meter.on_close(library.close)
    return meter


def lists_gpu() -> bool:
    """Return whether the kernel's driver lists a GPU; processors are in its list too, with the id 0."""
    for file in glob(_NODES):
        try:
            with open(file, encoding="ascii") as stream:
                if stream.read().strip() not in ("", "0"):
                    return True
        except OSError:
            continue
    return False


class _Library:
    """AMD SMI. Its errors are raised as :class:`GpuError`."""

    def __init__(self, amdsmi: Any) -> None:
        self._amdsmi = amdsmi

    def __call__(self, name: str, *values: Any) -> Any:
        """Call the function *name*. Return None if this version has no such function."""
        function = getattr(self._amdsmi, name, None)
        if function is None:
            return None
        try:
            return function(*values)
        except self._amdsmi.AmdSmiException as error:
            raise GpuError(f"{name}: {error}") from None

    def optional(self, name: str, *values: Any) -> Any:
        """Call the function *name*. Return None if it fails."""
        try:
            return self(name, *values)
        except GpuError:
            return None

    def close(self) -> None:
        self.optional("amdsmi_shut_down")


class _Gpu:
    """One GPU."""

    def __init__(self, library: _Library, handle: Any, uuid: str, *, share: float = 1.0, sigma_ln: float = 0.0) -> None:
        self._library = library
        self._handle = handle
        self.device = f"gpu:{uuid}"
        self.share = share
        self.sigma_ln = sigma_ln
        self.name = str((library.optional("amdsmi_get_gpu_asic_info", handle) or {}).get("market_name") or "AMD")
        count = library.optional("amdsmi_get_energy_count", handle) or {}
        self.unit_j = (_number(count.get("counter_resolution")) or _FALLBACK_UNIT_J * 1e6) / 1e6
        self._has_counter = bool(_counts(count))
        cap = _number((library.optional("amdsmi_get_power_cap_info", handle) or {}).get("power_cap"))
        self.limit_w = limit_w if cap and is_limit(limit_w := _watts(cap)) else FALLBACK_LIMIT_W

    def counts(self) -> int | None:
        """Return the energy register. One that is 0 at the start is not used."""
        return _counts(self._library("amdsmi_get_energy_count", self._handle) or {}) if self._has_counter else None

    def power_w(self) -> float | None:
        """Return the power of the socket."""
        answer = self._library("amdsmi_get_power_info", self._handle) or {}
        watts = (_number(answer.get(key)) for key in ("current_socket_power", "socket_power", "average_socket_power"))
        return next((power_w for power_w in watts if power_w and power_w < _UNKNOWN), None)

    def details(self) -> Details:
        """Return the load of the shaders and the memory in use."""
        busy = _number((self._library.optional("amdsmi_get_gpu_activity", self._handle) or {}).get("gfx_activity"))
        used_mb = _number((self._library.optional("amdsmi_get_gpu_vram_usage", self._handle) or {}).get("vram_used"))
        return Details(utilisation=None if busy is None or busy >= _UNKNOWN else busy / 100.0, memory_used_b=None if used_mb is None else used_mb * 2.0**20)

    def users(self) -> tuple[int, ...]:
        """Return the processes that compute on it, none where it does not tell."""
        found = self._library.optional("amdsmi_get_gpu_process_list", self._handle) or ()
        pids = (each.get("pid") for each in found if isinstance(each, Mapping))
        return tuple(pid for pid in pids if isinstance(pid, int))

    def reopen(self) -> None:
        """Do nothing: handles last as long as the library."""


def _others(library: _Library, handles: list[Any], seen: Sequence[_Gpu]) -> tuple[tuple[str, ...], tuple[_Gpu, ...]]:
    """Return the ids of all GPUs in the driver's order, and those that are not *seen*; nothing where GPUs have two dies, which are counted as pairs."""
    every = [_Gpu(library, handle, _uuid(library, handle, place)) for place, handle in enumerate(handles)]
    if any(_TWO_DIES.search(gpu.name) for gpu in every):
        return (), ()
    known = {gpu.device for gpu in seen}
    return tuple(gpu.device for gpu in every), tuple(gpu for gpu in every if gpu.device not in known)


def _chosen(library: _Library, handles: list[Any], environ: Mapping[str, str]) -> tuple[list[_Gpu], list[str]]:
    """Return the GPUs that *environ* makes visible, and notes about them.

    Of a GPU with two dies only the first states the energy, of both: if the job sees both, the first counts for both; if it sees one,
    half of it counts.
    """
    notes: list[str] = []
    left = every = [(_uuid(library, handle, place), handle) for place, handle in enumerate(handles)]
    for names in (_NARROWING[:1], _NARROWING[1:]):
        name = next((name for name in names if name in environ), None)
        if name is not None:
            choices, ignored = visible(environ[name], [Listed(f"GPU-{uuid.removeprefix('GPU-')}") for uuid, _ in left], twice=True)
            left = [left[choice.gpu] for choice in choices]
            notes += [f"{name}={environ[name]}: {ignored}"] if ignored else []
    gpus: list[_Gpu] = []
    seen = {uuid for uuid, _ in left}
    for uuid, handle in left:
        gpu = _Gpu(library, handle, uuid)
        if not _TWO_DIES.search(gpu.name):
            gpus.append(gpu)
            continue
        place = [each for each, _ in every].index(uuid)
        first, second = every[place - place % 2], every[min(place - place % 2 + 1, len(every) - 1)]
        if {first[0], second[0]} <= seen:
            gpus += [gpu] if uuid == first[0] else []
            notes += [f"gpu:{second[0]}: is the second die of gpu:{first[0]}, which counts both"] if uuid == first[0] != second[0] else []
        else:
            notes.append(f"gpu:{uuid}: is one of two dies, and only both together are measured: half of their energy counts")
            gpus.append(_Gpu(library, first[1], uuid, share=0.5, sigma_ln=_half_sigma_ln()))
    return gpus, notes


def _uuid(library: _Library, handle: Any, place: int) -> str:
    return str(library.optional("amdsmi_get_gpu_device_uuid", handle) or f"index-{place}")


def _half_sigma_ln() -> float:
    from traincarbon.database.load import open_database  # slower than reading a GPU, and rarely needed
    from traincarbon.database.select import sigma_of

    return sigma_of(open_database(), "mig_energy_share", "*")


def _counts(answer: Mapping[str, object]) -> int | None:
    found = _number(answer.get("energy_accumulator", answer.get("power")))
    return int(found) if found else None


def _watts(cap: float) -> float:
    """Return a power cap in watts: newer versions state microwatts."""
    return cap / 1e6 if cap > 1e5 else cap


def _number(value: object) -> float | None:
    """Return a number of AMD SMI, None for "N/A"."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
