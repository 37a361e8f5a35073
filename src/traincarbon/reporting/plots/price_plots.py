"""Charts of ``carbon db prices``: what each provider asks, and the median of the market."""

from functools import partial

from traincarbon.explore.price_book import Market, PriceBook
from traincarbon.formatting import counted, significant
from traincarbon.reporting.charts.axis import log_axis
from traincarbon.reporting.charts.chart import Chart
from traincarbon.reporting.charts.intervals import Limit, Row, draw_intervals
from traincarbon.uncertain import Interval


def price_charts(book: PriceBook) -> list[Chart]:
    """Return a chart for each way of buying: the providers from the cheapest, and the price of the market."""
    return [_chart(market) for market in book.markets]


def _chart(market: Market) -> Chart:
    middle, quotes = market.usd_per_h.median, sorted(market.quotes, key=lambda quote: (quote.usd_per_h, quote.provider))
    rows = [Row(quote.provider, Interval.of(quote.usd_per_h), f"{_price(quote.usd_per_h)} · {quote.kind or 'other'}") for quote in quotes]
    axis = log_axis([*(quote.usd_per_h for quote in quotes), middle], words=_price, title="$ per GPU-hour")
    dates = sorted(quote.date for quote in quotes)
    cheapest = quotes[0]
    title = f"{market.purchase.replace('_', ' ').capitalize()}: {_price(middle)} per GPU-hour; {cheapest.provider} asks the least, {_price(cheapest.usd_per_h)}"
    draw = partial(draw_intervals, title=title, rows=rows, axis=axis, limit=Limit(middle, f"market {_price(middle)}"))
    data = [(quote.provider, quote.kind, f"${quote.usd_per_h:.4g}", quote.server, quote.region, quote.date) for quote in quotes]
    head = ("Provider", "Kind", "$/GPU-hour", "Size", "Region", "Date")
    note = f"{counted(len(quotes), 'provider')}, {dates[0]} to {dates[-1]}. The dashed line is the price that an estimate takes."
    return Chart(f"chart-{market.purchase.replace('_', '-')}", title, draw, head, data, note=note)


def _price(usd_per_h: float) -> str:
    return f"${significant(usd_per_h, 3)}"
