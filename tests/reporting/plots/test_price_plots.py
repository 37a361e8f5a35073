"""Plots of prices show each provider once, by kind, and escape hostile names."""

import json

from traincarbon.estimation.facts.rent import Quote
from traincarbon.explore.price_book import Market, PriceBook, price_book
from traincarbon.reporting.plots.price_plots import price_panels
from traincarbon.uncertain import Interval


def test_each_provider_is_a_point_in_the_colour_of_its_kind(shipped):
    book = price_book(shipped, "h100")
    panels = price_panels(book)
    assert [panel.title.partition(":")[0] for panel in panels] == ["On demand", "Spot", "Reserved 1y", "Reserved 3y"]
    line, *traces = panels[0].figure["data"]
    assert line["x"] == [book.markets[0].usd_per_h.median] * 2
    drawn = {(name, x) for trace in traces for name, x in zip(trace["y"], trace["x"], strict=True)}
    assert drawn == {(quote.provider, quote.usd_per_h) for quote in book.markets[0].quotes}
    assert [trace["name"] for trace in traces] == ["specialist", "hyperscaler", "marketplace"]


def test_names_cannot_break_the_page(shipped):
    quote = Quote("<b>", "on_demand", 2.0, "2026", "", "</script>", "<i>")
    book = price_book(shipped, "h100")
    market = Market("on_demand", Interval(1.0, 2.0, 3.0), "", {}, (quote,))
    assert "<" not in json.dumps(price_panels(PriceBook(book.hardware, book.accelerator, (market,)))[0].figure)
