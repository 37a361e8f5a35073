"""NVML as a library that can be initialised again, and the meaning of its errors."""

from typing import Any

from traincarbon.meters.gpu import GpuError

_HINTS = {
    "DRIVER_NOT_LOADED": "load the NVIDIA driver: sudo modprobe nvidia",
    "LIB_RM_VERSION_MISMATCH": "the driver was updated while loaded: reboot, or unload and load it again",
    "NO_PERMISSION": "allow this user to read /dev/nvidiactl, or start the container with --gpus all",
    "NOT_FOUND": "start the container with --gpus all",
}
_NO_DEVICE = ("DRIVER_NOT_LOADED", "NOT_FOUND")


class NotOursError(GpuError):
    """A GPU that this process may not open, such as one of another job on the same machine."""


class NoDeviceError(GpuError):
    """The driver is not loaded, or shows this process no GPU."""


class Library:
    """NVML, which can be initialised again. Its errors are raised as :class:`GpuError`.

    Args:
        pynvml: Its Python bindings.

    Attributes:
        opened: How often it was initialised.
    """

    def __init__(self, pynvml: Any) -> None:
        self._pynvml = pynvml
        self.opened = 0

    def open(self) -> None:
        """Initialise it."""
        self("nvmlInit")
        self.opened += 1

    def close(self) -> None:
        """Release it."""
        self.optional("nvmlShutdown")

    def reopen(self) -> None:
        """Initialise it again: GPUs that come back are only found in this way."""
        self.close()
        self.open()

    def optional(self, name: str, *values: Any) -> Any:
        """Call the function *name*, whose answer is not needed. Return None if it fails."""
        try:
            return self(name, *values)
        except GpuError:
            return None

    def __call__(self, name: str, *values: Any) -> Any:
        """Call the function *name*. Return None if a GPU does not support it or does not permit it, or if there is no handle to ask with."""
        if values and values[0] is None:
            return None
        try:
            return getattr(self._pynvml, name)(*values)
        except (self._pynvml.NVMLError_NotSupported, self._pynvml.NVMLError_FunctionNotFound):
            return None
        except self._pynvml.NVMLError as error:
            if isinstance(error, self._pynvml.NVMLError_NoPermission) and not name.startswith(("nvmlInit", "nvmlDeviceGetHandle")):
                return None
            code = type(error).__name__.removeprefix("NVMLError_")
            constant = next((key for key in _HINTS if key.replace("_", "") == code.upper()), "")
            kind = NotOursError if constant == "NO_PERMISSION" and name.startswith("nvmlDeviceGet") else GpuError
            kind = NoDeviceError if constant in _NO_DEVICE else kind
            raise kind(f"{name}: {error}", hint=_HINTS.get(constant, "see nvidia-smi")) from None
        except (UnicodeDecodeError, AttributeError, ValueError) as error:  # a text that is none, bindings of another version
            raise GpuError(f"{name}: {error}", hint="see nvidia-smi") from None
