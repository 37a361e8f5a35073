"""Money for those who pay: ways to pay, the lines of ownership, when owning is worthwhile, who rents it out, and unit costs."""

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.result import Estimate
from traincarbon.explore.price_book import PriceBook, price_book
from traincarbon.reporting.charts.axis import linear_axis, linear_money, money_axis
from traincarbon.reporting.charts.bars import Bar, draw_bars
from traincarbon.reporting.charts.chart import Chart, figure_html
from traincarbon.reporting.charts.curves import Curve, Point, draw_curves
from traincarbon.reporting.charts.intervals import Row, draw_intervals
from traincarbon.reporting.currency import Currency
from traincarbon.reporting.decision.unit_costs import Worth
from traincarbon.reporting.markup import Html, html, joined, name, notes, table, text, texts
from traincarbon.reporting.outline import Section, section
from traincarbon.reporting.sections.breakdown import wholes
from traincarbon.reporting.sections.unit_costs import returns, unit_costs, unit_notes
from traincarbon.reporting.sections.ways_to_pay import ways_table
from traincarbon.reporting.view import EstimateView
from traincarbon.uncertain import Interval

_LEAST_USE = 0.05
_POINTS = 40
_MOST_QUOTES = 12
_FAR_ABOVE = 2.5
"""The chart of ownership ends at so many times the rent."""


def money_section(
    view: EstimateView, answer: Estimate | None, database: Database, currency: Currency, id: str, *, worth: Worth | None = None
) -> Section | None:
    """Return what renting and owning cost line by line, per unit of work, and against what the training is worth; None where no price is known."""
    book = None if answer is None else _book(answer, database)
    charts = [_lines_chart(view, currency, id), _use_chart(view, currency, id), None if book is None else _quotes_chart(book, currency, id)]
    drawn = [figure_html(chart) for chart in charts if chart is not None]
    if not drawn and book is None:
        return None
    worth = worth or Worth()
    markets = None if book is None else _markets(book, view, currency)
    tables = (ways_table(view, book, currency), unit_costs(view, answer, database, worth, currency), returns(view, worth, currency), markets)
    failed = "failed experiments (attempts = 1.5 counts half a run of them), " if view.plan.get("attempts") is None else ""
    left_out = f"Not included: {failed}storage, data, egress and the people who train the model."
    remarks = notes([*map(text, unit_notes(worth)), text(left_out)])
    return section(f"{id}-money", text("Money"), html('<div class="charts">{}</div>', joined(drawn)), *(each for each in tables if each is not None), remarks)


def use_at_which_owning_costs_the_rent(view: EstimateView) -> float | None:
    """Return the share of its life in use from which owning costs less than renting; above 1 it never does, None where a cost is not known. [1].

    All of ownership but the electricity is paid whether the hardware is used or not, so it is inversely proportional to the use.
    """
    rent, own, electricity, use = _of_owning(view)
    if rent is None or own is None or electricity is None or use is None or rent <= electricity:
        return None
    return (own - electricity) * use / (rent - electricity)


def _of_owning(view: EstimateView) -> tuple[float | None, float | None, float | None, float | None]:
    """Return the cost to rent, the cost of ownership, that of electricity, and the use that ownership assumes."""
    return view.median("rent_usd"), view.median("tco_usd"), view.median("electricity_usd"), view.input("tco_usd", "utilisation")


def _lines_chart(view: EstimateView, currency: Currency, id: str) -> Chart | None:
    """Return the lines of the total cost of ownership."""
    whole = next((each for each in wholes(view) if each.name == "tco_usd"), None)
    if whole is None:
        return None
    total = sum(part.value for part in whole.parts)
    axis = linear_money(max(part.value for part in whole.parts), currency)
    bars = [Bar(part.label, 0.0, part.value, f"{currency.amount(part.value, '$')} · {100.0 * part.value / total:.0f} %") for part in whole.parts]
    rows = [(part.label, currency.amount(part.value, "$", digits=3)) for part in whole.parts]
    title = f"Cost of ownership, line by line: {currency.amount(total, '$', digits=3)}"
    return Chart(
        f"{id}-chart-ownership",
        title,
        lambda width: draw_bars(width, title=title, bars=bars, axis=axis),
        ("Line", "Median"),
        [*rows, ("Total", currency.amount(total, "$", digits=3))],
    )


