"""The screen of ``carbon diff``, and its comment for a pull request."""

import math
from collections.abc import Mapping, Sequence
from string import hexdigits
from typing import TYPE_CHECKING

from traincarbon.cli import output
from traincarbon.cli.screens.choices import SHOWN, amount
from traincarbon.explore.change_limits import Change, Changes
from traincarbon.explore.plan_changes import Status
from traincarbon.quantities import QUANTITIES

if TYPE_CHECKING:
    from traincarbon.explore.change_limits import Limit
    from traincarbon.explore.plan_changes import PlanChange, PlanChanges
    from traincarbon.uncertain import Interval

MARKER = "<!-- traincarbon diff -->"
"""The first line of a comment, by which the next one replaces it."""
_MOST_FIELDS = 6
_NARROW = 60
"""Columns below which a table has no room."""
_WHOLE_ID, _SHORT_ID = 40, 10
"""Characters of the id of a commit, and of its beginning."""
_MOST_OF_NAME = 36
"""Characters of a name."""
_NAMES = {"cost_usd": "Cost", "duration_s": "Time", "facility_energy_kwh": "Energy", "total_kgco2e": "CO2e"}
_SAID = {Status.CHANGED: "changed", Status.SAME: "the same figures", Status.ADDED: "new", Status.REMOVED: "removed", Status.FAILED: "cannot be estimated"}


def screen(found: "PlanChanges") -> str:
    """Return each plan with its quantities before and after, and the total."""
    parts = [output.bold(output.filled(f"{_short(found.base)} → {_short(found.head)}")), ""]
    for each in found.plans:
        if each.status is not Status.SAME:
            parts += [*_plan_lines(each), ""]
    same = [each.plan for each in found.plans if each.status is Status.SAME]
    parts += [output.wrapped("Same", output.clean(output.listed(same))), ""] if same else []
    rows = [(_NAMES[name], _signed(name, found.total[name]), _bounds(name, found.total[name])) for name in SHOWN]
    parts += [output.bold("All together"), *_rows(rows), *_unsure(found.total), ""] if len(found.plans) > 1 else []
    parts += ["No plan changes.", ""] if len(same) == len(found.plans) else []
    parts += [output.wrapped("Limit", _limit(limit, found)) for limit in found.limits]
    parts.append(output.wrapped("Bounds", f"{found.level:.0%} intervals of the change; what both plans do not know in the same way is cancelled"))
    return "\n".join(parts)


def markdown(found: "PlanChanges") -> str:
    """Return the comment: one table of the changes, what changed in the plans, and the limits."""
    changed = [each for each in found.plans if each.status is not Status.SAME]
    head = ("Plan", *(f"Δ {_NAMES[name]}" for name in SHOWN))
    rows = [(_name(each), *(_cell(name, each.changes[name]) for name in SHOWN)) for each in changed]
    rows += [("**All together**", *(_cell(name, found.total[name]) for name in SHOWN))] if len(changed) > 1 else []
    parts = [MARKER, f"### What `{_code(_revision(found.base))}` → `{_code(_revision(found.head))}` changes", ""]
    parts += [output.markdown_table([head, *rows], right=(1, 2, 3, 4)), ""] if rows else ["No plan changes.", ""]
    parts += [f"- `{_code(each.plan)}`: {_escaped(text)}" for each in changed if (text := each.reason or _fields_text(each.fields))]
    parts += [f"- {_limit(limit, found)}" for limit in found.limits]
    same = sum(each.status is Status.SAME for each in found.plans)
    parts += [f"- {output.counted(same, 'other plan')}: the same figures"] if same else []
    parts += ["", f"Medians and {found.level:.0%} intervals of the change, by `carbon diff`. What both plans do not know in the same way is cancelled."]
    return "\n".join(parts)


def _revision(name: str) -> str:
    """Return a revision or a file as people write it: of a whole commit id, which workflows pass, the beginning."""
    return name[:_SHORT_ID] if len(name) == _WHOLE_ID and not set(name) - set(hexdigits) else name


def _short(name: str) -> str:
    """Return a name of which two stand in a line."""
    return output.shortened(output.clean(name), most=_MOST_OF_NAME)


