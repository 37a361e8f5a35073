"""Summarise meter readings between two records: energy within the job's own time, and minimum, mean or maximum of the rest."""

import math
from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from traincarbon.meters.base import Meter, Reading
from traincarbon.meters.machine_share import MachineShare
from traincarbon.quantities import EnergySource
from traincarbon.tracking.live_state import DeviceState
from traincarbon.tracking.value.run_results import Part

_LATE_S = 30.0
"""After so long without a reading, sampled and modelled energy has a gap."""
_STALE_S = 0.5
"""A device whose latest reading is older has not answered since."""
_SELDOM_S = 0.9
"""Between two records, all meters are read at most this often, and single ones as often as they ask."""
_KEPT = 8
"""Readings kept of a device: a busy machine may take a few between the end of the job and its notice."""
_BEFORE_S = 5.0
"""Longest time before the first reading for which its power is assumed."""
_SAID_S = 1.0
"""From this length on a note states that time."""


class _Device:
    """One device: its energy since the job began, and its samples since the last record."""

    def __init__(self, first: Reading, began_s: float) -> None:
        after_s = first.time_s - began_s
        sampled = (first.how != EnergySource.MODELLED or first.is_shared) and first.power_w is not None and 0.0 < after_s <= _BEFORE_S
        before_j = first.power_w * after_s if sampled and first.power_w is not None else 0.0
        self.assumed_s = after_s if sampled else 0.0
        """Time before the first reading for which its power is assumed."""
        self._counts_job_only = first.how == EnergySource.MODELLED and first.part != "gpu" and not first.is_shared
        """Whether its energy is that of this job alone at any time: the model of processor and memory."""
        self.left_out: frozenset[str] = frozenset()
        """Devices that are read and do not belong to the job."""
        self._gap_s = 0.0 if sampled or self._counts_job_only else max(after_s, 0.0)
        """Time that was not metered and that no later reading makes up for."""
        self._began_s = began_s
        self._base_j = 0.0 if self._counts_job_only else first.energy_j - before_j
        self.latest = first
        self._readings = deque([(began_s, self._base_j)] if before_j else [], _KEPT)
        """The latest times with the joules read then, or assumed for then."""
        self._keep(first)
        self._recorded_j = 0.0
        self.begin_record()

    def begin_record(self) -> None:
        """Forget the samples of the last record."""
        self._power_w: tuple[float, float] | None = None
        self._busy: list[float] = []
        self._hottest_c: float | None = None
        self._clock_hz: list[float] = []
        self._memory_b: float | None = None

    def add(self, reading: Reading) -> None:
        is_before_job = self.latest.time_s < self._began_s
        silent_s = reading.time_s - self.latest.time_s
        if silent_s > _LATE_S and reading.how != EnergySource.COUNTER and not reading.is_shared:
            self._gap_s += silent_s
        self.latest = reading
        if reading.risen_since_s is not None:
            self._forget_since(reading.risen_since_s, reading.energy_j - reading.risen_j)
        self._keep(reading)
        if is_before_job:
            self._base_j = self._at(self._began_s)
        elif reading.risen_since_s is not None and reading.risen_since_s < self._began_s:  # some of it was used before the job
            self._base_j = min(self._at(self._began_s), reading.energy_j - self._recorded_j)
        if reading.power_w is not None:
            low_w, high_w = self._power_w or (reading.power_w, reading.power_w)
            self._power_w = (min(low_w, reading.power_w), max(high_w, reading.power_w))
        if reading.utilisation is not None:
            self._busy.append(reading.utilisation)
        if reading.clock_hz is not None:
            self._clock_hz.append(reading.clock_hz)
        self._hottest_c = _maximum(self._hottest_c, reading.temperature_c)
        self._memory_b = _maximum(self._memory_b, reading.memory_used_b)

    def energy_j(self, until_s: float | None) -> float:
        """Return the energy since the job began, until *until_s* if that lies between two of the latest readings."""
        reached_j = self.latest.energy_j if until_s is None or self._counts_job_only else self._at(until_s)
        return reached_j - self._base_j

    def gap_s(self, to_s: float) -> float:
        """Return the seconds since the job began, until *to_s*, whose energy is not known then. A counter may make up for some of them later."""
        silent_s = to_s - self.latest.time_s
        stale_s = silent_s if silent_s > _STALE_S else 0.0
        return min(self._gap_s + self.latest.gap_s + stale_s, max(to_s - self._began_s, 0.0))

    def _forget_since(self, time_s: float, energy_j: float) -> None:
        """Replace what earlier readings stated of the time since *time_s* by the joules reached then."""
        while self._readings and self._readings[-1][0] >= time_s:
            self._readings.pop()
        self._readings.append((time_s, energy_j))

    def _keep(self, reading: Reading) -> None:
        if self._readings and reading.time_s <= self._readings[-1][0]:
            self._readings.pop()
        self._readings.append((reading.time_s, reading.energy_j))

    def _at(self, time_s: float) -> float:
        """Return the joules at a time between two of the latest readings, or at the nearest one."""
        for (from_s, from_j), (to_s, to_j) in pairwise(self._readings):
            if time_s < to_s:
                return from_j + max(time_s - from_s, 0.0) / (to_s - from_s) * (to_j - from_j)
        return self.latest.energy_j

    def fields(self, span_s: float, to_s: float, *, ended: bool) -> dict[str, object]:
        """Return what a record up to *to_s* states; if the job ended then, later readings do not count."""
        energy_j, latest = self.energy_j(to_s if ended else None), self.latest
        stated: dict[str, object] = {"part": latest.part, "how": latest.how, "energy_j": energy_j, "gap_s": self.gap_s(to_s)}
        if latest.counter_j is not None:
            stated["counter_j"] = latest.counter_j - latest.energy_j + self._base_j + energy_j
        if span_s > 0.0:
            stated["power_mean_w"] = (energy_j - self._recorded_j) / span_s
        if self._power_w is not None:
            stated |= dict(zip(("power_min_w", "power_max_w"), self._power_w, strict=True))
        for name, values in (("utilisation", self._busy), ("clock_hz", self._clock_hz)):
            if values:
                stated[name] = sum(values) / len(values)
        stated |= {name: value for name, value in (("temperature_c", self._hottest_c), ("memory_used_b", self._memory_b)) if value is not None}
        if latest.sigma_ln:
            stated["sigma_ln"] = latest.sigma_ln
        self._recorded_j = energy_j
        return stated

    @property
    def counter_began_j(self) -> float | None:
        """The device's own counter when the job began, None if it has none."""
        return None if self.latest.counter_j is None else self.latest.counter_j - self.latest.energy_j + self._base_j


