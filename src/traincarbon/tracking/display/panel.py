"""The rows of the panel: a run's live state in at most eight lines of text with restrained colours."""

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

from traincarbon.formatting import clean, in_brackets, median_and_interval
from traincarbon.quantities import QUANTITIES
from traincarbon.tracking.display import wording
from traincarbon.tracking.display.device_rows import GAP, MOST_DEVICE_ROWS, device_rows, styled_text
from traincarbon.tracking.display.power_history import History
from traincarbon.tracking.display.wording import Item
from traincarbon.tracking.live_state import LiveState

if TYPE_CHECKING:
    from rich.text import Text

MOST_ROWS = 8

_LABEL = 9
_MOST_BUDGETS = 4
_WIDEST_BAR = 24
_MOST_NOTE_ROWS = 3


def rows(state: LiveState, history: History, *, width: int, most: int = MOST_ROWS) -> "list[Text]":
    """Return the rows of the panel, at most *most* of at most *width* columns; what is not known has no row.

    If they are too many, devices are left out first, then note, forecast and budgets. A long note takes the rows that are left.
    """
    spent = _row("so far", wording.spent(state), width)
    below = [row for row in (spent, _training(state, width), _budgets(state, width), _forecast(state, width)) if row is not None]
    has_note = bool(state.notes)
    devices = device_rows(state, history, width, most=min(most - 1 - len(below) - has_note, MOST_DEVICE_ROWS))
    shown = [_title(state, width), *devices, *below][:most]
    shown += _note(state, width, most=min(most - len(shown), _MOST_NOTE_ROWS))
    for row in shown:
        row.truncate(width, overflow="ellipsis")
    return shown


def _title(state: LiveState, width: int) -> "Text":
    text = styled_text()
    power_w = wording.power_w(state.devices)
    power = "" if power_w is None else f"{wording.watts(power_w)} · "
    idle, phase = wording.idle_gpus(state), wording.phase(state)
    right = styled_text(" ").append(f"{idle} · " if idle else "", "yellow").append(power).append(f"{phase} · " if phase else "", "cyan")
    right.append(f"running {wording.clock(state.elapsed_s)} ")
    left = styled_text(clean(state.run_id), "bold")
    if state.project:
        left.append(" · ", "dim").append(clean(state.project))
    left.truncate(max(width - right.cell_len - 8, 8), overflow="ellipsis")
    text.append("── ", "dim").append_text(left).append(" ")
    text.append("─" * max(width - text.cell_len - right.cell_len - 2, 0), "dim")
    return text.append_text(right).append("──", "dim")


def _training(state: LiveState, width: int) -> "Text | None":
    share, left_s = state.progress.share_done, state.progress.left_s
    bar = None if share is None else _bar(share, None, width=10, style="cyan").append(f" {wording.percent(share):>5}")
    left = [] if left_s is None else [Item("", wording.time_left(left_s))]
    return _row("training", [*left, *wording.training(state.progress)], width, first=bar)


def _forecast(state: LiveState, width: int) -> "Text | None":
    """Return the forecast, with its deviation from the plan or, without a plan, its interval; without a forecast the plan."""
    forecast, plan = state.forecast, state.plan
    shown: list[Item] = []
    above_plan: set[int] = set()
    for name in wording.FORECAST:
        value, planned = (forecast or plan).get(name), plan.get(name) if forecast else None
        if value is None:
            continue
        text = wording.with_unit(name, value.median)
        if planned is not None:
            text += f" {wording.deviation(value.median, planned.median)}".rstrip()
        elif value.low < value.high:
            text += in_brackets(median_and_interval(value, QUANTITIES[name].unit)[2])
        if planned is not None and value.median > planned.high:
            above_plan.add(len(shown))
        shown.append(Item("", text))
    row = _row("forecast" if forecast else "plan", shown, width, marked=above_plan)
    if row is not None and forecast and plan and row.cell_len + 14 <= width:
        row.append("  against plan", "dim")
    return row


def _budgets(state: LiveState, width: int) -> "Text | None":
    found = wording.budgets(state.budgets)[:_MOST_BUDGETS]
    if not found:
        return None
    row = styled_text("budget".ljust(_LABEL), "dim")
    room = (width - _LABEL + GAP) // len(found) - GAP
    for budget in found:
        end = "" if budget.forecast is None else f" → {wording.percent(budget.forecast)}"
        text = budget.text + end if len(budget.text + end) + 8 <= room else f"{wording.percent(budget.spent)}{end} {budget.unit}"
        style = "red" if budget.worst >= 1.0 else "yellow" if budget.worst >= wording.WARN_SHARE else "green"
        cell = _bar(budget.spent, budget.forecast, width=max(min(room - len(text) - 1, _WIDEST_BAR), 0), style=style).append(f" {text}")
        cell.truncate(room, overflow="ellipsis", pad=True)
        row.append_text(cell).append(" " * GAP)
    row.rstrip()
    return row


def _note(state: LiveState, width: int, *, most: int) -> "list[Text]":
    """Return the last note over at most so many rows, and how many others there are."""
    found = wording.notes(state)
    if not found or most < 1:
        return []
    more = f"  (and {len(found) - 1:,} more)" if len(found) > 1 else ""
    room = max(width - _LABEL, 1)
    lines = textwrap.wrap(found[-1][: room * (most + 1)], room)[: most + 1] or [""]
    is_cut = len(lines) > most
    if not is_cut and more and len(lines[-1]) + len(more) > room:
        is_cut = len(lines) == most
        lines += [] if is_cut else [""]
    rows = [styled_text(("" if at else "note").ljust(_LABEL), "dim").append(line) for at, line in enumerate(lines[:most])]
    if is_cut:
        rows[-1].append(f" {lines[most]}" if len(lines) > most else "")
        rows[-1].truncate(width - len(more), overflow="ellipsis")
    rows[-1].append(more if lines[-1] or is_cut else more.strip(), "dim")
    return rows


def _row(label: str, items: Iterable[Item], width: int, *, first: "Text | None" = None, marked: Iterable[int] = ()) -> "Text | None":
    """Return a label and as many of *items* as there is room for; None if there are none."""
    row = styled_text(label.ljust(_LABEL), "dim")
    if first is not None:
        row.append_text(first).append("  ")
    highlighted = set(marked)
    empty = first is None
    for index, item in enumerate(items):
        if row.cell_len + len(str(item)) > width:
            break
        if item.label:
            row.append(f"{item.label} ", "dim")
        row.append(item.value, "yellow" if index in highlighted else "").append("  ")
        empty = False
    row.rstrip()
    return None if empty else row


def _bar(share: float, forecast: float | None, *, width: int, style: str) -> "Text":
    """Return a bar: *share* solid, the rest until the forecast lighter."""
    full = min(max(round(share * width), 0), width)
    ahead = min(round(max(forecast or 0.0, share) * width), width) - full
    return styled_text("█" * full, style).append("▒" * ahead, style).append("░" * (width - full - ahead), "dim")
