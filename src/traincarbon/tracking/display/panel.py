"""The rows of the panel: a run's live state in at most eight lines of text with restrained colours."""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.formatting import clean, median_and_interval, significant
from traincarbon.quantities import QUANTITIES
from traincarbon.tracking.display import wording
from traincarbon.tracking.display.wording import Item
from traincarbon.tracking.live_state import DeviceState, LiveState

if TYPE_CHECKING:
    from rich.text import Text

MOST_ROWS = 8

_SPARKS = "▁▂▃▄▅▆▇"
"""Without the full block, which would touch the row above."""
_LABEL = 9
_GAP = 2
_NARROWEST_CELL, _COMFORTABLE_CELL, _WIDEST_CELL = 13, 18, 48
"""Columns for a device: enough for name and power, enough for utilisation too, and the most."""
_MOST_DEVICE_ROWS = 3
_SPARK_SPAN_S = 60.0
_SPARK_WIDTHS = (6, 20)
_BEFORE_BARS = 2
"""How many details of a device come before the bars if room is short."""
_MOST_SERIES, _MOST_READINGS = 256, 120
_MOST_BUDGETS = 4
_WIDEST_BAR = 24


class Cell(NamedTuple):
    """A device as it is shown, or all devices of a part together."""

    key: str
    part: str
    label: str
    power_w: float | None
    details: tuple[str, ...]
    """What else is known, the most important first: utilisation, temperature, memory."""

    @property
    def power(self) -> str:
        """Its power in words."""
        return "–" if self.power_w is None else wording.watts(self.power_w)


class Widths(NamedTuple):
    """The widths that all cells of a grid share; 0 if there is no room."""

    label: int
    bars: int
    power: int
    details: tuple[int, ...]
    gap: int
    """Columns between two items of a cell, and between two cells."""


class History:
    """The power of the last minute, of each device and of each part as a whole."""

    def __init__(self) -> None:
        self._series: dict[str, deque[tuple[float, float]]] = {}
        self._peak_w: dict[str, float] = {}

    def add(self, state: LiveState) -> None:
        """Add the power of all devices in *state*."""
        if state.elapsed_s is None:
            return
        for part, devices in _by_part(state.devices).items():
            for device in devices:
                self._add(device.device, state.elapsed_s, device.power_w)
            self._add(f"all {part}", state.elapsed_s, wording.power_w(devices))

    def _add(self, key: str, now_s: float, power_w: float | None) -> None:
        if power_w is None or (key not in self._series and len(self._series) >= _MOST_SERIES):
            return
        series = self._series.setdefault(key, deque(maxlen=_MOST_READINGS))
        series.append((now_s, power_w))
        self._peak_w[key] = max(self._peak_w.get(key, 0.0), power_w)

    def spark(self, key: str, *, now_s: float, width: int) -> str:
        """Return the last minute as *width* small bars, from zero to the highest power; blank without a reading."""
        bins: list[list[float]] = [[] for _ in range(width)]
        for time_s, power_w in self._series.get(key, ()):
            age = (now_s - time_s) / _SPARK_SPAN_S
            if 0.0 <= age < 1.0:
                bins[width - 1 - int(age * width)].append(power_w)
        peak_w = self._peak_w.get(key, 0.0) or 1.0
        return "".join(_SPARKS[round(sum(found) / len(found) / peak_w * (len(_SPARKS) - 1))] if found else " " for found in bins)


def rows(state: LiveState, history: History, *, width: int, most: int = MOST_ROWS) -> "list[Text]":
    """Return the rows of the panel, at most *most* of at most *width* columns; what is not known has no row.

    If they are too many, devices are left out first, then note, forecast and budgets.
    """
    spent = _row("so far", wording.spent(state), width)
    below = [row for row in (spent, _training(state, width), _budgets(state, width), _forecast(state, width), _note(state, width)) if row is not None]
    devices = _device_rows(state, history, width, most=min(most - 1 - len(below), _MOST_DEVICE_ROWS))
    shown = [_title(state, width), *devices, *below][:most]
    for row in shown:
        row.truncate(width, overflow="ellipsis")
    return shown


