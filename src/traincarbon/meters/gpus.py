"""Accelerators of any vendor as a meter: by their energy counter, by sampled power where they have none, lost and found again."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from traincarbon.errors import CarbonError
from traincarbon.meters.base import Reading
from traincarbon.meters.counter import Counter
from traincarbon.meters.power import Pace, PowerIntegral

_T = TypeVar("_T")

COUNTED_S = 10.0
"""Longest gap between reads of counters: so much at most hangs on one step of a register that is not believed."""
_DETAILS_S = 1.0
_STUCK_S = 10.0
_STUCK_W = 5.0
_HEADROOM = 1.5
"""A board may exceed its power limit for moments, but not by half over an interval."""
_MOST_AT_ONCE = 4.0
"""No sample is more than so many times the power limit: libraries give 2**32 - 1 mW for unknown, and 0."""
_WRAP = 1 << 32
"""A register of 64 bits never wraps; one that is 32 bits wide below does here."""
_FIRST_RETRY_S = 1.0
_LAST_RETRY_S = 30.0


class BoardError(CarbonError):
    """A vendor's library could not answer."""


class Details(NamedTuple):
    """What else a board tells, None where it does not."""

    utilisation: float | None = None
    temperature_c: float | None = None
    clock_hz: float | None = None
    memory_used_b: float | None = None


class Board(Protocol):
    """One accelerator, as its vendor's library answers; every question but that for details may raise :class:`BoardError`."""

    device: str
    name: str
    limit_w: float
    unit_j: float
    """Joules of one count of the energy counter."""
    share: float
    """Share of the board that is the job's, 1 for a whole board."""
    sigma_ln: float
    """Log-spread of that share."""

    def counts(self) -> int | None:
        """Return what the energy counter shows, None where the board has none."""
        ...

    def power_w(self) -> float | None:
        """Return the power now, None where the board does not tell."""
        ...

    def details(self) -> Details:
        """Return what else it tells."""
        ...

    def reopen(self) -> None:
        """Look for the board anew after it was lost."""
        ...


