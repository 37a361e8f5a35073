"""One NVIDIA GPU, or the share of it that belongs to MIG instances."""

from typing import Any

from traincarbon.meters.gpu import FALLBACK_LIMIT_W, Details, GpuError, is_limit
from traincarbon.meters.nvml_library import Library

_UNNAMED = "NVIDIA"


class NvmlGpu:
    """One GPU as NVML shows it. One that cannot be opened yet is looked up when it is asked.

    Args:
        library: NVML.
        index: Its number in NVML.
        uuid: Its id, "" if that is unknown so far.
        share: Share of the GPU that belongs to the job.
        sigma_ln: Log-spread of that share.
        instance: The id of the MIG instance, if it is one.
    """

    unit_j = 1e-3

    def __init__(self, library: Library, index: int, uuid: str, *, share: float = 1.0, sigma_ln: float = 0.0, instance: str = "") -> None:
        self._library = library
        self._index = index
        self._uuid = uuid
        self._instance = instance
        self._handle: Any = None
        self._opened, self._tried = 0, library.opened
        self.name = _UNNAMED
        self.share = share
        self.sigma_ln = sigma_ln
        self.limit_w = FALLBACK_LIMIT_W
        try:
            self._look_up()
        except GpuError:
            self._handle = None

    @property
    def device(self) -> str:
        """Its id: of the instance, of the GPU, or its number as long as both are unknown."""
        return f"gpu:{self._instance or self._uuid or f'index-{self._index}'}"

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
        ask, handle = self._library.optional, self._handle
        rates, memory = ask("nvmlDeviceGetUtilizationRates", handle), ask("nvmlDeviceGetMemoryInfo", handle)
        celsius, mhz = ask("nvmlDeviceGetTemperature", handle, 0), ask("nvmlDeviceGetClockInfo", handle, 1)
        return Details(
            utilisation=None if rates is None else rates.gpu / 100.0,
            temperature_c=None if celsius is None else float(celsius),
            clock_hz=None if mhz is None else mhz * 1e6,
            memory_used_b=None if memory is None else float(memory.used),
        )

    def users(self) -> tuple[int, ...]:
        """Return the processes that compute on it, none where it does not tell."""
        found = None if self._handle is None else self._library.optional("nvmlDeviceGetComputeRunningProcesses", self._handle)
        return tuple(process.pid for process in found or ())

    def reopen(self) -> None:
        """Initialise the library again, unless another GPU just did, and look the GPU up."""
        if self._tried == self._library.opened:
            self._library.reopen()
        self._tried = self._library.opened
        self._look_up()

    def _ask(self, name: str) -> Any:
        if self._opened != self._library.opened:
            self._look_up()
        return self._library(name, self._handle)

    def _look_up(self) -> None:
        """Find the GPU by its id, or by its number as long as that is unknown, and learn what could not be read before."""
        ask = self._library.optional
        if self._uuid:
            self._handle = self._library("nvmlDeviceGetHandleByUUID", self._uuid)
        else:
            self._handle = self._library("nvmlDeviceGetHandleByIndex", self._index)
            self._uuid = str(ask("nvmlDeviceGetUUID", self._handle) or "")
        if self._handle is None:
            raise GpuError(f"GPU {self._index} cannot be opened", hint="see nvidia-smi")
        self._opened = self._library.opened
        if self.name == _UNNAMED:
            self.name = str(ask("nvmlDeviceGetName", self._handle) or _UNNAMED)
        if self.limit_w == FALLBACK_LIMIT_W:
            self.limit_w = self._limit_w()

    def _limit_w(self) -> float:
        for name in ("nvmlDeviceGetPowerManagementLimitConstraints", "nvmlDeviceGetEnforcedPowerLimit"):
            found = self._library.optional(name, self._handle)
            limit_w = 0.0 if found is None else float(found[1] if isinstance(found, (list, tuple)) else found) / 1e3
            if is_limit(limit_w):
                return limit_w
        return FALLBACK_LIMIT_W
