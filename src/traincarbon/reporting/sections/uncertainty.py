"""Where the uncertainty comes from: for each figure, how far each source alone moves it."""

from traincarbon.formatting import significant
from traincarbon.reporting.charts import two_sided_bar
from traincarbon.reporting.currency import Currency
from traincarbon.reporting.markup import section, table
from traincarbon.reporting.sections.summary import LABELS, UNITS, source_name
from traincarbon.reporting.view import Said

_SHOWN = ("rent_usd", "own_usd", "duration_s", "facility_energy_kwh", "total_kgco2e", "water_l")
_MOST_SOURCES = 6
_LEAST_SHARE = 0.01


def doubt_section(said: Said, currency: Currency, id: str) -> str:
    """Return a chart for each figure whose bars show between which values each source alone moves it, the widest first."""
    boxes = "".join(_box(name, said, currency) for name in _SHOWN if said.swings(name))
    lead = (
        f"<p>Each bar shows what a figure would be if one source alone were at the low or the high end of its {100.0 * said.level:.3g} % range and all others "
        "stood at their medians. Whatever narrows the first bar narrows the answer most.</p>"
    )
    return section(f"{id}-doubt", "Where the uncertainty comes from", lead, f'<div class="grid">{boxes}</div>') if boxes else ""


def _box(name: str, said: Said, currency: Currency) -> str:
    middle = said.median(name) or 0.0
    shares = said.spread_shares[name]
    swings = [(source, swing) for source, swing in said.swings(name) if shares[source] >= _LEAST_SHARE][:_MOST_SOURCES]
    reach = max(swing for _, swing in swings)
    scale = currency.scale(middle, UNITS[name])
    rows = []
    for source, swing in swings:
        low, high = (significant(bound / scale.size, 2, is_exact=False) for bound in (middle / swing, middle * swing))
        rows.append(
            [
                source_name(source),
                two_sided_bar(1.0 / swing, swing, reach),
                f"{scale.around(low)} – {scale.around(high)} {scale.unit}".rstrip(),
                f"{100.0 * shares[source]:.0f} %",
            ]
        )
    return f'<div class="box">{table(LABELS[name], ["Source", "Lower · higher", "Between", "Share"], rows, numbers=(2, 3))}</div>'
