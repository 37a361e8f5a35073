"""Where the uncertainty comes from: for a result that the reader chooses, how far each source alone moves it."""

from traincarbon.estimation.result import Estimate
from traincarbon.formatting import significant
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.charts.axis import quantity_axis
from traincarbon.reporting.charts.bars import Bar, draw_bars
from traincarbon.reporting.charts.chart import Chart
from traincarbon.reporting.charts.choice import choice_html
from traincarbon.reporting.currency import Currency
from traincarbon.reporting.labels import uncertainty_label
from traincarbon.reporting.markup import EMPTY, Html, html, name, text
from traincarbon.reporting.outline import Section, section
from traincarbon.reporting.view import EstimateView

_SHOWN = ("rent_usd", "tco_usd", "duration_s", "facility_energy_kwh", "total_kgco2e", "water_l")
_MOST_SOURCES = 7
_LEAST_SHARE = 0.01


def uncertainty_section(view: EstimateView, answer: Estimate | None, currency: Currency, id: str) -> Section | None:
    """Return a chart for each uncertain quantity, with a bar for each source, the widest first; None where nothing is uncertain."""
    charts = uncertainty_charts(view, currency, id)
    if not charts:
        return None
    lead = html(
        "<p>Each bar shows how a result moves when one source alone is at the low or the high end of its {:.3g} % range and all others "
        "are at their medians. Narrow the first source to narrow the answer most.</p>",
        100.0 * view.level,
    )
    return section(
        f"{id}-uncertainty", text("Where the uncertainty comes from"), lead, choice_html(f"{id}-swings", "Result", charts), _choice_of_price(answer, currency)
    )


def _choice_of_price(answer: Estimate | None, currency: Currency) -> Html:
    """Return that the price of renting is also a choice: who asks least and most for the accelerator; empty where fewer than two are known."""
    quotes = sorted(answer.quotes, key=lambda quote: quote.usd_per_h) if answer is not None else []
    if len({quote.provider for quote in quotes}) < 2:
        return EMPTY
    low, high = ((name(quote.provider), text(currency.amount(quote.usd_per_h, "$", digits=3)), text(quote.date)) for quote in (quotes[0], quotes[-1]))
    return html("<p>The price of renting is also a choice: a GPU-hour costs {1} at {0} ({2}) and {4} at {3} ({5}). Money lists who asks what.</p>", *low, *high)


def uncertainty_charts(view: EstimateView, currency: Currency, id: str) -> list[tuple[str, Chart]]:
    """Return the short name of each uncertain quantity with its chart."""
    return [(QUANTITIES[name].short, _chart(name, view, currency, id)) for name in _SHOWN if view.swings(name)]


def _chart(name: str, view: EstimateView, currency: Currency, id: str) -> Chart:
    quantity, median, shares = QUANTITIES[name], view.median(name) or 0.0, view.spread_shares[name]
    swings = [(source, swing) for source, swing in view.swings(name) if shares[source] >= _LEAST_SHARE][:_MOST_SOURCES]
    scale = currency.scale(median, quantity.unit)

    def words(value: float) -> str:
        return scale.text(significant(value / scale.size, 2, is_exact=False))

    bars, rows = [], []
    for source, swing in swings:
        low, high, part = median / swing, median * swing, f"{100.0 * shares[source]:.0f} %"
        label = uncertainty_label(source).removeprefix("the ")
        label = label[:1].upper() + label[1:]
        around = " – ".join(scale.around(significant(end / scale.size, 2, is_exact=False)) for end in (low, high))
        bars.append(Bar(label, low, high, f"{around} {scale.unit}".rstrip()))
        rows.append((label, words(low), words(high), part))
    ends = [end for bar in bars for end in (bar.low, bar.high)]
    axis = quantity_axis(ends, quantity.unit, currency)
    title = f"{quantity.label}: {words(median)}, and what moves it"
    return Chart(
        f"{id}-chart-swings-{name}",
        title,
        lambda width: draw_bars(width, title=title, bars=bars, axis=axis, middle=median),
        ("Source", "Low", "High", "Share of the spread"),
        rows,
    )
