"""Budgets of projects in this month, for the page of all runs: what is spent, what is left, and what is not known."""

from traincarbon.budgets.budget import UNITS, StartPolicy
from traincarbon.budgets.budget_month import BudgetMonth, BudgetsMonth
from traincarbon.budgets.listing import budget_in
from traincarbon.budgets.place import has_budgets
from traincarbon.formatting import signed_amount
from traincarbon.ledger.source import RunSource
from traincarbon.reporting.currency import USD
from traincarbon.reporting.markup import EMPTY, Html, html, joined, name, table, text

_HEAD = ("", "Budget", "Spent", "Runs that still go on", "Left", "Used", "If there is no room")
_MOST = 200
_MOST_NOTES = 20


def months_in(source: RunSource, project: str) -> BudgetsMonth | None:
    """Return this month of all budgets, or of those of a *project*; None where there is no budget.

    Raises:
        CarbonError: the file of budgets cannot be read.
    """
    return budget_in(source, "", project or None, is_fresh=True) if has_budgets() else None


def budgets_html(found: BudgetsMonth | None) -> Html:
    """Return the table of budgets, nothing where there is none."""
    if found is None or not found.budgets:
        return EMPTY
    rows = [_row(each, limit) for each in found.budgets[:_MOST] for limit in each.budget.limits]
    more = f", the first {_MOST} of {len(found.budgets):,}" if len(found.budgets) > _MOST else ""
    caption = text(f"Budgets of {found.month.name} ({found.month.time_zone}){more}")
    notes = [f"{each.project or 'no project'}: {note}" for each in found.budgets for note in each.unknown()][:_MOST_NOTES]
    said = html("<p>{}.</p>", text("; ".join(notes), most=2000)) if notes else EMPTY
    return joined([table(caption, [text(head) for head in _HEAD], rows, numbers=range(1, 6)), said])


def _row(each: BudgetMonth, limit: str) -> list[Html]:
    unit, whole = UNITS[limit], each.budget.limits[limit]
    ahead = each.use.ahead.get(limit, 0.0)
    words = f"{each.project or 'no project'}{' (together)' if each.budget.is_shared else ''}"
    cells = (
        USD.amount(whole, unit, digits=3),
        USD.amount(each.spent(limit), unit, digits=3),
        USD.amount(ahead, unit, digits=3) if ahead > 0.0 else "–",
        signed_amount(each.left(limit), unit),
        f"{100.0 * each.spent(limit) / whole:.0f} %",
        "refused" if each.budget.on_budget is StartPolicy.REFUSE else "warned",
    )
    return [name(words, most=80), *map(text, cells)]
