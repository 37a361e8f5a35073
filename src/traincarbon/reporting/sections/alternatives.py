"""Cheaper and cleaner alternatives: what each saves, what is given up, and the evidence for it."""

import math
from collections.abc import Container

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.result import Estimate
from traincarbon.explore.advice.alternative import GROUPS, SAVED, Advice, Alternative
from traincarbon.explore.advice.saving import Saving
from traincarbon.explore.advise import advise
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.charts.cell_bars import share_bar
from traincarbon.reporting.currency import NOT_KNOWN
from traincarbon.reporting.markup import EMPTY, Html, html, joined, link_to, name, notes, table, text, texts
from traincarbon.reporting.outline import Section, section

_NEARLY_ALL = 0.995


def advice_on(answer: Estimate, database: Database) -> Advice | None:
    """Return the advice on a plan, None for a kind of plan that has none."""
    try:
        return advise(answer.plan, database=database, level=answer.level)
    except CarbonError:
        return None


def alternatives_section(advice: Advice | None, sources: Container[str], id: str) -> Section | None:
    """Return the alternatives, ranked within their groups, and those that do not apply; None where there are no alternatives."""
    if advice is None:
        return None
    tables = joined(_group(advice, group, title, sources) for group, title in GROUPS.items())
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


def _group(advice: Advice, group: str, title: str, sources: Container[str]) -> Html:
    alternatives = advice.in_group(group)
    rows = [_row(alternative, advice.by) for alternative in alternatives]
    remarks = [_remark(alternative, sources) for alternative in alternatives]
    labels = (QUANTITIES[quantity].short for quantity in SAVED)
    heads = texts("Alternative", "Saves", *labels, f"{QUANTITIES[advice.by].short}, {100.0 * advice.level:.3g} % interval", "Effort")
    return table(text(title), heads, rows, numbers=range(2, 7), below=remarks) if rows else EMPTY


def _row(alternative: Alternative, by: str) -> list[Html]:
    main = alternative.savings[by]
    mark = EMPTY if alternative.is_verified else text("\u00a0†")
    return [
        html("{}{}", name(alternative.name), mark),
        share_bar(main.share) if main is not None and math.isfinite(main.share) else EMPTY,
        *texts(*(NOT_KNOWN if (saved := alternative.savings[quantity]) is None else _share(saved.share) for quantity in SAVED), _interval(main)),
        text(alternative.effort),
    ]


def _remark(alternative: Alternative, sources: Container[str]) -> Html:
    """Return what is given up, when the alternative does not apply, and its sources."""
    keys = dict.fromkeys(piece.source for piece in alternative.evidence)
    evidence = joined((link_to(f"source-{key}", text(key)) if key in sources else name(key) for key in keys), "; ")
    lost, not_when = name(alternative.lost, most=400), name(alternative.not_when, most=400)
    return html("Lost: {}. Not when {}.{}", lost, not_when, html(" Evidence: {}.", evidence) if evidence else EMPTY)


def _interval(saved: Saving | None) -> str:
    if saved is None:
        return ""
    low, high = _share(saved.share_low), _share(saved.share_high)
    return low if low == high else f"{low.removesuffix(' %')} … {high}"


def _share(share: float) -> str:
    if not math.isfinite(share):
        return "more"
    if _NEARLY_ALL < share < 1.0:
        return "> 99 %"
    percent = round(100.0 * share)
    return f"{'−' if percent < 0 else ''}{abs(percent)} %"
