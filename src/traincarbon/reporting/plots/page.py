"""A page of charts in one self-contained file that makes no requests."""

from collections.abc import Iterable, Sequence

from traincarbon.reporting.charts.chart import Chart, figure_html
from traincarbon.reporting.markup import html, joined, name
from traincarbon.reporting.shell import charts_script, document

_LONGEST_TITLE, _LONGEST_SENTENCE = 200, 600


def page(*, title: str, lead: Iterable[str], charts: Sequence[Chart]) -> str:
    """Return the page.

    Args:
        title: What it shows.
        lead: The sentences below the title, each a paragraph: first what was found.
        charts: The charts.
    """
    paragraphs = joined(html("<p>{}</p>", name(_sentence(each), most=_LONGEST_SENTENCE)) for each in lead if each)
    header = html("<header><h1>{}</h1>{}</header>", name(title, most=_LONGEST_TITLE), paragraphs)
    figures = joined(figure_html(chart) for chart in charts)
    content = html('<div class="charts">{}</div>', figures) if charts else html("<p>There is nothing to show.</p>")
    return document(title=title, header=header, content=content, script=charts_script(), css="plots")


def _sentence(words: str) -> str:
    """Return *words* with a capital letter and a full stop.

    Example:
        >>> _sentence("the rent is of 2023")
        'The rent is of 2023.'
    """
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith(('.', '!', '?')) else '.'}"