def _title(state: LiveState, width: int) -> "Text":
    text = _text()
    power_w = wording.power_w(state.devices)
    power = "" if power_w is None else f"{wording.watts(power_w)} · "
    idle, phase = wording.idle_gpus(state), wording.phase(state)
    right = _text(" ").append(f"{idle} · " if idle else "", "yellow").append(power).append(f"{phase} · " if phase else "", "cyan")
    right.append(f"running {wording.clock(state.elapsed_s)} ")
    left = _text(clean(state.run_id), "bold")
    if state.project:
        left.append(" · ", "dim").append(clean(state.project))
    left.truncate(max(width - right.cell_len - 8, 8), overflow="ellipsis")
    text.append("── ", "dim").append_text(left).append(" ")
    text.append("─" * max(width - text.cell_len - right.cell_len - 2, 0), "dim")
    return text.append_text(right).append("──", "dim")


def _device_rows(state: LiveState, history: History, width: int, *, most: int) -> "list[Text]":
    """Return the devices as a grid with aligned columns, in two rows if that is readable, else in up to *most*."""
    if most < 1:
        return []
    cells = _cells(state.devices, most=most * max((width + _GAP) // (_NARROWEST_CELL + _GAP), 1))
    if not cells:
        return []
    down = min(2, most) if len(cells) > 1 else 1
    while down < most and (width + _GAP) // -(-len(cells) // down) - _GAP < _COMFORTABLE_CELL:
        down += 1
    across = -(-len(cells) // down)
    widths = _widths(cells, width=width, across=across)
    now_s = state.elapsed_s or 0.0
    found = []
    for start in range(0, len(cells), across):
        row = _text()
        for cell in cells[start : start + across]:
            row.append_text(_cell(cell, widths, history, now_s=now_s)).append(" " * widths.gap)
        row.rstrip()
        found.append(row)
    return found


def _widths(cells: Sequence[Cell], *, width: int, across: int) -> Widths:
    """Return the widths that all cells of a grid share: details are shown while there is room, bars take the rest."""
    gap = _GAP if (width + _GAP) // across - _GAP >= _COMFORTABLE_CELL else 1
    label, power = max(len(cell.label) for cell in cells), max(len(cell.power) for cell in cells) + 1
    left = min((width + gap) // across - gap, _WIDEST_CELL) - label - power
    columns = []
    for index in range(max(len(cell.details) for cell in cells)):
        column = max(len(_detail(cell, index, gap)) for cell in cells) + gap
        keep = _SPARK_WIDTHS[0] + 2 if index >= _BEFORE_BARS else 0
        columns.append(column if gap < column <= left - keep else 0)
        left -= columns[-1]
    bars = min(left - 1, _SPARK_WIDTHS[1])
    return Widths(label, bars if bars >= _SPARK_WIDTHS[0] else 0, power, tuple(columns), gap)


def _cell(cell: Cell, widths: Widths, history: History, *, now_s: float) -> "Text":
    text = _text(cell.label.ljust(widths.label), "dim")
    if widths.bars:
        text.append(" ").append(history.spark(cell.key, now_s=now_s, width=widths.bars), "cyan")
    text.append(cell.power.rjust(widths.power))
    for index, width in enumerate(widths.details):
        text.append((_detail(cell, index, widths.gap) if width else "").rjust(width))
    return text


def _detail(cell: Cell, index: int, gap: int) -> str:
    """Return a detail of a device, without its space if room is short."""
    detail = cell.details[index] if index < len(cell.details) else ""
    return detail if gap > 1 else detail.replace(" ", "")


def _cells(devices: Sequence[DeviceState], *, most: int) -> list[Cell]:
    """Return each device by itself if there is room, else only the GPUs by themselves, else every part as a whole."""
    by_part = _by_part(devices)
    others = sum(part != "gpu" for part in by_part)
    if len(devices) <= most:
        return _single(devices)
    if len(by_part.get("gpu", ())) + others <= most:
        return [*_single(by_part.get("gpu", ())), *(cell for cell in _totals(devices) if cell.part != "gpu")]
    return _totals(devices)[:most]


def _single(devices: Sequence[DeviceState]) -> list[Cell]:
    cells = []
    for part, found in _by_part(devices).items():
        for index, device in enumerate(found):
            details = (
                "" if device.utilisation is None else wording.percent(device.utilisation),
                "" if device.temperature_c is None else f"{device.temperature_c:.0f} °C",
                "" if device.memory_used_b is None else f"{significant(device.memory_used_b / 1e9, 2)} GB",
            )
            cells.append(Cell(device.device, part, f"{part}{index}" if len(found) > 1 else part, device.power_w, details))
    return cells


def _totals(devices: Sequence[DeviceState]) -> list[Cell]:
    cells = []
    for part, found in _by_part(devices).items():
        if len(found) == 1:
            cells += _single(found)
            continue
        utilisations = [device.utilisation for device in found if device.utilisation is not None]
        temperatures_c = [device.temperature_c for device in found if device.temperature_c is not None]
        details = (
            "" if not utilisations else f"{min(utilisations) * 100:.0f} – {wording.percent(max(utilisations))}",
            "" if not temperatures_c else f"≤ {max(temperatures_c):.0f} °C",
        )
        cells.append(Cell(f"all {part}", part, f"{len(found)} {part}", wording.power_w(found), details))
    return cells


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
            text += f" ({median_and_interval(value, QUANTITIES[name].unit)[2]})"
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
    row = _text("budget".ljust(_LABEL), "dim")
    room = (width - _LABEL + _GAP) // len(found) - _GAP
    for budget in found:
        end = "" if budget.forecast is None else f" → {wording.percent(budget.forecast)}"
        text = budget.text + end if len(budget.text + end) + 8 <= room else f"{wording.percent(budget.spent)}{end} {budget.unit}"
        style = "red" if budget.worst >= 1.0 else "yellow" if budget.worst >= wording.WARN_SHARE else "green"
        cell = _bar(budget.spent, budget.forecast, width=max(min(room - len(text) - 1, _WIDEST_BAR), 0), style=style).append(f" {text}")
        cell.truncate(room, overflow="ellipsis", pad=True)
        row.append_text(cell).append(" " * _GAP)
    row.rstrip()
    return row


def _note(state: LiveState, width: int) -> "Text | None":
    found = wording.notes(state)
    if not found:
        return None
    row = _text("note".ljust(_LABEL), "dim").append(found[-1][: width * 2])
    if len(found) > 1:
        more = f"  (and {len(found) - 1:,} more)"
        row.truncate(width - len(more), overflow="ellipsis")
        row.append(more, "dim")
    return row


def _row(label: str, items: Iterable[Item], width: int, *, first: "Text | None" = None, marked: Iterable[int] = ()) -> "Text | None":
    """Return a label and as many of *items* as there is room for; None if there are none."""
    row = _text(label.ljust(_LABEL), "dim")
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
    return _text("█" * full, style).append("▒" * ahead, style).append("░" * (width - full - ahead), "dim")


def _text(text: str = "", style: str = "") -> "Text":
    from rich.text import Text

    return Text(text, style="", no_wrap=True, end="") if not style else Text(no_wrap=True, end="").append(text, style)


def _by_part(devices: Iterable[DeviceState]) -> dict[str, list[DeviceState]]:
    found: dict[str, list[DeviceState]] = {}
    for device in devices:
        found.setdefault(clean(device.part)[:8], []).append(device)
    return found
