"""Compare an energy counter with sampled power, at the start and now and then: some counters state another energy than the GPU uses."""

from typing import NamedTuple

WINDOW_S = 2.0
"""Length of a comparison."""
SAMPLE_S = 0.125
"""Mean time between two samples of power within a comparison."""
_SPARSE_S = 0.4
"""Samples that are further apart do not show what happened between them: the comparison starts again."""
_BELOW_IDLE = 0.02
"""A GPU that draws some power at both ends of a long interval did not draw so small a share of it in between: even one that is idle draws more."""
_MOST_STARTS = 8
_EVERY_S = 600.0
"""Time between two comparisons."""
_OFF = 0.2
"""A counter that is off by a larger share is not used."""
_FAR_OFF = 3.0
"""A counter that is off by this factor is given up after one comparison."""
_IN_A_ROW = 3
"""Comparisons that have to fail before a counter is given up: a few samples can miss bursts of power."""
_LAG_S = 1.0
"""A power sensor may average over so long, so it is late where power changes."""
_LEAST_W = 5.0
"""Below this mean, sensors round and counters stand still."""


class Window(NamedTuple):
    """The start of a comparison: the time, and the joules that were counted and sampled until then."""

    time_s: float
    counted_j: float
    sampled_j: float


class CounterCheck:
    """Decides whether a counter agrees with the power of the same GPU.

    Both are taken over the same two seconds. They disagree if they differ by more than 20 % of the sampled energy and one second
    of the range in which power moved. Three comparisons in a row decide, or one that is off by a factor of three.

    Attributes:
        bad_since: The start of the first of the comparisons that failed, None if none did.
        has_passed: Whether a comparison was passed.
    """

    def __init__(self) -> None:
        self.bad_since: Window | None = None
        self.has_passed = False
        self._from: Window | None = None
        self._latest_s = 0.0
        self._failed = self._starts = 0
        self._next_s = float("-inf")
        self._range_w = (0.0, 0.0)

    @property
    def is_running(self) -> bool:
        """Whether a comparison is under way."""
        return self._from is not None

    def most_j(self, sampled_j: float) -> float | None:
        """Return the most joules that a counter which was never compared is believed to have counted, None if there is no bound."""
        if self.has_passed or self._from is None:
            return None
        return self._from.counted_j + (sampled_j - self._from.sampled_j) * (1.0 + _OFF) + self._spread_j() + _LAG_S * self._range_w[1]

    def add(self, counted_j: float, sampled_j: float, power_w: float | None, *, time_s: float) -> str:
        """Take a reading of both. Return why the counter is not to be used, "" if it is or if it is not decided yet.

        Args:
            counted_j: Energy by the counter since the meter was opened. [J]
            sampled_j: Energy by sampled power since then. [J]
            power_w: The last sample, None if there is none. [W]
            time_s: When they were read. [s]
        """
        if power_w is None:
            self._from = None
            return ""
        before_s, self._latest_s = self._latest_s, time_s
        if self._from is None or time_s - before_s > _SPARSE_S:
            if why := self._impossible(Window(time_s, counted_j, sampled_j), power_w):
                return why
            self._begin(Window(time_s, counted_j, sampled_j), power_w)
            return ""
        low_w, high_w = self._range_w
        self._range_w = (min(low_w, power_w), max(high_w, power_w))
        if time_s - self._from.time_s < WINDOW_S:
            return ""
        return self._judge(self._from, Window(time_s, counted_j, sampled_j), power_w)

    def _begin(self, at: Window, power_w: float) -> None:
        self._from = None
        if at.time_s >= self._next_s:
            self._from, self._range_w = at, (power_w, power_w)
            self._starts += 1
            if self._starts > _MOST_STARTS:  # it is not read often enough
                self._end(at)

    def _impossible(self, end: Window, power_w: float) -> str:
        """Return why a counter is not to be used that rose by next to nothing between two distant samples, "" if it did not."""
        start = self._from
        if start is None or end.time_s - start.time_s < WINDOW_S or min(self._range_w[0], power_w) < _LEAST_W:
            return ""
        counted_j, took_s = end.counted_j - start.counted_j, end.time_s - start.time_s
        if counted_j >= _BELOW_IDLE * min(self._range_w[0], power_w) * took_s:
            return ""
        self._end(end)
        self.bad_since = start
        return _contradiction(counted_j, end.sampled_j - start.sampled_j, took_s)

    def _end(self, at: Window) -> None:
        self._from, self._next_s, self._starts = None, at.time_s + _EVERY_S, 0

    def _judge(self, start: Window, end: Window, power_w: float) -> str:
        counted_j, sampled_j, took_s = end.counted_j - start.counted_j, end.sampled_j - start.sampled_j, end.time_s - start.time_s
        self._end(end)
        if max(counted_j, sampled_j) < _LEAST_W * took_s:
            return ""
        spread_j = self._spread_j()
        if abs(counted_j - sampled_j) - spread_j <= _OFF * sampled_j:
            self.bad_since, self.has_passed, self._failed = None, True, 0
            return ""
        self._failed += 1
        self.bad_since = self.bad_since or start
        is_far_off = counted_j > _FAR_OFF * sampled_j + spread_j or counted_j + spread_j < sampled_j / _FAR_OFF
        if is_far_off or self._failed >= _IN_A_ROW:
            return _contradiction(counted_j, sampled_j, took_s)
        self._next_s = end.time_s
        self._begin(end, power_w)
        return ""

    def _spread_j(self) -> float:
        low_w, high_w = self._range_w
        return _LAG_S * (high_w - low_w)


def _contradiction(counted_j: float, sampled_j: float, took_s: float) -> str:
    return f"its counter rose by {counted_j:,.0f} J in {took_s:.1f} s, its power makes {sampled_j:,.0f} J: its power is sampled instead"
