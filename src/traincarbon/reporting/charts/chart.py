"""A chart: its drawing for a phone and for a wide screen, and the table of what it shows."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from traincarbon.reporting.markup import EMPTY, Html, html, table, text, texts

NARROW, WIDE = 320.0, 520.0
"""Widths that a chart is drawn for, so that its text is as large on a phone and on paper as on a screen. [px]"""


class Chart(NamedTuple):
    """A chart.

    Attributes:
        id: Id of its figure, and name of the files that a reader saves.
        title: What it shows or finds, as a sentence or a question.
        draw: The function that draws it for a width in pixels.
        head: The names of the columns of its data.
        rows: Its data, as text.
        note: What a reader should know, below it.
        follows: The result whose value what-if marks on an axis of the drawing, and that axis: ``rent_usd x``.
    """

    id: str
    title: str
    draw: Callable[[float], Html]
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    follows: str = ""


def figure_html(chart: Chart) -> Html:
    """Return a chart as a figure; its data stand in a table that a reader opens, and from which a script makes files."""
    note = html('<p class="ch-note">{}</p>', text(chart.note, most=300)) if chart.note else EMPTY
    data = table(text(chart.title), texts(*chart.head), [texts(*row) for row in chart.rows], numbers=range(1, len(chart.head)))
    follows = html(' data-follows="{}"', text(chart.follows)) if chart.follows else EMPTY
    return html(
        '<figure class="chart" id="{}"{}><figcaption>{}</figcaption><div class="ch-narrow">{}</div><div class="ch-wide">{}</div>{}'
        '<details class="ch-data"><summary>Data</summary>{}</details></figure>',
        text(chart.id),
        follows,
        text(chart.title, most=200),
        chart.draw(NARROW),
        chart.draw(WIDE),
        note,
        data,
    )
