"""The progress of a training: what a script reports, and how the reports of a session add up."""

import json
import math
import os
from collections.abc import Mapping
from typing import NamedTuple, SupportsFloat, cast

from traincarbon.tracking.lines import Splitter
from traincarbon.tracking.rank_counts import RankCounts
from traincarbon.tracking.value.trend import Points

VARIABLE = "CARBON_PROGRESS_FD"
"""The environment variable with the descriptor to which a script writes reports, one JSON object a line."""
IDENTITY = "CARBON_PROGRESS_PIPE"
"""The environment variable with device and inode of that descriptor, which tell our pipe from a later file of the same number."""

COUNTS = ("tokens", "samples", "steps")
TOTALS = ("total_tokens", "total_samples", "total_steps")
STARTS = ("start_tokens", "start_samples", "start_steps")
"""Counts of the checkpoint from which the script resumed."""
FIELDS = (*COUNTS, "loss", *TOTALS, *STARTS)
PHASE = "phase"
RANK = "rank"
"""The key with which a report says that its tokens and samples are those of one rank alone, and of which."""

_LONGEST_LINE_B = 4096
_LONGEST_NAME = 40
_FEW = 10
"""After so many reports a far lower one is a new count; before, it may be another rank's."""
_MANY_STEPS = 3.0
_MOST = 1e18
"""Above any count of a training."""


def progress(
    *,
    tokens: SupportsFloat | None = None,
    samples: SupportsFloat | None = None,
    steps: SupportsFloat | None = None,
    loss: SupportsFloat | None = None,
    total_tokens: SupportsFloat | None = None,
    total_steps: SupportsFloat | None = None,
    total_samples: SupportsFloat | None = None,
    start_tokens: SupportsFloat | None = None,
    start_steps: SupportsFloat | None = None,
    start_samples: SupportsFloat | None = None,
    per_rank: bool = False,
) -> None:
    """Report the progress of the training to the tracker; outside of ``carbon track`` this does nothing, in a microsecond.

    It never raises and never blocks. If the pipe is full or closed the report is dropped, which loses nothing, as counts are
    cumulative. If several processes (ranks) report, the highest count is used: report the whole job's counts, or from rank 0 only, or
    say that each rank counts its own work.
    A script that resumes from a checkpoint may continue its count or begin a new one: the tracker detects which.
    Taking the value of a tensor on a GPU waits for the GPU, so report what the host knows, or report every few steps.

    Args:
        tokens: Tokens seen since the script began. [1]
        samples: Samples seen since the script began. [1]
        steps: Steps done since the script began. [1]
        loss: The loss now. [1]
        total_tokens: Tokens of the whole training; gives a forecast. [1]
        total_steps: Steps of the whole training. [1]
        total_samples: Samples of the whole training. [1]
        start_tokens: Tokens of the checkpoint from which the script resumed, 0 if it began anew; without it, the tracker guesses. [1]
        start_steps: Steps of that checkpoint. [1]
        start_samples: Samples of that checkpoint. [1]
        per_rank: Whether tokens and samples are those of this process alone, to be added to those of the other ranks. Steps are never added.

    Example:
        >>> progress(tokens=4096 * 512, total_tokens=2.7e11)
    """
    if VARIABLE not in os.environ:
        return
    given = (tokens, samples, steps, loss, total_tokens, total_samples, total_steps, start_tokens, start_samples, start_steps)
    named = zip(FIELDS, given, strict=True)
    valid: dict[str, object] = {name: number for name, value in named if value is not None and (number := _valid(name, value)) is not None}
    send({**valid, RANK: str(os.getpid())} if per_rank and valid else valid)


def send(reported: Mapping[str, object]) -> None:
    """Send a report to the tracker, if there is one; it is dropped if the pipe is full or closed."""
    named = os.environ.get(VARIABLE)
    if named is not None and reported:
        _send(named, os.environ.get(IDENTITY, ""), f"{json.dumps(reported)}\n".encode())


