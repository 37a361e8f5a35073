"""What the kernel shows of NVIDIA GPUs and their driver, without any library."""

import os
from collections.abc import Sequence
from glob import glob
from typing import NamedTuple

from traincarbon.meters.visible_devices import Listed, visible

PROC = "/proc/driver/nvidia/gpus"
DEV = "/dev"
PCI = "/sys/bus/pci/devices"
NVIDIA, AMD = "0x10de", "0x1002"
_DISPLAY = ("0x0300", "0x0302", "0x0380", "0x1200")
"""Classes of PCI devices that compute: display controllers of three kinds, and processing accelerators."""


LIBRARY = "libnvidia-ml.so.1"
LIBRARY_HINT = "in a container: --gpus all -e NVIDIA_DRIVER_CAPABILITIES=compute,utility; else install the driver's user libraries anew"
"""What helps where the driver is loaded and its library is not found."""


_LIBRARY_FOLDERS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/lib/wsl/lib", "/usr/local/nvidia/lib64")
"""Where drivers install it."""


class KernelGpu(NamedTuple):
    """A GPU as the kernel lists it."""

    device: str
    """Its id, by UUID where the driver states it, else by its place on the bus."""
    name: str
    """Its product name, "" if only its PCI id is known."""
    pci_id: str
    """Vendor and device, such as ``10de:2330``; "" if the kernel hides them."""


def has_device(*, proc: str = PROC, dev: str = DEV) -> bool:
    """Return whether the kernel's driver shows a GPU to this process, with or without the library."""
    return bool(glob(f"{dev}/nvidia[0-9]*") or glob(f"{proc}/*"))


def load_problem(*, folders: Sequence[str] = _LIBRARY_FOLDERS) -> str:
    """Return why the driver's library cannot be loaded, "" if it can, before 6 MB of bindings are imported."""
    from ctypes import CDLL

    try:
        CDLL(LIBRARY)
    except OSError as error:
        file = library_file(folders=folders)
        return str(error) if not file or file in str(error) else f"{file} cannot be read"
    return ""


def library_file(*, folders: Sequence[str] = _LIBRARY_FOLDERS) -> str:
    """Return the file of the driver's library, readable or not, "" if there is none where the system looks for it."""
    named = filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(":"))
    return next((file for folder in (*named, *folders) if os.path.lexists(file := f"{folder}/{LIBRARY}")), "")


def kernel_gpus(*, visible_devices: str | None = None, vendor: str = NVIDIA, proc: str = PROC, pci: str = PCI) -> list[KernelGpu]:
    """Return the GPUs of *vendor* that the kernel lists and that *visible_devices* leaves: those of the driver, else those on the bus.

    Args:
        visible_devices: The value of ``CUDA_VISIBLE_DEVICES`` or a similar variable, None if it is not set.
        vendor: The PCI id of the maker.
        proc: Where NVIDIA's driver lists its GPUs.
        pci: Where the kernel lists the devices on the bus.
    """
    found = _of_driver(proc, pci) if vendor == NVIDIA else []
    found = found or _on_bus(vendor, pci)
    choices, _ = visible(visible_devices, [Listed(each.device.removeprefix("gpu:")) for each in found])
    return [found[choice.gpu] for choice in choices]


def _of_driver(proc: str, pci: str) -> list[KernelGpu]:
    found: list[KernelGpu] = []
    for folder in sorted(glob(f"{proc}/*")):
        fields = dict(_pairs(f"{folder}/information"))
        uuid, bus = fields.get("GPU UUID", ""), os.path.basename(folder)
        name = fields.get("Model", "")
        found.append(
            KernelGpu(f"gpu:{uuid if uuid.startswith('GPU-') and '?' not in uuid else bus}", "" if name == "Unknown" else name, _pci_id(f"{pci}/{bus}"))
        )
    return found


def _on_bus(vendor: str, pci: str) -> list[KernelGpu]:
    found: list[KernelGpu] = []
    for file in sorted(glob(f"{pci}/*/class")):
        folder = os.path.dirname(file)
        if _text(file)[:6] in _DISPLAY and _text(f"{folder}/vendor") == vendor:
            found.append(KernelGpu(f"gpu:{os.path.basename(folder)}", "", _pci_id(folder)))
    return found


def _pci_id(folder: str) -> str:
    vendor, device = (_text(f"{folder}/{name}").removeprefix("0x") for name in ("vendor", "device"))
    return f"{vendor}:{device}" if vendor and device else ""


def _pairs(file: str) -> list[tuple[str, str]]:
    return [(key.strip(), value.strip()) for key, _, value in (line.partition(":") for line in _text(file).splitlines())]


def _text(file: str) -> str:
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:
            return stream.read().strip()
    except OSError:
        return ""
