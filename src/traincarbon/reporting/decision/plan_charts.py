"""The four charts of the first page: what to set aside, what else would do, where, and when the money goes."""

from collections.abc import Sequence
from typing import NamedTuple

from traincarbon.explore.advice.alternative import Advice, Alternative
from traincarbon.formatting import LEAST, Scale, scale_of, significant
from traincarbon.reporting.charts.axis import MONTH_S, linear_axis, linear_money, log_axis, money_axis, time_axis
from traincarbon.reporting.charts.chart import Chart
from traincarbon.reporting.charts.curves import Curve, Point, draw_curves
from traincarbon.reporting.charts.intervals import Limit, Row, draw_intervals
from traincarbon.reporting.currency import Currency
from traincarbon.reporting.decision.amounts import Money
from traincarbon.reporting.decision.options import is_sure, shown_options
from traincarbon.reporting.decision.payments import payments_of, spans_of
from traincarbon.reporting.markup import Html
from traincarbon.reporting.plan_variants import Variant
from traincarbon.reporting.view import EstimateView
from traincarbon.uncertain import Interval

_QUANTILES = (0.05, 0.2, 0.5, 0.8, 0.95)
_MOST_OPTIONS, _MOST_PLACES, _MOST_SPANS = 5, 5, 24
_CASH = 1.5
"""Cash over cost from which the cash stands beside the cost."""
_CURVE_POINTS = 60
_DECISIVE = 1.5
"""Dirtiest over cleanest place from which the place decides the CO2e."""
_FAR = 10.0
"""A budget that is farther than this from the amounts is not drawn."""
_PAYMENTS = {"rent": ("rent", 0), "rent_sure": ("rent", 1), "reserve": ("reserve for a year", 2), "buy": ("buy", 3)}


class Question(NamedTuple):
    """What the first page needs beside the plan: the currency, the budget, the confidence of the amount that is asked for, and what the training is worth."""

    currency: Currency
    budget_usd: float | None
    confidence: float
    value_usd: float | None = None


def percent(share: float) -> str:
    """Return a chance in whole percent; one that rounds to 0 or 100 and is neither is below 1 % or above 99 %.

    Example:
        >>> percent(0.623), percent(0.9999), percent(1.0)
        ('62 %', '>99 %', '100 %')
    """
    whole = round(100.0 * share)
    if whole == 100 and share < 1.0:
        return ">99 %"
    return "<1 %" if whole == 0 and share > 0.0 else f"{whole} %"


def amount_chart(money: Money, question: Question, id: str) -> Chart:
    """Return the chance that an amount is enough, over the amount."""
    currency, budget = question.currency, question.budget_usd
    near = budget is not None and money.quantile(0.02) / _FAR < budget < money.quantile(0.98) * _FAR
    shares = sorted({*_QUANTILES, question.confidence})
    amounts = {share: money.quantile(share) for share in shares}
    words = {share: currency.amount(usd, "$", digits=3) for share, usd in amounts.items()}
    ends = (money.quantile(0.02), money.quantile(0.98), *([budget] if budget is not None and near else []))
    x = money_axis(ends, currency)
    y = linear_axis(1.0, words=lambda share: f"{100.0 * share:.0f} %", title="chance that it is enough")
    steps = [x.low * (x.high / x.low) ** (at / _CURVE_POINTS) for at in range(_CURVE_POINTS + 1)]
    limit = None if budget is None or not near else Limit(budget, f"budget {currency.amount(budget, '$')}")
    title = "What to set aside"

    def draw(width: float) -> Html:
        return draw_curves(
            width,
            title=title,
            x=x,
            y=y,
            curves=[Curve("", [(usd, money.chance_within(usd)) for usd in steps])],
            points=[
                Point(amounts[share], share, words[share], f"{words[share]} is enough with a chance of {percent(share)}", share == question.confidence)
                for share in shares
            ],
            limit=limit,
        )

    rows = [(percent(share), words[share]) for share in shares]
    if budget is not None:
        rows.append((percent(money.chance_within(budget)), f"{currency.amount(budget, '$', digits=3)} (budget)"))
    return Chart(f"{id}-chart-amount", title, draw, ("Chance that it is enough", "Amount"), rows, follows=f"{_result(money)} x")


