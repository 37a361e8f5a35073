"""What the runs of each project take in a month, asked of a ledger."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from traincarbon.budgets.budget import UNITS
from traincarbon.budgets.month import Month
from traincarbon.budgets.run_month import run_month
from traincarbon.ledger.listed_runs import BOUNDED
from traincarbon.ledger.run import Run, timestamp, wall_clock_s
from traincarbon.ledger.source import RunSource
from traincarbon.quantities import S_PER_DAY

_NAMES = dict(zip(("energy_kwh", "co2e_kg", "cost_usd"), ("kwh", "kgco2e", "usd"), strict=True))
"""The column of a list to the name of a limit."""
_ANY_LENGTH_S = 1e18
_TO_THE_HOUR = 13
"""Letters of an instant up to its hour."""


@dataclass(slots=True, kw_only=True)
class MonthUse:
    """What runs take in a month, by the names of :data:`traincarbon.budgets.budget.UNITS`.

    Attributes:
        runs: How many runs.
        running: How many of them still go on.
        shared_runs: How many shared boards with another run, each of which counts all of their energy.
        by_day: What was taken on each day of the month.
        ahead: What runs that go on still will take in the month.
        unknown: How many runs do not state what they took, and are counted nowhere.
        unknown_ahead: How many runs that go on do not say what they still will take.
    """

    runs: int = 0
    running: int = 0
    shared_runs: int = 0
    by_day: dict[str, list[float]] = field(default_factory=dict)
    ahead: dict[str, float] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    unknown_ahead: dict[str, int] = field(default_factory=dict)

    def spent(self, name: str) -> float:
        """Return what was taken so far."""
        return sum(self.by_day.get(name, ()))

    def add(self, other: "MonthUse") -> None:
        """Add what other runs take."""
        self.runs += other.runs
        self.running += other.running
        self.shared_runs += other.shared_runs
        for name, days in other.by_day.items():
            self.add_days(name, days)
        for mine, theirs in ((self.unknown, other.unknown), (self.unknown_ahead, other.unknown_ahead)):
            for name, count in theirs.items():
                mine[name] = mine.get(name, 0) + count
        for name, amount in other.ahead.items():
            self.ahead[name] = self.ahead.get(name, 0.0) + amount

    def add_days(self, name: str, days: Sequence[float]) -> None:
        """Add what a run took on each day."""
        known = self.by_day.get(name)
        self.by_day[name] = list(days) if known is None else [first + second for first, second in zip(known, days, strict=True)]

    def add_run(self, record: Run, month: Month, *, now_s: float, counts_ahead: bool) -> None:
        """Add a run that ran in the month, or goes on."""
        found = run_month(record, month, now_s=now_s)
        is_running = record.state == "running"
        self.runs += 1
        self.running += is_running
        self.shared_runs += bool(record.shared_with)
        for name in UNITS:
            if name in found.by_day:
                self.add_days(name, found.by_day[name])
            else:
                self.unknown[name] = self.unknown.get(name, 0) + 1
            if name in found.ahead and counts_ahead:
                self.ahead[name] = self.ahead.get(name, 0.0) + found.ahead[name]
            elif is_running and counts_ahead:
                self.unknown_ahead[name] = self.unknown_ahead.get(name, 0) + 1


def month_uses(
    source: RunSource, month: Month, *, now_s: float | None = None, has_days: bool = True, but: Collection[str] = (), is_fresh: bool = False
) -> dict[str, MonthUse]:
    """Return what the runs of each project take in a month.

    A run of less than a day that did not cross an end of the month counts on the day in which the hour of its beginning (UTC) begins; others count by their hours.

    Args:
        source: The ledger.
        month: The month.
        now_s: Now, on the wall clock; None asks it. [s]
        has_days: Whether it matters on which day a run took something.
        but: Runs that are about to go on, so that what they still will take is known better.
        is_fresh: Whether the ledger took in what is new a moment ago.
    """
    now_s = time.time() if now_s is None else now_s
    begin, end, long_s = timestamp(month.begin_s), timestamp(month.end_s), S_PER_DAY if has_days else _ANY_LENGTH_S
    if not is_fresh:
        source.refresh()
    found: dict[str, MonthUse] = {}
    days: dict[str, int] = {}
    for project, hour, runs, *sums in source.rows(source.questions.within, begin, end, long_s, _TO_THE_HOUR if has_days else 0):
        day = days.get(hour)
        if day is None:
            day = days[hour] = _day_of(hour, month)
        amounts = dict(zip(BOUNDED, zip(sums[0::2], sums[1::2], strict=True), strict=True))
        _add_sums(found.setdefault(project, MonthUse()), amounts, runs=runs, day=day, n_days=len(month.day_ends_s))
    for record in source.records_across(begin, end, long_s=long_s):
        found.setdefault(record.project, MonthUse()).add_run(record, month, now_s=now_s, counts_ahead=record.run_id not in but)
    return found


def _day_of(hour: str, month: Month) -> int:
    """Return the number of the day on which an hour is; the first one where that is not asked."""
    began_s = wall_clock_s(f"{hour}:00:00Z") if hour else None
    return 0 if began_s is None else month.day_of(began_s)


def _add_sums(use: MonthUse, sums: Mapping[str, tuple[float, int]], *, runs: int, day: int, n_days: int) -> None:
    """Add what runs took together that began on a day."""
    use.runs += runs
    use.shared_runs += sums["shared_runs"][1]
    for column, name in _NAMES.items():
        amount, known = sums[column]
        if known:
            if name not in use.by_day:
                use.by_day[name] = [0.0] * n_days
            use.by_day[name][day] += amount
        if known < runs:
            use.unknown[name] = use.unknown.get(name, 0) + runs - known