class BoardsMeter:
    """Reads a set of boards, each by the best that it offers."""

    def __init__(self, name: str, boards: Sequence[Board], *, notes: Sequence[str] = (), clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self.notes = list(notes)
        self.names: Mapping[str, str] = {board.device: board.name for board in boards}
        self._clock = clock
        self._pace = Pace()
        self._close: Callable[[], None] | None = None
        self._boards = [_Tracked(board, self.notes) for board in boards]
        self._last = tuple(self._read_all())
        self._closed = False

    def on_close(self, action: Callable[[], None]) -> None:
        """Call *action* once when the meter is closed."""
        self._close = action

    def read(self) -> tuple[Reading, ...]:
        """Return one reading for each board, in the order in which they were given."""
        if not self._closed:
            self._last = tuple(self._read_all())
        return self._last

    def close(self) -> None:
        """Let go of the vendor's library."""
        if not self._closed and self._close is not None:
            self._close()
        self._closed = True

    def _read_all(self) -> list[Reading]:
        readings = [board.read(self._clock) for board in self._boards]
        powers_w = [reading.power_w or 0.0 for board, reading in zip(self._boards, readings, strict=True) if not board.counted]
        self.max_interval_s = self._pace.next_s(powers_w, time_s=readings[-1].time_s) if powers_w else COUNTED_S
        return readings


class _Tracked:
    """What has been read of one board so far."""

    def __init__(self, board: Board, notes: list[str]) -> None:
        self._board = board
        self._notes = notes
        self._counter: Counter | None = Counter(unit_j=board.unit_j, most_w=_HEADROOM * board.limit_w, wraps_at=_WRAP)
        self._sampled = PowerIntegral()
        self._watched_j = 0.0
        self._moved: tuple[int, float] | None = None
        self._counted_j = 0.0
        self._told_j = 0.0
        self._unread = False
        """Whether the counter could not be read the last time; until it can, the power that was sampled since stands in for it."""
        self._details: tuple[float, Details] = (-_DETAILS_S, Details())
        self._lost_s: float | None = None
        self._retry: tuple[float, float] = (0.0, _FIRST_RETRY_S)

    @property
    def counted(self) -> bool:
        """Whether the board is read by its counter."""
        return self._counter is not None

    def read(self, clock: Callable[[], float]) -> Reading:
        if self._lost_s is not None and clock() >= self._retry[0]:
            self._look_for_it(clock())
        now = clock()
        power_w, details = None, Details()
        try:
            power_w = self._measure(clock)
            if now - self._details[0] >= _DETAILS_S:
                self._details = (now, self._board.details())
            details = self._details[1]
        except BoardError as error:
            self._lose(now, error)
        else:
            self._found(now)
        board = self._board
        how = "modelled" if board.share < 1.0 else "counter" if self.counted else "power"
        return Reading(board.device, "gpu", self._energy_j() * board.share, now, how, _shared(power_w, board.share), *details, sigma_ln=board.sigma_ln)

    def _energy_j(self) -> float:
        sampled_j = self._sampled.energy_j - self._watched_j
        counted_j = self._counted_j if self._counter is None else self._counter.energy_j
        self._told_j = max(self._told_j, counted_j + (sampled_j if self._unread or self._counter is None else 0.0))
        return self._told_j

    def _measure(self, clock: Callable[[], float]) -> float | None:
        """Read energy and power, either of which may fail without the other; return the power."""
        counts, failed = _answer(self._board.counts) if self._counter is not None else (None, None)
        now = clock()
        told_w, power_failed = _answer(self._board.power_w)
        before_w, power_w = self._sampled.power_w, told_w if told_w is not None and can_be(told_w, limit_w=self._board.limit_w) else None
        if counts is None and power_w is None:
            raise failed or power_failed or BoardError("it tells neither energy nor power" if told_w is None else f"its power reads {told_w:,.0f} W")
        self._unread = failed is not None
        if power_w is None:
            self._sampled.forget()
        else:
            odd = self._sampled.add(power_w, time_s=now)
            self._note(odd if self._counter is None else "")
        if self._counter is None:
            return power_w
        if counts is not None:
            mean_w = 0.5 * (before_w + power_w) if before_w is not None and power_w is not None else None
            self._note(self._counter.add(counts, time_s=now, power_w=mean_w))
            self._watch(self._counter, counts, now, power_w)
        elif failed is None:
            self._give_up(self._counter)
        elif self._moved is None or now - self._moved[1] > _STUCK_S:
            self._note(f"its counter cannot be read ({failed}): its power is sampled instead")
            self._give_up(self._counter)
        return power_w

    def _watch(self, counter: Counter, counts: int, now: float, power_w: float | None) -> None:
        """Give a counter up that has stood still for ten seconds while the board draws power."""
        if self._moved is None or counts != self._moved[0] or power_w is None or power_w < _STUCK_W:
            self._moved, self._watched_j = (counts, now), self._sampled.energy_j
        elif now - self._moved[1] > _STUCK_S:
            self._note(f"its counter has stood still for {now - self._moved[1]:.0f} s: its power is sampled from there on")
            self._give_up(counter)

    def _give_up(self, counter: Counter) -> None:
        self._counted_j, self._counter = counter.energy_j, None

    def _lose(self, now: float, error: BoardError) -> None:
        if self._lost_s is None:
            self._lost_s, self._retry = now, (now + _FIRST_RETRY_S, _FIRST_RETRY_S)
            self._note(f"cannot be read any more ({error}): its energy stands still")
        self._sampled.forget()
        self._moved = None

    def _found(self, now: float) -> None:
        if self._lost_s is not None:
            self._note(f"is read again after {now - self._lost_s:.1f} s")
            self._lost_s = None

    def _look_for_it(self, now: float) -> None:
        wait_s = min(2.0 * self._retry[1], _LAST_RETRY_S)
        self._retry = (now + wait_s, wait_s)
        try:
            self._board.reopen()
        except BoardError:
            return

    def _note(self, text: str) -> None:
        if text:
            self._notes.append(f"{self._board.device}: {text}")


def can_be(power_w: float, *, limit_w: float) -> bool:
    """Say whether a board that may draw *limit_w* can draw *power_w*, or whether that stands for unknown."""
    return 0.0 < power_w <= _MOST_AT_ONCE * limit_w


def _answer(question: Callable[[], _T | None]) -> tuple[_T | None, BoardError | None]:
    """Return the answer of a board, and why there is none."""
    try:
        return question(), None
    except BoardError as error:
        return None, error


def _shared(power_w: float | None, share: float) -> float | None:
    return None if power_w is None else power_w * share
