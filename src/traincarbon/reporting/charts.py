"""Charts as small drawings in the cells of tables, and lines over time: no script draws them, and paper shows them as screens do."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from traincarbon.reporting.markup import text
from traincarbon.uncertain import Interval

_WIDE, _HIGH = 1000, 100
"""Units of the drawing of a line; it is stretched to the width of the page."""


class Scale(NamedTuple):
    """A logarithmic axis from *low* to *high*, drawn from 0 to 100."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Return the place of *value* on the axis."""
        if not self.low < self.high:
            return 50.0
        share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        return round(100.0 * min(max(share, 0.0), 1.0), 2)


def scale_of(intervals: Sequence[Interval | None]) -> Scale:
    """Return the axis that holds all *intervals*, with a little room at its ends."""
    bounds = [bound for interval in intervals if interval is not None for bound in interval if 0.0 < bound < math.inf]
    if not bounds:
        return Scale(1.0, 1.0)
    room = max(1.05, (max(bounds) / min(bounds)) ** 0.03)
    return Scale(min(bounds) / room, max(bounds) * room)


def interval_bar(interval: Interval | None, scale: Scale, *, strong: bool = False) -> str:
    """Return the drawing of an interval with its median on a logarithmic axis; empty where nothing is known."""
    if interval is None or not interval.median > 0.0:
        return ""
    low, middle, high = (scale.at(bound) for bound in interval)
    kind = "c1" if strong else "c0"
    band = f'<rect class="band {kind}" x="{low:g}" y="3" width="{max(high - low, 0.6):g}" height="4"/>'
    return _drawing(f'{band}<rect class="{kind}" x="{max(middle - 0.6, 0.0):g}" y="0" width="1.2" height="10"/>')


def share_bar(share: float, colour: int = 0) -> str:
    """Return the drawing of a share from 0 to 1 as a bar on a track."""
    width = round(100.0 * min(max(share, 0.0), 1.0), 2)
    return _drawing(f'<rect class="track" x="0" y="1" width="100" height="8"/><rect class="c{colour}" x="0" y="1" width="{width:g}" height="8"/>')


def stacked_bar(shares: Sequence[float]) -> str:
    """Return the drawing of shares side by side, each in its colour."""
    begin, parts = 0.0, []
    for at, share in enumerate(shares):
        width = 100.0 * max(share, 0.0)
        parts.append(f'<rect class="c{at % 6}" x="{begin:.2f}" y="0" width="{max(width - 0.3, 0.0):.2f}" height="10"/>')
        begin += width
    return _drawing("".join(parts), css="stack")


def two_sided_bar(low: float, high: float, reach: float) -> str:
    """Return the drawing of a swing about 1 between *low* and *high*, on a logarithmic axis that reaches *reach* times to either side."""
    scale = Scale(1.0 / reach, reach)
    left, right = scale.at(low), scale.at(high)
    axis = '<rect class="axis" x="49.85" y="0" width="0.3" height="10"/>'
    return _drawing(
        f'<rect class="c0" x="{left:g}" y="1" width="{50.0 - left:g}" height="8"/><rect class="c1" x="50" y="1" width="{right - 50.0:g}" height="8"/>{axis}'
    )


def key(at: int) -> str:
    """Return the patch of colour that names a part of a chart."""
    return f'<svg class="key" viewBox="0 0 10 10" aria-hidden="true"><rect class="c{at % 6}" width="10" height="10"/></svg>'


class Line(NamedTuple):
    """A line over time: what it shows, and its values at even steps, None where nothing is known."""

    label: str
    values: Sequence[float | None]


def lines(title: str, *, series: Sequence[Line], top: str, begin: str, end: str, most: float) -> str:
    """Return a chart of *series* over time from 0 to *most*, in words that label its axes; empty where there is nothing to draw.

    Args:
        title: What is shown, as plain text.
        series: The lines.
        top: What the top of the chart stands for, as plain text with its unit.
        begin: When the chart begins, as plain text.
        end: When it ends, as plain text.
        most: The value at the top.
    """
    drawn = [(at, line, path) for at, line in enumerate(series) if (path := _path(line.values, most))]
    if not drawn or not most > 0.0:
        return ""
    curves = "".join(f'<path class="line s{at % 6}" d="{path}"/>' for at, _, path in drawn)
    grid = "".join(f'<path class="grid" d="M0 {y}H{_WIDE}"/>' for y in (0, _HIGH // 2, _HIGH))
    keys = "".join(f"<li>{key(at)} {text(line.label)}</li>" for at, line, _ in drawn)
    legend = f'<ul class="keys">{keys}</ul>' if len(drawn) > 1 else ""
    picture = f'<svg class="plot" viewBox="0 0 {_WIDE} {_HIGH}" preserveAspectRatio="none" role="img" aria-label="{text(title)}">{grid}{curves}</svg>'
    axis = f'<div class="axis-x"><span>{text(begin)}</span><span>{text(end)}</span></div>'
    return f'<figure><figcaption>{text(title)}</figcaption><div class="axis-y">{text(top)}</div>{picture}{axis}{legend}</figure>'


def _path(values: Sequence[float | None], most: float) -> str:
    """Return the path of a line that is broken where nothing is known; a point on its own is a short stroke."""
    steps, pen = max(len(values) - 1, 1), "M"
    parts = []
    for at, value in enumerate(values):
        if value is None or not most > 0.0:
            pen = "M"
            continue
        x, y = _WIDE * at / steps, _HIGH * (1.0 - min(value / most, 1.0))
        parts.append(f"{pen}{x:.1f} {y:.1f}" + ("h2" if pen == "M" else ""))
        pen = "L"
    return "".join(parts)


def _drawing(inner: str, *, css: str = "bar") -> str:
    return f'<svg class="{css}" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">{inner}</svg>'
