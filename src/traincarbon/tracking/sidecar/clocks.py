"""Detect that the machine slept, that this process was stopped or that the wall clock was set."""

import time
from collections.abc import Callable

_SLEPT_S = 2.0
_SET_S = 2.0
"""Smaller steps are normal corrections by a time service."""

_STOPPED_S = 3.0
"""A process that is only scheduled late goes on earlier."""
_SEEN_S = 1.0
"""Processes that are continued together go on within this time."""


def _uptime_s() -> float:
    """Return the time since boot including sleep, if the system has it; else the monotonic clock."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class Clocks:
    """Compares the monotonic clock, which stops while the machine sleeps, with the time since boot and the wall clock."""

    def __init__(
        self, *, monotonic: Callable[[], float] = time.monotonic, uptime: Callable[[], float] = _uptime_s, wall: Callable[[], float] = time.time
    ) -> None:
        self._monotonic, self._uptime, self._wall = monotonic, uptime, wall
        self._asleep_s, self._offset_s = self._differences()
        self._stopped: tuple[float, float] | None = None
        """From and until when this process was stopped the last time."""

    def check(self) -> list[str]:
        """Return notes on what happened to the clocks since the last check, usually none."""
        asleep_s, offset_s = self._differences()
        slept_s, step_s = asleep_s - self._asleep_s, offset_s - self._offset_s
        self._asleep_s, self._offset_s = asleep_s, offset_s
        notes = []
        if slept_s > _SLEPT_S:
            notes.append(f"the machine slept for {slept_s:,.0f} s, which do not count as time or energy")
            step_s -= slept_s
        if abs(step_s) > _SET_S:
            notes.append(f"the wall clock was set {'forward' if step_s > 0 else 'back'} by {abs(step_s):,.0f} s; durations are not affected")
        return notes

    def stopped(self, *, due_s: float) -> list[str]:
        """Return a note if this process goes on much later than at *due_s* on the monotonic clock, usually none."""
        now_s = self._monotonic()
        if now_s - due_s <= _STOPPED_S:
            return []
        self._stopped = (due_s, now_s)
        return [f"the metering process was stopped for {now_s - due_s:,.0f} s"]

    def end_while_stopped(self, *, began_s: float, ended_s: float) -> list[str]:
        """Return a note if the training ended while its trackers were stopped, so that nobody saw when; usually none.

        Args:
            began_s: When the training began. [s]
            ended_s: When it was found to have ended. A supervisor that was not stopped has seen the end itself. [s]
        """
        if self._stopped is None or not -_SEEN_S <= ended_s - self._stopped[1] <= _SEEN_S:
            return []
        span = f"between {max(self._stopped[0] - began_s, 0.0):,.1f} and {ended_s - began_s:,.1f} s after it began"
        return [f"the command ended while its tracker was stopped, {span}: time, energy and cost count until the latest and may be too high"]

    def _differences(self) -> tuple[float, float]:
        monotonic_s = self._monotonic()
        return self._uptime() - monotonic_s, self._wall() - monotonic_s
