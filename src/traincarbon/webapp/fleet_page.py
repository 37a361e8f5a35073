"""Fleet: what all runs took by month and project, what of it was wasted, and how far a budget and a carbon target are used."""

from collections.abc import Sequence
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from traincarbon.budgets.budget_month import BudgetsMonth
from traincarbon.errors import CarbonError
from traincarbon.estimation.parse import parse_quantity
from traincarbon.estimation.units import MEASURES
from traincarbon.formatting import counted
from traincarbon.ledger.listed_runs import Filter, MonthSums, month_sums, projects_of
from traincarbon.ledger.since import instant_since
from traincarbon.ledger.source import RunSource
from traincarbon.reporting.charts.chart import figure_html
from traincarbon.reporting.currency import NOT_KNOWN, USD
from traincarbon.reporting.markup import EMPTY, Html, html, joined, listing, name, table, text, texts
from traincarbon.reporting.rounding import column
from traincarbon.reporting.sections.portfolio_charts import Spent, carbon_chart, periods_chart, spending_chart
from traincarbon.webapp.budget_table import budgets_html, months_in
from traincarbon.webapp.pages import is_part, page, part, safe
from traincarbon.webapp.plan_answer import Problem
from traincarbon.webapp.site import site_of

_COLUMNS = {"gpu_h": ("GPU-hours", "h"), "energy_kwh": ("Energy", "kWh"), "co2e_kg": ("CO2e", "kg CO2e"), "cost_usd": ("Cost", "$")}
_OF = {"energy_kwh": " of energy", "co2e_kg": " of CO2e"}
"""What follows a quantity in a sentence."""
_WASTE = {
    "idle_usd": ("GPUs that were idle or waited", "$"),
    "repeated_usd": ("Work that was done twice", "$"),
    "unfinished_usd": ("Runs that failed, were killed or lost", "$"),
}
_MOST_PROJECTS = 100
_KG_PER_T = 1000.0


class Limits(NamedTuple):
    """What a reader compares the fleet with: a budget and a carbon target, None where there is none."""

    budget_usd: float | None = None
    target_kg: float | None = None


async def fleet_page(request: Request) -> Response:
    """Return the page of all runs together."""
    site = site_of(request)
    query = {name: request.query_params.get(name, "").strip()[:200] for name in ("project", "since", "budget", "target")}
    shown, problem = EMPTY, None
    projects: list[str] = []

    def summed(index: RunSource) -> tuple[list[MonthSums], list[str], BudgetsMonth | None]:
        found = month_sums(index, Filter(project=query["project"], since=instant_since(query["since"])))
        return found, projects_of(index), months_in(index, query["project"])

    try:
        limits = limits_of(query["budget"], query["target"])
        sums, projects, months = await site.ledger.ask_index(summed)
        shown = joined([await run_in_threadpool(fleet_html, sums, limits), budgets_html(months)])
    except CarbonError as error:
        problem = Problem(str(error), error.hint)
    values = {"problem": problem, "fleet": safe(shown)}
    if is_part(request):
        return part(request, "fleet_part.html", values)
    return page(request, "fleet.html", {**values, "projects": projects, "query": query}, title="Fleet", section="fleet")


def limits_of(budget: str, target: str) -> Limits:
    """Return the budget in dollars and the target in tonnes as they were typed.

    Raises:
        CarbonError: one of them is not a positive number.

    Example:
        >>> limits_of("$2M", "12")
        Limits(budget_usd=2000000.0, target_kg=12000.0)
    """
    amounts = []
    for label, typed, measure in (("budget", budget, MEASURES["$"]), ("target", target, None)):
        amount = parse_quantity(typed, measure) if typed else None
        if amount is not None and not amount > 0.0:
            raise CarbonError(f"{label} is {typed[:40]!r}", hint="give a positive number: 2e6")
        amounts.append(amount)
    return Limits(amounts[0], None if amounts[1] is None else amounts[1] * _KG_PER_T)


def fleet_html(sums: Sequence[MonthSums], limits: Limits) -> Html:
    """Return all runs together: totals, charts by month, waste, and the table by project."""
    runs = sum(each.runs for each in sums)
    if not runs:
        return html("<p>No run matches.</p>")
    return joined([html('<p class="lead">{}</p>', _sentence(sums, runs)), _unmeasured(sums, limits), _charts(sums, limits), _waste(sums), _projects(sums)])


def _unmeasured(sums: Sequence[MonthSums], limits: Limits) -> Html:
    """Return which limits cannot be compared with anything, as no run states it."""
    asked = (("cost_usd", "cost", "budget", limits.budget_usd), ("co2e_kg", "CO2e", "target", limits.target_kg))
    missing = [
        f"No run states its {what}, so nothing can be compared with the {limit}." for name, what, limit, at in asked if at and _total(sums, name) is None
    ]
    return html('<p class="remark">{}</p>', text(" ".join(missing), most=300)) if missing else EMPTY