def _use_chart(view: EstimateView, currency: Currency, id: str) -> Chart | None:
    """Return the cost of owning over the share of its life in which the hardware is used, beside the rent."""
    even = use_at_which_owning_costs_the_rent(view)
    rent, own, electricity, use = _of_owning(view)
    if even is None or rent is None or own is None or electricity is None or use is None:
        return None
    top = min(_FAR_ABOVE * rent, electricity + (own - electricity) * use / _LEAST_USE)
    first = max(_LEAST_USE, (own - electricity) * use / (top - electricity))
    shares = [first + (1.0 - first) * at / _POINTS for at in range(_POINTS + 1)]
    owned = [(share, electricity + (own - electricity) * use / share) for share in shares]
    x = linear_axis(1.0, words=lambda share: f"{100.0 * share:.0f} %", title="share of its life in use")
    y = linear_money(max(top, rent), currency)._replace(title="cost of this run")
    words = currency.amount(own, "$", digits=3)
    points = [Point(use, own, words, f"Assumed: in use {100.0 * use:.0f} % of its life, {words}")]
    title = "Owning never costs less than renting"
    if even < 1.0:
        title = f"Owning costs less once in use {100.0 * even:.0f} % of its life"
        points.append(Point(even, rent, f"{100.0 * even:.0f} %", f"Owning costs the rent at {100.0 * even:.0f} % use", is_strong=True))
    curves = [Curve("rent", [(0.0, rent), (1.0, rent)], 1), Curve("own", owned, 0)]
    rows = [(f"{100.0 * share:.0f} %", currency.amount(usd, "$", digits=3), currency.amount(rent, "$", digits=3)) for share, usd in owned[:: _POINTS // 8]]
    return Chart(
        f"{id}-chart-use",
        title,
        lambda width: draw_curves(width, title=title, x=x, y=y, curves=curves, points=points),
        ("In use", "Own", "Rent"),
        rows,
        note="Medians; for hardware that serves nobody else, only this run counts as use.",
    )


def _book(answer: Estimate, database: Database) -> PriceBook | None:
    """Return who rents out the hardware of the plan."""
    place, plan = answer.facts.place, answer.plan
    region = place.id if place is not None and place.region is not None else None
    try:
        return price_book(database, answer.facts.hardware.id, region=region, start=plan.start)
    except CarbonError:
        return None


def _quotes_chart(book: PriceBook, currency: Currency, id: str) -> Chart | None:
    """Return what each provider asks on demand, the cheapest first, with what the estimate takes."""
    market = next((each for each in book.markets if each.purchase == "on_demand"), None)
    if market is None:
        return None
    quotes = sorted(market.quotes, key=lambda quote: quote.usd_per_h)[:_MOST_QUOTES]
    rows = [Row(f"{quote.provider} ({quote.kind}, {quote.date})", Interval.of(quote.usd_per_h), _per_hour(quote.usd_per_h, currency)) for quote in quotes]
    rows.append(Row("Taken here", market.usd_per_h, _per_hour(market.usd_per_h.median, currency), is_own=True))
    axis = money_axis([bound for row in rows if row.interval is not None for bound in row.interval], currency)
    title = f"Who rents out {book.accelerator.name}, on demand, a GPU-hour"
    data = [(quote.provider, quote.kind, _per_hour(quote.usd_per_h, currency), quote.date, quote.region, quote.source) for quote in quotes]
    return Chart(
        f"{id}-chart-providers",
        title,
        lambda width: draw_intervals(width, title=title, rows=rows, axis=axis),
        ("Provider", "Kind", "Price", "Date", "Region", "Source"),
        data,
    )


def _markets(book: PriceBook, view: EstimateView, currency: Currency) -> Html:
    """Return the ways to buy with the price of an hour and of this run."""
    hours = view.median("accelerator_hours_h")
    rows = []
    for market in book.markets:
        low, median, high = (_per_hour(bound, currency) for bound in market.usd_per_h)
        cost = "" if hours is None else currency.amount(hours * market.usd_per_h.median, "$", digits=3)
        rows.append([*texts(market.purchase.replace("_", " "), median, f"{low} – {high}", cost, f"{len(market.quotes)}"), name(market.reason, most=160)])
    caption = text(f"Ways to rent {book.hardware.name}")
    return table(caption, texts("Way", "A GPU-hour", "90 % interval", "This run", "Providers", "What it rests on"), rows, numbers=(1, 2, 3, 4))


def _per_hour(usd: float, currency: Currency) -> str:
    return currency.amount(usd, "$", digits=3)
