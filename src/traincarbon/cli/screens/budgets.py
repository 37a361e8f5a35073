"""A month of budgets on a screen: what is spent, what is left, and how the rest burned down."""

from calendar import month_name

from traincarbon.budgets.budget import UNITS, StartPolicy
from traincarbon.budgets.budget_month import BudgetMonth, BudgetsMonth
from traincarbon.budgets.start_check import Start
from traincarbon.cli import output
from traincarbon.quantities import S_PER_DAY

_HEAD = ("project", "budget", "spent", "still going", "left", "used", "if no room")
_WORDS = {"kwh": "energy", "usd": "money", "kgco2e": "CO2e"}
_BARS = "▁▂▃▄▅▆▇"
_NEAR = 0.8
"""Share of a limit from which on it is marked."""
_MOST_NOTES = 8


def budgets_screen(found: BudgetsMonth) -> str:
    """Return all budgets of a month as a table, and of a single one the rest at the end of each day."""
    lines = [_title(found)]
    if not found.budgets:
        lines.append(output.filled("No budget. Set one with: carbon runs budget PROJECT --max-usd 5000", indent=0))
    else:
        rows = [_HEAD, *(_row(each, name) for each in found.budgets for name in each.budget.limits)]
        head, *body = output.rows_of_lines(rows, right=(1, 2, 3, 4, 5))
        lines += [output.dim(line) for line in head] + [line for row in body for line in row]
    if len(found.budgets) == 1:
        lines += [_burn_down(found.budgets[0], name, found.now_s) for name in found.budgets[0].budget.limits]
    notes = [f"{_name(each)}: {text}" for each in found.budgets for text in each.unknown()]
    lines += [output.wrapped("Note", output.clean(text)) for text in notes[:_MOST_NOTES]]
    if len(notes) > _MOST_NOTES:
        lines.append(output.dim(f"and {len(notes) - _MOST_NOTES:,} more notes; --json lists all"))
    if found.without and found.budgets:
        names = ", ".join(_shown(name) for name in found.without[:_MOST_NOTES])
        more = f" and {len(found.without) - _MOST_NOTES:,} more" if len(found.without) > _MOST_NOTES else ""
        lines.append(output.wrapped("Without a budget", f"{names}{more}"))
    return "\n".join(lines)


def room_text(start: Start) -> str:
    """Return what budgets say of a run that would begin now, a paragraph each."""
    if not start.limits and not start.notes:
        return output.wrapped("Budget", "none for this project; set one with: carbon runs budget PROJECT --max-usd 5000")
    texts = [f"{each.text}: it would be refused" if each.refuses else each.text for each in start.limits]
    return "\n".join(output.wrapped("Budget", text.removeprefix("the budget of ")) for text in (*texts, *start.notes))


def _title(found: BudgetsMonth) -> str:
    month = found.month
    left_s = month.end_s - found.now_s
    if found.now_s < month.begin_s:
        when = "not begun"
    elif left_s <= 0.0:
        when = "over"
    else:
        when = f"{output.amount(left_s, 's')} left" if left_s < S_PER_DAY else f"{output.counted(round(left_s / S_PER_DAY), 'day')} left"
    return output.wrapped(f"{month_name[int(month.name[5:])]} {month.name[:4]}", f"{output.clean(month.time_zone)}, {when}")


def _row(each: BudgetMonth, name: str) -> tuple[str, ...]:
    unit, limit, ahead = UNITS[name], each.budget.limits[name], each.use.ahead.get(name, 0.0)
    share = each.spent(name) / limit
    used = f"{100.0 * share:.0f} %"
    is_tight = share >= 1.0 or each.free(name) < 0.0
    return (
        _name(each),
        output.amount(limit, unit, digits=3),
        output.amount(each.spent(name), unit, digits=3),
        output.amount(ahead, unit, digits=3) if ahead > 0.0 else "–",
        output.signed_amount(each.left(name), unit),
        output.worse(used) if is_tight else output.caution(used) if share >= _NEAR else used,
        "refuse" if each.budget.on_budget is StartPolicy.REFUSE else "warn",
    )


def _burn_down(each: BudgetMonth, name: str, now_s: float) -> str:
    """Return the rest at the end of each day as a row of blocks, from nothing to the whole."""
    limit = each.budget.limits[name]
    known = [left for left in each.burn_down(name, now_s=now_s) if left is not None]
    blocks = "".join(_BARS[round(min(max(left / limit, 0.0), 1.0) * (len(_BARS) - 1))] for left in known)
    return output.wrapped(f"Left of {_WORDS[name]} by day", blocks or "–")


def _name(each: BudgetMonth) -> str:
    return _shown(each.project) + (" (together)" if each.budget.is_shared else "")


def _shown(project: str) -> str:
    return output.clean(project) or "no project"
