"""The rows of the devices in the panel: name, power, its course, and as many details as there is room for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.formatting import significant
from traincarbon.tracking.display import wording
from traincarbon.tracking.display.power_history import History, by_part
from traincarbon.tracking.live_state import DeviceState, LiveState

if TYPE_CHECKING:
    from rich.text import Text

GAP = 2
"""Columns between two cells or items."""
_NARROWEST_CELL, _COMFORTABLE_CELL, _WIDEST_CELL = 13, 18, 48
"""Columns for a device: enough for name and power, enough for utilisation too, and the most."""
MOST_DEVICE_ROWS = 3
_SPARK_WIDTHS = (6, 20)
_BEFORE_BARS = 2
"""How many details of a device come before the bars if room is short."""


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


def device_rows(state: LiveState, history: History, width: int, *, most: int) -> "list[Text]":
    """Return the devices as a grid with aligned columns, in two rows if that is readable, else in up to *most*."""
    if most < 1:
        return []
    cells = _cells(state.devices, most=most * max((width + GAP) // (_NARROWEST_CELL + GAP), 1))
    if not cells:
        return []
    down = min(2, most) if len(cells) > 1 else 1
    while down < most and (width + GAP) // -(-len(cells) // down) - GAP < _COMFORTABLE_CELL:
        down += 1
    across = -(-len(cells) // down)
    widths = _widths(cells, width=width, across=across)
    now_s = state.elapsed_s or 0.0
    found = []
    for start in range(0, len(cells), across):
        row = styled_text()
        for cell in cells[start : start + across]:
            row.append_text(_cell(cell, widths, history, now_s=now_s)).append(" " * widths.gap)
        row.rstrip()
        found.append(row)
    return found


def _widths(cells: Sequence[Cell], *, width: int, across: int) -> Widths:
    """Return the widths that all cells of a grid share: details are shown while there is room, bars take the rest."""
    gap = GAP if (width + GAP) // across - GAP >= _COMFORTABLE_CELL else 1
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
    text = styled_text(cell.label.ljust(widths.label), "dim")
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
    parts = by_part(devices)
    others = sum(part != "gpu" for part in parts)
    if len(devices) <= most:
        return _single(devices)
    if len(parts.get("gpu", ())) + others <= most:
        return [*_single(parts.get("gpu", ())), *(cell for cell in _totals(devices) if cell.part != "gpu")]
    return _totals(devices)[:most]


def _single(devices: Sequence[DeviceState]) -> list[Cell]:
    cells = []
    for part, found in by_part(devices).items():
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
    for part, found in by_part(devices).items():
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


def styled_text(text: str = "", style: str = "") -> "Text":
    """Return *text* in a style; rich is imported here, so that a panel is paid for where it is shown."""
    from rich.text import Text

    return Text(text, style="", no_wrap=True, end="") if not style else Text(no_wrap=True, end="").append(text, style)
