"""The signal with which a tracker asks a training to save its state and end, caught while a framework trains."""

import contextlib
import signal
import threading
from types import FrameType


class StopRequest:
    """Catches the budget signal between :meth:`open` and :meth:`close`. A handler of the training's own stays as it is.

    Args:
        number: The signal.

    Attributes:
        is_made: Whether the signal has come.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._before: object = None
        self._is_open = False
        self.is_made = False

    def open(self) -> bool:
        """Catch the signal from now on; return whether that is possible: Python gives signals to the main thread alone."""
        self.is_made = False
        if threading.current_thread() is not threading.main_thread() or signal.getsignal(self._number) not in (signal.SIG_DFL, signal.SIG_IGN):
            return False
        with contextlib.suppress(OSError, ValueError):
            self._before = signal.signal(self._number, self._take)
            self._is_open = True
        return self._is_open

    def close(self) -> None:
        """Leave the signal as it was before; safe to call twice and from any thread."""
        if self._is_open and threading.current_thread() is threading.main_thread():
            self._is_open = False
            if signal.getsignal(self._number) == self._take:
                signal.signal(self._number, self._before)  # type: ignore[arg-type]  # what signal.signal returned

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        self.is_made = True