def environment_of(descriptor: int) -> dict[str, str]:
    """Return the variables with which a child finds the *descriptor* that it inherits, the writing end of a pipe."""
    return {VARIABLE: str(descriptor), IDENTITY: _identity(os.fstat(descriptor))}


class Report(NamedTuple):
    """What a script reported at one moment. Counts are cumulative since it began; what it did not report is None."""

    time_s: float
    tokens: float | None = None
    samples: float | None = None
    steps: float | None = None
    loss: float | None = None
    total_tokens: float | None = None
    total_samples: float | None = None
    total_steps: float | None = None
    start_tokens: float | None = None
    """Tokens of the checkpoint from which the script resumed, 0 if it began anew; None if it does not say."""
    start_samples: float | None = None
    start_steps: float | None = None
    phase: str | None = None
    """The phase that the training is in from now on, "" for none."""
    source: str = ""
    """The thread of which *phase* is the innermost phase."""
    rank: str = ""
    """The rank whose own work *tokens* and *samples* count, "" if they are the whole training's."""


def report_of(stated: Mapping[str, object], *, time_s: float) -> Report | None:
    """Return the report in a table, without invalid values; None if nothing in it is valid."""
    valid = {name: number for name in FIELDS if (value := stated.get(name)) is not None and (number := _valid(name, value)) is not None}
    given = stated.get(PHASE, 0)
    phase = _name(given or "") if given is None or isinstance(given, str) else None
    if not valid and phase is None:
        return None
    source, rank = (_name("" if (given := stated.get(key)) is None else str(given)) for key in ("source", RANK))
    return Report._make((time_s, *map(valid.get, FIELDS), phase, source, rank))