class Recorder:
    """Reads a set of meters and summarises the readings.

    Energy is that of the job's own time. What GPUs counted before the job began is subtracted. If they were first read some time after
    it began, the power of that reading is assumed until then. What they use after the job has ended is left out.

    Args:
        meters: The meters to read.
        began_s: When the job began, on the monotonic clock.
        earlier: Readings that some of them gave before.
        share: The job's part of its machine, None if it has all of it.
    """

    def __init__(self, meters: Sequence[Meter], *, began_s: float, earlier: Sequence[Reading] = (), share: MachineShare | None = None) -> None:
        self.meters = list(meters)
        self._share = share
        self._due_s = [-math.inf] * len(self.meters)
        self._all_due_s = -math.inf
        self.is_whole = False
        """Whether the latest reading was of all meters, so that the energy of all parts is that of one moment."""
        self.samples = 0
        """Readings since the last record."""
        self._began_s = began_s
        self._from_s = began_s
        self.latest_s = began_s
        """Time of the latest reading."""
        self._recorded_gap_s = 0.0
        self.left_out: frozenset[str] = frozenset()
        """Devices that are read and do not belong to the job."""
        self._devices = {reading.device: _Device(reading, began_s) for reading in earlier}

    def read(self, *, now_s: float = math.inf) -> list[str]:
        """Read every meter that is due at *now_s*, by default all; return their notes.

        A meter that must be read often does not cause the others to be read as often; when one of these is due, all are read.
        """
        notes: list[str] = []
        self.is_whole = now_s >= self._all_due_s
        for index, meter in enumerate(self.meters):
            if self.is_whole or now_s >= self._due_s[index]:
                notes += self._take(meter)
                self._due_s[index] = self.latest_s + meter.max_interval_s
        if self.is_whole:
            self._all_due_s = self.latest_s + _SELDOM_S
        self.samples += 1
        return notes

    def settle(self, cpu_s: float) -> list[str]:
        """Have the meters that count the job alone include all of its processor time; return their notes.

        Args:
            cpu_s: Processor time of the job, as the system states it at its end. [s]
        """
        notes: list[str] = []
        for meter in self.meters:
            if meter.settle(cpu_s):
                notes += self._take(meter)
        return notes

    def _take(self, meter: Meter) -> list[str]:
        notes: list[str] = []
        for reading in meter.read() if self._share is None else map(self._share.of, meter.read()):
            self.latest_s = max(self.latest_s, reading.time_s)
            known = self._devices.get(reading.device)
            if known is None:
                self._devices[reading.device] = known = _Device(reading, self._began_s)
                if known.assumed_s >= _SAID_S:
                    notes.append(
                        f"{reading.device}: was first read {known.assumed_s:.1f} s after the run began: until then its power is assumed to be the same"
                    )
            known.add(reading)
        notes += meter.notes
        meter.notes.clear()
        return notes

    @property
    def longest_wait_s(self) -> float:
        """The longest time until the next reading that loses nothing."""
        return min((meter.max_interval_s for meter in self.meters), default=_LATE_S)

    @property
    def names(self) -> dict[str, str]:
        """Device to the name that its driver reports."""
        return {device: name for meter in self.meters for device, name in meter.names.items() if device not in self.left_out}

    @property
    def counters_j(self) -> dict[str, float]:
        """Device to its own counter when the job began, of those that have one, by which the next meter bridges the end of one without an interval."""
        return {name: counter_j for name, device in self._counted.items() if (counter_j := device.counter_began_j) is not None}

    @property
    def accelerators(self) -> int | None:
        """Number of accelerators metered, None without any."""
        return sum(device.latest.part == "gpu" for device in self._counted.values()) or None

    @property
    def gpus(self) -> list[str]:
        """The GPUs that belong to the job."""
        return [name for name, device in self._counted.items() if device.latest.part == "gpu"]

    @property
    def _counted(self) -> dict[str, _Device]:
        """The devices that belong to the job."""
        return {name: device for name, device in self._devices.items() if name not in self.left_out}

    def interval(self, *, to_s: float, ended: bool = False) -> dict[str, object]:
        """Return the fields of a journal's ``interval`` line up to *to_s*, and begin the next.

        Args:
            to_s: The end of the interval on the monotonic clock.
            ended: Whether the job ended at that moment, so that later energy does not count.
        """
        span_s = max(to_s - self._from_s, 0.0)
        gap_s = max((device.gap_s(to_s) for device in self._counted.values()), default=0.0)
        fields = {
            "from_s": self._from_s,
            "to_s": max(to_s, self._from_s),
            "gap_s": min(max(gap_s - self._recorded_gap_s, 0.0), span_s),
            "samples": self.samples,
            "devices": {name: device.fields(span_s, to_s, ended=ended) for name, device in self._counted.items()},
            **({"left_out": sorted(self.left_out)} if self.left_out else {}),
            **({"ended": True} if ended else {}),
        }
        for device in self._devices.values():
            device.begin_record()
        self._from_s, self._recorded_gap_s, self.samples = max(to_s, self._from_s), max(gap_s, self._recorded_gap_s), 0
        return fields

    def by_part(self, *, until_s: float | None = None) -> dict[str, Part]:
        """Return the energy of each part since the job began, with the least certain source of its devices and their mean spread, weighted by energy."""
        worst_last: tuple[str, ...] = tuple(EnergySource)
        found: dict[str, Part] = {}
        for device in self._counted.values():
            latest = device.latest
            known, energy_j = found.get(latest.part, Part(0.0, latest.how, 0.0)), device.energy_j(until_s)
            how, total_j = max(known.how, latest.how, key=worst_last.index), known.energy_j + energy_j
            sigma = (known.sigma * known.energy_j + latest.sigma_ln * energy_j) / total_j if total_j > 0.0 else max(known.sigma, latest.sigma_ln)
            found[latest.part] = Part(total_j, how, sigma)
        return found

    def devices(self) -> tuple[DeviceState, ...]:
        """Return the latest reading of each device, for the live state."""
        names = self.names
        return tuple(
            DeviceState(
                name, latest.part, latest.power_w, latest.utilisation, latest.temperature_c, latest.memory_used_b, device.energy_j(None), names.get(name, "")
            )
            for name, device, latest in ((name, device, device.latest) for name, device in self._counted.items())
        )

    def close(self) -> None:
        """Close all meters."""
        for meter in self.meters:
            meter.close()


def _maximum(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else max(one, other)
