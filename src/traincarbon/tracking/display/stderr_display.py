"""What the user sees of a tracker on stderr: the live view, and messages in lines of their own."""

import contextlib
from typing import TYPE_CHECKING, TextIO

from traincarbon.formatting import clean
from traincarbon.tracking.display.patient_stream import PatientStream

if TYPE_CHECKING:
    from traincarbon.tracking.display.live import Live
    from traincarbon.tracking.live_state import LiveState

_LAST_WAIT_S = 0.5
PANEL_S, LINES_S = 1.0, 10.0
"""Time between two updates of the panel, and of the lines in a log. [s]"""


class StderrDisplay:
    """The live view and the messages of a tracker; the view is imported when there is a state to show.

    Args:
        stream: Where to show them, None if it is closed.
        quiet: Whether to show nothing.
    """

    def __init__(self, stream: TextIO | None, *, quiet: bool = False) -> None:
        self._stream = None if stream is None else PatientStream(stream)
        self._quiet = quiet
        self._live: Live | None = None

    def show(self, state: "LiveState") -> bytes:
        """Show *state*, and return the escape sequence that would restore the terminal."""
        if self._live is None:
            from traincarbon.tracking.display.live import live

            self._live = live(self._stream, quiet=self._quiet or self._stream is None)
        self._live.show(state)
        return self._live.undo()

    def hide(self) -> bytes:
        """Hide the state until the next one."""
        if self._live is None:
            return b""
        self._live.hide()
        return self._live.undo()

    def print(self, text: str, *, even_if_quiet: bool = False) -> None:
        """Print a message in a line of its own."""
        if (self._quiet and not even_if_quiet) or self._stream is None:
            return
        if self._live is not None:
            self._live.hide()
        with contextlib.suppress(OSError, ValueError):  # a closed stderr must not end the training
            self._stream.write(f"carbon: {clean(text)}\n")
            self._stream.flush()

    def close(self) -> None:
        """Restore the terminal, and wait half a second at most until what was printed is taken; safe to call twice."""
        if self._live is not None:
            self._live.close()
        if self._stream is not None:
            with contextlib.suppress(OSError, ValueError):
                self._stream.send(wait_s=_LAST_WAIT_S)
            self._stream.close()
