"""The answer to a form: the estimate with its cards and charts, and what is wrong with each field beside it."""

from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.database.find_counted import find_counted
from traincarbon.database.find_place import find_place
from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.result import Estimate
from traincarbon.reporting.charts.chart import figure_html
from traincarbon.reporting.currency import USD
from traincarbon.reporting.decision.amounts import Money, money_of
from traincarbon.reporting.decision.plan_charts import Question, amount_chart, options_chart, payments_chart, percent, places_chart
from traincarbon.reporting.decision.provenance import coverage_sentence, price_sentence, scope_sentence
from traincarbon.reporting.decision.sheet import cards_html
from traincarbon.reporting.ghg import accounts_of
from traincarbon.reporting.header import read_header
from traincarbon.reporting.markup import EMPTY, Html, html, joined, text
from traincarbon.reporting.plan_variants import in_regions, region_options
from traincarbon.reporting.sections.alternatives import advice_on
from traincarbon.reporting.sections.summary import size_words
from traincarbon.reporting.view import EstimateView
from traincarbon.webapp.plan_form import MAIN, Form, plan_fields_of
from traincarbon.webapp.plans import plan_from

_TOKENS_PER_PARAMETER = 20.0
"""A usual training, with which a field is replaced to see whether a warning is about it."""
_ID = "plan"


class Problem(NamedTuple):
    """What is wrong: the message, what to do, and whether there is an answer nevertheless."""

    message: str
    hint: str = ""
    is_warning: bool = False


class Answered(NamedTuple):
    """The answer to a form.

    Attributes:
        answer: The estimate; None where there is none.
        question: The budget and the confidence.
        beside: What is wrong with each field.
        problems: What is wrong with the whole.
    """

    answer: Estimate | None
    question: Question
    beside: Mapping[str, Problem]
    problems: tuple[Problem, ...] = ()


def answer_form(form: Form, database: Database, *, level: float = 0.9) -> Answered:
    """Return the answer to a form; what is wrong in it is said in the answer, so nothing is raised."""
    beside = {name: problem for name, value in form.fields.items() if (problem := _field_problem(name, value, database)) is not None}
    problems: list[Problem] = []
    question = Question(USD, None, read_header().confidence)
    try:
        header = read_header(budget_usd=form.budget or None, confidence=form.confidence or None)
        question = Question(USD, header.budget, header.confidence)
    except CarbonError as error:
        problems.append(Problem(str(error), error.hint))
    if beside or not form.fields.keys() | ({"more"} if form.more else set()):
        return Answered(None, question, beside, tuple(problems))
    try:
        plan = plan_from(plan_fields_of(form), database)
        answer = estimate(plan, database=database, level=level)
    except CarbonError as error:
        return Answered(None, question, beside, (Problem(str(error), error.hint), *problems))
    warned = _warned_fields(plan, answer, database)
    for warning in answer.warnings:
        problem = Problem(warning, is_warning=True)
        if warning in warned and warned[warning] not in beside:
            beside[warned[warning]] = problem
        else:
            problems.append(problem)
    return Answered(answer, question, beside, tuple(problems))


def _field_problem(name: str, value: str, database: Database) -> Problem | None:
    """Return what is wrong with one field alone, None where nothing is."""
    try:
        if name == "hw":
            find_counted(database, value)
        elif name == "region":
            find_place(database, value)
        else:
            Plan.from_dict({name: value})
    except CarbonError as error:
        return Problem(str(error), error.hint) if name in MAIN else None
    return None


def _warned_fields(plan: Plan, answer: Estimate, database: Database) -> dict[str, str]:
    """Return each warning that is about one of the five fields, with that field: the warning is gone where the field is replaced."""
    found: dict[str, str] = {}
    params, tokens = plan.number("params"), plan.number("tokens")
    replaced: dict[str, object] = {"accelerators": None, "region": None}
    if isinstance(params, float) and isinstance(tokens, float):
        replaced |= {"tokens": _TOKENS_PER_PARAMETER * params, "params": tokens / _TOKENS_PER_PARAMETER}
    for name, value in replaced.items():
        left = [warning for warning in answer.warnings if warning not in found]
        if not left or getattr(plan, name) is None:
            continue
        fields = {key: stated for key, stated in {**plan.stated(), name: value}.items() if stated is not None}
        try:
            others = estimate(Plan.from_dict(fields), database=database, level=answer.level).warnings
        except CarbonError:
            continue
        found |= {warning: name for warning in left if warning not in others}
    return found


class Shown(NamedTuple):
    """An answer as HTML: what is asked for with the five results, the charts that are quick to make, and remarks below."""

    top: Html = EMPTY
    charts: Html = EMPTY
    remarks: Html = EMPTY


def shown(answered: Answered, database: Database) -> Shown:
    """Return an answer as HTML; nothing where there is none."""
    answer, question = answered.answer, answered.question
    if answer is None:
        return Shown()
    view = EstimateView.of(answer)
    money = money_of(view)
    places = in_regions(answer, database, region_options(answer, database))
    charts = [None if money is None else amount_chart(money, question, _ID), places_chart(places, view, _ID)]
    charts.append(None if money is None else payments_chart(view, money, None, question, _ID))
    top = (html('<p class="work">{}.</p>', size_words(view)), _asked(money, question), cards_html(view, question.currency, _ID, is_linked=False))
    drawn = joined(figure_html(chart) for chart in charts if chart is not None)
    return Shown(joined(top), drawn, html('<p class="remark">{}</p>', _sentences(view, answer)))


def options_html(answered: Answered, database: Database) -> Html:
    """Return the chart of what else would do; nothing where no alternative is known."""
    answer = answered.answer
    if answer is None:
        return EMPTY
    view = EstimateView.of(answer)
    money = money_of(view)
    chart = None if money is None else options_chart(view, money, advice_on(answer, database), answered.question, _ID)
    return EMPTY if chart is None else figure_html(chart)


def spoken(answered: Answered) -> str:
    """Return the main results for a screen reader, empty where there are none."""
    if answered.answer is None:
        return ""
    view = EstimateView.of(answered.answer)
    shown = [
        (label, view.results.get(name), unit)
        for label, name, unit in (("cost", "rent_usd", "$"), ("time", "duration_s", "s"), ("CO2e", "total_kgco2e", "kg CO2e"))
    ]
    return ", ".join(f"{label} {USD.amount(found.median, unit, digits=3)}" for label, found, unit in shown if found is not None)


def _asked(money: Money | None, question: Question) -> Html:
    """Return the amount to ask for, and the chance to stay within the budget."""
    if money is None:
        return html("<p>What it costs is not known: give rent_price or purchase_price below.</p>")
    asked = question.currency.amount(money.quantile(question.confidence), "$", digits=3)
    how = "to rent" if money.is_rent else "to own"
    budget = question.budget_usd
    within = "" if budget is None else f" The chance to stay within {question.currency.amount(budget, '$')} is {percent(money.chance_within(budget))}."
    return html(
        '<p class="lead">Set aside <strong>{}</strong> {}</p>', text(asked), text(f"{how}: enough with a chance of {percent(question.confidence)}.{within}")
    )


def _sentences(view: EstimateView, answer: Estimate) -> Html:
    found = (coverage_sentence(view, answer), scope_sentence(accounts_of(view, answer)), price_sentence(answer))
    return joined((text(each, most=300) for each in found if each), " ")
