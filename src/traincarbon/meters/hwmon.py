"""Whole servers and Grace processors through the power meters of ACPI in the hwmon tree of Linux."""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from glob import glob

from traincarbon.meters.base import Meter, Reading, SensorMeter, Unavailable
from traincarbon.meters.power import PowerIntegral
from traincarbon.quantities import EnergySource, Part

ROOT = "/sys/class/hwmon"
_INTERVAL_S = 0.5
"""ACPI meters average over a second or so."""
_PROCESSOR = re.compile(r"(Grace|CPU) Power Socket (\d+)")
"""The meter of a Grace socket includes its memory. That of its CPU includes only the cores, and is used if the other cannot be read."""
_MOST_W = 1e5
"""No server draws more. Some controllers return 2**32 - 1 mW, or 0, for unknown."""


class HwmonMeter(SensorMeter):
    """Samples the power of ACPI power meters and integrates it.

    Args:
        files: Device to the file that states its power.
        covers: Parts that the measured devices include.
        clock: Returns the time.
    """

    name = "hwmon"
    max_interval_s = _INTERVAL_S

    def __init__(self, files: Mapping[str, str], *, covers: tuple[Part, ...] = (), clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self.covers = covers
        self._files = files
        self._integrals = {device: PowerIntegral() for device in files}
        self.read()

    def _read(self) -> Iterable[Reading]:
        return [self._sample(device, file) for device, file in self._files.items()]

    def _sample(self, device: str, file: str) -> Reading:
        integral, now, power_w = self._integrals[device], self._clock(), None
        try:
            power_w = _watts(file)
            odd = integral.add(power_w, time_s=now)
        except (OSError, ValueError) as error:
            odd = f"cannot be read any more ({error}): its energy stands still" if integral.power_w is not None else ""
            integral.forget()
        if odd:
            self.notes.append(f"{device}: {odd}")
        gap_s = integral.gap_s(now_s=now)
        return Reading(device, Part(device.partition(":")[0]), integral.energy_j, now, EnergySource.POWER, power_w, gap_s=gap_s)


def probe(*, root: str = ROOT, clock: Callable[[], float] = time.monotonic) -> Meter | Unavailable:
    """Return a meter of the power meters below *root*, or the reason why there is none."""
    files: dict[str, str] = {}
    covers: tuple[Part, ...] = ()
    denied = odd = ""
    for kind in ("", "Grace", "CPU"):
        for folder in sorted(glob(f"{root}/hwmon*")):
            device = _device(folder, kind, len(files))
            for file in (f"{folder}/power1_average", f"{folder}/power1_input") if device and device not in files else ():
                try:
                    _watts(file)
                except PermissionError:
                    denied = file
                except OSError:
                    continue
                except ValueError as error:
                    odd = f"{file}: {error}"
                else:
                    files[device] = file
                    covers = (Part.DRAM,) if kind == "Grace" else covers
                    break
    if files:
        return HwmonMeter(files, covers=covers, clock=clock)
    if denied:
        return Unavailable("hwmon", f"no permission to read {denied}", f"sudo chmod a+r {denied}")
    if odd:
        return Unavailable("hwmon", odd, "is the management controller up to date?")
    return Unavailable("hwmon", "no ACPI power meter", "few servers have one; try: sudo modprobe acpi_power_meter")


def _device(folder: str, kind: str, number: int) -> str:
    """Return the device that the power meter in *folder* measures, "" if it is not a power meter or not of that *kind*.

    The kind is "" for a whole server, else ``Grace`` or ``CPU``.
    """
    if _text_or_empty(f"{folder}/name") != "power_meter":
        return ""
    socket = _text_or_empty(f"{folder}/power1_oem_info") or _text_or_empty(f"{folder}/device/power1_oem_info")
    if not socket or not kind:
        return "" if socket or kind else f"server:{number}"
    processor = _PROCESSOR.fullmatch(socket)
    return f"cpu:{processor[2]}" if processor and processor[1] == kind else ""


def _watts(file: str) -> float:
    power_w = int(_text(file)) / 1e6
    if not 0.0 < power_w < _MOST_W:
        raise ValueError(f"it reads {power_w:,.0f} W")
    return power_w


def _text(file: str) -> str:
    with open(file, encoding="utf-8", errors="replace") as stream:
        return stream.read().strip()


def _text_or_empty(file: str) -> str:
    try:
        return _text(file)
    except OSError:
        return ""
