"""How the reports of a session add up: the highest counts, the latest totals, and the rates."""

from collections.abc import Mapping

from traincarbon.tracking.rank_counts import RankCounts
from traincarbon.tracking.reports import COUNTS, MOST_COUNT, Report
from traincarbon.tracking.value.trend import Points

_FEW = 10
"""After so many reports a far lower one is a new count; before, it may be another rank's."""
_MANY_STEPS = 3.0


class Progress:
    """All reports of a session combined: the highest counts, the latest totals, and the rates.

    Attributes:
        counts: Name to the highest count reported. [1]
        totals: Name to the count of the whole training, if it is known. [1]
        loss: The latest loss.
        accelerator_flop_per_s: The latest speed of each accelerator. [1/s]
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
        self.totals: dict[str, float] = {name: total for name, total in (totals or {}).items() if name in COUNTS and 0.0 < total < MOST_COUNT}
        self.loss: float | None = None
        self.accelerator_flop_per_s: float | None = None
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
        speed = report.accelerator_flop_per_s
        self.accelerator_flop_per_s = self.accelerator_flop_per_s if speed is None else speed
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

    def latest(self) -> dict[str, float]:
        """Return what was reported last of what is no count, by the names of :data:`traincarbon.ledger.reported.LATEST`."""
        found = {"loss": self.loss, "accelerator_flop_per_s": self.accelerator_flop_per_s}
        return {name: value for name, value in found.items() if value is not None}

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
