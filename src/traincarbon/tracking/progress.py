"""How far a training has come: what the script says of itself, or what its output gives away."""

import json
import math
import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, SupportsFloat

from traincarbon.tracking.value.trend import Points

VARIABLE = "CARBON_PROGRESS_FD"
"""The environment variable that names the descriptor to which a script writes one JSON object a line."""
IDENTITY = "CARBON_PROGRESS_PIPE"
"""The environment variable that tells our pipe from another that came to bear its number: device and inode."""

COUNTS = ("tokens", "samples", "steps")
TOTALS = ("total_tokens", "total_samples", "total_steps")
FIELDS = (*COUNTS, "loss", *TOTALS)

_LONGEST_LINE_B = 4096
_FEW = 10
"""So many reports must have come before one that is far lower is taken as a new count, not as another rank's."""
_MANY_STEPS = 3.0
_MOST = 1e18
"""No count of a training comes near this."""


def progress(
    *,
    tokens: SupportsFloat | None = None,
    samples: SupportsFloat | None = None,
    steps: SupportsFloat | None = None,
    loss: SupportsFloat | None = None,
    total_tokens: SupportsFloat | None = None,
    total_steps: SupportsFloat | None = None,
    total_samples: SupportsFloat | None = None,
) -> None:
    """Tell the tracker how far the training has come; outside of ``carbon track`` it does nothing and takes a microsecond.

    It never raises and never waits: where the pipe is full or gone the report is dropped, which loses nothing, as figures are
    cumulative. Where several processes report (ranks), the highest figure counts, so let each report the whole job's or only rank 0 at all.
    A script that goes on from a checkpoint may count on from there or anew: which of the two is noticed.
    A tensor on a GPU is waited for when its value is taken, so report what the host knows anyway, or do so every so many steps.

    Args:
        tokens: Tokens seen since the script began. [1]
        samples: Samples seen since the script began. [1]
        steps: Steps done since the script began. [1]
        loss: The loss now. [1]
        total_tokens: Tokens of the whole training; gives a forecast. [1]
        total_steps: Steps of the whole training. [1]
        total_samples: Samples of the whole training. [1]

    Example:
        >>> progress(tokens=4096 * 512, total_tokens=2.7e11)
    """
    named = os.environ.get(VARIABLE)
    if named is None:
        return
    given = (tokens, samples, steps, loss, total_tokens, total_samples, total_steps)
    told = {name: number for name, value in zip(FIELDS, given, strict=True) if value is not None and (number := _told(name, value)) is not None}
    if told:
        _send(named, os.environ.get(IDENTITY, ""), f"{json.dumps(told)}\n".encode())


def environment_of(descriptor: int) -> dict[str, str]:
    """Return the variables by which a child that inherits *descriptor*, the writing end of a pipe, finds it."""
    return {VARIABLE: str(descriptor), IDENTITY: _identity(os.fstat(descriptor))}


class Report(NamedTuple):
    """What a script said at one moment; counts are cumulative since it began, and what it did not say is None."""

    time_s: float
    tokens: float | None = None
    samples: float | None = None
    steps: float | None = None
    loss: float | None = None
    total_tokens: float | None = None
    total_samples: float | None = None
    total_steps: float | None = None


def report_of(stated: Mapping[str, Any], *, time_s: float) -> Report | None:
    """Return the report that *stated* makes, or None where nothing in it is a figure that can be."""
    told = {name: number for name in FIELDS if (value := stated.get(name)) is not None and (number := _told(name, value)) is not None}
    return Report(time_s, **told) if told else None


