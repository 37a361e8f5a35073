"""Processor packages and memory through RAPL of Intel and AMD, in the powercap tree of Linux."""

import os
import time
from collections.abc import Callable, Iterable
from glob import glob
from typing import NamedTuple

from traincarbon.meters.base import Meter, Reading, SensorMeter, Unavailable
from traincarbon.meters.counter import Counter
from traincarbon.quantities import EnergySource, Part

ROOT = "/sys/class/powercap"
ALLOW = f"sudo chmod a+r {ROOT}/intel-rapl:*/energy_uj {ROOT}/intel-rapl:*:*/energy_uj"
"""It lasts until the next boot; a udev rule is permanent."""
UDEV_RULE = 'SUBSYSTEM=="powercap", ACTION=="add", RUN+="/bin/chmod a+r /sys%p/energy_uj"'
"""A line for ``/etc/udev/rules.d/99-powercap.rules``."""
_MOST_W = 2000.0
"""No zone draws more, whatever limit it states."""
_LONGEST_S = 30.0
_UNIT_J = 1e-6
_UNMASK = "docker run --security-opt systempaths=unconfined"
"""Containers hide the tree, as these counters can leak secrets."""


class _Zone(NamedTuple):
    """A zone of the tree: the file of its counter and the device that it counts."""

    file: str
    device: str
    part: Part
    counter: Counter


class RaplMeter(SensorMeter):
    """Reads the energy counters of packages, memory and the whole platform, if they exist.

    The zone ``psys`` includes the packages and the memory; the rest of it is reported as ``other``. If there are several, as on servers
    with two sockets, the one that counts most is used.
    """

    name = "rapl"

    def __init__(self, zones: list[_Zone], *, max_interval_s: float, notes: list[str], clock: Callable[[], float]) -> None:
        super().__init__(clock, notes=notes)
        self.max_interval_s = max_interval_s
        self._zones = zones
        self._power: dict[str, tuple[float, float, float | None]] = {}
        self._beyond_j = 0.0
        self._lost: set[str] = set()
        self._known_s: dict[str, float] = {}
        self.read()

    def _read(self) -> Iterable[Reading]:
        times = {zone: self._count(zone) for zone in self._zones}
        inside_j = sum(zone.counter.energy_j for zone in self._zones if zone.part is not Part.OTHER)
        platforms = [zone for zone in self._zones if zone.part is Part.OTHER]
        most = max(platforms, key=lambda zone: zone.counter.energy_j, default=None)
        return [self._reading(zone, at, inside_j) for zone, at in times.items() if zone.part is not Part.OTHER or zone is most]

    def _count(self, zone: _Zone) -> float:
        now = self._clock()
        try:
            odd = zone.counter.add(_number(zone.file), time_s=now)
        except (OSError, ValueError) as error:
            if zone.device not in self._lost:
                self._lost.add(zone.device)
                self.notes.append(f"{zone.device}: cannot be read any more ({error}): its energy stands still")
            return now
        self._known_s[zone.device] = now
        if zone.device in self._lost:
            self._lost.remove(zone.device)
            self.notes.append(f"{zone.device}: is read again")
        if odd:
            self.notes.append(f"{zone.device}: {odd}")
        return now

    def _reading(self, zone: _Zone, now: float, inside_j: float) -> Reading:
        energy_j = zone.counter.energy_j
        if zone.part is Part.OTHER:
            energy_j = self._beyond_j = max(self._beyond_j, energy_j - inside_j)
        before_s, before_j, power_w = self._power.get(zone.device, (now, energy_j, None))
        if zone.device in self._lost:
            power_w = None
        elif now > before_s:
            power_w = (energy_j - before_j) / (now - before_s)
        self._power[zone.device] = (now, energy_j, power_w)
        counter_j = None if zone.part is Part.OTHER else zone.counter.register_j  # what is beyond other zones has no register
        gap_s = zone.counter.gap_s + now - self._known_s.get(zone.device, now)
        return Reading(zone.device, zone.part, energy_j, now, EnergySource.COUNTER, power_w, counter_j=counter_j, gap_s=gap_s)


def probe(*, root: str = ROOT, clock: Callable[[], float] = time.monotonic) -> Meter | Unavailable:
    """Return a meter of the RAPL zones below *root*, or the reason why there is none."""
    folders = sorted(folder for folder in glob(f"{root}/intel-rapl:*") if os.path.exists(f"{folder}/name"))
    if not folders and glob(f"{root}/intel-rapl:*"):
        return Unavailable("rapl", "its counters are hidden from this container", _UNMASK)
    if not folders:
        return Unavailable("rapl", "no RAPL counters: a virtual machine, or a kernel without them", "sudo modprobe intel_rapl_msr; a guest has none")
    zones: list[_Zone] = []
    notes: list[str] = []
    denied: list[str] = []
    shortest_s = _LONGEST_S
    for folder in folders:
        part = _part(_text(f"{folder}/name"))
        if part is None:
            continue
        file = f"{folder}/energy_uj"
        try:
            range_uj = _number(f"{folder}/max_energy_range_uj")
            _number(file)
        except PermissionError:
            denied.append(file)
            continue
        except (OSError, ValueError) as error:
            notes.append(f"{folder}: {error}")
            continue
        number = os.path.basename(folder).split(":")[1]
        device = "other:psys" if part is Part.OTHER else f"{part}:{number}"
        zones.append(_Zone(file, device, part, Counter(unit_j=_UNIT_J, most_w=_MOST_W, wraps_at=range_uj + 1)))
        shortest_s = min(shortest_s, range_uj * _UNIT_J / _MOST_W / 2.0)
    if not zones and denied:
        return Unavailable("rapl", f"no permission to read energy_uj in {root}", ALLOW)
    if not zones:
        return Unavailable("rapl", notes[0] if notes else f"no package in {root}", "sudo modprobe intel_rapl_msr")
    notes += [f"no permission to read {file}: {ALLOW}" for file in denied]
    return RaplMeter(zones, max_interval_s=max(shortest_s, 1.0), notes=notes, clock=clock)


def _part(name: str) -> Part | None:
    """Return the part that a zone with that *name* counts, None for cores and graphics, which are within their package."""
    for start, part in (("package", Part.CPU), ("dram", Part.DRAM), ("psys", Part.OTHER)):
        if name.startswith(start):
            return part
    return None


def _text(file: str) -> str:
    with open(file, encoding="ascii", errors="replace") as stream:
        return stream.read().strip()


def _number(file: str) -> int:
    return int(_text(file))
