"""An energy register as joules since it was first read. It may wrap, restart, go back or jump."""

_LAG_S = 0.25
"""A GPU may refresh its register so late, so a short interval can hold the energy of a longer one."""
_LONGEST_BRIDGE_S = 30.0
"""A longer interval without a reliable register is not counted."""


class Counter:
    """Adds up the steps of a register, in whole counts, and sets aside impossible ones.

    A step is impossible if it is more than the device can draw, or goes back without a wrap. Then the power that was sampled
    at both ends of the interval counts instead, if there is any, and the register continues from its new value.

    Args:
        unit_j: Joules of one count.
        most_w: The most that such a device can draw over an interval.
        wraps_at: Counts at which the register starts at 0 again, if it wraps.
    """

    def __init__(self, *, unit_j: float, most_w: float, wraps_at: int | None = None) -> None:
        self._unit_j = unit_j
        self._most_w = most_w
        self._wraps_at = wraps_at
        self._counts = 0
        self._bridged_j = 0.0
        self._last: tuple[int, float] | None = None
        self.gap_s = 0.0
        """Seconds that were not counted, as the register was not reliable."""
        self.set_aside = 0
        """Impossible steps since the last possible one."""

    @property
    def register_j(self) -> float | None:
        """The register as it was read last, in joules, None before the first reading."""
        return None if self._last is None else self._last[0] * self._unit_j

    @property
    def energy_j(self) -> float:
        """Joules since the first reading."""
        return self._counts * self._unit_j + self._bridged_j

    def add(self, counts: int, *, time_s: float, power_w: float | None = None) -> str:
        """Take a reading of the register. Return what was wrong with it, "" if nothing was.

        Args:
            counts: Value of the register.
            time_s: When it was read. [s]
            power_w: Mean sampled power since the last reading, for an interval that the register lost. [W]
        """
        last, self._last = self._last, (counts, time_s)
        if last is None:
            return ""
        step, took_s = counts - last[0], time_s - last[1]
        most = self._most_w * (took_s + _LAG_S) / self._unit_j
        wrap = self._wraps_at if self._wraps_at is not None and most < self._wraps_at else 0  # after a longer time any step could be a wrap
        for counts_on in (step, step + wrap):
            if 0 <= counts_on <= most:
                self._counts += counts_on
                self.set_aside = 0 if counts_on else self.set_aside
                return ""
        self.set_aside += 1
        return self._bridge(step, took_s, power_w)

    def _bridge(self, step: int, took_s: float, power_w: float | None) -> str:
        what = f"fell by {-step * self._unit_j:,.0f} J" if step < 0 else f"rose by {step * self._unit_j:,.0f} J in {took_s:.1f} s, more than it can draw"
        if power_w is None or took_s > _LONGEST_BRIDGE_S:
            self.gap_s += took_s
            return f"its counter {what}: set aside, {took_s:.1f} s not counted"
        self._bridged_j += power_w * took_s
        return f"its counter {what}: set aside, {took_s:.1f} s counted by sampled power instead"