class Splitter:
    """Cuts a stream of bytes into lines, and keeps no more than *longest* bytes of any; the rest of a longer one is dropped.

    Args:
        longest: Most bytes of a line. [B]
        separators: What ends a line beside the line feed.
    """

    def __init__(self, *, longest: int, separators: bytes = b"") -> None:
        self._longest = longest
        self._separators = separators
        self._begun = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the lines that *data* finishes, empty ones left out."""
        for separator in self._separators:
            data = data.replace(bytes((separator,)), b"\n")
        first, *others = data.split(b"\n")
        self._begun += first[: self._longest - len(self._begun)]
        for following in others:
            if self._begun:
                yield self._begun
            self._begun = following[: self._longest]


class Lines:
    """Puts what is read from the pipe together again: lines of JSON to reports; what is none is passed over."""

    def __init__(self) -> None:
        self._splitter = Splitter(longest=_LONGEST_LINE_B)

    def feed(self, data: bytes, *, time_s: float) -> list[Report]:
        """Return the reports that *data* completes.

        Args:
            data: Bytes as they were read, cut anywhere.
            time_s: When they were read, on the monotonic clock. [s]
        """
        reports = []
        for line in self._splitter.feed(data):
            try:
                stated = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(stated, dict) and (report := report_of(stated, time_s=time_s)) is not None:
                reports.append(report)
        return reports


class Progress:
    """All reports of a session folded into one: the highest counts, the totals last stated, and how fast it goes.

    Attributes:
        counts: Name to the highest figure reported. [1]
        totals: Name of the count to what the whole training has, as far as it is known. [1]
        loss: The loss last reported.
        reports: How many reports came.
        notes: What a reader should know; the caller takes it away.
    """

    def __init__(self, totals: Mapping[str, float] | None = None) -> None:
        self.counts: dict[str, float] = {}
        self.totals: dict[str, float] = {name: total for name, total in (totals or {}).items() if name in COUNTS and 0.0 < total < _MOST}
        self.loss: float | None = None
        self.reports = 0
        self.notes: list[str] = []
        self._points: dict[str, Points] = {}
        self._starts: dict[str, list[tuple[float, float]]] = {}
        self._fixed = frozenset(self.totals)
        self._fell = False

    def add(self, report: Report) -> None:
        """Fold in *report*; a figure below an earlier one changes nothing, and if it is far below a note says so."""
        self.reports += 1
        self.loss = self.loss if report.loss is None else report.loss
        for name, total in zip(COUNTS, (report.total_tokens, report.total_samples, report.total_steps), strict=True):
            if total is not None and name not in self._fixed:
                self.totals[name] = total
        for name, count in zip(COUNTS, report[1:4], strict=True):
            if count is None:
                continue
            highest = self.counts.get(name)
            if highest is None:
                self.counts[name] = count
                self._points[name] = Points()
                self._points[name].add(report.time_s, count)
                self._starts[name] = [(report.time_s, count)]
            elif count > highest:
                self.counts[name] = count
                self._points[name].add(report.time_s, count)
                if len(self._starts[name]) < 2 and report.time_s > self._starts[name][0][0]:
                    self._starts[name].append((report.time_s, count))
            elif count < highest / 2.0 and self.reports > _FEW and not self._fell:
                self._fell = True
                self.notes.append(f"the script counts from {count:g} {name} again after {highest:g}: the highest figure counts")

    def points(self, name: str) -> Points | None:
        """Return when the count *name* stood where, None where it was never reported."""
        return self._points.get(name)

    def rate_per_s(self, name: str, *, window_s: float = 60.0) -> float | None:
        """Return how fast the count *name* rose over the last *window_s* seconds that were reported, None before the second report, in 1/s."""
        points = self._points.get(name)
        return points.slope(window=window_s) if points is not None else None

    def went_on_from(self, name: str) -> float | None:
        """Return the figure from which the script went on, 0 where it counts anew, None before its second report, when that can be told.

        It went on from a checkpoint where its first figure is more than three times what came between its first and second report.
        """
        starts = self._starts.get(name, ())
        if len(starts) < 2:
            return None
        (_, first), (_, second) = starts
        step = second - first
        return first - step if first > _MANY_STEPS * step else 0.0

    def done_here(self, *, ended: bool = False) -> dict[str, float]:
        """Return what the script did since it began, without what it had from a checkpoint: what sessions of a run add up.

        Args:
            ended: Nothing more will come, so that a single report is taken at its word; until then it may be of a script that went on.
        """
        done = {}
        for name, count in self.counts.items():
            start = self.went_on_from(name)
            if start is not None or ended:
                done[name] = count - (start or 0.0)
        return done


def _told(name: str, value: SupportsFloat) -> float | None:
    """Return *value* as a figure that *name* can have: finite, a count not negative, a total above 0; None where it is none."""
    try:
        number = float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError, ArithmeticError, AttributeError, RuntimeError, Warning):
        return None
    if isinstance(value, bool):
        return None
    if name == "loss":
        return number if math.isfinite(number) else None
    return number if (0.0 < number < _MOST if name in TOTALS else 0.0 <= number < _MOST) else None


def _send(named: str, identity: str, line: bytes) -> None:
    """Write *line* whole or not at all, and only to a pipe or socket that is ours."""
    import stat

    try:
        descriptor = int(named)
        status = os.fstat(descriptor)
        is_pipe = stat.S_ISFIFO(status.st_mode) or stat.S_ISSOCK(status.st_mode)
        if is_pipe and identity in ("", _identity(status)) and _is_heard(descriptor):
            os.set_blocking(descriptor, False)
            os.write(descriptor, line)
    except (OSError, ValueError, OverflowError):
        return


def _is_heard(descriptor: int) -> bool:
    """Say whether somebody reads at the other end and there is room, so that a write neither fails nor signals."""
    import select

    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return poll.poll(0) == [(descriptor, select.POLLOUT)]


def _identity(status: os.stat_result) -> str:
    return f"{status.st_dev}:{status.st_ino}"
