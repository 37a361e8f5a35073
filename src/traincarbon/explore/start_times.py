"""When to start a training, so that its electricity is cleaner: from a forecast of the grid, or from a typical week of it."""

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from traincarbon.database.load import Database
from traincarbon.errors import PlanError
from traincarbon.estimation.result import Estimate
from traincarbon.grid.intensities import Found, Hourly, expected_intensities, kept_intensities, past_intensities, zones_of
from traincarbon.grid.service import moment_of
from traincarbon.grid.typical_week import H_PER_DAY, H_PER_WEEK, hour_of_week, typical_week
from traincarbon.quantities import G_PER_KG, S_PER_H

_WEEKS = 4
"""Weeks that a typical one is made of."""
_BEST = 3
_APART_H = 6
"""Hours between two starts that are proposed, at least."""
_UNKNOWN_H = float(H_PER_DAY)
"""What a start is judged by where the plan has no duration."""


class Expectation(StrEnum):
    """What start times rest on."""

    FORECAST = "forecast"
    """A service's forecast of the next hours."""
    TYPICAL_WEEK = "typical week"
    """The mean of each hour of the last weeks."""


class StartTime(NamedTuple):
    """A time to start.

    Attributes:
        start: The beginning of the hour in ISO 8601, UTC.
        intensity_gco2e_per_kwh: The mean intensity of the grid while the training runs. [g/kWh]
        kgco2e: The emissions of the electricity, None where its energy is not known. [kg]
        saving: The share by which that is less than if it starts now. [1]
    """

    start: str
    intensity_gco2e_per_kwh: float
    kgco2e: float | None
    saving: float


