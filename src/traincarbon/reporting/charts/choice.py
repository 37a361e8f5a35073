"""Several charts of which a reader chooses one; without scripts too."""

from collections.abc import Sequence

from traincarbon.reporting.charts.chart import Chart, figure_html
from traincarbon.reporting.markup import EMPTY, Html, html, joined, text

MOST = 6
"""The style sheet knows so many choices."""


def choice_html(id: str, legend: str, charts: Sequence[tuple[str, Chart]]) -> Html:
    """Return *charts*, each with its short name, of which one is shown; the first at first.

    Args:
        id: The name of the choice.
        legend: What is chosen.
        charts: At most :data:`MOST` charts.
    """
    if len(charts) < 2:
        return joined(figure_html(chart) for _, chart in charts)
    controls = joined(
        html(
            '<input type="radio" name="{0}" id="{0}-{1}"{2}><label for="{0}-{1}">{3}</label>', text(id), at, html(" checked") if at == 0 else EMPTY, text(name)
        )
        for at, (name, _) in enumerate(charts[:MOST])
    )
    panels = joined(html("<div>{}</div>", figure_html(chart)) for _, chart in charts[:MOST])
    return html('<div class="choose" role="radiogroup" aria-label="{}">{}<div class="chosen">{}</div></div>', text(legend), controls, panels)