def _total(sums: Sequence[MonthSums], quantity: str) -> float | None:
    """Return the sum of a quantity over the runs that state it, None where none does."""
    return sum(each.sums[quantity] for each in sums) if any(each.known[quantity] for each in sums) else None


def _sentence(sums: Sequence[MonthSums], runs: int) -> Html:
    known = [(quantity, unit, total) for quantity, (_, unit) in _COLUMNS.items() if (total := _total(sums, quantity)) is not None]
    took = listing([html("<strong>{}</strong>{}", text(USD.amount(total, unit, digits=3)), text(_OF.get(quantity, ""))) for quantity, unit, total in known])
    missing = [
        f"{label} ({counted(runs - stated, 'run')})"
        for quantity, (label, _) in _COLUMNS.items()
        if (stated := sum(each.known[quantity] for each in sums)) < runs
    ]
    unknown = f" Not known and in no total: {', '.join(missing)}." if missing else ""
    shared = sum(each.known["shared_runs"] for each in sums)
    twice = f" {counted(shared, 'run')} shared GPUs with another one, and each counts all of their energy." if shared else ""
    return html("{} took {}.{}", text(counted(runs, "run")), took if known else text("an unknown amount"), text(f"{unknown}{twice}", most=500))


def _charts(sums: Sequence[MonthSums], limits: Limits) -> Html:
    """Return each month by project, the money spent against the budget, and the CO2e against the target."""
    quantity = "cost_usd" if _total(sums, "cost_usd") else "energy_kwh"
    label, unit = _COLUMNS[quantity]
    months = periods_chart([Spent(each.project or "no project", each.month, each.sums[quantity]) for each in sums], unit, label, USD, "fleet")
    spending = spending_chart(_by_month(sums, "cost_usd"), limits.budget_usd, USD, "fleet")
    drawn = [figure_html(chart) for chart in (months, spending, carbon_chart(_by_month(sums, "co2e_kg"), limits.target_kg, "fleet")) if chart is not None]
    return html('<div class="charts twin">{}</div>', joined(drawn)) if drawn else EMPTY


def _by_month(sums: Sequence[MonthSums], quantity: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for each in sums:
        if each.known[quantity]:
            found[each.month] = found.get(each.month, 0.0) + each.sums[quantity]
    return found


def _waste(sums: Sequence[MonthSums]) -> Html:
    """Return what was paid for and not used, in dollars and as a share of the cost."""
    cost = _total(sums, "cost_usd")
    rows = []
    for quantity, (label, unit) in _WASTE.items():
        usd = _total(sums, quantity)
        share = f"{100.0 * usd / cost:.1f} %" if usd is not None and cost else ""
        is_none = quantity == "unfinished_usd" and usd is None and not sum(each.known["unfinished_runs"] for each in sums)
        rows.append(texts(label, "none" if is_none else USD.amount(usd, unit, digits=3), share))
    idle, judged = _total(sums, "idle_h"), _total(sums, "judged_h")
    shown = f"{100.0 * idle / judged:.0f} % of {USD.amount(judged, 'h')}" if idle is not None and judged else NOT_KNOWN
    rows.append(texts("Time in which GPUs did nothing, where it was measured", shown, ""))
    return table(text("Waste"), texts("", "Cost", "Of all cost"), rows, numbers=(1, 2))


def _projects(sums: Sequence[MonthSums]) -> Html:
    groups: dict[str, list[MonthSums]] = {}
    for each in sums:
        groups.setdefault(each.project, []).append(each)
    ordered = sorted(groups.items(), key=lambda group: (-(_total(group[1], "cost_usd") or 0.0), -(_total(group[1], "energy_kwh") or 0.0), group[0]))
    shown = ordered[:_MOST_PROJECTS]
    rows = [[name(project or "no project", most=80), text(f"{sum(each.runs for each in members):,}")] for project, members in shown]
    heads = texts("", "Runs")
    for quantity, (label, unit) in _COLUMNS.items():
        totals = [_total(members, quantity) for _, members in shown]
        numbers, scale = column([total or 0.0 for total in totals], sum(total or 0.0 for total in totals), unit, USD)
        heads.append(html("{} <small>{}</small>", text(label), text(scale)) if scale and scale != label else text(label))
        for row, total, number in zip(rows, totals, numbers, strict=False):
            row.append(text(NOT_KNOWN if total is None else number))
    more = f", the largest {_MOST_PROJECTS} of {len(ordered):,}" if len(ordered) > _MOST_PROJECTS else ""
    return table(text(f"By project{more}"), heads, rows, numbers=range(1, 6), is_sortable=True)