def options_chart(view: EstimateView, money: Money, advice: Advice | None, question: Question, id: str) -> Chart | None:
    """Return the cost of the plan and of its alternatives; None where there is no alternative."""
    options = shown_options(advice, most=_MOST_OPTIONS)
    if not options:
        return None
    currency = question.currency
    rows = [Row(each.name, each.results["cost_usd"], _cost_words(each, currency), is_sure=is_sure(each)) for each in options]
    rows.append(Row("This plan", money.interval, currency.amount(money.interval.median, "$", digits=3), is_own=True))
    axis = money_axis(_bounds(rows), currency)
    limit = Limit(budget, "budget") if (budget := question.budget_usd) is not None and axis.low < budget < axis.high else None
    data = [_option_row(each, currency) for each in options]
    data.append(("This plan", *_interval_words(money.interval, "$", currency), "", currency.amount(money.interval.median, "$", digits=3)))
    return Chart(
        f"{id}-chart-options",
        "What else would do, and for how much",
        lambda width: draw_intervals(width, title="Cost of the plan and of its alternatives", rows=rows, axis=axis, limit=limit),
        ("Option", "Cost", f"{100.0 * view.level:.3g} % interval", "Chance that it saves", "Cash"),
        data,
        note="Hollow: not sure, or by a source that is not checked.",
        follows=f"{_result(money)} x",
    )


def places_chart(variants: Sequence[Variant], view: EstimateView, id: str) -> Chart | None:
    """Return the CO2e of the same training in other places, the cleanest first; None where fewer than two are known."""
    known = [each for each in variants if each.answer["total_kgco2e"] is not None]
    own = Row("This plan", view.results.get("total_kgco2e"), "", is_own=True)
    if len(known) < 2 or max(each.answer.median("total_kgco2e") for each in known) < LEAST["kg CO2e"]:
        return None
    chosen = _spaced(known, _MOST_PLACES)
    scale = scale_of(min(each.answer.median("total_kgco2e") for each in known), "kg CO2e")

    def words(kgco2e: float) -> str:
        return scale.text(significant(kgco2e / scale.size, 2))

    rows = [Row(each.option.name, found, words(found.median), is_own=each.is_own) for each in chosen if (found := each.answer["total_kgco2e"]) is not None]
    if not any(row.is_own for row in rows) and own.interval is not None:
        rows.append(own._replace(label="This plan, without a region", words=words(own.interval.median)))
    axis = log_axis(_bounds(rows), words=words)
    first, last = (each.answer["total_kgco2e"] for each in (known[0], known[-1]))
    ratio = 1.0 if first is None or last is None or not first.median else last.median / first.median
    finding = "decides its CO2e" if ratio >= _DECISIVE else "changes its CO2e little"
    return Chart(
        f"{id}-chart-places",
        f"Where it runs {finding}: {significant(ratio, 2)} × apart",
        lambda width: draw_intervals(width, title="CO2e of the same training by place", rows=rows, axis=axis),
        ("Place", "CO2e", f"{100.0 * view.level:.3g} % interval"),
        [(row.label, *_on_scale(row.interval, scale)) for row in rows],
        follows="total_kgco2e x",
    )


