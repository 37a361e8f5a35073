"""Charts of prices show each provider once, the cheapest first and named, and escape hostile names."""

from traincarbon.estimation.facts.rent import Quote
from traincarbon.explore.price_book import Market, PriceBook, price_book
from traincarbon.reporting.plots.price_plots import price_charts
from traincarbon.uncertain import Interval


def test_each_provider_is_a_row_and_the_cheapest_is_named(shipped):
    book = price_book(shipped, "h100")
    charts = price_charts(book)
    assert [chart.title.partition(":")[0] for chart in charts] == ["On demand", "Spot", "Reserved 1y", "Reserved 3y"]
    quotes = sorted(book.markets[0].quotes, key=lambda quote: (quote.usd_per_h, quote.provider))
    assert [row[0] for row in charts[0].rows] == [quote.provider for quote in quotes]
    assert f"{quotes[0].provider} asks the least" in charts[0].title
    assert f"market ${book.markets[0].usd_per_h.median:.2f}" in charts[0].draw(520.0)
    assert "specialist" in charts[0].draw(520.0)


def test_names_cannot_break_the_page(shipped):
    quote = Quote("<b>", "on_demand", 2.0, "2026", "", "</script>", "<i>")
    book = price_book(shipped, "h100")
    market = Market("on_demand", Interval(1.0, 2.0, 3.0), "", {}, (quote,))
    assert "<b>" not in price_charts(PriceBook(book.hardware, book.accelerator, (market,)))[0].draw(520.0)
