"""NVIDIA boards through NVML: which of them the job sees, what they count, and what the library's errors mean."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from traincarbon.meters.base import Meter, Unavailable
from traincarbon.meters.gpus import BoardError, BoardsMeter, Details, can_be
from traincarbon.meters.visible_devices import Choice, Instance, Listed, visible

_SLICES = 7
"""Compute slices of a board that MIG can cut, where it does not tell: an A30 has 4."""
_FALLBACK_LIMIT_W = 2000.0
_HINTS = {
    "DRIVER_NOT_LOADED": "load the NVIDIA driver: sudo modprobe nvidia",
    "LIB_RM_VERSION_MISMATCH": "the driver was updated while loaded: reboot, or unload and load it again",
    "NO_PERMISSION": "allow this user to read /dev/nvidiactl, or start the container with --gpus all",
    "NOT_FOUND": "start the container with --gpus all",
}


def probe(*, environ: Mapping[str, str] = os.environ, clock: Callable[[], float] = time.monotonic) -> Meter | Unavailable:
    """Return a meter of the NVIDIA boards that *environ* makes visible, or why there is none."""
    if sys.platform.startswith("linux") and not _driver_is_there():
        return Unavailable("nvml", "no NVIDIA driver: libnvidia-ml.so.1 is not found", "in a container, start it with --gpus all")
    try:
        import pynvml
    except ImportError:
        return Unavailable("nvml", "the Python bindings of NVML are not installed", "pip install 'traincarbon[track]'")
    library = _Library(pynvml)
    try:
        library.open()
        boards, notes = _chosen(library, environ)
        readable = [board for board in boards if _answers(board, notes)]
    except BoardError as error:
        library.close()
        return Unavailable("nvml", str(error), error.hint)
    if not readable:
        library.close()
        return Unavailable("nvml", notes[0] if notes else "no NVIDIA board is visible", "see CUDA_VISIBLE_DEVICES and nvidia-smi -L")
    meter = BoardsMeter("nvml", readable, notes=notes, clock=clock)
    meter.on_close(library.close)
    return meter


class _NotOursError(BoardError):
    """A board that this process may not open, as that of another job on the same machine."""


class _Library:
    """NVML with errors of ours, counted openings, and a way to start over."""

    def __init__(self, pynvml: Any) -> None:
        self._pynvml = pynvml
        self.opened = 0

    def open(self) -> None:
        self("nvmlInit")
        self.opened += 1

    def close(self) -> None:
        try:
            self("nvmlShutdown")
        except BoardError:
            return

    def reopen(self) -> None:
        """Start over: boards that come back are only found by a library that is initialised anew."""
        self.close()
        self.open()

    def __call__(self, name: str, *values: Any) -> Any:
        """Call the function *name*, None where a board has no such thing or does not let us see it."""
        try:
            return getattr(self._pynvml, name)(*values)
        except (self._pynvml.NVMLError_NotSupported, self._pynvml.NVMLError_FunctionNotFound):
            return None
        except self._pynvml.NVMLError as error:
            if isinstance(error, self._pynvml.NVMLError_NoPermission) and not name.startswith(("nvmlInit", "nvmlDeviceGetHandle")):
                return None
            code = type(error).__name__.removeprefix("NVMLError_")
            constant = next((key for key in _HINTS if key.replace("_", "") == code.upper()), "")
            kind = _NotOursError if constant == "NO_PERMISSION" and name.startswith("nvmlDeviceGet") else BoardError
            raise kind(f"{name}: {error}", hint=_HINTS.get(constant, "see nvidia-smi")) from None
        except UnicodeDecodeError as error:
            raise BoardError(f"{name}: {error}", hint="see nvidia-smi") from None


class _Board:
    """One board, or the share of it that is a MIG instance."""

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
        """Millijoules since the driver was loaded."""
        found: int | None = self._ask("nvmlDeviceGetTotalEnergyConsumption")
        return found

    def power_w(self) -> float | None:
        """Board power."""
        found = self._ask("nvmlDeviceGetPowerUsage")
        return None if found is None else found / 1e3

    def details(self) -> Details:
        """Utilisation, temperature, clock of the multiprocessors, memory in use, each where it can be read."""
        rates, memory = self._ask_if_it_can("nvmlDeviceGetUtilizationRates"), self._ask_if_it_can("nvmlDeviceGetMemoryInfo")
        celsius, mhz = self._ask_if_it_can("nvmlDeviceGetTemperature", 0), self._ask_if_it_can("nvmlDeviceGetClockInfo", 1)
        return Details(
            utilisation=None if rates is None else rates.gpu / 100.0,
            temperature_c=None if celsius is None else float(celsius),
            clock_hz=None if mhz is None else mhz * 1e6,
            memory_used_b=None if memory is None else float(memory.used),
        )

    def reopen(self) -> None:
        """Initialise the library anew, unless another board just did, and look the board up."""
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
        except BoardError:
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


def _driver_is_there() -> bool:
    """Say whether the driver's library can be loaded, before 6 MB of bindings are."""
    from ctypes import CDLL

    try:
        CDLL("libnvidia-ml.so.1")
    except OSError:
        return False
    return True


