"""Where the uncertainty comes from: for each quantity, how far each source alone moves it."""

from traincarbon.formatting import significant
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.charts.cell_bars import two_sided_bar
from traincarbon.reporting.currency import Currency
from traincarbon.reporting.labels import uncertainty_label
from traincarbon.reporting.markup import Html, html, joined, table, text, texts
from traincarbon.reporting.outline import Section, section
from traincarbon.reporting.view import EstimateView

_SHOWN = ("rent_usd", "tco_usd", "duration_s", "facility_energy_kwh", "total_kgco2e", "water_l")
_MOST_SOURCES = 6
_LEAST_SHARE = 0.01


def uncertainty_section(view: EstimateView, currency: Currency, id: str) -> Section | None:
    """Return a chart for each uncertain quantity, with a bar for each source, the widest first; None where nothing is uncertain."""
    boxes = joined(_box(name, view, currency) for name in _SHOWN if view.swings(name))
    if not boxes:
        return None
    lead = html(
        "<p>Each bar shows how a result moves when one source alone is at the low or the high end of its {:.3g} % range and all others "
        "are at their medians. Narrow the first source to narrow the answer most.</p>",
        100.0 * view.level,
    )
    return section(f"{id}-uncertainty", text("Where the uncertainty comes from"), lead, html('<div class="grid">{}</div>', boxes))


def _box(name: str, view: EstimateView, currency: Currency) -> Html:
    quantity, median, shares = QUANTITIES[name], view.median(name) or 0.0, view.spread_shares[name]
    swings = [(source, swing) for source, swing in view.swings(name) if shares[source] >= _LEAST_SHARE][:_MOST_SOURCES]
    reach = max(swing for _, swing in swings)
    scale = currency.scale(median, quantity.unit)
    rows = []
    for source, swing in swings:
        low, high = (scale.around(significant(bound / scale.size, 2, is_exact=False)) for bound in (median / swing, median * swing))
        bar = two_sided_bar(1.0 / swing, swing, reach)
        rows.append([text(uncertainty_label(source)), bar, text(f"{low} – {high} {scale.unit}".rstrip()), text(f"{100.0 * shares[source]:.0f} %")])
    return html('<div class="box">{}</div>', table(text(quantity.label), texts("Source", "Lower · higher", "Range", "Share"), rows, numbers=(2, 3)))
