"""What the meters read, summed up between two records: energy within the job's own span, and the least, mean and most of all else."""

import math
from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from traincarbon.meters.base import Meter, Reading
from traincarbon.tracking.value.run_results import Part

_LATE_S = 30.0
"""After so long without a look, sampled and modelled figures have a gap."""
_SELDOM_S = 0.9
"""Between two records no meter needs to be read more often than it says, nor more often than this."""
_KEPT = 8
"""Readings of a device that are kept: a busy machine may take a few between the end of the job and hearing of it."""
_BEFORE_S = 5.0
"""Longest span before the first reading that is taken to have drawn what the first reading shows."""


class _Device:
    """One device: its energy on the job's clock, and its samples since the last record."""

    def __init__(self, first: Reading, began_s: float) -> None:
        after_s = first.time_s - began_s
        sampled = first.how != "modelled" and first.power_w is not None and 0.0 < after_s <= _BEFORE_S
        before_j = first.power_w * after_s if sampled and first.power_w is not None else 0.0
        self._began_s = began_s
        self._is_the_jobs = first.how == "modelled" and first.part != "gpu"
        """Whether it charges this job alone, whenever it is read: the model of processor and memory."""
        self._base_j = 0.0 if self._is_the_jobs else first.energy_j - before_j
        self.latest = first
        self._shown = deque([(began_s, self._base_j)] if before_j else [], _KEPT)
        """Times and what the device showed then, or is taken to have shown: the last few."""
        self._show(first)
        self._recorded_j = 0.0
        self.forget()

    def forget(self) -> None:
        """Begin the next record."""
        self._power_w: tuple[float, float] | None = None
        self._busy: list[float] = []
        self._hottest_c: float | None = None
        self._clock_hz: list[float] = []
        self._memory_b: float | None = None

    def add(self, reading: Reading) -> None:
        unbegun = self.latest.time_s < self._began_s
        self.latest = reading
        self._show(reading)
        if unbegun:
            self._base_j = self._at(self._began_s)
        if reading.power_w is not None:
            low_w, high_w = self._power_w or (reading.power_w, reading.power_w)
            self._power_w = (min(low_w, reading.power_w), max(high_w, reading.power_w))
        if reading.utilisation is not None:
            self._busy.append(reading.utilisation)
        if reading.clock_hz is not None:
            self._clock_hz.append(reading.clock_hz)
        self._hottest_c = _most(self._hottest_c, reading.temperature_c)
        self._memory_b = _most(self._memory_b, reading.memory_used_b)

    def energy_j(self, until_s: float | None) -> float:
        """Return the energy since the job began, up to *until_s* where that lies between two of the last readings."""
        reached_j = self.latest.energy_j if until_s is None or self._is_the_jobs else self._at(until_s)
        return reached_j - self._base_j

    def _show(self, reading: Reading) -> None:
        if self._shown and reading.time_s <= self._shown[-1][0]:
            self._shown.pop()
        self._shown.append((reading.time_s, reading.energy_j))

    def _at(self, time_s: float) -> float:
        """Return what the device showed at a time between two of its last readings, or at the first or the last of them where that is nearer."""
        for (from_s, from_j), (to_s, to_j) in pairwise(self._shown):
            if time_s < to_s:
                return from_j + max(time_s - from_s, 0.0) / (to_s - from_s) * (to_j - from_j)
        return self.latest.energy_j

    def fields(self, span_s: float, until_s: float | None) -> dict[str, Any]:
        energy_j = self.energy_j(until_s)
        stated: dict[str, Any] = {"part": self.latest.part, "how": self.latest.how, "energy_j": energy_j}
        if span_s > 0.0:
            stated["power_mean_w"] = (energy_j - self._recorded_j) / span_s
        if self._power_w is not None:
            stated["power_min_w"], stated["power_max_w"] = self._power_w
        for name, values in (("utilisation", self._busy), ("clock_hz", self._clock_hz)):
            if values:
                stated[name] = sum(values) / len(values)
        stated |= {name: value for name, value in (("temperature_c", self._hottest_c), ("memory_used_b", self._memory_b)) if value is not None}
        if self.latest.sigma_ln:
            stated["sigma_ln"] = self.latest.sigma_ln
        self._recorded_j = energy_j
        return stated


