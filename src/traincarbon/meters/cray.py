"""HPE Cray EX nodes through the energy counters of ``pm_counters``: the node, its processors, memory and each accelerator."""

import os
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from glob import glob
from typing import NamedTuple

from traincarbon.meters.base import Meter, Reading, SensorMeter, Unavailable
from traincarbon.meters.counter import Counter
from traincarbon.quantities import EnergySource, Part

ROOT = "/sys/cray/pm_counters"
_DEVICES = {"energy": ("server:0", Part.SERVER), "cpu_energy": ("cpu:0", Part.CPU), "memory_energy": ("dram:0", Part.DRAM)}
_SOCKET = re.compile(r"cpu([0-9]+)_energy")
_ACCELERATOR = re.compile(r"accel([0-9]+)_energy")
_MOST_W = 2e4
"""No node draws more."""
_REFRESHED_S = 0.1
"""The counters are refreshed ten times a second."""
_INTERVAL_S = 10.0


class _File(NamedTuple):
    """A file of a counter, and what it counts."""

    file: str
    device: str
    part: Part
    counter: Counter


class CrayMeter(SensorMeter):
    """Reads counters of joules.

    The counter of the node includes everything else, so the others are details of it. Accelerators are only read if no vendor's
    library reads them.

    Args:
        files: The counters.
        clock: Returns the time.
    """

    name = "cray"
    max_interval_s = _INTERVAL_S

    def __init__(self, files: list[_File], *, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self._files = files
        self._lost: set[str] = set()
        self._power: dict[str, tuple[float, float, float | None]] = {}
        self.read()

    def leave_out(self, parts: Collection[Part]) -> None:
        """Do not read what other meters read, except for the node."""
        self._files = [each for each in self._files if each.part is Part.SERVER or each.part not in parts]

    def _read(self) -> Iterable[Reading]:
        return [self._reading(each) for each in self._files]

    def _reading(self, each: _File) -> Reading:
        now, device = self._clock(), each.device
        try:
            odd = each.counter.add(_joules(each.file), time_s=now)
        except (OSError, ValueError) as error:
            odd = "" if device in self._lost else f"cannot be read any more ({error}): its energy stands still"
            self._lost.add(device)
        else:
            odd = odd or ("is read again" if device in self._lost else "")
            self._lost.discard(device)
        if odd:
            self.notes.append(f"{device}: {odd}")
        energy_j = each.counter.energy_j
        before_s, before_j, power_w = self._power.get(device, (now, energy_j, None))
        if device in self._lost:
            power_w = None
        elif now - before_s >= _REFRESHED_S:
            power_w = (energy_j - before_j) / (now - before_s)
        if now - before_s >= _REFRESHED_S or device not in self._power:
            self._power[device] = (now, energy_j, power_w)
        register_j, gap_s = each.counter.register_j, each.counter.gap_s
        return Reading(device, each.part, energy_j, now, EnergySource.COUNTER, power_w, counter_j=register_j, gap_s=gap_s)


def probe(*, root: str = ROOT, clock: Callable[[], float] = time.monotonic) -> Meter | Unavailable:
    """Return a meter of the counters below *root*, or the reason why there is none."""
    if not os.path.isdir(root):
        return Unavailable("cray", f"no HPE Cray EX node: {root} does not exist", "nothing; only such nodes have it")
    files: list[_File] = []
    reasons: list[str] = []
    for file, (device, part) in sorted(_named(root).items()):
        try:
            _joules(file)
        except (OSError, ValueError) as error:
            reasons.append(f"{file}: {getattr(error, 'strerror', None) or error}")
            continue
        files.append(_File(file, device, part, Counter(unit_j=1.0, most_w=_MOST_W)))
    if not files:
        return Unavailable("cray", reasons[0] if reasons else f"{root} holds no energy counter", f"ask the administrator to allow reading {root}")
    meter = CrayMeter(files, clock=clock)
    meter.notes += reasons
    return meter


def _named(root: str) -> Mapping[str, tuple[str, Part]]:
    """Return each counter below *root* with its device and part. Sockets count where there is no counter of all processors."""
    found: dict[str, tuple[str, Part]] = {}
    for file in glob(f"{root}/*energy"):
        name = os.path.basename(file)
        socket, accelerator = _SOCKET.fullmatch(name), _ACCELERATOR.fullmatch(name)
        if name in _DEVICES:
            found[file] = _DEVICES[name]
        elif socket and not os.path.exists(f"{root}/cpu_energy"):
            found[file] = (f"cpu:{socket[1]}", Part.CPU)
        elif accelerator:
            found[file] = (f"gpu:cray-{accelerator[1]}", Part.GPU)
    return found


def _joules(file: str) -> int:
    """Return the joules of a counter, which reads ``1234567 J 1701337000000000 us``."""
    with open(file, encoding="ascii", errors="replace") as stream:
        count, unit = stream.read().split()[:2]
    if unit != "J":
        raise ValueError(f"its unit is {unit[:10]}")
    return int(count)
