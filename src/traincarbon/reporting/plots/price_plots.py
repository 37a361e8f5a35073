"""Figures of ``carbon db prices``: what each provider asks, and the median of the market."""

from traincarbon.database.records import PROVIDER_TYPES
from traincarbon.explore.price_book import Market, PriceBook
from traincarbon.reporting.plots.figures import BLUE, GREY, ORANGE, Data, Panel, ends_of, layout, log_axis, plain_text
from traincarbon.uncertain import Interval

_MARGIN = 1.25
_MARKS = dict(zip((*PROVIDER_TYPES, ""), ((BLUE, "circle"), (ORANGE, "diamond"), (GREY, "square"), (GREY, "x")), strict=True))
"""Colour and symbol of each kind of provider; the last is of one that is not in providers.csv."""


def price_panels(book: PriceBook) -> list[Panel]:
    """Return a panel for each way of buying."""
    return [Panel(_title(market), _caption(market), _figure(market)) for market in book.markets]


def _title(market: Market) -> str:
    return f"{market.purchase.replace('_', ' ').capitalize()}: ${market.usd_per_h.median:.3g} an accelerator-hour"


def _caption(market: Market) -> str:
    dates = sorted(quote.date for quote in market.quotes)
    return f"{len(market.quotes)} providers, {dates[0]} to {dates[-1]}. Rest the pointer on a point to see its size, region and date."


def _figure(market: Market) -> Data:
    names = [plain_text(quote.provider) for quote in market.quotes]
    traces: list[Data] = []
    for kind, (colour, symbol) in _MARKS.items():
        found = [(name, quote) for name, quote in zip(names, market.quotes, strict=True) if quote.kind == kind]
        if found:
            traces.append(
                {
                    "x": [quote.usd_per_h for _, quote in found],
                    "y": [name for name, _ in found],
                    "mode": "markers",
                    "marker": {"color": colour, "symbol": symbol, "size": 10},
                    "name": kind or "other",
                    "text": [f"{name}: ${quote.usd_per_h:.4g}, {plain_text(quote.server)}, {plain_text(quote.region)}, {quote.date}" for name, quote in found],
                    "hoverinfo": "text",
                }
            )
    middle = market.usd_per_h.median
    ends = ends_of([Interval(quote.usd_per_h, middle, quote.usd_per_h) for quote in market.quotes], margin=_MARGIN)
    line: Data = {"x": [middle, middle], "y": [names[0], names[-1]], "mode": "lines", "line": {"color": GREY, "dash": "dash"}, "name": "market"}
    up: Data = {"type": "category", "categoryorder": "array", "categoryarray": names, "automargin": True}
    return {"data": [line, *traces], "layout": layout(log_axis("$ an accelerator-hour", *ends), up)}
