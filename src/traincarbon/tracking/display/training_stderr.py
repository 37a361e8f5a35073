"""What a tracker within Python writes on stderr, which is that of the training: messages, and at the end what the run took."""

import contextlib
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from traincarbon.tracking.display.stderr_display import LINES_S, PANEL_S
from traincarbon.tracking.messages import Final

if TYPE_CHECKING:
    from traincarbon.ledger.run import Run

_STDERR = 2


class TrainingStderr:
    """Writes on the stderr of this process, and never raises: it may be closed, or a stream of a notebook.

    Args:
        quiet: Whether to write only what nobody may miss.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def print(self, text: str, *, even_if_quiet: bool = False) -> None:
        """Write a message in a line of its own."""
        if (even_if_quiet or not self._quiet) and sys.stderr is not None:
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write(f"carbon: {text}\n")

    def for_display(self) -> tuple[int, float]:
        """Return a descriptor for the process that shows the run, and the time between two states [s]; -1 and 0 if nothing is to be shown or this is not stderr."""
        try:
            if self._quiet or sys.stderr is None or sys.stderr.fileno() != _STDERR:
                return -1, 0.0
            import fcntl

            descriptor = fcntl.fcntl(_STDERR, fcntl.F_DUPFD_CLOEXEC, _STDERR + 1)
        except (OSError, ValueError, AttributeError, ImportError):  # it is closed, or a stream of a notebook or a test
            return -1, 0.0
        return descriptor, PANEL_S if os.isatty(descriptor) else LINES_S

    def summarise(self, read: "Callable[[], Run | None]", final: Final, *, store: str) -> None:
        """Write what the run took.

        Args:
            read: Returns its record.
            final: The last message of the metering process.
            store: The folder of the run as the user gave it, "" for the default one.
        """
        if self._quiet or sys.stderr is None:
            return
        try:
            from traincarbon.tracking.display.run_summary import summary

            record = read()
            if record is not None:
                shown = summary(record, budgets=final.budgets, store=store, again=not final.unwritten, styled=sys.stderr.isatty())
                encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
                sys.stderr.write(f"\n{shown}\n".encode(encoding, "replace").decode(encoding))
        except Exception as error:  # noqa: BLE001  a training that has ended well must not fail with its summary
            self.print(f"the summary cannot be shown: {type(error).__name__}: {error}")
