"""Charts of ``carbon estimate``: what to set aside, where it would run cleaner, when the money goes, and what moves each result."""

from traincarbon.database.load import Database
from traincarbon.estimation.result import Estimate
from traincarbon.formatting import in_brackets
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.charts.chart import Chart
from traincarbon.reporting.currency import USD
from traincarbon.reporting.decision.amounts import DEFAULT_CONFIDENCE, money_of
from traincarbon.reporting.decision.plan_charts import Question, amount_chart, payments_chart, places_chart
from traincarbon.reporting.plan_variants import in_regions, region_options
from traincarbon.reporting.sections.summary import cards_of
from traincarbon.reporting.sections.uncertainty import uncertainty_charts
from traincarbon.reporting.view import EstimateView

_ID = "estimate"


def estimate_charts(answer: Estimate, database: Database) -> list[Chart]:
    """Return the charts of an estimate."""
    view, question = EstimateView.of(answer), Question(USD, None, DEFAULT_CONFIDENCE)
    money = money_of(view)
    places = in_regions(answer, database, region_options(answer, database))
    charts = [None if money is None else amount_chart(money, question, _ID), places_chart(places, view, _ID)]
    charts.append(None if money is None else payments_chart(view, money, None, question, _ID))
    return [*(chart for chart in charts if chart is not None), *(chart for _, chart in uncertainty_charts(view, USD, _ID))]


def answer_words(answer: Estimate) -> str:
    """Return the results with their intervals, in one sentence."""
    view = EstimateView.of(answer)
    words = []
    for card in cards_of(view, USD):
        interval = view.results.get(card.name)
        median, scale, bounds = USD.shown(interval, QUANTITIES[card.name].unit)
        shown = f"{median} {scale}".strip() + in_brackets(bounds)
        words.append(f"{card.label}: {shown}")
    return f"{'; '.join(words)}. In brackets: {100.0 * view.level:.3g} % intervals."
