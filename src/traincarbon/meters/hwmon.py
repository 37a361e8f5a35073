"""Whole servers through the power meters that ACPI and the hwmon tree of Linux offer; a Grace processor's own too."""

import re
import time
from collections.abc import Callable, Mapping
from glob import glob

from traincarbon.meters.base import Meter, Reading, Unavailable
from traincarbon.meters.power import PowerIntegral

ROOT = "/sys/class/hwmon"
_INTERVAL_S = 0.5
"""ACPI meters average over a second or so."""
_PROCESSOR = re.compile(r"(?:Grace|CPU) Power Socket (\d+)")


class HwmonMeter:
    """Samples the power of ACPI power meters and integrates it."""

    name = "hwmon"

    def __init__(self, files: Mapping[str, str], *, clock: Callable[[], float]) -> None:
        self.max_interval_s = _INTERVAL_S
        self.notes: list[str] = []
        self.names: Mapping[str, str] = {}
        self._files = files
        self._integrals = {device: PowerIntegral() for device in files}
        self._clock = clock
        self._closed = False
        self._last: tuple[Reading, ...] = ()
        self.read()

    def read(self) -> tuple[Reading, ...]:
        """Return one reading for each power meter."""
        if not self._closed:
            self._last = tuple(self._sample(device, file) for device, file in self._files.items())
        return self._last

    def close(self) -> None:
        """Stop reading."""
        self._closed = True

    def _sample(self, device: str, file: str) -> Reading:
        integral, now, power_w = self._integrals[device], self._clock(), None
        try:
            power_w = int(_text(file)) / 1e6
            odd = integral.add(power_w, time_s=now)
        except (OSError, ValueError) as error:
            odd = f"cannot be read any more ({error}): its energy stands still" if integral.power_w is not None else ""
            integral.forget()
        if odd:
            self.notes.append(f"{device}: {odd}")
        return Reading(device, device.partition(":")[0], integral.energy_j, now, "power", power_w)


def probe(*, root: str = ROOT, clock: Callable[[], float] = time.monotonic) -> Meter | Unavailable:
    """Return a meter of the power meters below *root*, or why there is none."""
    files: dict[str, str] = {}
    denied = ""
    for folder in sorted(glob(f"{root}/hwmon*")):
        device = _device(folder, len(files))
        for file in (f"{folder}/power1_average", f"{folder}/power1_input") if device else ():
            try:
                int(_text(file))
            except PermissionError:
                denied = file
            except (OSError, ValueError):
                continue
            else:
                files[device] = file
                break
    if files:
        return HwmonMeter(files, clock=clock)
    if denied:
        return Unavailable("hwmon", f"no permission to read {denied}", f"sudo chmod a+r {denied}")
    return Unavailable("hwmon", "no ACPI power meter", "few servers have one; sudo modprobe acpi_power_meter")


def _device(folder: str, number: int) -> str:
    """Return what the power meter in *folder* measures, "" where it is none or another part."""
    if _text_or_empty(f"{folder}/name") != "power_meter":
        return ""
    socket = _text_or_empty(f"{folder}/power1_oem_info") or _text_or_empty(f"{folder}/device/power1_oem_info")
    if not socket:
        return f"server:{number}"
    processor = _PROCESSOR.fullmatch(socket)
    return f"cpu:{processor[1]}" if processor else ""


def _text(file: str) -> str:
    with open(file, encoding="utf-8", errors="replace") as stream:
        return stream.read().strip()


def _text_or_empty(file: str) -> str:
    try:
        return _text(file)
    except OSError:
        return ""
