"""Several plans: what each costs, how sure the cheapest is cheaper, and what they cost together."""

from collections.abc import Sequence
from functools import partial, reduce
from operator import add

from traincarbon.explore.advice.saving import SPREADS_OF_HARDWARE, saving_of
from traincarbon.reporting.charts.axis import money_axis
from traincarbon.reporting.charts.chart import Chart, figure_html
from traincarbon.reporting.charts.intervals import Limit, Row, draw_intervals
from traincarbon.reporting.currency import Currency
from traincarbon.reporting.decision.amounts import chance_within, money_of
from traincarbon.reporting.decision.plan_charts import percent
from traincarbon.reporting.markup import EMPTY, Html, html, name, notes, text
from traincarbon.reporting.subjects import ReportedPlan
from traincarbon.uncertain import Interval, Num, median_of

_COSTS = ("rent_usd", "tco_usd")


def several_html(plans: Sequence[ReportedPlan], currency: Currency, budget_usd: float | None) -> Html:
    """Return a chart of what plans cost, the differences with their chance, and the total."""
    chart = _chart(plans, currency, budget_usd)
    return html("{}{}", EMPTY if chart is None else figure_html(chart), notes([*_differences(plans, currency), *_total(plans, currency, budget_usd)]))


def _chart(plans: Sequence[ReportedPlan], currency: Currency, budget_usd: float | None) -> Chart | None:
    known = [(plan, money) for plan in plans if (money := money_of(plan.view)) is not None]
    if not known:
        return None
    rows = [Row(plan.view.title, money.interval, currency.amount(money.interval.median, "$", digits=3)) for plan, money in known]
    ends = [bound for row in rows if row.interval is not None for bound in row.interval]
    axis = money_axis([*ends, *([] if budget_usd is None else [budget_usd])], currency)
    limit = None if budget_usd is None else Limit(budget_usd, f"budget {currency.amount(budget_usd, '$')}")
    data = [(plan.view.title, *_words(money.interval, currency), "to rent" if money.is_rent else "to own") for plan, money in known]
    title = "What each plan costs"
    draw = partial(draw_intervals, title=title, rows=rows, axis=axis, limit=limit)
    return Chart("plans-chart-cost", title, draw, ("Plan", "Median", "Interval", "How"), data)


def _differences(plans: Sequence[ReportedPlan], currency: Currency) -> list[Html]:
    """Return by how much the cheapest plan costs less than each other, with the chance; of plans whose cost is known in the same way."""
    costs = [(plan, value) for plan in plans if (value := _cost(plan, plans)) is not None]
    if len(costs) < 2:
        return []
    (cheapest, least), *others = sorted(costs, key=lambda cost: float(median_of(cost[1])))
    found = []
    for plan, value in others:
        saved = saving_of(value, least, level=plan.view.level, independent=_independent(plan, cheapest))
        bounds = f"{currency.amount(saved.low, '$')} to {currency.amount(saved.high, '$')}"
        words = f"costs {currency.amount(saved.median, '$', digits=3)} less ({bounds}) than"
        found.append(html("{} {} {}, {} sure.", name(cheapest.view.title), text(words), name(plan.view.title), text(percent(saved.chance))))
    return found


def _total(plans: Sequence[ReportedPlan], currency: Currency, budget_usd: float | None) -> list[Html]:
    """Return what all plans cost together; what moves several of them moves the total as much."""
    values = [value for plan in plans if (value := _cost(plan, plans)) is not None]
    if len(values) < len(plans):
        return []
    total = reduce(add, values)
    interval = Interval.of(total, plans[0].view.level)
    within = ""
    if budget_usd is not None:
        within = f"; within the budget of {currency.amount(budget_usd, '$')}: {percent(chance_within(interval, budget_usd, level=plans[0].view.level))}"
    median, bounds = _words(interval, currency)
    return [text(f"All together: {median} ({bounds}){within}.", most=200)]


def _cost(plan: ReportedPlan, plans: Sequence[ReportedPlan]) -> Num | None:
    """Return the cost of a plan, to rent where every plan has a rent, else of ownership."""
    quantity = next((each for each in _COSTS if all(other.view.results.get(each) is not None for other in plans)), None)
    return None if quantity is None or plan.answer is None else plan.answer.values[quantity]


def _independent(plan: ReportedPlan, other: ReportedPlan) -> tuple[str, ...]:
    return () if plan.view.hardware == other.view.hardware else SPREADS_OF_HARDWARE


def _words(interval: Interval, currency: Currency) -> tuple[str, str]:
    median, _, bounds = currency.shown(interval, "$")
    return median, bounds
