"""Watching the clocks: a machine that slept, and a wall clock that was set."""

import time
from collections.abc import Callable

_SLEPT_S = 2.0
_SET_S = 2.0
"""Smaller steps are those of a clock that is kept right."""


def _uptime_s() -> float:
    """Return the time since boot, sleep included, where the system tells; else the monotonic clock."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class Clocks:
    """Holds the monotonic clock, which stands still while the machine sleeps, against the one that goes on and the one on the wall."""

    def __init__(
        self, *, monotonic: Callable[[], float] = time.monotonic, uptime: Callable[[], float] = _uptime_s, wall: Callable[[], float] = time.time
    ) -> None:
        self._monotonic, self._uptime, self._wall = monotonic, uptime, wall
        self._asleep_s, self._offset_s = self._differences()

    def look(self) -> list[str]:
        """Return what has happened to the clocks since the last look, nothing most of the time."""
        asleep_s, offset_s = self._differences()
        slept_s, step_s = asleep_s - self._asleep_s, offset_s - self._offset_s
        self._asleep_s, self._offset_s = asleep_s, offset_s
        notes = []
        if slept_s > _SLEPT_S:
            notes.append(f"the machine slept for {slept_s:,.0f} s, which count neither as time nor as energy")
            step_s -= slept_s
        if abs(step_s) > _SET_S:
            notes.append(f"the clock on the wall was set {'forward' if step_s > 0 else 'back'} by {abs(step_s):,.0f} s; durations are not affected")
        return notes

    def _differences(self) -> tuple[float, float]:
        monotonic_s = self._monotonic()
        return self._uptime() - monotonic_s, self._wall() - monotonic_s
