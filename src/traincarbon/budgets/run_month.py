"""What one run takes in a month, by day: its energy by its hours, money and hardware by its time, and what a run that goes on still will take."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from traincarbon.budgets.budget import QUANTITY_OF
from traincarbon.budgets.month import Month
from traincarbon.decode import number, table
from traincarbon.ledger.like_for_like import PLANNED_COST
from traincarbon.ledger.run import Run, wall_clock_s
from traincarbon.quantities import S_PER_H

Span = tuple[float, float, float]
"""From, to, both on the wall clock [s], and how much of the run is between them."""


class RunMonth(NamedTuple):
    """What a run takes in a month, by the names of :data:`traincarbon.budgets.budget.UNITS`; what is not known is absent.

    Attributes:
        by_day: What it took on each day.
        ahead: What it still will take in the month; empty for a run that has ended.
    """

    by_day: Mapping[str, Sequence[float]]
    ahead: Mapping[str, float]


def run_month(record: Run, month: Month, *, now_s: float | None = None) -> RunMonth:
    """Return what a run takes in a month.

    Its energy, and the emissions of it, fall into the hours in which they were metered. Money and the emissions of making the hardware fall into the time of its attempts.

    Args:
        record: The run.
        month: The month.
        now_s: Now, on the wall clock; None asks it. [s]
    """
    now_s = time.time() if now_s is None else now_s
    attempts = _attempts(record)
    by_time = _by_day(attempts, month)
    by_energy = _by_day(_hours(record, attempts) or attempts, month)
    taken = totals_of(record)
    operational = _median(record.operational_kgco2e)
    found = {}
    if "kwh" in taken:
        found["kwh"] = [taken["kwh"] * share for share in by_energy]
    if "usd" in taken:
        found["usd"] = [taken["usd"] * share for share in by_time]
    if operational is not None:
        embodied = taken["kgco2e"] - operational
        found["kgco2e"] = [operational * first + embodied * second for first, second in zip(by_energy, by_time, strict=True)]
    return RunMonth(found, _ahead(record, taken, month, seen_s=max((span[1] for span in attempts), default=now_s), now_s=now_s))


def totals_of(record: Run) -> dict[str, float]:
    """Return what a run took so far, in all months; what is not known is absent."""
    energy = _median(record.facility_energy_kwh)
    operational, embodied = _median(record.operational_kgco2e), _median(record.embodied_kgco2e)
    values = {
        "kwh": record.metered_kwh if energy is None else energy,
        "usd": _median(record.cost_usd),
        "kgco2e": None if operational is None else operational + (embodied or 0.0),
    }
    return {name: value for name, value in values.items() if value is not None}


def within(month: Month, *, from_s: float, length_s: float | None) -> float:
    """Return which share of something that begins at *from_s* and takes *length_s* falls into a month, all of it where its length is not known."""
    if not length_s or length_s <= 0.0:
        return float(month.begin_s <= from_s < month.end_s)
    return max(min(from_s + length_s, month.end_s) - max(from_s, month.begin_s), 0.0) / length_s


def _ahead(record: Run, taken: Mapping[str, float], month: Month, *, seen_s: float, now_s: float) -> dict[str, float]:
    """Return what a run that goes on still will take in a month, by its forecast or else its plan.

    A run that is not heard of any more goes on until its forecast ends.
    """
    if record.state != "running":
        return {}
    forecast, plan = table(record.forecast), table(record.plan)
    left_s = _median_of(forecast.get("eta_s"))
    if left_s is None and (planned_s := _median_of(plan.get("duration_s"))) is not None:
        left_s = max(planned_s - record.duration_s, 0.0)
    over_s = max(now_s - seen_s, 0.0)
    share = within(month, from_s=now_s, length_s=None) if left_s is None else _left_within(month, seen_s=seen_s, over_s=over_s, left_s=left_s)
    found = {}
    for name, quantity in QUANTITY_OF.items():
        whole = _median_of(forecast.get(quantity))
        if whole is None:
            whole = _median_of(plan.get(PLANNED_COST.get(record.cost_basis, "own_usd") if name == "usd" else quantity))
        if whole is not None:
            found[name] = max(whole - taken.get(name, 0.0), 0.0) * share
    return found


def _left_within(month: Month, *, seen_s: float, over_s: float, left_s: float) -> float:
    """Return which share of the rest of a run falls into a month and is not over."""
    if left_s <= over_s:
        return 0.0
    return within(month, from_s=seen_s + over_s, length_s=left_s - over_s) * (left_s - over_s) / left_s


def _attempts(record: Run) -> list[Span]:
    """Return when a run ran, without its pauses."""
    spans = [(attempt.began_s, attempt.ended_s, attempt.duration_s) for attempt in record.attempts if attempt.duration_s > 0.0]
    if spans:
        return spans
    began_s = wall_clock_s(record.started_at)
    return [] if began_s is None else [(began_s, began_s + record.duration_s, max(record.duration_s, 1e-9))]


def _hours(record: Run, attempts: Sequence[Span]) -> list[Span]:
    """Return the energy of a run by hour, within the time in which it ran; empty where its hours are not known."""
    if not record.hours or not attempts:
        return []
    began_s, ended_s = min(span[0] for span in attempts), max(span[1] for span in attempts)
    found = []
    for use in record.hours:
        from_s, to_s = max(use.hour * S_PER_H, began_s), min((use.hour + 1) * S_PER_H, ended_s)
        found.append((from_s, to_s, use.metered_kwh) if to_s > from_s else (use.hour * S_PER_H, (use.hour + 1) * S_PER_H, use.metered_kwh))
    return found


def _by_day(spans: Iterable[Span], month: Month) -> list[float]:
    """Return which share of a run falls into each day of a month."""
    days = [0.0] * len(month.day_ends_s)
    total = 0.0
    for from_s, to_s, weight in spans:
        total += weight
        if to_s <= month.begin_s or from_s >= month.end_s:
            continue
        begin_s = month.begin_s
        for day, end_s in enumerate(month.day_ends_s):
            overlap_s = min(to_s, end_s) - max(from_s, begin_s)
            if overlap_s > 0.0:
                days[day] += weight * overlap_s / (to_s - from_s)
            elif from_s == to_s and begin_s <= from_s < end_s:
                days[day] += weight
            begin_s = end_s
    return [share / total for share in days] if total > 0.0 else days


def _median(stated: Mapping[str, float] | None) -> float | None:
    return None if stated is None else stated["median"]


def _median_of(stated: object) -> float | None:
    return number(table(stated).get("median")) if isinstance(stated, Mapping) else number(stated)
