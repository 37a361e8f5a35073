"""How often a record is written: at each interval in the first ten minutes, then at every sixth or after 30 s, and with no more digits than are known."""

import math
from collections.abc import Mapping

from traincarbon.decode import table

_DENSE_S = 600.0
_FORECAST_EVERY_S = 300.0
_TIMES_WIDER = 6.0
_WIDEST_S = 30.0
_DENSE_ONLY = ("power_mean_w", "power_min_w")
_DECIMALS = {
    "energy_j": 3, "counter_j": 3, "gap_s": 3, "from_s": 6, "to_s": 6, "utilisation": 3, "clock_hz": 0, "memory_used_b": 0, "temperature_c": 1,
    "power_mean_w": 1, "power_min_w": 1, "power_max_w": 1,
}  # fmt: skip
"""Decimals of the values of a device: the finest that any meter states."""
_DIGITS = 9
"""Significant digits of all other numbers, whose intervals are wider than a per mille."""


class RecordPace:
    """Tells when a record is due. Energy is cumulative, so fewer records cost only resolution.

    Args:
        interval_s: Time between records at the beginning, and between the checks of budgets always. [s]
        began_s: When the job began. [s]
    """

    def __init__(self, *, interval_s: float, began_s: float) -> None:
        self._interval_s = interval_s
        self._wide_from_s = began_s + _DENSE_S
        self._wide_s = max(min(_TIMES_WIDER * interval_s, _WIDEST_S), interval_s)
        self._last_s = self._forecast_s = began_s
        self._counts: Mapping[str, float] = {}

    def interval_s(self, now_s: float) -> float:
        """Return the time between two records at *now_s*."""
        return self._interval_s if now_s < self._wide_from_s else self._wide_s

    def is_due(self, now_s: float) -> bool:
        """Return whether a record is due at *now_s*, when an interval has passed. If so, the next is due one interval later."""
        if now_s >= self._wide_from_s and now_s - self._last_s < self._wide_s - self._interval_s / 2.0:
            return False
        self._last_s = now_s
        return True

    def lines(self, fields: Mapping[str, object], counts: Mapping[str, float], *, now_s: float, ended: bool) -> list[tuple[str, dict[str, object]]]:
        """Return the kinds and fields of the lines of a record.

        Records after ten minutes are shorter: numbers have the digits that are known, of the power only the highest is stated, as the mean
        follows from the energy, the forecast comes every five minutes and in the last record, and progress stands in the same line if it can.

        Args:
            fields: What an ``interval`` line states.
            counts: What the script has done so far; it is stated if it has changed.
            now_s: The end of the record. [s]
            ended: Whether it is the last one.
        """
        stated = {**fields, "interval_s": self.interval_s(now_s)}
        progress: dict[str, object] = {**counts} if counts != self._counts else {}
        self._counts = dict(counts)
        if now_s >= self._wide_from_s and not ended:
            stated = compact(stated)
            stated["devices"] = {device: _shorter(values) for device, values in table(stated.get("devices")).items()}
            if now_s - self._forecast_s < _FORECAST_EVERY_S:
                stated.pop("forecast", None)
            else:
                self._forecast_s = now_s
            if "samples" not in progress:  # in an interval that is the number of readings
                stated, progress = {**stated, **progress}, {}
        return [("interval", stated), *([("progress", progress)] if progress else [])]


def _shorter(values: object) -> dict[str, object]:
    return {name: value for name, value in table(values).items() if name not in _DENSE_ONLY}


def compact(fields: Mapping[str, object]) -> dict[str, object]:
    """Return the fields of a record with the digits that are known, which makes it a third shorter.

    Example:
        >>> compact({"to_s": 5.0000004, "devices": {"gpu:0": {"energy_j": 1500.00049, "clock_hz": 1.98e9}}, "mfu": 0.41234567890123})
        {'to_s': 5.0, 'devices': {'gpu:0': {'energy_j': 1500.0, 'clock_hz': 1980000000}}, 'mfu': 0.412345679}
    """
    return {name: _compact(name, value) for name, value in fields.items()}


def _compact(name: str, value: object) -> object:
    if isinstance(value, Mapping):
        return compact(value)
    if not isinstance(value, float) or not math.isfinite(value):
        return value
    if name in _DECIMALS:
        return round(value, _DECIMALS[name]) if _DECIMALS[name] else round(value)
    return float(f"{value:.{_DIGITS}g}")
