"""Find progress in a script's output with a regular expression."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from traincarbon.errors import CarbonError, QuantityError
from traincarbon.estimation.parse import parse_quantity
from traincarbon.tracking.lines import LONGEST_B, Splitter, plain_line
from traincarbon.tracking.reports import FIELDS, PHASE, Report, report_of

_TIMEOUT_S = 0.5
_TIMEOUT_S_PER_B = 1e-6
"""Ten times what a sound pattern takes."""
_SINGULAR = {"token": "tokens", "sample": "samples", "step": "steps"}
_EXAMPLE = r"name the groups, as 'step (?P<steps>\d+)/(?P<total_steps>\d+)'"


class Pattern:
    r"""Finds progress in a script's output by named groups; a single unnamed group means steps.

    Groups are ``tokens``, ``samples``, ``steps`` (or in the singular), ``loss``, ``total_tokens``, ``total_samples``, ``total_steps``,
    and ``phase`` for the name of the phase that begins. Numbers may be written as ``1.2k``, ``3M`` or ``1,234``. The search ends for good once a pattern takes half a second of
    processor time.

    Args:
        expression: The regular expression, in Python's syntax.
        notes: The list to which notes are added.

    Raises:
        CarbonError: *expression* is not a regular expression, or none of its groups has a known name.

    Example:
        >>> pattern = Pattern(r"step (\d+)")
        >>> pattern.feed(b"step 12\nstep 13\n", time_s=1.0)[-1].steps
        13.0
    """

    def __init__(self, expression: str, *, notes: list[str] | None = None) -> None:
        try:
            self._pattern = re.compile(expression)
        except (re.error, RecursionError, OverflowError) as error:
            raise CarbonError(f"{expression[:60]!r} is not a regular expression: {error}", hint=_EXAMPLE) from error
        named = {group: _SINGULAR.get(group, group) for group in self._pattern.groupindex}
        self._groups: dict[str | int, str] = {group: name for group, name in named.items() if name in (*FIELDS, PHASE)}
        if not named and self._pattern.groups == 1:
            self._groups = {1: "steps"}
        if not self._groups:
            raise CarbonError(f"{expression[:60]!r} has no group for progress", hint=_EXAMPLE)
        self._notes = notes if notes is not None else []
        self._expression = expression
        self._splitter = Splitter(longest=LONGEST_B, separators=b"\r")
        self._given_up = False

    def feed(self, data: bytes, *, time_s: float) -> list[Report]:
        """Return the reports in the lines that *data* completes; a carriage return ends a line too.

        Args:
            data: Bytes as they were read, cut anywhere.
            time_s: When they were read, on the monotonic clock. [s]
        """
        if self._given_up:
            return []
        try:
            with _no_longer_than(_TIMEOUT_S + len(data) * _TIMEOUT_S_PER_B):
                return [report for line in self._splitter.feed(data) if (report := self._report(line, time_s)) is not None]
        except _TooSlowError:
            self._given_up = True
            self._notes.append(f"the pattern {self._expression[:60]!r} is too slow on this output and is no longer searched for")
            return []

    def _report(self, line: bytes, time_s: float) -> Report | None:
        found = self._pattern.search(plain_line(line))
        if found is None:
            return None
        words = {name: word for group, name in self._groups.items() if (word := found.group(group)) is not None}
        return report_of({name: word if name == PHASE else _number(word) for name, word in words.items()}, time_s=time_s)


class _TooSlowError(CarbonError):
    """The pattern took too long."""


def _number(text: str) -> float | None:
    try:
        return parse_quantity(text)
    except QuantityError:
        return None


@contextmanager
def _no_longer_than(seconds: float) -> Iterator[None]:
    """Interrupt the search after *seconds* of processor time, as some patterns never end; this works in the main thread only."""
    import signal
    import threading

    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread() or any(signal.getitimer(signal.ITIMER_VIRTUAL)):
        yield
        return

    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise _TooSlowError("too slow")

    before: Callable[[int, FrameType | None], object] | int | None = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)
