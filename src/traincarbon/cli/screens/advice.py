"""The short screen of ``carbon advise``: the alternatives that save most, on 20 lines of 80 columns."""

import textwrap
from typing import TYPE_CHECKING

from traincarbon.cli import output
from traincarbon.cli.screens.choices import amount, heading, share, word
from traincarbon.explore.advice.context import MUCH_CASH
from traincarbon.formatting import counted

if TYPE_CHECKING:
    from traincarbon.explore.advice.alternative import Advice, Alternative
    from traincarbon.explore.advice.saving import Saving

MOST_LINES = 20

_LEAST_SHARE = 0.02
"""An alternative that saves less of what the user ranks by is folded."""
_NARROWEST_NAME = 24
_RIGHT = range(2, 7)
_LEFT_OUT, _ROOMY = (5, 7), 72
"""The columns of the other quantity and of the effort, which a screen narrower than that leaves out."""


def short_screen(found: "Advice", title: str) -> str:
    """Return the best alternatives by what the user asked for, and how many are folded, in at most 20 lines.

    Args:
        found: The advice.
        title: What the plan takes.
    """
    saving = [each for each in found.ranked if (saved := each.savings[found.by]) is not None and saved.share >= _LEAST_SHARE]
    head = output.bold(output.filled(title)).split("\n")
    notes = [note for note in found.notes if note.startswith("ranked by")]
    room = MOST_LINES - len(head) - 6 - len(notes)
    rows = [_head(found), *(_cells(number, each, found) for number, each in enumerate(saving, 1))]
    lines = _lines(rows)
    shown = 0
    while shown < len(saving) and (used := len(lines[shown + 1])) <= room:
        room -= used
        shown += 1
    table = [output.dim(lines[0][0]), *(line for row in lines[1 : shown + 1] for line in row)]
    nothing = f"No alternative is known that saves {word(found.by, found.money)}."
    marks = _marks(saving[:shown])
    body = [
        *head,
        "",
        *(table if saving else [nothing]),
        "",
        *(output.filled(note) for note in notes),
        *([marks] if marks else []),
        _folded(found, saving, shown),
    ]
    return "\n".join(body)


def worth(alternative: "Alternative") -> str:
    """Return what an alternative saves in money, the chance that it does, and the cash it takes, in a few words."""
    saved = alternative.savings["cost_usd"]
    money = []
    if saved is not None and saved.median > 0.0:
        money = [f"saves {_money(saved.median)} ({_chance(saved)} chance)"]
    elif saved is not None:
        money = [f"costs {_money(-saved.median)} more ({_chance(saved)} chance of a saving)"] if saved.median < 0.0 else ["saves no money"]
    cash = [] if alternative.cash_usd is None else [f"cash {_cash(alternative)}"]
    return ", ".join([*money, *cash])


def _head(found: "Advice") -> tuple[str, ...]:
    other = heading("total_kgco2e", found.money) if found.by == "cost_usd" else heading("cost_usd", found.money)
    return ("", "", "Saves", "Share", "Chance", other, "Cash", "Effort", f"Best first, by {word(found.by, found.money)}")


def _cells(number: int, each: "Alternative", found: "Advice") -> tuple[str, ...]:
    saved, cost, carbon = each.savings[found.by], each.savings["cost_usd"], each.savings["total_kgco2e"]
    other = ("?" if carbon is None else share(carbon.share)) if found.by == "cost_usd" else "?" if cost is None else _money(cost.median)
    return (
        f"{number}",
        "" if each.is_verified else "†",
        "?" if saved is None else amount(found.by, saved.median),
        "?" if saved is None else share(saved.share),
        "?" if saved is None else _chance(saved),
        other,
        _cash(each),
        each.effort,
        output.clean(each.name),
    )


def _cash(each: "Alternative") -> str:
    return "?" if each.cash_usd is None else f"{amount('cost_usd', each.cash_usd)}{'!' if each.is_much_cash else ''}"


def _money(usd: float) -> str:
    return f"−{amount('cost_usd', -usd)}" if usd < 0.0 else amount("cost_usd", usd)


def _chance(saved: "Saving") -> str:
    return ">99%" if 0.995 < saved.chance < 1.0 else f"{saved.chance:.0%}"


def _lines(rows: list[tuple[str, ...]]) -> list[list[str]]:
    """Return each row as lines of the screen: a name that is too long continues below."""
    kept = [at for at in range(len(rows[0])) if output.width() >= _ROOMY or at not in _LEFT_OUT]
    right = [at for at, column in enumerate(kept) if column == 0 or column in _RIGHT]
    rows = [tuple(row[at] for at in kept) for row in rows]
    before = sum(max(len(row[at]) for row in rows) + 1 for at in range(len(rows[0]) - 1))
    room = max(output.width() - before, _NARROWEST_NAME)
    names = [textwrap.wrap(row[-1], room) for row in rows]
    if before + room > output.width():
        return output.rows_of_lines([(row[0], row[1], row[-1], *row[2:-1]) for row in rows], name=2, right=right, gap=" ")
    firsts = output.table([(*row[:-1], name[0]) for row, name in zip(rows, names, strict=True)], right=right, gap=" ").split("\n")
    return [[first, *(" " * before + more for more in name[1:])] for first, name in zip(firsts, names, strict=True)]


def _marks(shown: "list[Alternative]") -> str:
    """Return what the marks mean that are shown, in one line."""
    marks = [] if all(each.is_verified for each in shown) else ["† an assumption, or a source not checked yet"]
    marks += [f"! over {MUCH_CASH:g} × the plan's cost"] if any(each.is_much_cash for each in shown) else []
    return output.dim(output.filled("; ".join(marks))) if marks else ""


def _folded(found: "Advice", saving: "list[Alternative]", shown: int) -> str:
    """Return how much is not shown, and how to see it."""
    rest, others = len(saving) - shown, len(found.alternatives) - len(saving)
    parts = [f"{rest} more"] if rest else []
    parts += [f"{others} that save{'s' if others == 1 else ''} other things"] if others else []
    parts += [f"{counted(len(found.notes), 'note')}"] if found.notes else []
    folded = f"{', '.join(parts)}, and what is lost: --all" if parts else "What is lost: --all"
    return output.dim(output.filled(f"{folded}. How each is computed: --explain."))
