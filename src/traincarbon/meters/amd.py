"""AMD boards through AMD SMI: which of them the job sees and what they count."""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from typing import Any

from traincarbon.meters.base import Meter, Unavailable
from traincarbon.meters.gpus import BoardError, BoardsMeter, Details
from traincarbon.meters.visible_devices import Listed, visible

KFD = "/dev/kfd"
_FALLBACK_LIMIT_W = 2000.0
_FALLBACK_UNIT_J = 15.259e-6
"""What the register of an Instinct board counts in."""
_UNKNOWN = 65535.0
"""What some versions give, in watts or percent, for what a board does not tell; others give 2**32 - 1, 0 or "N/A"."""
_NARROWING = ("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES")
"""Each chooses among what the one before has left; the last two are the same to HIP, the first of them that is set counts."""


def probe(*, environ: Mapping[str, str] = os.environ, kfd: str = KFD, clock: Callable[[], float] = time.monotonic) -> Meter | Unavailable:
    """Return a meter of the AMD boards that *environ* makes visible, or why there is none."""
    if not os.path.exists(kfd):
        return Unavailable("amd", f"no AMD driver: {kfd} is not there", "in a container, start it with --device=/dev/kfd --device=/dev/dri")
    try:
        with redirect_stdout(None):  # it prints there what it misses
            import amdsmi
    except ImportError:
        return Unavailable("amd", "the Python bindings of AMD SMI are not installed", "pip install 'traincarbon[amd]'")
    except (OSError, KeyError, AttributeError) as error:  # its import loads the driver's library
        return Unavailable("amd", f"AMD SMI does not load: {error}", "the version of amdsmi must be that of ROCm")
    library = _Library(amdsmi)
    try:
        library("amdsmi_init")
        handles = list(library("amdsmi_get_processor_handles") or ())
        boards, notes = _chosen(library, handles, environ)
    except BoardError as error:
        return Unavailable("amd", str(error), "allow this user: sudo usermod -aG render,video $USER")
    if not boards:
        return Unavailable("amd", notes[0] if notes else "no AMD board is visible", "see ROCR_VISIBLE_DEVICES and amd-smi list")
    meter = BoardsMeter("amd", boards, notes=notes, clock=clock)
    meter.on_close(library.close)
    return meter


class _Library:
    """AMD SMI with errors of ours."""

    def __init__(self, amdsmi: Any) -> None:
        self._amdsmi = amdsmi

    def __call__(self, name: str, *values: Any) -> Any:
        """Call the function *name*, None where this version has no such function."""
        function = getattr(self._amdsmi, name, None)
        if function is None:
            return None
        try:
            return function(*values)
        except self._amdsmi.AmdSmiException as error:
            raise BoardError(f"{name}: {error}") from None

    def optional(self, name: str, *values: Any) -> Any:
        """Call the function *name*, None where it fails."""
        try:
            return self(name, *values)
        except BoardError:
            return None

    def close(self) -> None:
        self.optional("amdsmi_shut_down")


class _Board:
    """One board."""

    share = 1.0
    sigma_ln = 0.0

    def __init__(self, library: _Library, handle: Any, uuid: str) -> None:
        self._library = library
        self._handle = handle
        self.device = f"gpu:{uuid}"
        self.name = str((library.optional("amdsmi_get_gpu_asic_info", handle) or {}).get("market_name") or "AMD")
        count = library.optional("amdsmi_get_energy_count", handle) or {}
        self.unit_j = (_number(count.get("counter_resolution")) or _FALLBACK_UNIT_J * 1e6) / 1e6
        self._has_counter = bool(_counts(count))
        cap = _number((library.optional("amdsmi_get_power_cap_info", handle) or {}).get("power_cap"))
        self.limit_w = _watts(cap) if cap else _FALLBACK_LIMIT_W

    def counts(self) -> int | None:
        """What the energy register shows; one that stands at 0 from the start is none."""
        return _counts(self._library("amdsmi_get_energy_count", self._handle) or {}) if self._has_counter else None

    def power_w(self) -> float | None:
        """Power of the socket."""
        told = self._library("amdsmi_get_power_info", self._handle) or {}
        watts = (_number(told.get(key)) for key in ("current_socket_power", "socket_power", "average_socket_power"))
        return next((power_w for power_w in watts if power_w and power_w < _UNKNOWN), None)

    def details(self) -> Details:
        """Utilisation of the shaders and memory in use."""
        busy = _number((self._library.optional("amdsmi_get_gpu_activity", self._handle) or {}).get("gfx_activity"))
        used_mb = _number((self._library.optional("amdsmi_get_gpu_vram_usage", self._handle) or {}).get("vram_used"))
        return Details(utilisation=None if busy is None or busy >= _UNKNOWN else busy / 100.0, memory_used_b=None if used_mb is None else used_mb * 2.0**20)

    def reopen(self) -> None:
        """Nothing to do: handles last as long as the library."""


def _chosen(library: _Library, handles: list[Any], environ: Mapping[str, str]) -> tuple[list[_Board], list[str]]:
    notes: list[str] = []
    left = [(str(library("amdsmi_get_gpu_device_uuid", handle)), handle) for handle in handles]
    for names in (_NARROWING[:1], _NARROWING[1:]):
        name = next((name for name in names if name in environ), None)
        if name is not None:
            choices, ignored = visible(environ[name], [Listed(f"GPU-{uuid.removeprefix('GPU-')}") for uuid, _ in left], twice=True)
            left = [left[choice.board] for choice in choices]
            notes += [f"{name}={environ[name]}: {ignored}"] if ignored else []
    boards: list[_Board] = []
    for uuid, handle in left:
        board = _Board(library, handle, uuid)
        try:
            tells = board.counts() is not None or board.power_w() is not None
        except BoardError as error:
            notes.append(f"{board.device}: {error}")
            continue
        if tells:
            boards.append(board)
        else:
            notes.append(f"{board.device}: tells neither energy nor power; the second half of a board is counted with the first")
    return boards, notes


def _counts(told: Mapping[str, Any]) -> int | None:
    found = _number(told.get("energy_accumulator", told.get("power")))
    return int(found) if found else None


def _watts(cap: float) -> float:
    """Return a power cap in watts: newer versions tell microwatts."""
    return cap / 1e6 if cap > 1e5 else cap


def _number(told: Any) -> float | None:
    """Return what AMD SMI told as a number; it writes "N/A" for what it does not know."""
    return float(told) if isinstance(told, (int, float)) and not isinstance(told, bool) else None
