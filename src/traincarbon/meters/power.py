"""Sampled power as energy by the trapezoidal rule, and the time until the next sample."""

from collections.abc import Sequence

FAST_S = 0.005
"""Time between samples while the power changes: a burst of 50 ms gets ten samples."""
SLOW_S = 0.04
"""Time between samples while it is steady: a burst of 50 ms gets at least one sample, which starts the fast pace."""
_QUIET_S = 3.0
_SLOWER = 1.2
_MOVE_W = 2.0
_MOVE_SHARE = 0.02
_GOLDEN = 0.6180339887498949
_SPREAD = 0.6
"""Samples come at 0.7 to 1.3 times the interval, so that they do not fall into step with the training."""
_LONGEST_GAP_S = 30.0


class PowerIntegral:
    """Energy under the straight lines between samples of power. Gaps over 30 s are not counted."""

    def __init__(self) -> None:
        self.energy_j = 0.0
        self.power_w: float | None = None
        """The last sample, None before the first and after :meth:`forget`."""
        self._time_s = 0.0
        self._forgotten = False
        self._gap_s = 0.0

    def gap_s(self, *, now_s: float) -> float:
        """Return the seconds from a sample that was the last before :meth:`forget` to the next one, or to *now_s*."""
        return self._gap_s + (now_s - self._time_s if self._forgotten else 0.0)

    def add(self, power_w: float, *, time_s: float) -> str:
        """Take a sample. Return what was wrong with it, "" if nothing was."""
        last_w, took_s = self.power_w, time_s - self._time_s
        self._gap_s, self._forgotten = self.gap_s(now_s=time_s), False
        self.power_w, self._time_s = power_w, time_s
        if last_w is None or took_s <= 0.0:
            return ""
        if took_s > _LONGEST_GAP_S:
            return f"no sample of its power for {took_s:.0f} s: not counted"
        self.energy_j += 0.5 * (last_w + power_w) * took_s
        return ""

    def forget(self) -> None:
        """Draw no line from the last sample to the next."""
        self._forgotten = self._forgotten or self.power_w is not None
        self.power_w = None


class Jitter:
    """Waits around a mean, so that samples do not fall into step with the training: 0.7 to 1.3 times as long.

    Args:
        mean_s: The mean wait. [s]
    """

    def __init__(self, mean_s: float) -> None:
        self.mean_s = mean_s
        self._phase = 0.0

    def next_s(self) -> float:
        """Return the next wait in seconds."""
        self._phase = (self._phase + _GOLDEN) % 1.0
        return self.mean_s * (1.0 - _SPREAD / 2.0 + _SPREAD * self._phase)


class Pace:
    """How long to wait for the next samples: 5 ms while the power of any GPU changes, growing to 40 ms when all have been steady for 3 s."""

    def __init__(self) -> None:
        self._jitter = Jitter(FAST_S)
        self._moved_s = 0.0
        self._levels_w: list[float] = []

    def next_s(self, powers_w: Sequence[float], *, time_s: float) -> float:
        """Return the longest wait after samples of *powers_w*, one per GPU."""
        if len(powers_w) != len(self._levels_w) or any(map(_moved, self._levels_w, powers_w)):
            self._moved_s, self._levels_w, self._jitter.mean_s = time_s, list(powers_w), FAST_S
        elif time_s - self._moved_s > _QUIET_S:
            self._jitter.mean_s = min(self._jitter.mean_s * _SLOWER, SLOW_S)
        return self._jitter.next_s()


def _moved(level_w: float, power_w: float) -> bool:
    return abs(power_w - level_w) > max(_MOVE_W, _MOVE_SHARE * level_w)
