"""The panel's rows: what a run's live state looks like, at most eight lines of text with restrained colours."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from traincarbon.formatting import amount, clean, median_and_interval, significant
from traincarbon.tracking.display import wording
from traincarbon.tracking.display.wording import Told

if TYPE_CHECKING:
    from rich.text import Text

MOST_ROWS = 8

_SPARKS = "▁▂▃▄▅▆▇"
"""Not the full block, which would run into the row above."""
_LABEL = 9
_GAP = 2
_NARROWEST_CELL, _COMFORTABLE_CELL, _WIDEST_CELL = 13, 18, 48
"""Columns for a device: enough for name and power, for utilisation too, and all that it may take."""
_MOST_DEVICE_ROWS = 3
_SPARK_SPAN_S = 60.0
_SPARK_WIDTHS = (6, 20)
_BEFORE_BARS = 2
"""How much of what is told of a device is worth more than the bars."""
_MOST_SERIES, _MOST_READINGS = 256, 120
_MOST_BUDGETS = 4
_WIDEST_BAR = 24


class Cell(NamedTuple):
    """A device, or all of a part where they are too many, as it is shown."""

    key: str
    part: str
    label: str
    power_w: float | None
    told: tuple[str, ...]
    """What else is known of it, the most telling first: utilisation, temperature, memory."""

    @property
    def power(self) -> str:
        """Its power in words."""
        return "–" if self.power_w is None else wording.watts(self.power_w)


class Look(NamedTuple):
    """The widths that the cells of a grid have in common; 0 where there is no room for it."""

    label: int
    bars: int
    power: int
    told: tuple[int, ...]
    gap: int
    """Columns between two things of a cell, and between two cells."""


class History:
    """The power of the last minute, of each device and of each part as a whole."""

    def __init__(self) -> None:
        self._series: dict[str, deque[tuple[float, float]]] = {}
        self._peak_w: dict[str, float] = {}

    def add(self, state: Mapping[str, Any]) -> None:
        """Take the power of all devices in *state*."""
        now_s = wording.number(state.get("elapsed_s"))
        if now_s is None:
            return
        for part, found in _by_part(wording.devices(state)).items():
            for place, device in enumerate(found):
                self._take(str(device.get("device") or _label(part, place, len(found))), now_s, wording.power_w([device]))
            self._take(f"all {part}", now_s, wording.power_w(found))

    def _take(self, key: str, now_s: float, power_w: float | None) -> None:
        if power_w is None or (key not in self._series and len(self._series) >= _MOST_SERIES):
            return
        series = self._series.setdefault(key, deque(maxlen=_MOST_READINGS))
        series.append((now_s, power_w))
        self._peak_w[key] = max(self._peak_w.get(key, 0.0), power_w)

    def spark(self, key: str, *, now_s: float, width: int) -> str:
        """Return the last minute as *width* small bars, from nothing to the most that was drawn; blank where there was no reading."""
        bins: list[list[float]] = [[] for _ in range(width)]
        for time_s, power_w in self._series.get(key, ()):
            age = (now_s - time_s) / _SPARK_SPAN_S
            if 0.0 <= age < 1.0:
                bins[width - 1 - int(age * width)].append(power_w)
        peak_w = self._peak_w.get(key, 0.0) or 1.0
        return "".join(_SPARKS[round(sum(found) / len(found) / peak_w * (len(_SPARKS) - 1))] if found else " " for found in bins)


def rows(state: Mapping[str, Any], history: History, *, width: int, most: int = MOST_ROWS) -> "list[Text]":
    """Return the rows of the panel, at most *most* of at most *width* columns; what is not known has no row.

    Where they are too many, the devices go first, then note, forecast and budgets.
    """
    spent = _told("so far", wording.spent(state), width)
    below = [row for row in (spent, _training(state, width), _budgets(state, width), _forecast(state, width), _note(state, width)) if row is not None]
    devices = _device_rows(state, history, width, most=min(most - 1 - len(below), _MOST_DEVICE_ROWS))
    shown = [_title(state, width), *devices, *below][:most]
    for row in shown:
        row.truncate(width, overflow="ellipsis")
    return shown


def _title(state: Mapping[str, Any], width: int) -> "Text":
    text = _text()
    power_w = wording.power_w(wording.devices(state))
    drawn = "" if power_w is None else f"{wording.watts(power_w)} · "
    right = f" {drawn}{clean(str(state.get('state') or 'running'))[:12]} {wording.clock(state.get('elapsed_s'))} "
    left = _text(clean(str(state.get("run_id") or "run")), "bold")
    if state.get("project"):
        left.append(" · ", "dim").append(clean(str(state["project"])))
    left.truncate(max(width - len(right) - 8, 8), overflow="ellipsis")
    text.append("── ", "dim").append_text(left).append(" ")
    text.append("─" * max(width - text.cell_len - len(right) - 2, 0), "dim")
    return text.append(right).append("──", "dim")


def _device_rows(state: Mapping[str, Any], history: History, width: int, *, most: int) -> "list[Text]":
    """Return the devices as a grid whose columns line up, in two rows where they are readable so, else in up to *most*."""
    if most < 1:
        return []
    cells = _cells(wording.devices(state), most=most * max((width + _GAP) // (_NARROWEST_CELL + _GAP), 1))
    if not cells:
        return []
    down = min(2, most) if len(cells) > 1 else 1
    while down < most and (width + _GAP) // -(-len(cells) // down) - _GAP < _COMFORTABLE_CELL:
        down += 1
    across = -(-len(cells) // down)
    look = _look(cells, width=width, across=across)
    now_s = wording.number(state.get("elapsed_s")) or 0.0
    found = []
    for start in range(0, len(cells), across):
        row = _text()
        for cell in cells[start : start + across]:
            row.append_text(_cell(cell, look, history, now_s=now_s)).append(" " * look.gap)
        row.rstrip()
        found.append(row)
    return found


def _look(cells: Sequence[Cell], *, width: int, across: int) -> Look:
    """Return the widths that all cells of a grid have in common: what is there is shown while there is room, the bars take the rest."""
    gap = _GAP if (width + _GAP) // across - _GAP >= _COMFORTABLE_CELL else 1
    label, power = max(len(cell.label) for cell in cells), max(len(cell.power) for cell in cells) + 1
    left = min((width + gap) // across - gap, _WIDEST_CELL) - label - power
    columns = []
    for place in range(max(len(cell.told) for cell in cells)):
        column = max(len(_of(cell, place, gap)) for cell in cells) + gap
        keep = _SPARK_WIDTHS[0] + 2 if place >= _BEFORE_BARS else 0
        columns.append(column if gap < column <= left - keep else 0)
        left -= columns[-1]
    bars = min(left - 1, _SPARK_WIDTHS[1])
    return Look(label, bars if bars >= _SPARK_WIDTHS[0] else 0, power, tuple(columns), gap)


def _cell(cell: Cell, look: Look, history: History, *, now_s: float) -> "Text":
    text = _text(cell.label.ljust(look.label), "dim")
    if look.bars:
        text.append(" ").append(history.spark(cell.key, now_s=now_s, width=look.bars), "cyan")
    text.append(cell.power.rjust(look.power))
    for place, width in enumerate(look.told):
        text.append((_of(cell, place, look.gap) if width else "").rjust(width))
    return text


def _of(cell: Cell, place: int, gap: int) -> str:
    """Return one of the things told of a device, without its space where room is short."""
    told = cell.told[place] if place < len(cell.told) else ""
    return told if gap > 1 else told.replace(" ", "")


def _cells(devices: Sequence[Mapping[str, Any]], *, most: int) -> list[Cell]:
    """Return each device by itself where there is room, else only the accelerators by themselves, else every part as a whole."""
    by_part = _by_part(devices)
    several = sum(part != "gpu" for part in by_part)
    if len(devices) <= most:
        return _single(devices)
    if len(by_part.get("gpu", ())) + several <= most:
        return [*_single(by_part.get("gpu", ())), *(cell for cell in _totals(devices) if cell.part != "gpu")]
    return _totals(devices)[:most]


def _single(devices: Sequence[Mapping[str, Any]]) -> list[Cell]:
    cells = []
    for part, found in _by_part(devices).items():
        for place, device in enumerate(found):
            busy, hot, used_b = (wording.number(device.get(name)) for name in ("utilisation", "temperature_c", "memory_used_b"))
            told = (
                "" if busy is None else wording.percent(busy),
                "" if hot is None else f"{hot:.0f} °C",
                "" if used_b is None else f"{significant(used_b / 1e9, 2)} GB",
            )
            label = _label(part, place, len(found))
            cells.append(Cell(str(device.get("device") or label), part, label, wording.power_w([device]), told))
    return cells


def _label(part: str, place: int, number: int) -> str:
    return f"{part}{place}" if number > 1 else part


def _totals(devices: Sequence[Mapping[str, Any]]) -> list[Cell]:
    cells = []
    for part, found in _by_part(devices).items():
        if len(found) == 1:
            cells += _single(found)
            continue
        busy, hot = (_known(found, name) for name in ("utilisation", "temperature_c"))
        told = (
            "" if not busy else f"{min(busy) * 100:.0f} – {wording.percent(max(busy))}",
            "" if not hot else f"≤ {max(hot):.0f} °C",
        )
        cells.append(Cell(f"all {part}", part, f"{len(found)} {part}", wording.power_w(found), told))
    return cells


def _training(state: Mapping[str, Any], width: int) -> "Text | None":
    told, share = wording.trained(state), wording.share_done(state)
    bar = None
    if share is not None:
        bar = _bar(share, None, width=10, style="cyan").append(f" {wording.percent(share):>5}")
    return _told("training", told, width, first=bar)


def _forecast(state: Mapping[str, Any], width: int) -> "Text | None":
    """Return what is forecast, with its distance from the plan or, where there is none, its interval; without a forecast the plan."""
    forecast, plan = (
        {key: figure for key, _, _ in wording.QUANTITIES if (figure := wording.interval(wording.section(state, name).get(key)))}
        for name in ("forecast", "plan")
    )
    told: list[Told] = []
    beyond: set[int] = set()
    for key, unit, behind in wording.QUANTITIES:
        figure, planned = (forecast or plan).get(key), plan.get(key) if forecast else None
        if figure is None:
            continue
        text = amount(figure.median, unit, digits=3) + behind
        if planned:
            text += f" {wording.deviation(figure.median, planned.median)}".rstrip()
        elif figure.low < figure.high:
            text += f" ({median_and_interval(figure, unit)[2]})"
        if planned and figure.median > planned.high:
            beyond.add(len(told))
        told.append(Told("", text))
    row = _told("forecast" if forecast else "plan", told, width, marked=beyond)
    if row is not None and forecast and plan and row.cell_len + 14 <= width:
        row.append("  against plan", "dim")
    return row


def _budgets(state: Mapping[str, Any], width: int) -> "Text | None":
    found = wording.shares(state)[:_MOST_BUDGETS]
    if not found:
        return None
    row = _text("budget".ljust(_LABEL), "dim")
    room = (width - _LABEL + _GAP) // len(found) - _GAP
    for budget in found:
        end = "" if budget.forecast is None else f" → {wording.percent(budget.forecast)}"
        text = budget.text + end if len(budget.text + end) + 8 <= room else f"{wording.percent(budget.spent)}{end} {budget.name}"
        style = "red" if budget.worst >= 1.0 else "yellow" if budget.worst >= wording.WARN_SHARE else "green"
        cell = _bar(budget.spent, budget.forecast, width=max(min(room - len(text) - 1, _WIDEST_BAR), 0), style=style).append(f" {text}")
        cell.truncate(room, overflow="ellipsis", pad=True)
        row.append_text(cell).append(" " * _GAP)
    row.rstrip()
    return row


def _note(state: Mapping[str, Any], width: int) -> "Text | None":
    found = wording.notes(state)
    if not found:
        return None
    row = _text("note".ljust(_LABEL), "dim").append(found[-1][: width * 2])
    if len(found) > 1:
        more = f"  (and {len(found) - 1:,} more)"
        row.truncate(width - len(more), overflow="ellipsis")
        row.append(more, "dim")
    return row


def _told(label: str, told: Iterable[Told], width: int, *, first: "Text | None" = None, marked: Iterable[int] = ()) -> "Text | None":
    """Return a label and as much of what is told as there is room for; None where nothing is."""
    row = _text(label.ljust(_LABEL), "dim")
    if first is not None:
        row.append_text(first).append("  ")
    beyond = set(marked)
    empty = first is None
    for place, each in enumerate(told):
        if row.cell_len + len(str(each)) > width:
            break
        if each.name:
            row.append(f"{each.name} ", "dim")
        row.append(each.figure, "yellow" if place in beyond else "").append("  ")
        empty = False
    row.rstrip()
    return None if empty else row


def _bar(share: float, forecast: float | None, *, width: int, style: str) -> "Text":
    """Return a bar: what is there solid, what is still to come until the forecast lighter."""
    full = min(round(share * width), width)
    ahead = min(round(max(forecast or 0.0, share) * width), width) - full
    return _text("█" * full, style).append("▒" * ahead, style).append("░" * (width - full - ahead), "dim")


def _text(text: str = "", style: str = "") -> "Text":
    from rich.text import Text

    return Text(text, style="", no_wrap=True, end="") if not style else Text(no_wrap=True, end="").append(text, style)


def _by_part(devices: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for device in devices:
        found.setdefault(_part(device), []).append(device)
    return found


def _part(device: Mapping[str, Any]) -> str:
    return clean(str(device.get("part") or "other"))[:8]


def _known(devices: Iterable[Mapping[str, Any]], name: str) -> list[float]:
    return [value for device in devices if (value := wording.number(device.get(name))) is not None]
