"""The first page of a plan, one sheet of paper: the decision, five results and four charts."""

from collections.abc import Sequence

from traincarbon.database.edition import Edition
from traincarbon.estimation.result import Estimate
from traincarbon.explore.advice.alternative import Advice, Alternative
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.charts.cell_bars import Axis, interval_bar
from traincarbon.reporting.charts.chart import figure_html
from traincarbon.reporting.currency import Currency
from traincarbon.reporting.decision.amounts import Money, money_of, quantile
from traincarbon.reporting.decision.options import first_option
from traincarbon.reporting.decision.plan_charts import Question, amount_chart, options_chart, payments_chart, percent, places_chart
from traincarbon.reporting.decision.provenance import coverage_sentence, is_calibrated, made_sentence, price_sentence, scope_sentence
from traincarbon.reporting.ghg import Accounts
from traincarbon.reporting.markup import EMPTY, Html, html, joined, link_to, name, notes, text
from traincarbon.reporting.outline import Section
from traincarbon.reporting.plan_variants import Variant
from traincarbon.reporting.sections.summary import Card, cards_of, size_words
from traincarbon.reporting.view import EstimateView

MOST_SIGNERS = 3
"""Who signs on the first page itself."""
_MOST_WARNINGS = 2
_LONGEST_WARNING, _LONGEST_NAME = 100, 60
_LEAST_SPAN = 1.5
"""Highest over lowest value that the bars of the cards can show at least."""


def sheet_section(
    view: EstimateView,
    *,
    answer: Estimate | None,
    advice: Advice | None,
    places: Sequence[Variant],
    accounts: Accounts,
    question: Question,
    approvers: Sequence[str],
    author: str,
    facts: Edition | None,
    id: str,
    is_linked: bool = True,
) -> Section:
    """Return the first page of a plan.

    Args:
        view: The estimate.
        answer: The estimate itself, None where the saved one differs from one made now.
        advice: The alternatives, None where there are none.
        places: The same training in other places, the cleanest first.
        accounts: Its CO2e by scope.
        question: The currency, the budget and the confidence.
        approvers: Who signs.
        author: Who prepared the page; empty where that is not said.
        facts: The facts that the estimate rests on, None where it rests on those of another time.
        id: The prefix of the ids of the plan.
        is_linked: Whether each result leads to its derivation, where the page has one.
    """
    money = money_of(view)
    charts = [] if money is None else [amount_chart(money, question, id), options_chart(view, money, advice, question, id)]
    charts += [places_chart(places, view, id), None if money is None else payments_chart(view, money, advice, question, id)]
    warnings = notes((name(warning, most=_LONGEST_WARNING) for warning in view.warnings[:_MOST_WARNINGS]), label="What to know")
    small = (coverage_sentence(view, answer), scope_sentence(accounts), price_sentence(answer))
    content = joined(
        [
            html('<p class="work">{}{}</p>', size_words(view, most=_LONGEST_NAME), text(", calibrated to your own runs" if is_calibrated(view) else "")),
            _decision(money, view, advice, question, approvers),
            html('<p class="set-note" hidden></p>'),
            cards_html(view, question.currency, id, is_linked=is_linked),
            html('<div class="charts">{}</div>', joined(figure_html(chart) for chart in charts if chart is not None)),
            warnings,
            html('<p class="small">{}</p>', joined([*(text(each, most=300) for each in small if each), _made(view, author, facts)], " ")),
        ]
    )
    return Section(f"{id}-decision", text("Decision"), content, css="sheet")


def _made(view: EstimateView, author: str, facts: Edition | None) -> Html:
    """Return when and by whom the page was made."""
    return html("Prepared{} {}", html(" by {},", name(author, most=_LONGEST_NAME)) if author else EMPTY, text(made_sentence(view, facts), most=300))


def _decision(money: Money | None, view: EstimateView, advice: Advice | None, question: Question, approvers: Sequence[str]) -> Html:
    """Return the box with the amount, the facts beside it, the first options and the lines to sign."""
    if money is None:
        ask = html('<p class="ask"><strong>Cost not known</strong> Give rent_price or purchase_price.</p>')
    else:
        asked = question.currency.amount(money.quantile(question.confidence), "$", digits=3)
        how = "to rent" if money.is_rent else "to own"
        ask = html(
            '<p class="ask"><strong>{}</strong> {}</p>',
            *_texts(asked, f"{how}: enough with a chance of {percent(question.confidence)}".replace(" %", "\u00a0%")),
        )
    option, reuse = first_option(advice), first_option(advice, reuse=True)
    return html(
        '<div class="decision">{}{}{}{}{}</div>',
        ask,
        _facts(money, view, question),
        _options(option, reuse, question.currency),
        _choices(money, option, view, question),
        _signatures(approvers),
    )


