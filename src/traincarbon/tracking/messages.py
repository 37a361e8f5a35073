"""The messages between the owner of a run and its metering process, one class a kind, and their form as lines of JSON."""

import json
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from traincarbon.decode import decode, encode
from traincarbon.errors import CarbonError
from traincarbon.tracking.live_state import BudgetState, LiveState
from traincarbon.tracking.settings import Settings


class Job(NamedTuple):
    """The training has started."""

    pid: int
    began_s: float
    """When, on the monotonic clock."""


class JobEnded(NamedTuple):
    """The training has ended."""

    ended_s: float
    """When, on the monotonic clock."""
    exit_code: int | None = None
    signal: int | None = None
    cpu_s: float | None = None
    """Processor time that it used, with all children it waited for. [s]"""
    state: str | None = None
    """``killed`` if its supervisor was killed; else the exit code tells."""


class TerminalUndo(NamedTuple):
    """How to restore the owner's terminal, in case the owner is killed."""

    terminal: str
    """Its file, as ``/dev/pts/3``."""
    text: str


class Note(NamedTuple):
    """Something to know, for the record or for the user."""

    text: str


class Opened(NamedTuple):
    """A sink is open."""

    text: str
    """Where it logs, for the user."""


REPLACED = "the metering process was killed and started again: what was not yet recorded is lost, at most one interval"
"""The note of a run whose metering process was replaced."""


class BudgetCheck(NamedTuple):
    """The answer to settings whose budgets need meters: why they cannot be metered, and what to do; empty if they can."""

    problem: str = ""
    hint: str = ""


NOT_METERED = BudgetCheck("the budget cannot be metered: there is no metering process", "to start all the same and only be warned: --on-budget warn")
"""The answer where none comes."""


class Begun(NamedTuple):
    """The session is in the journal; a process that replaces this one continues it."""


class Final(NamedTuple):
    """The metering has ended."""

    unwritten: tuple[str, ...] = ()
    """Journal lines that could not be written."""
    budgets: tuple[BudgetState, ...] = ()
    others: int = 0
    """Other processes of the run on this node that are still metered, or that ended with this one and show what the run came to."""
    fault: str = ""
    """Why the store does not have the lines."""
    kept_in: str = ""
    """The spare store that has them."""


Message: TypeAlias = Settings | Job | JobEnded | TerminalUndo | Note | BudgetCheck | Begun | LiveState | Final | Opened

_KINDS: dict[str, Callable[..., Message]] = {
    "settings": Settings,
    "job": Job,
    "ended": JobEnded,
    "undo": TerminalUndo,
    "note": Note,
    "budget_check": BudgetCheck,
    "begun": Begun,
    "state": LiveState,
    "final": Final,
    "opened": Opened,
}
_KIND_OF = {kind: name for name, kind in _KINDS.items()}


def to_line(message: Message) -> bytes:
    """Return *message* as a line of JSON."""
    return json.dumps({"kind": _KIND_OF[type(message)], **encode(message)}, separators=(",", ":"), default=str).encode("ascii") + b"\n"


def from_line(line: bytes) -> Message | None:
    """Return the message on a line, or None if it holds none.

    Example:
        >>> from_line(to_line(Note("hello"))), from_line(b"hello")
        (Note(text='hello'), None)
    """
    try:
        table = json.loads(line)
        kind = _KINDS[table["kind"]]
        return decode(kind, table)
    except (ValueError, RecursionError, TypeError, LookupError, CarbonError):
        return None
