"""Phases of a training, as evaluation or a checkpoint, reported by the script."""

import os
import threading
from types import TracebackType
from typing import Final, Self

from traincarbon.tracking.phase_outbox import outbox
from traincarbon.tracking.progress_pipe import VARIABLE

_LONGEST = 40


class _Open(threading.local):
    """The phases that this thread is in, the innermost last."""

    def __init__(self) -> None:
        self.phases: list[Phase] = []


_OPEN: Final = _Open()
"""One a thread: what a line of the progress pipe states is the innermost phase of its thread."""


class Phase:
    """A phase of the training: time, energy and tokens until it ends are its own, those of a phase within it excepted.

    It may be entered again and again. Outside of a tracker it does nothing.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> Self:
        _OPEN.phases.append(self)
        self._report(self.name)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        phases = _OPEN.phases
        for at in range(len(phases) - 1, -1, -1):
            if phases[at] is self:
                del phases[at]
                break
        self._report(phases[-1].name if phases else "")

    def _report(self, name: str) -> None:
        if VARIABLE in os.environ:
            outbox().put(f"{os.getpid()}-{threading.get_ident()}", str(name)[:_LONGEST])


def phase(name: str) -> Phase:
    """Return a phase of the training for a ``with`` statement; outside of a tracker it does nothing. It never raises and never blocks.

    The record states time, energy and tokens of each phase. Phases of the same name add up. Within a phase, a nested one counts for itself.
    If several processes or threads report phases, the one that began last counts.

    Args:
        name: Its name, as ``eval`` or ``checkpoint``; 40 characters are kept.

    Example:
        >>> with phase("eval"):
        ...     loss = 0.25
    """
    return Phase(name)
