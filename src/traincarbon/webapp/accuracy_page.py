"""Accuracy: how often intervals were right on published trainings, and how the runs of the store compare with their own plans."""

from collections.abc import Sequence
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.calibration import names
from traincarbon.formatting import significant
from traincarbon.ledger.run import Run
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.decision.provenance import coverage
from traincarbon.reporting.markup import Html, html, joined, name, table, text, texts
from traincarbon.reporting.sections.forecast import compared_with_forecast, forecast_of
from traincarbon.webapp.pages import page, safe
from traincarbon.webapp.plan_answer import Problem
from traincarbon.webapp.runs_page import run_url
from traincarbon.webapp.site import site_of

_MOST_RUNS = 200
"""The latest runs that are compared with their plans."""
_MOST_ROWS = 50


class Judged(NamedTuple):
    """A quantity of a run over that of its plan, and whether it lies inside the plan's interval."""

    run_id: str
    label: str
    ratio: float
    is_inside: bool


async def accuracy_page(request: Request) -> Response:
    """Return how accurate estimates were: on published trainings, and on own runs that had a plan."""
    site = site_of(request)
    problem: Problem | None = None
    judged: list[Judged] = []
    try:
        runs, _ = await site.ledger.ask(lambda ledger: ledger.index.records(limit=_MOST_RUNS))
        judged = await run_in_threadpool(judge, runs, site.database)
    except CarbonError as error:
        problem = Problem(str(error), error.hint)
    values = {"problem": problem, "published": safe(_published()), "own": safe(_own(judged, site.address.root_path)) if judged else None, "most": _MOST_RUNS}
    return page(request, "accuracy.html", {**values, "calibrations": _calibrations()}, title="Accuracy", section="accuracy")


def judge(runs: Sequence[Run], database: Database) -> list[Judged]:
    """Return the runs that had a plan with each quantity over that of the plan; a run that did not finish is judged for as much of the work."""
    found = []
    for record in runs:
        forecast = forecast_of(record, database)
        if forecast is None or record.state == "running":
            continue
        for label, _, expected, actual in compared_with_forecast(record, forecast):
            if expected is not None and actual is not None and expected.median > 0.0:
                inside = expected.low <= actual.median <= expected.high
                found.append(Judged(record.run_id, label, actual.median / expected.median, inside))
    return found


def _published() -> Html:
    rows = [
        texts(QUANTITIES[quantity].label, f"{each.published:,}", f"{each.inside:,}", f"{100.0 * each.inside / each.published:.0f} %")
        for quantity, each in coverage().items()
    ]
    return table(
        text("Published trainings, each predicted without its organisation"), texts("", "Published", "In the 90 % interval", "Share"), rows, numbers=(1, 2, 3)
    )


def _own(judged: Sequence[Judged], root: str) -> Html:
    groups: dict[str, list[Judged]] = {}
    for each in judged:
        groups.setdefault(each.label, []).append(each)
    rows = [
        texts(
            label,
            f"{len(group):,}",
            f"{sum(each.is_inside for each in group):,}",
            f"{significant(sorted(each.ratio for each in group)[len(group) // 2], 2)} ×",
        )
        for label, group in groups.items()
    ]
    far = sorted((each for each in judged if not each.is_inside and each.ratio > 0.0), key=lambda each: -max(each.ratio, 1.0 / each.ratio))[:_MOST_ROWS]
    outside = [_run(each, root) for each in far]
    together = table(text("Your runs over their plans"), texts("", "Runs", "In the interval", "Median ratio"), rows, numbers=(1, 2, 3))
    apart = table(text("Outside the interval, the furthest first"), texts("Run", "Quantity", "Actual / plan"), outside, numbers=(2,)) if outside else html("")
    return joined([together, apart])


def _run(each: Judged, root: str) -> list[Html]:
    url = run_url(each.run_id, root)
    link = html('<a href="{}">{}</a>', text(url, most=len(url)), name(each.run_id, most=60))
    return [link, text(each.label), text(f"{significant(each.ratio, 2)} ×")]


def _calibrations() -> list[str]:
    try:
        return list(names())
    except CarbonError:
        return []
