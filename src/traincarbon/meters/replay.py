"""A recorded trace played back as a meter: CSV with the columns ``time_s``, ``device`` and ``power_w`` or ``energy_j``."""

import csv
import io
import math
import os
import time
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from traincarbon.meters.base import REPLAY, Meter, Reading, Unavailable
from traincarbon.quantities import EnergySource, Part
from traincarbon.reading import open_regular

_HINT = "columns: time_s,device,power_w or time_s,device,energy_j"


class ReplayMeter(Meter):
    """Plays a trace from the moment it is opened, with straight lines between its points and nothing after its end.

    Args:
        points: Device to its points in order of time: seconds, and joules so far.
        how: ``power`` if the trace holds power, ``counter`` if it holds energy.
        clock: Returns the time.
    """

    name = "replay"
    max_interval_s = 60.0

    def __init__(self, points: Mapping[str, Sequence[tuple[float, float]]], *, how: EnergySource, clock: Callable[[], float] = time.monotonic) -> None:
        self.notes: list[str] = []
        self.names: Mapping[str, str] = {}
        self._points = points
        self._how = how
        self._clock = clock
        self._start_s = clock()
        self._end_s: float | None = None

    def read(self) -> tuple[Reading, ...]:
        """Return one reading for each device of the trace."""
        now = self._clock() if self._end_s is None else self._end_s
        return tuple(self._reading(device, points, now) for device, points in self._points.items())

    def close(self) -> None:
        """Stop playing."""
        if self._end_s is None:
            self._end_s = self._clock()

    def _reading(self, device: str, points: Sequence[tuple[float, float]], now: float) -> Reading:
        energy_j, power_w = _at(points, now - self._start_s)
        kind = device.partition(":")[0]
        part = next((part for part in Part if part == kind), Part.OTHER)
        counter_j = energy_j if self._how is EnergySource.COUNTER else None
        return Reading(device, part, energy_j - _at(points, 0.0)[0], now, self._how, power_w, counter_j=counter_j)


def probe(*, file: str | None = None, clock: Callable[[], float] = time.monotonic) -> Meter | Unavailable:
    """Return a meter that plays *file* (default ``$CARBON_REPLAY``), or the reason why there is none."""
    file = file if file is not None else os.environ.get(REPLAY)
    if not file:
        return Unavailable("replay", f"${REPLAY} names no trace", f"to play one: {REPLAY}=FILE, a CSV file with the {_HINT}")
    try:
        points, how = _read(file)
    except OSError as error:
        return Unavailable("replay", f"cannot read {file}: {error.strerror or error}", _HINT)
    except ValueError as error:
        return Unavailable("replay", f"{file}: {error}", _HINT)
    return ReplayMeter(points, how=how, clock=clock)


def _read(file: str) -> tuple[dict[str, list[tuple[float, float]]], EnergySource]:
    """Return device to its points of time and energy, and how they are known."""
    columns: dict[str, list[tuple[float, float]]] = {}
    with io.TextIOWrapper(open_regular(file), encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        names = rows.fieldnames or ()
        column = next((name for name in ("energy_j", "power_w") if name in names), None)
        if column is None or not {"time_s", "device"} <= set(names):
            raise ValueError(f"has the columns {', '.join(names)}")
        for row in rows:
            time_s, value = float(row["time_s"] or "nan"), float(row[column] or "nan")
            points = columns.setdefault(row["device"], [])
            if not 0.0 <= value < 1e15 or (points and not time_s > points[-1][0]) or (points and column == "energy_j" and value < points[-1][1]):
                raise ValueError(f"{row['device']} at {row['time_s']} s: {value} does not follow from the line before")
            points.append((time_s, value))
    if not columns:
        raise ValueError("has no rows")
    if column == "energy_j":
        return columns, EnergySource.COUNTER
    return {device: _integrated(points) for device, points in columns.items()}, EnergySource.POWER


def _integrated(samples: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the energy at each sample of power by the trapezoidal rule."""
    energy_j = 0.0
    points = [(samples[0][0], 0.0)]
    for (from_s, from_w), (to_s, to_w) in pairwise(samples):
        energy_j += 0.5 * (from_w + to_w) * (to_s - from_s)
        points.append((to_s, energy_j))
    return points


def _at(points: Sequence[tuple[float, float]], time_s: float) -> tuple[float, float | None]:
    """Return energy and power at a time. There is no power before the first point and after the last."""
    after = bisect_left(points, (time_s, math.inf))
    if after in (0, len(points)):
        return points[min(after, len(points) - 1)][1], None
    (from_s, from_j), (to_s, to_j) = points[after - 1], points[after]
    power_w = (to_j - from_j) / (to_s - from_s)
    return from_j + power_w * (time_s - from_s), power_w