def _facts(money: Money | None, view: EstimateView, question: Question) -> Html:
    """Return the median, the time, the chance to stay within the budget and within its value, and the price of the cluster."""
    currency, found = question.currency, []
    if money is not None:
        found.append(("Median", currency.shown(money.interval, "$")[0]))
    duration = view.results.get("duration_s")
    found.append(("Time", "not known" if duration is None else currency.amount(duration.median, "s", digits=3)))
    if money is not None and question.budget_usd is not None:
        found.append((f"Within {currency.amount(question.budget_usd, '$')}", percent(money.chance_within(question.budget_usd))))
    if money is not None and question.value_usd is not None:
        found.append((f"Within its value, {currency.amount(question.value_usd, '$')}", percent(money.chance_within(question.value_usd))))
    purchase = view.results.get("purchase_usd")
    if purchase is not None:
        found.append(("To buy the cluster", currency.amount(purchase.median, "$", digits=3)))
    return html('<dl class="facts">{}</dl>', joined(html("<div><dt>{}</dt><dd>{}</dd></div>", *_texts(*each)) for each in found))


def _options(option: Alternative | None, reuse: Alternative | None, currency: Currency) -> Html:
    """Return the first cheaper option, and the first of reusing a model."""
    parts = [
        html("{}{} for {}", text(begin), name(each.name, most=70), text(currency.amount(cost.median, "$", digits=3)))
        for begin, each in (("First cheaper option: ", option), ("Or reuse: ", reuse))
        if each is not None and (cost := each.results["cost_usd"]) is not None
    ]
    return html("<p>{}.</p>", joined(parts, ". ")) if parts else html("<p>No cheaper option is known.</p>")


def _choices(money: Money | None, option: Alternative | None, view: EstimateView, question: Question) -> Html:
    """Return the boxes to tick."""
    currency = question.currency
    asked = "" if money is None else f" {currency.amount(money.quantile(question.confidence), '$', digits=3)}"
    choices = [f"Approve{asked}"]
    cost = None if option is None else option.results["cost_usd"]
    if cost is not None:
        choices.append(f"Approve the option, {currency.amount(quantile(cost, question.confidence, level=view.level), '$', digits=3)}")
    choices.append("Reject")
    return html('<ul class="choices" aria-label="Decision">{}</ul>', joined(html("<li>{}</li>", text(each)) for each in choices))


def _signatures(approvers: Sequence[str]) -> Html:
    lines = [name(each, most=30) for each in approvers[:MOST_SIGNERS]] or [text("Name")]
    several = html(" several") if len(lines) > 1 else EMPTY
    signed = joined(html("<li><span>{}</span><span>Date</span></li>", each) for each in lines)
    return html('<ul class="sign{}" aria-label="Signatures">{}</ul>', several, signed)


def cards_html(view: EstimateView, currency: Currency, id: str, *, is_linked: bool = True) -> Html:
    """Return the five results; their bars have one scale, so that the least certain is the widest.

    Args:
        view: The estimate.
        currency: The currency of the page.
        id: The prefix of the ids of the plan.
        is_linked: Whether each leads to its derivation, where the page has one.
    """
    cards = cards_of(view, currency)
    known = [found for card in cards if (found := view.results.get(card.name)) is not None and found.low > 0.0]
    span = max((found.high / found.median for found in known), default=_LEAST_SPAN)
    return html('<ul class="cards">{}</ul>', joined(_card(card, view, currency, max(span, _LEAST_SPAN), id if is_linked else "") for card in cards))


def _card(card: Card, view: EstimateView, currency: Currency, span: float, id: str) -> Html:
    interval, unit = view.results.get(card.name), QUANTITIES[card.name].unit
    median, scale, bounds = currency.shown(interval, unit)
    label = text(card.label)
    if id and view.step(card.name) is not None:
        label = link_to(f"{id}-{card.name}", label, spoken=f"{card.label}: how it was computed")
    if interval is None:
        return html('<li class="card"><span class="label">{}</span><span class="value none">{}</span></li>', label, text(median))
    bar = interval_bar(interval, Axis(interval.median / span, interval.median * span))
    return html(
        '<li class="card" data-card="{}"><span class="label">{}</span><span class="value">{} <span class="unit">{}</span></span>{}<span class="bounds">{}</span></li>',
        text(card.name),
        label,
        *_texts(median, scale),
        bar,
        text(bounds),
    )


def _texts(*values: str) -> list[Html]:
    return [text(value) for value in values]