class StartTimes(NamedTuple):
    """When to start a training.

    Attributes:
        expectation: What it rests on, None where nothing is known of the hours to come.
        service: The service that stated the intensities, empty where none did.
        zone: The zone, as that service calls it.
        basis: What they count: ``lifecycle`` or ``direct``.
        judged_h: The hours of a start that were looked at: the duration of the training, or a day where it is not known. [h]
        now: What a start now gives, None where nothing is known.
        best: The best starts within the next week, or as far as the forecast reaches, the best first.
        worst: The worst start in that time.
        notes: What the reader has to know.
    """

    expectation: Expectation | None
    service: str
    zone: str
    basis: str
    judged_h: float
    now: StartTime | None
    best: tuple[StartTime, ...]
    worst: StartTime | None
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it fit for JSON."""
        starts = {"now": self.now, "worst": self.worst}
        stated = {name: None if start is None else start._asdict() for name, start in starts.items()}
        return {**self._asdict(), **stated, "best": [start._asdict() for start in self.best], "notes": list(self.notes)}


def start_times(
    answer: Estimate,
    *,
    live: bool = False,
    service: str | None = None,
    grid_zone: str = "",
    database: Database,
    environment: Mapping[str, str] = os.environ,
    folder: str | None = None,
    now: Callable[[], float] = time.time,
) -> StartTimes:
    """Return when to start the training of an estimate, so that its electricity is cleaner.

    Without *live* nothing touches the network: a typical week is made of what services answered before.
    With it, a service is asked for its forecast, and for the last weeks where it has none or the training is longer than it reaches.

    Args:
        answer: The estimate of one plan with a place.
        live: Ask the services of carbon intensities.
        service: Ask this service alone.
        grid_zone: What the service calls the zone, where that does not follow from the place.
        database: The facts.
        environment: Where tokens and addresses of services come from.
        folder: Where answers of services are kept; by default in the user's data folder.
        now: The wall clock.

    Raises:
        PlanError: the plan has no place.
        CarbonError: the service is not known, or httpx2 is not installed.
    """
    place = answer.facts.place
    if place is None or not place.zone:
        raise PlanError("start times need a place", hint="give --region, as france or aws:eu-west-3")
    basis, zones = answer.plan.basis or "lifecycle", zones_of(place.zone, place.id, database)
    duration = answer["duration_s"]
    judged_h = _UNKNOWN_H if duration is None else max(float(duration.median) / S_PER_H, 1.0)
    notes = ["the plan has no duration: a start is judged by its first 24 hours; add --servers"] if duration is None else []
    now_hour = math.ceil(now() / S_PER_H)
    asked: dict[str, Any] = {"basis": basis, "database": database, "service": service, "grid_zone": grid_zone, "environment": environment}
    energy = answer["facility_energy_kwh"]
    energy_kwh = None if energy is None else float(energy.median)
    found = expected_intensities(zones, **asked) if live else Found(None, ())
    notes += found.notes
    if found.hourly is not None:
        series = _unbroken(found.hourly.g_per_kwh, now_hour)
        if len(series) > judged_h:
            return _judged(Expectation.FORECAST, found.hourly, series, judged_h, energy_kwh, now_hour, notes)
        notes.append(f"the forecast of {len(series)} hours ends before the training does: a typical week is taken")
    past = range(now_hour - _WEEKS * H_PER_WEEK, now_hour)
    if live:
        last = past_intensities(zones, past, **asked, folder=folder)
        hourly, notes = last.hourly, [*notes, *last.notes]
    else:
        hourly = kept_intensities(zones, range(past.start - 365 * H_PER_DAY, past.stop), basis=basis, service=service, grid_zone=grid_zone, folder=folder)
    week = None if hourly is None else typical_week(hourly.g_per_kwh)
    if hourly is None or week is None:
        why = "no service gave a week of intensities" if live else "nothing is known of this grid by hour: --live asks a service"
        return StartTimes(None, "", "", basis, judged_h, None, (), None, tuple(dict.fromkeys([*notes, why])))
    series = [week[hour_of_week(now_hour + at)] for at in range(2 * H_PER_WEEK)]
    return _judged(Expectation.TYPICAL_WEEK, hourly, series, judged_h, energy_kwh, now_hour, notes)


def _unbroken(g_per_kwh: Mapping[int, float], first: int) -> list[float]:
    """Return the intensities from the hour *first* on, up to the first one that is not known."""
    found: list[float] = []
    while first + len(found) in g_per_kwh:
        found.append(g_per_kwh[first + len(found)])
    return found


def _judged(
    expectation: Expectation, hourly: Hourly, series: Sequence[float], judged_h: float, energy_kwh: float | None, now_hour: int, notes: Sequence[str]
) -> StartTimes:
    """Return the start times by what is expected of the hours from *now_hour* on; a typical week goes on for ever."""
    is_week = expectation is Expectation.TYPICAL_WEEK
    n_starts = H_PER_WEEK if is_week else len(series) - math.ceil(judged_h) + 1
    whole_weeks = int(judged_h // H_PER_WEEK) if is_week else 0
    rest_h = judged_h - whole_weeks * H_PER_WEEK
    week_sum = math.fsum(series[:H_PER_WEEK]) * whole_weeks
    means = [(week_sum + _sum(series, at, rest_h)) / judged_h for at in range(n_starts)]
    starts = [
        StartTime(
            moment_of(now_hour + at), mean, None if energy_kwh is None else energy_kwh * mean / G_PER_KG, 1.0 - mean / means[0] if means[0] > 0.0 else 0.0
        )
        for at, mean in enumerate(means)
    ]
    order = sorted(range(n_starts), key=means.__getitem__)
    best: list[int] = []
    for at in order:
        if len(best) < _BEST and all(abs(at - other) >= _APART_H for other in best):
            best.append(at)
    return StartTimes(
        expectation,
        hourly.service,
        hourly.zone,
        hourly.basis,
        judged_h,
        starts[0],
        tuple(starts[at] for at in best),
        starts[order[-1]],
        tuple(dict.fromkeys(notes)),
    )


def _sum(series: Sequence[float], at: int, length_h: float) -> float:
    """Return the sum of the intensities of *length_h* hours from place *at* on, the last one in part."""
    whole = int(length_h)
    part = length_h - whole
    return math.fsum(series[at : at + whole]) + (part * series[at + whole] if part > 0.0 else 0.0)
