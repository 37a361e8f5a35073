"""Cheaper and cleaner alternatives: what each saves, what is given up, and the evidence for it."""

import math
from collections.abc import Container

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.result import Estimate
from traincarbon.explore.advice.alternative import GROUPS, SAVED, Advice, Alternative
from traincarbon.explore.advice.context import MUCH_CASH
from traincarbon.explore.advice.saving import Saving
from traincarbon.explore.advise import advise
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.charts.cell_bars import share_bar
from traincarbon.reporting.currency import NOT_KNOWN, Currency
from traincarbon.reporting.decision.plan_charts import percent
from traincarbon.reporting.markup import EMPTY, Html, html, joined, link_to, name, notes, table, text, texts
from traincarbon.reporting.outline import Section, section

_NEARLY_ALL = 0.995
_MORE_CASH = 1.05
"""Cash over cost up to which the cash is not said."""


def advice_on(answer: Estimate, database: Database) -> Advice | None:
    """Return the advice on a plan, None for a kind of plan that has none."""
    try:
        return advise(answer.plan, database=database, level=answer.level)
    except CarbonError:
        return None


def alternatives_section(advice: Advice | None, sources: Container[str], currency: Currency, id: str) -> Section | None:
    """Return the alternatives, ranked within their groups, and those that do not apply; None where there are no alternatives."""
    if advice is None:
        return None
    tables = joined(_group(advice, group, title, sources, currency) for group, title in GROUPS.items())
    if not tables:
        return None
    lead = html(
        "<p>Each alternative is estimated like the plan and compared with it. Cost is the cost {}. A minus means more, not less. "
        "† marks an assumption, or a source that has not been checked yet.</p>",
        text("to rent" if advice.money == "rent" else "of ownership"),
    )
    rejected = notes(html("{}: {}", name(each.name), name(each.reason, most=300)) for each in advice.not_offered)
    checked = html("<p>Checked and left out:</p>{}", rejected) if rejected else EMPTY
    return section(f"{id}-alternatives", text("Cheaper and cleaner alternatives"), lead, tables, checked)


def evidence_keys(advice: Advice | None) -> set[str]:
    """Return the sources of the alternatives, for the bibliography."""
    return {piece.source for alternative in advice.alternatives for piece in alternative.evidence} if advice is not None else set()


def _group(advice: Advice, group: str, title: str, sources: Container[str], currency: Currency) -> Html:
    alternatives = advice.in_group(group)
    rows = [_row(alternative, advice.by, currency) for alternative in alternatives]
    remarks = [_remark(alternative, sources, currency) for alternative in alternatives]
    labels = (QUANTITIES[quantity].short for quantity in SAVED)
    heads = texts("Alternative", "Share saved", f"Saves {_phrase(advice.by)}", f"{100.0 * advice.level:.3g} % interval", "Chance", *labels, "Effort")
    return table(text(title), heads, rows, numbers=range(2, len(heads) - 1), below=remarks) if rows else EMPTY


def _row(alternative: Alternative, by: str, currency: Currency) -> list[Html]:
    """Return what an alternative saves: the amount with its interval and chance, and the share of each quantity."""
    main = alternative.savings[by]
    mark = EMPTY if alternative.is_verified else text("\u00a0†")
    return [
        html("{}{}", name(alternative.name), mark),
        share_bar(main.share) if main is not None and math.isfinite(main.share) else EMPTY,
        *texts(*_amounts(main, QUANTITIES[by].unit, currency)),
        *texts(*(NOT_KNOWN if (saved := alternative.savings[quantity]) is None else _share(saved.share) for quantity in SAVED)),
        text(alternative.effort),
    ]


def _remark(alternative: Alternative, sources: Container[str], currency: Currency) -> Html:
    """Return the cash that it needs where that is more than it costs, what is given up, when the alternative does not apply, and its sources."""
    keys = dict.fromkeys(piece.source for piece in alternative.evidence)
    evidence = joined((link_to(f"source-{key}", text(key)) if key in sources else name(key) for key in keys), "; ")
    lost, not_when = name(alternative.lost, most=400), name(alternative.not_when, most=400)
    return html("{}Lost: {}. Not when {}.{}", _cash(alternative, currency), lost, not_when, html(" Evidence: {}.", evidence) if evidence else EMPTY)


def _cash(alternative: Alternative, currency: Currency) -> Html:
    """Return the cash to commit, empty where it is no more than the cost."""
    cash, cost = alternative.cash_usd, alternative.results["cost_usd"]
    if cash is None or (cost is not None and cash <= _MORE_CASH * cost.median):
        return EMPTY
    much = text(f", over {MUCH_CASH:g} × the plan’s cost") if alternative.is_much_cash else EMPTY
    return html("Cash: {}{}. ", text(currency.amount(cash, "$", digits=3)), much)


def _amounts(saved: Saving | None, unit: str, currency: Currency) -> tuple[str, str, str]:
    """Return the amount saved, its interval, and the chance that anything is saved."""
    if saved is None:
        return NOT_KNOWN, "", ""
    low, median, high = (_signed(bound, unit, currency) for bound in (saved.low, saved.median, saved.high))
    return median, "exact" if low == high else f"{low} … {high}", percent(saved.chance)


def _signed(value: float, unit: str, currency: Currency) -> str:
    """Return an amount with a minus sign before the currency."""
    return f"{'−' if value < 0.0 else ''}{currency.amount(abs(value), unit)}"


def _phrase(by: str) -> str:
    short = QUANTITIES[by].short
    return short if short[:2].isupper() else short[:1].lower() + short[1:]


def _share(share: float) -> str:
    if not math.isfinite(share):
        return "more"
    if _NEARLY_ALL < share < 1.0:
        return "> 99 %"
    percent = round(100.0 * share)
    return f"{'−' if percent < 0 else ''}{abs(percent)} %"