def _name(text: str) -> str:
    """Return a name without what could drive a terminal, cut to 40 characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text[: 4 * _LONGEST_NAME]).split())[:_LONGEST_NAME]


class ReportReader:
    """Decodes what is read from the progress pipe into reports; lines that are not valid reports are ignored."""

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
    """All reports of a session combined: the highest counts, the latest totals, and the rates.

    Attributes:
        counts: Name to the highest count reported. [1]
        totals: Name to the count of the whole training, if it is known. [1]
        loss: The latest loss.
        reports: Number of reports.
        notes: Notes for the record.

    Args:
        totals: Counts of the whole training, if they are stated.
        continues: Whether reports before these were added elsewhere, so that the first count tells nothing about a checkpoint.
    """

    def __init__(self, totals: Mapping[str, float] | None = None, *, continues: bool = False) -> None:
        self._continues = continues
        self._ranks = RankCounts()
        self._has_ranks = False
        self.counts: dict[str, float] = {}
        self.totals: dict[str, float] = {name: total for name, total in (totals or {}).items() if name in COUNTS and 0.0 < total < _MOST}
        self.loss: float | None = None
        self.reports = 0
        self.notes: list[str] = []
        self._points: dict[str, Points] = {}
        self._starts: dict[str, list[tuple[float, float]]] = {}
        self._resumed: dict[str, float] = {}
        self._fixed = frozenset(self.totals)
        self._fell = False

    def add(self, report: Report) -> None:
        """Add *report*; a count below an earlier one changes nothing, and one far below adds a note."""
        self.reports += 1
        self._has_ranks = self._has_ranks or bool(report.rank)
        report = self._of_all_ranks(report) if report.rank else report
        self.loss = self.loss if report.loss is None else report.loss
        for name, total in zip(COUNTS, (report.total_tokens, report.total_samples, report.total_steps), strict=True):
            if total is not None and name not in self._fixed:
                self.totals[name] = total
        for name, start in zip(COUNTS, (report.start_tokens, report.start_samples, report.start_steps), strict=True):
            if start is not None:
                self._resumed.setdefault(name, start)
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
                self.notes.append(f"the script counts from {count:g} {name} again after {highest:g}: the highest count is used")

    def _of_all_ranks(self, report: Report) -> Report:
        """Return the report of a rank with the counts of all ranks."""
        counts = {"tokens": report.tokens, "samples": report.samples}
        whole = self._ranks.add(report.rank, counts=counts, starts={"tokens": report.start_tokens, "samples": report.start_samples})
        self._resumed |= self._ranks.starts
        return report._replace(tokens=whole.get("tokens"), samples=whole.get("samples"), start_tokens=None, start_samples=None)

    @property
    def is_per_rank(self) -> bool:
        """Whether tokens and samples are the sums of what each rank counted itself."""
        return self._has_ranks

    def points(self, name: str) -> Points | None:
        """Return the count *name* over time, None if it was never reported."""
        return self._points.get(name)

    def rate_per_s(self, name: str, *, window_s: float = 60.0, late_s: float = 0.0) -> float | None:
        """Return the rate of the count *name* in 1/s, None before the second report.

        Args:
            name: ``tokens``, ``samples`` or ``steps``.
            window_s: The time over which to take the mean. [s]
            late_s: By how much the next report is late. [s]
        """
        points = self._points.get(name)
        return points.slope(window=window_s, until=points.xs[-1] + late_s) if points is not None else None

    def resumed_from(self, name: str) -> float | None:
        """Return the count from which the script resumed, 0 if it began a new count, None before the second report.

        If it does not say, it resumed if its first count is more than three times the increase from the first to the second report.
        """
        if name in self._resumed or self._continues:
            return self._resumed.get(name, 0.0)
        starts = self._starts.get(name, ())
        if len(starts) < 2:
            return None
        (_, first), (_, second) = starts
        step = second - first
        return first - step if first > _MANY_STEPS * step else 0.0

    def resumed(self) -> dict[str, float]:
        """Return the counts of the checkpoint from which the script resumed, as it stated them or as its first reports show."""
        found = {name: self.resumed_from(name) for name in self.counts}
        return {name: start for name, start in found.items() if start is not None and (start > 0.0 or name in self._resumed)}

    def done_here(self, *, ended: bool = False) -> dict[str, float]:
        """Return what the script did since it began, without the count of a checkpoint, so that the sessions of a run add up.

        Args:
            ended: Whether the training has ended, so that a single report counts in full; before that it may come from a resumed script.
        """
        done = {}
        for name, count in self.counts.items():
            start = self.resumed_from(name)
            if start is not None or ended:
                done[name] = count - (start or 0.0)
        return done


def _valid(name: str, value: object) -> float | None:
    """Return *value* as a number if it is valid for *name*: finite, a count not negative, a total above 0; else None."""
    try:
        number = float(cast("SupportsFloat", value.item() if hasattr(value, "item") else value))
    except (TypeError, ValueError, ArithmeticError, AttributeError, RuntimeError, Warning):
        return None
    if isinstance(value, bool):
        return None
    if name == "loss":
        return number if math.isfinite(number) else None
    return number if (0.0 < number < _MOST if name in TOTALS else 0.0 <= number < _MOST) else None


def _send(named: str, identity: str, line: bytes) -> None:
    """Write the whole *line* or nothing, and only to our own pipe or socket."""
    import stat

    try:
        descriptor = int(named)
        status = os.fstat(descriptor)
        is_pipe = stat.S_ISFIFO(status.st_mode) or stat.S_ISSOCK(status.st_mode)
        if is_pipe and identity in ("", _identity(status)) and _is_writable(descriptor):
            os.set_blocking(descriptor, False)
            os.write(descriptor, line)
    except (OSError, ValueError, OverflowError):
        return


def _is_writable(descriptor: int) -> bool:
    """Return whether the pipe has a reader and room, so that a write neither fails nor raises a signal."""
    import select

    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return poll.poll(0) == [(descriptor, select.POLLOUT)]


def _identity(status: os.stat_result) -> str:
    return f"{status.st_dev}:{status.st_ino}"
