"""The latest state for a sink that may be slow: it never gets a queue of old ones."""

import threading

from traincarbon.tracking.live_state import LiveState
from traincarbon.tracking.messages import Final


class Feed:
    """Holds the latest state until it is taken, and then the end of the run."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._latest: LiveState | None = None
        self._final: Final | None = None
        self._has_ended = False

    def put(self, state: LiveState) -> None:
        """Take the latest state in place of one that was not taken."""
        with self._changed:
            self._latest = state
            self._changed.notify()

    def end(self, final: Final | None) -> None:
        """Take the end: *final* of the run, or None where only the metering process is gone."""
        with self._changed:
            self._final, self._has_ended = final, True
            self._changed.notify()

    def take(self) -> LiveState | None:
        """Wait for the next state and return it; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._latest is not None or self._has_ended)
            if self._has_ended:
                return None
            state, self._latest = self._latest, None
            return state

    @property
    def last(self) -> tuple[LiveState | None, Final | None]:
        """The state that was not taken, and the end of the run."""
        return self._latest, self._final
