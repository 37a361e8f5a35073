"""The recent power of each device, and its course as a row of blocks."""

from collections import deque
from collections.abc import Iterable

from traincarbon.formatting import clean
from traincarbon.tracking.display import wording
from traincarbon.tracking.live_state import DeviceState, LiveState

_SPARKS = "▁▂▃▄▅▆▇"
"""Without the full block, which would touch the row above."""
_SPARK_SPAN_S = 60.0
_MOST_SERIES, _MOST_READINGS = 256, 120


class History:
    """The power of the last minute, of each device and of each part as a whole."""

    def __init__(self) -> None:
        self._series: dict[str, deque[tuple[float, float]]] = {}
        self._peak_w: dict[str, float] = {}

    def add(self, state: LiveState) -> None:
        """Add the power of all devices in *state*."""
        if state.elapsed_s is None:
            return
        for part, devices in by_part(state.devices).items():
            for device in devices:
                self._add(device.device, state.elapsed_s, device.power_w)
            self._add(f"all {part}", state.elapsed_s, wording.power_w(devices))

    def _add(self, key: str, now_s: float, power_w: float | None) -> None:
        if power_w is None or (key not in self._series and len(self._series) >= _MOST_SERIES):
            return
        series = self._series.setdefault(key, deque(maxlen=_MOST_READINGS))
        series.append((now_s, power_w))
        self._peak_w[key] = max(self._peak_w.get(key, 0.0), power_w)

    def spark(self, key: str, *, now_s: float, width: int) -> str:
        """Return the last minute as *width* small bars, from zero to the highest power; blank without a reading."""
        bins: list[list[float]] = [[] for _ in range(width)]
        for time_s, power_w in self._series.get(key, ()):
            age = (now_s - time_s) / _SPARK_SPAN_S
            if 0.0 <= age < 1.0:
                bins[width - 1 - int(age * width)].append(power_w)
        peak_w = self._peak_w.get(key, 0.0) or 1.0
        return "".join(_SPARKS[round(sum(found) / len(found) / peak_w * (len(_SPARKS) - 1))] if found else " " for found in bins)


def by_part(devices: Iterable[DeviceState]) -> dict[str, list[DeviceState]]:
    """Return the devices of each part of the machine."""
    found: dict[str, list[DeviceState]] = {}
    for device in devices:
        found.setdefault(clean(device.part)[:8], []).append(device)
    return found
