"""A meter that is opened and read in a thread of its own, so that nothing waits longer than a few seconds for a source that hangs."""

import time
from collections.abc import Callable, Mapping

from traincarbon.helper_thread import HelperThread
from traincarbon.meters.base import Meter, Reading, Unavailable

OPENING_S = 60.0
"""A driver that has to wake many GPUs takes some seconds for each."""
PATIENCE_S = 2.0
_CLOSING_S = 0.5
_SILENT_S = 1.0
"""Time between checks whether it answers."""
_FIRST_RETRY_S, _LAST_RETRY_S = 1.0, 30.0
_RETRY_WAIT_S = 0.2


class ThreadedMeter(Meter):
    """Opens and reads a meter in a thread. While that hangs, the readings stay the same. Afterwards a counter holds what it missed.

    Args:
        name: Its name.
        probe: Opens the meter, or returns the reason why it cannot be read.
        keeps_trying: Whether to open it again after a failure that may end.
        abort: Ends what the thread waits for, if it can be ended.
        abort_after_s: When to end it. [s]
    """

    def __init__(
        self,
        name: str,
        probe: Callable[[], Meter | Unavailable],
        *,
        keeps_trying: bool = False,
        abort: Callable[[], None] | None = None,
        abort_after_s: float = OPENING_S,
    ) -> None:
        self.name = name
        self.notes: list[str] = []
        self.names: Mapping[str, str] = {}
        self.max_interval_s = _SILENT_S
        self.failure: Unavailable | None = None
        self._probe = probe
        self._keeps_trying = keeps_trying
        self._abort = abort
        self._abort_after_s = abort_after_s
        self._meter: Meter | None = None
        self._thread = HelperThread()
        self._last: tuple[Reading, ...] = ()
        self._silent_since_s: float | None = None
        self._closed = False
        self._retry_s, self._wait_s = 0.0, _FIRST_RETRY_S
        self._stand_in: Meter | None = None
        self._stood_in_j: Mapping[str, float] = {}
        self._began_s = time.monotonic()
        self._thread.ask(probe)

    @property
    def is_open(self) -> bool:
        """Whether the source was opened."""
        return self._meter is not None

    @property
    def is_opening(self) -> bool:
        """Whether the source has not answered yet."""
        return self._meter is None and self._thread.busy

    def stand_in(self, meter: Meter) -> None:
        """Give the readings of *meter*, which assumes the power of the same devices, until the source can be opened."""
        self._stand_in = meter

    def wait(self, *, wait_s: float) -> Unavailable | None:
        """Wait until the source is open or cannot be opened; return why not. One that does not answer in *wait_s* may still answer later."""
        if self._meter is None and self._thread.busy and self._thread.answers(wait_s=max(wait_s, 0.0)):
            self._take_opened()
        if self._meter is None and self.failure is None:
            hint = "is a GPU lost? sudo dmesg | grep -iE 'nvrm|xid|amdgpu'"
            waited_s = time.monotonic() - self._began_s
            self.failure = Unavailable(self.name, f"its library does not answer within {waited_s:.2g} s", hint, is_there=True, may_answer_later=True)
        return None if self._meter is not None else self.failure

    def read(self) -> tuple[Reading, ...]:
        """Return one reading for each device, the last ones if the library does not answer, none before it is open."""
        if self._closed:
            return self._last
        if self._meter is None:
            self._try_to_open()
            if self._meter is None:
                self._last = () if self._stand_in is None else self._stand_in.read()
                return self._last
        asked_s = time.monotonic()
        if not self._thread.busy:
            self._thread.ask(self._meter.read)
        if self._thread.answers(wait_s=PATIENCE_S if self._silent_since_s is None else 0.0):
            if self._silent_since_s is not None:
                self.notes.append(f"{self.name}: its library answers again after {time.monotonic() - self._silent_since_s:.1f} s")
            self._silent_since_s = None
            self._take(self._meter, self._thread.answer())
        elif self._silent_since_s is not None:
            self._end_after(self._silent_since_s)
        else:
            self._silent_since_s = asked_s
            self.max_interval_s = _SILENT_S
            self.notes.append(f"{self.name}: its library has not answered for {PATIENCE_S:g} s: its energy stands still until it does")
        return self._last

    def close(self) -> None:
        """Close the meter as soon as its library answers."""
        if not self._closed:
            self._closed = True
            if self._abort is not None and self._thread.busy:
                self._abort()
            self._thread.end(*([] if self._meter is None else [self._meter]), wait_s=_CLOSING_S if self._meter is not None else 0.0)

    def _take(self, meter: Meter, readings: tuple[Reading, ...]) -> None:
        """Take over what the meter states now."""
        stood_in_j = self._stood_in_j
        if stood_in_j:
            readings = tuple(reading._replace(energy_j=reading.energy_j + stood_in_j.get(reading.device, 0.0)) for reading in readings)
        self._last = readings
        self._take_stated(meter)
        self.notes += meter.notes
        meter.notes.clear()

    def _try_to_open(self) -> None:
        """Take the source if it has been opened meanwhile, or begin to open it again."""
        if self._thread.busy:
            if self._thread.answers(wait_s=0.0):
                self._take_opened()
            else:
                self.wait(wait_s=0.0)
                self._end_after(self._began_s)
        elif self._keeps_trying and self.failure is not None and self.failure.may_answer_later and time.monotonic() >= self._retry_s:
            self._thread.ask(self._probe)
            if self._thread.answers(wait_s=_RETRY_WAIT_S):
                self._take_opened()
        if self._stand_in is not None and self._meter is None:
            self.names, self.assumed = self._stand_in.names, self._stand_in.assumed

    def _end_after(self, since_s: float) -> None:
        """End what the thread has waited for since *since_s*, if that is long and can be ended."""
        if self._abort is not None and time.monotonic() - since_s > self._abort_after_s:
            self._abort()

    def _take_opened(self) -> None:
        found: Meter | Unavailable = self._thread.answer()
        if isinstance(found, Unavailable):
            self.failure = found
            self._retry_s, self._wait_s = time.monotonic() + self._wait_s, min(2.0 * self._wait_s, _LAST_RETRY_S)
            return
        if self.failure is not None:
            self.notes.append(f"{self.name}: can be read now, {time.monotonic() - self._began_s:.1f} s after the first try")
        self._meter, self.failure = found, None
        if self._stand_in is not None:
            self._stood_in_j = {reading.device: reading.energy_j for reading in self._stand_in.read()}
        self._take_stated(found)

    def _take_stated(self, meter: Meter) -> None:
        """Take over what a meter states beside its readings; one of another package may lack some of it."""
        self.max_interval_s = meter.max_interval_s
        self.names, self.assumed, self.users = (getattr(meter, name, {}) for name in ("names", "assumed", "users"))
        self.covers, self.unread, self.order, self.hidden = (getattr(meter, name, ()) for name in ("covers", "unread", "order", "hidden"))
