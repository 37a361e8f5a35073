"""Cheaper and cleaner ways to the same end, as a committee reads them: what each saves, what is lost, and what it rests on."""

import math
from collections.abc import Container

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.result import Estimate
from traincarbon.explore.advice.alternative import GROUPS, Advice, Alternative
from traincarbon.explore.advice.saving import Saving
from traincarbon.explore.advise import advise
from traincarbon.reporting.charts import share_bar
from traincarbon.reporting.markup import name, section, table, text

_SHOWN = (("cost_usd", "Cost"), ("facility_energy_kwh", "Energy"), ("total_kgco2e", "CO2e"), ("accelerator_hours_h", "Hours"))
_NEARLY_ALL = 0.995


def advice_on(answer: Estimate, database: Database) -> Advice | None:
    """Return the advice on a plan, or None where it is of a kind on which there is none."""
    try:
        return advise(answer.plan, database=database, level=answer.level)
    except CarbonError:
        return None


def alternatives_section(advice: Advice | None, sources: Container[str], id: str) -> str:
    """Return the alternatives, ranked within their groups, and those that were looked at and left out."""
    if advice is None:
        return ""
    tables = "".join(_group(advice, group, title, sources) for group, title in GROUPS.items())
    if not tables:
        return ""
    money = "renting" if advice.money == "rent" else "owning the hardware"
    lead = (
        f"<p>Each is computed as the plan is and held against its figures; cost is that of {money}. A minus is more, not less. "
        "† rests on an assumption, or on evidence that nobody here has read in its source.</p>"
    )
    left = "".join(f"<li>{name(each.name)}: {name(each.reason, most=300)}</li>" for each in advice.not_offered)
    looked = f'<p>Looked at and left out:</p><ul class="notes">{left}</ul>' if left else ""
    return section(f"{id}-alternatives", "Cheaper and cleaner ways to the same end", lead, tables, looked)


def evidence_keys(advice: Advice | None) -> set[str]:
    """Return the sources on which the alternatives rest, for the bibliography."""
    return {piece.source for alternative in advice.alternatives for piece in alternative.evidence} if advice is not None else set()


def _group(advice: Advice, group: str, title: str, sources: Container[str]) -> str:
    alternatives = advice.in_group(group)
    rows = [_row(alternative, advice.by) for alternative in alternatives]
    below = [_below(alternative, sources) for alternative in alternatives]
    heads = ["Alternative", "Saves", *(label for _, label in _SHOWN), f"{100.0 * advice.level:.3g} % interval", "Effort"]
    return table(text(title), heads, rows, numbers=range(2, 7), below=below) if rows else ""


def _row(alternative: Alternative, by: str) -> list[str]:
    main = alternative.savings[by]
    doubt = "" if alternative.is_verified else "\u00a0†"
    return [
        f"{name(alternative.name)}{doubt}",
        share_bar(main.share) if main is not None and math.isfinite(main.share) else "",
        *(_percent(alternative.savings[figure]) for figure, _ in _SHOWN),
        _bounds(main),
        text(alternative.effort),
    ]


def _below(alternative: Alternative, sources: Container[str]) -> str:
    """Return what is lost, when the alternative does not apply, and what it rests on."""
    rests = "; ".join(_source(key, sources) for key in dict.fromkeys(piece.source for piece in alternative.evidence))
    said = f"Lost: {name(alternative.lost, most=400)}. Not when {name(alternative.not_when, most=400)}."
    return f"{said} Rests on {rests}." if rests else said


def _source(key: str, sources: Container[str]) -> str:
    return f'<a href="#source-{text(key)}">{text(key)}</a>' if key in sources else name(key)


def _percent(saved: Saving | None) -> str:
    return "not known" if saved is None else f"{_share(saved.share)}"


def _bounds(saved: Saving | None) -> str:
    if saved is None:
        return ""
    low, high = _share(saved.share_low), _share(saved.share_high)
    return low if low == high else f"{low.removesuffix(' %')} … {high}"


def _share(share: float) -> str:
    if not math.isfinite(share):
        return "more"
    if _NEARLY_ALL < share < 1.0:
        return "> 99 %"
    whole = round(100.0 * share)
    return f"{'−' if whole < 0 else ''}{abs(whole)} %"
