"""Wait for input on everything that a metering process listens to, and pass it on to what handles it."""

import select
from collections.abc import Callable

from traincarbon.tracking.reports import Report
from traincarbon.tracking.sidecar.members import Members
from traincarbon.tracking.value.lookup_process import LookupProcess


class Inputs:
    """The descriptors of all members, of the door and of the lookup process.

    Args:
        members: The members of the run.
        lookup: The process that looks up what energy and hours are worth.
        take_reports: What takes the reports of a training.
        take_valuation: What takes the answer of the lookup process.
    """

    def __init__(self, members: Members, lookup: LookupProcess, *, take_reports: Callable[[list[Report]], None], take_valuation: Callable[[], None]) -> None:
        self._members = members
        self._lookup = lookup
        self._take_reports = take_reports
        self._take_valuation = take_valuation
        self._waiter: select.poll | None = None
        self._handlers: dict[int, Callable[[], None]] = {}
        """Descriptor to what handles its input."""
        self._lives: set[int] = set()

    def wait(self, wait_s: float) -> bool:
        """Wait until input arrives, *wait_s* at most, and handle it; return whether an owner or a training has ended."""
        if self._waiter is None:
            self._waiter = self._make_waiter()
        ready = [descriptor for descriptor, _ in self._waiter.poll(max(wait_s, 0.0) * 1e3)]
        for descriptor in ready:
            self._handlers[descriptor]()
        return not self._lives.isdisjoint(ready)

    def change(self) -> None:
        """Listen to other descriptors from now on."""
        self._waiter = None

    def _make_waiter(self) -> select.poll:
        """Return a poll object for all descriptors from which input can come now."""
        self._lives = self._members.lives
        self._handlers = {**dict.fromkeys(self._lives, lambda: None), **self._members.handlers(self._take_reports)}
        if self._lookup.fileno() >= 0:
            self._handlers[self._lookup.fileno()] = self._take_valuation
        waiter = select.poll()
        for descriptor in self._handlers:
            waiter.register(descriptor, select.POLLIN)
        return waiter