def _chosen(library: _Library, environ: Mapping[str, str]) -> tuple[list[_Board], list[str]]:
    """Return the boards that *environ* makes visible, and what is worth noting about them."""
    listed, notes = _listed(library), list[str]()
    stated = environ.get("CUDA_VISIBLE_DEVICES")
    choices, ignored = visible(stated, [board for board, _ in listed])
    if ignored:
        notes.append(f"CUDA_VISIBLE_DEVICES={stated}: {ignored}, as CUDA reads it")
    if stated and stated.strip()[:1].isdigit() and environ.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID" and len({name for board, name in listed if board.uuid}) > 1:
        notes.append("boards differ and CUDA_DEVICE_ORDER is not PCI_BUS_ID: CUDA may mean others by the numbers in CUDA_VISIBLE_DEVICES")
    if stated is not None and not choices:
        notes.append(f"CUDA_VISIBLE_DEVICES={stated} makes no board visible")
    boards: list[_Board] = []
    for choice in choices:
        board, name = listed[choice.board]
        if not board.uuid:
            notes.append(f"board {choice.board} cannot be read: {name}")
            continue
        try:
            boards.append(_board(library, board, choice, stated, notes))
        except BoardError as error:
            notes.append(f"board {choice.board} cannot be read: {error}")
    return boards, notes


def _board(library: _Library, listed: Listed, choice: Choice, stated: str | None, notes: list[str]) -> _Board:
    if choice.instance is None:
        if listed.instances and stated is not None:
            notes.append(f"gpu:{listed.uuid}: is cut by MIG but named as a whole: counted whole; name the instance to be charged its share")
        return _Board(library, listed.uuid)
    instance = listed.instances[choice.instance]
    attributes = library("nvmlDeviceGetAttributes_v2", library("nvmlDeviceGetHandleByUUID", instance.uuid))
    if attributes is None or not attributes.computeInstanceSliceCount:
        raise BoardError(f"nothing tells the share that its instance {instance.uuid} has")
    slices = attributes.computeInstanceSliceCount
    of = library("nvmlDeviceGetMaxMigDeviceCount", library("nvmlDeviceGetHandleByUUID", listed.uuid)) or _SLICES
    notes.append(f"gpu:{instance.uuid}: MIG counts no energy by instance: {slices} of {of} of the board's is charged")
    from traincarbon.database.load import open_database  # takes longer than reading a board, and few are cut
    from traincarbon.database.select import sigma_of

    sigma_ln = sigma_of(open_database(), "mig_energy_share", "*")
    return _Board(library, listed.uuid, share=min(slices / of, 1.0), sigma_ln=sigma_ln, instance=instance.uuid)


def _listed(library: _Library) -> list[tuple[Listed, str]]:
    """Return all boards with their instances and names, or the reason why they cannot be read, in the driver's order, without those that are another job's: CUDA does not number them."""
    listed: list[tuple[Listed, str]] = []
    refused: _NotOursError | None = None
    for index in range(library("nvmlDeviceGetCount") or 0):
        try:
            handle = library("nvmlDeviceGetHandleByIndex", index)
            listed.append((Listed(str(library("nvmlDeviceGetUUID", handle)), _instances(library, handle)), str(library("nvmlDeviceGetName", handle))))
        except _NotOursError as error:
            refused = error
        except BoardError as error:
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
        except BoardError:
            continue
        numbers = [library(f"nvmlDeviceGet{which}InstanceId", instance) or 0 for which in ("Gpu", "Compute")]
        found.append(Instance(str(library("nvmlDeviceGetUUID", instance)), *numbers))
    return tuple(found)


def _answers(board: _Board, notes: list[str]) -> bool:
    """Say whether *board* tells its energy or power; note why not."""
    reasons: list[str] = []
    try:
        if board.counts() is not None:
            return True
    except BoardError as error:
        reasons.append(str(error))
    try:
        power_w = board.power_w()
        if power_w is not None and can_be(power_w, limit_w=board.limit_w):
            return True
        reasons += [] if power_w is None else [f"its power reads {power_w:,.0f} W"]
    except BoardError as error:
        reasons.append(str(error))
    notes.append(f"{board.device}: {'; '.join(reasons) or 'tells neither energy nor power'}")
    return False