def _plan_lines(each: "PlanChange") -> list[str]:
    """Return a plan's name, what changed in it, and its quantities."""
    lines = [f"{output.bold(_short(each.plan))}: {_SAID[each.status]}"]
    if each.reason:
        lines.append(output.wrapped("Reason", output.clean(each.reason)))
    if text := _fields_text(each.fields):
        lines.append(output.wrapped("Fields", output.clean(text)))
    if each.status is Status.FAILED:
        return lines
    rows = [
        (_NAMES[name], _amount(name, each.before), "→", _amount(name, each.after), _signed(name, each.changes[name]), _bounds(name, each.changes[name]))
        for name in SHOWN
    ]
    return [*lines, *_rows(rows), *_unsure(each.changes)]


def _rows(rows: "Sequence[Sequence[str]]") -> list[str]:
    """Return the quantities as a table whose last column is cut, or on a narrow screen each in lines of its own."""
    if output.width() >= _NARROW:
        return [output.table(output.fitted(rows, len(rows[0]) - 1))]
    return [output.wrapped(name, ", ".join(cell for cell in cells if cell).replace(", →, ", " → ")) for name, *cells in rows]


def _unsure(changes: Changes) -> list[str]:
    """Return a line with the quantities that may as well change the other way."""
    names = [
        _NAMES[name] if name == "total_kgco2e" else _NAMES[name].lower()
        for name in SHOWN
        if (change := changes[name]) is not None and change.is_within_uncertainty
    ]
    return [output.wrapped("Within uncertainty", output.listed(names))] if names else []


def _amount(name: str, results: "Mapping[str, Interval | None] | None") -> str:
    if results is None:
        return "nothing"
    interval = results[name]
    return "unknown" if interval is None else amount(name, float(interval.median))


def _signed(name: str, change: Change | None) -> str:
    """Return a change with its sign, and its share of what it was."""
    if change is None:
        return "unknown"
    if change.median == change.low == change.high == 0.0:
        return "no change"
    share = "" if not math.isfinite(change.share) else f" ({_sign(change.share)}{abs(100.0 * change.share):.3g}%)"
    return f"{_with_sign(name, change.median)}{share}"


def _bounds(name: str, change: Change | None) -> str:
    """Return the bounds of a change, empty where it is certain."""
    if change is None or change.low == change.high:
        return ""
    return f"{_with_sign(name, change.low)} to {_with_sign(name, change.high)}"


def _cell(name: str, change: Change | None) -> str:
    if change is None or change.median == change.low == change.high == 0.0:
        return _signed(name, change)
    unsure = "within uncertainty" if change.is_within_uncertainty else ""
    return "<br>".join(filter(None, (f"**{_signed(name, change)}**", _bounds(name, change), unsure)))


def _with_sign(name: str, value: float) -> str:
    return f"{_sign(value)}{amount(name, abs(value))}"


def _sign(value: float) -> str:
    return "+" if value > 0.0 else "−" if value < 0.0 else ""


def _name(each: "PlanChange") -> str:
    said = "" if each.status is Status.CHANGED else f" ({_SAID[each.status]})"
    return f"`{_code(each.plan)}`{said}"


def _code(text: str) -> str:
    """Return a name for Markdown's code marks, which it cannot leave."""
    return output.shortened(output.clean(text)).replace("`", "'")


def _escaped(text: str) -> str:
    """Return a text in which Markdown and HTML find nothing to act on."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>&#@|!" else letter for letter in output.clean(text))


def _fields_text(fields: Mapping[str, tuple[object, object]]) -> str:
    shown = [f"{name} {_value(old)} → {_value(new)}" for name, (old, new) in list(fields.items())[:_MOST_FIELDS]]
    more = len(fields) - len(shown)
    return ", ".join([*shown, *([f"{more} more"] if more else [])])


def _value(value: object) -> str:
    return "not stated" if value is None else output.shortened(f"{value:g}" if isinstance(value, float) else str(value), most=40)


def _limit(limit: "Limit", found: "PlanChanges") -> str:
    change = found.total[limit.quantity]
    kept = {True: "kept", False: "exceeded", None: "cannot be judged"}[limit.allows(found.total)]
    return f"{limit}: {kept}, {QUANTITIES[limit.quantity].short.lower()} {_signed(limit.quantity, change)}"