def payments_chart(view: EstimateView, money: Money, advice: Advice | None, question: Question, id: str) -> Chart | None:
    """Return what was paid by when; None where the duration is not known."""
    payments = payments_of(view, money, advice, confidence=question.confidence)
    if not payments:
        return None
    currency = question.currency
    most = max(each.total_usd for each in payments)
    months = max(each.paid[-1][0] for each in payments)
    x, unit_s = time_axis(months * MONTH_S)
    factor = MONTH_S / unit_s
    y = linear_money(most, currency, title="paid so far")
    curves = []
    for each in payments:
        name, colour = _PAYMENTS[each.id]
        sure = f" ({percent(question.confidence)} sure)" if each.id == "rent_sure" else " (median)" if each.id == "rent" else ""
        label = f"{name} {currency.amount(each.total_usd, '$', digits=3)}{sure}"
        curves.append(Curve(label, [(at * factor, usd) for at, usd in each.paid], colour, is_dashed=each.id == "rent_sure"))
    names = [_PAYMENTS[each.id][0] + (f", {percent(question.confidence)} sure" if each.id == "rent_sure" else "") for each in payments]
    ends = spans_of(payments, most=_MOST_SPANS)
    rows = [
        (
            _span(begin, end),
            *(currency.amount(each.until(end) - each.until(begin) + (each.until(0.0) if not begin else 0.0), "$", digits=3) for each in payments),
        )
        for begin, end in zip([0.0, *ends], ends, strict=False)
    ]
    rows.append(("Total", *(currency.amount(each.total_usd, "$", digits=3) for each in payments)))
    return Chart(
        f"{id}-chart-payments",
        "When the money goes",
        lambda width: draw_curves(width, title="Money paid over time by way of paying", x=x, y=y, curves=curves),
        ("Paid in", *names),
        rows,
        note="Reservations are paid even if unused; upkeep of bought hardware is extra.",
        follows=f"{_result(money)} y",
    )


def _span(begin: float, end: float) -> str:
    """Return what the months between two ends are called, counted from the start of the run.

    Example:
        >>> _span(0.0, 1.0), _span(2.0, 4.0)
        ('month 1', 'months 3 to 4')
    """
    return f"month {end:.0f}" if end == begin + 1.0 else f"months {begin + 1.0:.0f} to {end:.0f}"


def _result(money: Money) -> str:
    return "rent_usd" if money.is_rent else "tco_usd"


def _cost_words(each: Alternative, currency: Currency) -> str:
    cost = each.results["cost_usd"]
    if cost is None:
        return ""
    is_cash = each.cash_usd is not None and each.cash_usd > _CASH * cost.median
    return currency.amount(cost.median, "$", digits=3) + (f" · cash {currency.amount(each.cash_usd, '$')}" if is_cash else "")


def _option_row(each: Alternative, currency: Currency) -> tuple[str, ...]:
    saved = each.savings["cost_usd"]
    chance = "" if saved is None else percent(saved.chance)
    return (each.name, *_interval_words(each.results["cost_usd"], "$", currency), chance, currency.amount(each.cash_usd, "$", digits=3))


def _interval_words(interval: Interval | None, unit: str, currency: Currency) -> tuple[str, str]:
    median, scale, bounds = currency.shown(interval, unit)
    return f"{median} {scale}".strip(), f"{bounds} {scale}".strip() if bounds not in ("", "exact") else bounds


def _on_scale(interval: Interval | None, scale: Scale) -> tuple[str, str]:
    """Return median and bounds on the one scale of a column."""
    if interval is None:
        return "", ""
    median, low, high = (
        significant(value / scale.size, digits) for value, digits in zip((interval.median, interval.low, interval.high), (3, 2, 2), strict=True)
    )
    return scale.text(median), scale.text(f"{low} – {high}")


def _bounds(rows: Sequence[Row]) -> list[float]:
    return [bound for row in rows if row.interval is not None for bound in row.interval]


def _spaced(variants: Sequence[Variant], most: int) -> list[Variant]:
    """Return at most *most* variants, evenly spaced, with the first, the last and the plan's own."""
    if len(variants) <= most:
        return list(variants)
    places = {round(at * (len(variants) - 1) / (most - 1)) for at in range(most)}
    own = next((at for at, each in enumerate(variants) if each.is_own), None)
    if own is not None and own not in places:
        places.discard(min(places - {0, len(variants) - 1}, key=lambda at: abs(at - own)))
        places.add(own)
    return [variants[at] for at in sorted(places)]