class Recorder:
    """Reads a set of meters and sums up.

    Energy is that of the job's own span: where boards were read before it began, what they counted until then is taken off; where they were read some
    time after it began, they are taken to have drawn until then what that reading shows; what they draw after the job has ended is left out.

    Args:
        meters: What to read.
        began_s: When the job began, on the monotonic clock.
        earlier: What some of them read before.
    """

    def __init__(self, meters: Sequence[Meter], *, began_s: float, earlier: Sequence[Reading] = ()) -> None:
        self.meters = list(meters)
        self._due_s = [-math.inf] * len(self.meters)
        self.samples = 0
        """Readings since the last record."""
        self._began_s = began_s
        self._from_s = began_s
        self.looked_s = began_s
        """Time of the latest reading."""
        self._gap_s = 0.0
        self._devices = {reading.device: _Device(reading, began_s) for reading in earlier}

    def read(self, *, now_s: float = math.inf) -> list[str]:
        """Take a sample of every meter that is due at *now_s*, of all unless given; return what they have to say.

        A meter that has to be read often does not make the others be read as often.
        """
        looked_s = self.looked_s
        notes: list[str] = []
        for place, meter in enumerate(self.meters):
            if now_s >= self._due_s[place]:
                notes += self._take(meter)
                self._due_s[place] = self.looked_s + min(_SELDOM_S, meter.max_interval_s)
        self.samples += 1
        counted = all(device.latest.how == "counter" for device in self._devices.values())
        if self.looked_s - looked_s > _LATE_S and not counted and self.samples > 1:
            self._gap_s += self.looked_s - looked_s
        return notes

    def settle(self, cpu_s: float) -> list[str]:
        """Have the meters that charge the job alone count all the processor time that it used until its end; return what they have to say.

        Args:
            cpu_s: What the system says of the job, now that it has ended. [s]
        """
        notes: list[str] = []
        for meter in self.meters:
            if meter.settle(cpu_s):
                notes += self._take(meter)
        return notes

    def _take(self, meter: Meter) -> list[str]:
        for reading in meter.read():
            self.looked_s = max(self.looked_s, reading.time_s)
            known = self._devices.get(reading.device)
            if known is None:
                self._devices[reading.device] = known = _Device(reading, self._began_s)
            known.add(reading)
        notes = list(meter.notes)
        meter.notes.clear()
        return notes

    @property
    def longest_wait_s(self) -> float:
        """The longest time until the next look that loses nothing."""
        return min((meter.max_interval_s for meter in self.meters), default=_LATE_S)

    @property
    def names(self) -> dict[str, str]:
        """Device to what its maker calls it."""
        return {device: name for meter in self.meters for device, name in meter.names.items()}

    @property
    def accelerators(self) -> int | None:
        """How many accelerators are metered; None where none is."""
        return sum(device.latest.part == "gpu" for device in self._devices.values()) or None

    def interval(self, *, to_s: float, ended: bool = False) -> dict[str, Any]:
        """Return the fields of a journal's ``interval`` line up to *to_s*, and begin the next.

        Args:
            to_s: The end of the interval on the monotonic clock.
            ended: Whether the job ended at that moment, so that energy is counted no further.
        """
        span_s = max(to_s - self._from_s, 0.0)
        fields = {
            "from_s": self._from_s,
            "to_s": max(to_s, self._from_s),
            "gap_s": min(self._gap_s, span_s),
            "samples": self.samples,
            "devices": {name: device.fields(span_s, to_s if ended else None) for name, device in self._devices.items()},
            **({"ended": True} if ended else {}),
        }
        for device in self._devices.values():
            device.forget()
        self._from_s, self._gap_s, self.samples = max(to_s, self._from_s), 0.0, 0
        return fields

    def by_part(self, *, until_s: float | None = None) -> dict[str, Part]:
        """Return the energy of each part since the job began, known as surely as the least sure of its devices."""
        sure = ("counter", "power", "modelled")
        found: dict[str, Part] = {}
        for device in self._devices.values():
            part, how = device.latest.part, device.latest.how
            known = found.get(part, Part(0.0, how, 0.0))
            found[part] = Part(known.energy_j + device.energy_j(until_s), max(known.how, how, key=sure.index), max(known.sigma, device.latest.sigma_ln))
        return found

    def devices(self) -> list[dict[str, Any]]:
        """Return each device as it stands now, for those who look on."""
        names = self.names
        return [
            {
                "device": name,
                "name": names.get(name),
                "part": device.latest.part,
                "how": device.latest.how,
                "energy_j": device.energy_j(None),
                "power_w": device.latest.power_w,
                "utilisation": device.latest.utilisation,
                "temperature_c": device.latest.temperature_c,
                "memory_used_b": device.latest.memory_used_b,
            }
            for name, device in self._devices.items()
        ]

    def close(self) -> None:
        """Close all meters."""
        for meter in self.meters:
            meter.close()


def _most(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else max(one, other)
