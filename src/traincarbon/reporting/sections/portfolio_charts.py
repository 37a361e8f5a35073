"""Charts of many runs: what each month took by project, and the money spent so far with its outlook."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from traincarbon.reporting.charts.axis import in_one_scale, linear_axis, linear_money
from traincarbon.reporting.charts.chart import Chart
from traincarbon.reporting.charts.columns import MOST_SERIES, Series, draw_columns
from traincarbon.reporting.charts.curves import Curve, draw_curves
from traincarbon.reporting.charts.intervals import Limit
from traincarbon.reporting.currency import Currency

_MONTHS_A_YEAR = 12
_MOST_MONTHS = 36
"""More months than these are not drawn."""
_FEWEST_FOR_OUTLOOK = 2


class Spent(NamedTuple):
    """What a project took in a month: its label, the month as 2026-03, and the amount."""

    project: str
    month: str
    amount: float


def months_chart(spent: Sequence[Spent], unit: str, what: str, currency: Currency, id: str) -> Chart | None:
    """Return what each month took, stacked by project, the largest projects first; None for one month or too many.

    Args:
        spent: What was taken; months without a date are left out.
        unit: The unit of the amounts.
        what: What was taken, for the title.
        currency: The currency of the report.
        id: The prefix of the id of the chart.
    """
    dated = [each for each in spent if each.amount > 0.0 and is_month(each.month)]
    months = months_between([each.month for each in dated])
    if not 1 < len(months) <= _MOST_MONTHS:
        return None
    totals: dict[str, float] = {}
    for each in dated:
        totals[each.project] = totals.get(each.project, 0.0) + each.amount
    ordered = sorted(totals, key=lambda project: (-totals[project], project))
    named = ordered if len(ordered) <= MOST_SERIES else ordered[: MOST_SERIES - 1]
    rest = f"{len(ordered) - len(named)} others"
    by_series = {project: dict.fromkeys(months, 0.0) for project in [*named, *([rest] if len(named) < len(ordered) else [])]}
    for each in dated:
        by_series[each.project if each.project in named else rest][each.month] += each.amount
    most = max(sum(values[month] for values in by_series.values()) for month in months)
    series = [Series(label, list(values.values()), [currency.amount(value, unit) for value in values.values()]) for label, values in by_series.items()]
    axis = linear_money(most, currency) if unit == "$" else linear_axis(most, words=in_one_scale(most, unit, currency))
    title = f"{what} by month and project"
    rows = [(month, *(each.words[at] for each in series)) for at, month in enumerate(months)]
    draw = partial(draw_columns, title=title, names=months, series=series, axis=axis)
    return Chart(f"{id}-chart-months", title, draw, ("Month", *(each.label for each in series)), rows)


def spending_chart(by_month: Mapping[str, float], budget_usd: float | None, currency: Currency, id: str) -> Chart | None:
    """Return the money spent so far, with its outlook to the end of the year at the mean pace of the months, and the budget."""
    months = months_between([month for month in by_month if is_month(month)])
    if len(months) < _FEWEST_FOR_OUTLOOK or len(months) > _MOST_MONTHS:
        return None
    total, points = 0.0, [(0.0, 0.0)]
    for at, month in enumerate(months):
        total += by_month.get(month, 0.0)
        points.append((at + 1.0, total))
    if not total > 0.0:
        return None
    left = _MONTHS_A_YEAR - int(months[-1][5:])
    end, outlook = len(months) + left, total + left * total / len(months)
    curves = [Curve(f"spent {currency.amount(total, '$')}", points, 0)]
    if left:
        curves.append(Curve(f"outlook {currency.amount(outlook, '$')}", [(float(len(months)), total), (float(end), outlook)], 1, is_dashed=True))
    title = f"Spent so far: {currency.amount(total, '$', digits=3)}"
    if left:
        title += f"; {currency.amount(outlook, '$', digits=3)} by the end of {months[-1][:4]} at this pace"
    level = None if budget_usd is None else Limit(budget_usd, f"budget {currency.amount(budget_usd, '$')}")
    y = linear_money(max(outlook, budget_usd or 0.0), currency)
    first = months[0]
    x = linear_axis(float(end), words=lambda at: f"{at:g}", title=f"months since the beginning of {first}")
    x = x._replace(high=float(end), ticks=tuple(tick for tick in x.ticks if tick <= end))
    rows = [(month, currency.amount(usd, "$", digits=3)) for month, (_, usd) in zip(months, points[1:], strict=True)]
    return Chart(f"{id}-chart-spending", title, partial(draw_curves, title=title, x=x, y=y, curves=curves, level=level), ("Month", "Spent by its end"), rows)


def is_month(text: str) -> bool:
    """Say whether *text* is a month, as 2026-03.

    Example:
        >>> is_month("2026-03"), is_month("no date"), is_month("2026-13")
        (True, False, False)
    """
    year, dash, month = text.partition("-")
    return bool(dash) and len(year) == 4 and len(month) == 2 and year.isdecimal() and month.isdecimal() and 1 <= int(month) <= _MONTHS_A_YEAR


def months_between(months: Sequence[str]) -> list[str]:
    """Return every month from the first to the last of *months*, also those without an entry.

    Example:
        >>> months_between(["2026-02", "2025-12"])
        ['2025-12', '2026-01', '2026-02']
    """
    if not months:
        return []
    first, last = (int(month[:4]) * _MONTHS_A_YEAR + int(month[5:]) - 1 for month in (min(months), max(months)))
    return [f"{at // _MONTHS_A_YEAR:04d}-{at % _MONTHS_A_YEAR + 1:02d}" for at in range(first, last + 1)]
