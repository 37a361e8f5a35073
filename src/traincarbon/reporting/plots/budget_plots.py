"""Charts of ``carbon runs budget``: what was left of each budget at the end of each day."""

from functools import partial

from traincarbon.budgets.budget import UNITS
from traincarbon.budgets.budget_month import BudgetMonth, BudgetsMonth
from traincarbon.formatting import amount, counted, signed_amount
from traincarbon.reporting.charts.axis import in_one_scale, linear_axis, linear_money
from traincarbon.reporting.charts.chart import Chart
from traincarbon.reporting.charts.curves import Curve, draw_curves
from traincarbon.reporting.currency import USD

_MOST = 24


def budget_charts(found: BudgetsMonth) -> list[Chart]:
    """Return a chart for each limit, of at most 24 budgets, those of which the least is left first."""
    each = [(month.free(name) / month.budget.limits[name], at, month, name) for at, month in enumerate(found.budgets) for name in month.budget.limits]
    return [_chart(month, name, number, now_s=found.now_s) for number, (_, _, month, name) in enumerate(sorted(each, key=lambda row: row[:2])[:_MOST])]


def budget_words(found: BudgetsMonth) -> str:
    """Return how many budgets are spent, in one sentence."""
    spent = sum(any(month.left(name) <= 0.0 for name in month.budget.limits) for month in found.budgets)
    tight = sum(any(month.left(name) > 0.0 >= month.free(name) for name in month.budget.limits) for month in found.budgets)
    more = f", {tight} will be by runs that still go on" if tight else ""
    return f"{counted(len(found.budgets), 'budget')} for {found.month.name} ({found.month.time_zone}); {spent} spent{more}."


def _chart(month: BudgetMonth, name: str, number: int, *, now_s: float) -> Chart:
    unit, limit = UNITS[name], month.budget.limits[name]
    left = month.burn_down(name, now_s=now_s)
    days = len(left)
    known = [value for value in left if value is not None]
    now = known[-1] if known else limit
    lowest = min([0.0, *known])
    curves = [
        Curve("even pace", [(0.0, limit), (float(days), 0.0)], 5, is_dashed=True),
        Curve(f"left {signed_amount(now, unit)}", [(0.0, limit), *((day + 1.0, value) for day, value in enumerate(left) if value is not None)], 0),
    ]
    ahead = month.use.ahead.get(name, 0.0)
    if ahead > 0.0 and len(known) < days:
        curves.append(Curve("runs that still go on", [(float(len(known)), now), (float(days), now - ahead)], 1, is_dashed=True))
        lowest = min(lowest, now - ahead)
    y = linear_money(limit, USD) if unit == "$" else linear_axis(limit, words=in_one_scale(limit, unit, USD))
    if lowest < 0.0:
        y = y._replace(low=lowest)
    x = linear_axis(float(days), words=lambda at: f"{at:g}", title=f"day of {month.month.name}")._replace(high=float(days))
    x = x._replace(ticks=tuple(tick for tick in x.ticks if tick <= days))
    project = month.project or "no project"
    title = f"{project}: {signed_amount(month.left(name), unit)} of {amount(limit, unit, digits=3)} left"
    rows = [(f"{month.month.name}-{day + 1:02d}", _cell(value, unit)) for day, value in enumerate(left)]
    note = "; ".join(month.unknown())
    draw = partial(draw_curves, title=title, x=x, y=y, curves=curves)
    return Chart(f"chart-budget-{number}", title, draw, ("Day", "Left at its end"), rows, note=f"{note[0].upper()}{note[1:]}." if note else "")


def _cell(value: float | None, unit: str) -> str:
    return "–" if value is None else signed_amount(value, unit)
