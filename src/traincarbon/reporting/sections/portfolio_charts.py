"""Charts of many runs: what each period took by project, and what was spent or emitted so far, with its outlook."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from traincarbon.reporting.charts.axis import Axis, in_one_scale, linear_axis, linear_money
from traincarbon.reporting.charts.chart import Chart
from traincarbon.reporting.charts.columns import MOST_SERIES, Series, draw_columns
from traincarbon.reporting.charts.curves import Curve, draw_curves
from traincarbon.reporting.charts.intervals import Limit
from traincarbon.reporting.currency import USD, Currency
from traincarbon.reporting.sections.periods import MONTHS_A_YEAR, is_month, period_for, sums_so_far

_MOST_COLUMNS = 36
_FEWEST_FOR_OUTLOOK = 2
_MOST_MONTHS = 1200
"""Runs that lie further apart have a wrong date."""
_CARBON = "kg CO2e"


class Spent(NamedTuple):
    """What a project took in a month: its label, the month as 2026-03, and the amount."""

    project: str
    month: str
    amount: float


def periods_chart(spent: Sequence[Spent], unit: str, what: str, currency: Currency, id: str) -> Chart | None:
    """Return what each month took, stacked by project, the largest projects first; None for one month.

    Where there are more months than columns have room, a column is a quarter or a year.

    Args:
        spent: What was taken; months without a date are left out.
        unit: The unit of the amounts.
        what: What was taken, for the title.
        currency: The currency of the report.
        id: The prefix of the id of the chart.
    """
    dated = [each for each in spent if each.amount > 0.0 and is_month(each.month)]
    period = period_for([each.month for each in dated], most=_MOST_COLUMNS)
    columns = [] if period is None else period.between([each.month for each in dated])
    if period is None or len(columns) < 2:
        return None
    by_series = _by_series(dated, [period.of(each.month) for each in dated], columns)
    most = max(sum(values[column] for values in by_series.values()) for column in columns)
    series = [Series(label, list(values.values()), [currency.amount(value, unit) for value in values.values()]) for label, values in by_series.items()]
    axis = linear_money(most, currency) if unit == "$" else linear_axis(most, words=in_one_scale(most, unit, currency))
    title = f"{what} by {period.name} and project"
    rows = [(column, *(each.words[at] for each in series)) for at, column in enumerate(columns)]
    draw = partial(draw_columns, title=title, names=columns, series=series, axis=axis)
    return Chart(f"{id}-chart-months", title, draw, (period.name.capitalize(), *(each.label for each in series)), rows)


def _by_series(spent: Sequence[Spent], column_of: Sequence[str], columns: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return the amounts by project and column, the largest projects first and the small ones together."""
    totals: dict[str, float] = {}
    for each in spent:
        totals[each.project] = totals.get(each.project, 0.0) + each.amount
    ordered = sorted(totals, key=lambda project: (-totals[project], project))
    named = ordered if len(ordered) <= MOST_SERIES else ordered[: MOST_SERIES - 1]
    rest = f"{len(ordered) - len(named)} others"
    found = {project: dict.fromkeys(columns, 0.0) for project in [*named, *([rest] if len(named) < len(ordered) else [])]}
    for each, column in zip(spent, column_of, strict=True):
        found[each.project if each.project in named else rest][column] += each.amount
    return found


def spending_chart(by_month: Mapping[str, float], budget_usd: float | None, currency: Currency, id: str) -> Chart | None:
    """Return the money spent so far, with its outlook to the end of the year at the mean pace of the months, and the budget."""
    so_far = sums_so_far(by_month)
    if not _FEWEST_FOR_OUTLOOK <= len(so_far) <= _MOST_MONTHS or not so_far[-1][1] > 0.0:
        return None
    (last, total), n_months = so_far[-1], len(so_far)
    left = MONTHS_A_YEAR - int(last[5:])
    outlook = total + left * total / n_months
    curves = [Curve(f"spent {currency.amount(total, '$')}", _points(so_far), 0)]
    if left:
        ahead = [(float(n_months), total), (float(n_months + left), outlook)]
        curves.append(Curve(f"outlook {currency.amount(outlook, '$')}", ahead, 1, is_dashed=True))
    title = f"Spent so far: {currency.amount(total, '$', digits=3)}"
    if left:
        title += f"; {currency.amount(outlook, '$', digits=3)} by the end of {last[:4]} at this pace"
    level = None if budget_usd is None else Limit(budget_usd, f"budget {currency.amount(budget_usd, '$')}")
    y = linear_money(max(outlook, budget_usd or 0.0), currency)
    x = _months_axis(n_months + left, so_far[0][0])
    rows = [(month, currency.amount(usd, "$", digits=3)) for month, usd in so_far]
    draw = partial(draw_curves, title=title, x=x, y=y, curves=curves, level=level)
    return Chart(f"{id}-chart-spending", title, draw, ("Month", "Spent by its end"), rows, note=_used(total, outlook if left else None, budget_usd))


def carbon_chart(by_month: Mapping[str, float], target_kg: float | None, id: str) -> Chart | None:
    """Return the CO2e emitted so far and the target; None for fewer than two months."""
    so_far = sums_so_far(by_month)
    if not 1 < len(so_far) <= _MOST_MONTHS:
        return None
    total = so_far[-1][1]
    most = max(total, target_kg or 0.0)
    y = linear_axis(most, words=in_one_scale(most, _CARBON, USD))
    title = f"Emitted so far: {USD.amount(total, _CARBON, digits=3)} CO2e"
    title += "" if target_kg is None else f", {100.0 * total / target_kg:.0f} % of the target"
    level = None if target_kg is None else Limit(target_kg, f"target {USD.amount(target_kg, _CARBON)}")
    rows = [(month, USD.amount(kg, _CARBON, digits=3)) for month, kg in so_far]
    curves = [Curve(f"emitted {USD.amount(total, _CARBON)}", _points(so_far), 2)]
    draw = partial(draw_curves, title=title, x=_months_axis(len(so_far), so_far[0][0]), y=y, curves=curves, level=level)
    return Chart(f"{id}-chart-carbon", title, draw, ("Month", "Emitted by its end"), rows)


def _used(total: float, outlook: float | None, budget_usd: float | None) -> str:
    """Return the share of the budget that is spent, and that will be by the end of the year; empty without a budget."""
    if budget_usd is None:
        return ""
    ahead = "" if outlook is None else f", {100.0 * outlook / budget_usd:.0f} % by the end of the year at this pace"
    return f"{100.0 * total / budget_usd:.0f} % of the budget is spent{ahead}."


def _points(so_far: Sequence[tuple[str, float]]) -> list[tuple[float, float | None]]:
    """Return the line of a sum that begins at nothing."""
    return [(0.0, 0.0), *((at + 1.0, total) for at, (_, total) in enumerate(so_far))]


def _months_axis(months: int, first: str) -> Axis:
    """Return the axis of so many months since the beginning of the *first*."""
    axis = linear_axis(float(months), words=lambda at: f"{at:g}", title=f"months since the beginning of {first}")
    return axis._replace(high=float(months), ticks=tuple(tick for tick in axis.ticks if tick <= months))
