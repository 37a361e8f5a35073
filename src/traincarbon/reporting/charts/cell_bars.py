"""Charts as SVG: small bars in the cells of tables, and lines over time. They need no script and print as they look on the screen."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from traincarbon.reporting.markup import EMPTY, Html, html, joined, text
from traincarbon.uncertain import Interval

_WIDE, _HIGH = 1000, 100
"""Size of the drawing of lines, which is stretched to the width of the page."""
_COLOURS = 6


class Axis(NamedTuple):
    """A logarithmic axis from *low* to *high*, drawn from 0 to 100."""

    low: float
    high: float

    def position(self, value: float) -> float:
        """Return the position of *value* on the axis."""
        if not self.low < self.high:
            return 50.0
        share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        return round(100.0 * min(max(share, 0.0), 1.0), 2)


def axis_of(intervals: Sequence[Interval | None]) -> Axis:
    """Return the axis that holds all *intervals*, with a little room at both ends."""
    bounds = [bound for interval in intervals if interval is not None for bound in interval if 0.0 < bound < math.inf]
    if not bounds:
        return Axis(1.0, 1.0)
    room = max(1.05, (max(bounds) / min(bounds)) ** 0.03)
    return Axis(min(bounds) / room, max(bounds) * room)


def interval_bar(interval: Interval | None, axis: Axis, *, is_strong: bool = False) -> Html:
    """Return the drawing of an interval with its median on a logarithmic axis; empty where it is not known."""
    if interval is None or not interval.median > 0.0:
        return EMPTY
    low, middle, high = (axis.position(bound) for bound in interval)
    colour = int(is_strong)
    band = html('<rect class="c{}" x="{:g}" y="4" width="{:g}" height="2"/>', colour, low, max(high - low, 0.6))
    return _drawing(band, html('<rect class="c{}" x="{:g}" y="0" width="1.2" height="10"/>', colour, max(middle - 0.6, 0.0)))


def share_bar(share: float, colour: int = 0) -> Html:
    """Return the drawing of a share from 0 to 1 as a bar on a track."""
    width = round(100.0 * min(max(share, 0.0), 1.0), 2)
    track = html('<rect class="track" x="0" y="1" width="100" height="8"/>')
    return _drawing(track, html('<rect class="c{}" x="0" y="1" width="{:g}" height="8"/>', colour, width))


def stacked_bar(shares: Sequence[float]) -> Html:
    """Return the drawing of shares side by side, each in its colour."""
    begin, parts = 0.0, []
    for number, share in enumerate(shares):
        width = 100.0 * max(share, 0.0)
        parts.append(html('<rect class="c{}" x="{:.2f}" y="0" width="{:.2f}" height="10"/>', number % _COLOURS, begin, max(width - 0.3, 0.0)))
        begin += width
    return _drawing(*parts, is_stack=True)


def two_sided_bar(low: float, high: float, reach: float) -> Html:
    """Return the drawing of a swing about 1 from *low* to *high*, on a logarithmic axis from 1/*reach* to *reach*."""
    axis = Axis(1.0 / reach, reach)
    left, right = axis.position(low), axis.position(high)
    return _drawing(
        html('<rect class="c0" x="{:g}" y="1" width="{:g}" height="8"/>', left, 50.0 - left),
        html('<rect class="c1" x="50" y="1" width="{:g}" height="8"/>', right - 50.0),
        html('<rect class="axis" x="49.85" y="0" width="0.3" height="10"/>'),
    )


def key(number: int) -> Html:
    """Return the patch of colour that identifies a part of a chart."""
    return html('<svg class="key" viewBox="0 0 10 10" aria-hidden="true"><rect class="c{}" width="10" height="10"/></svg>', number % _COLOURS)


class Line(NamedTuple):
    """A line over time: its label, and its values at even steps, None where they are not known."""

    label: str
    values: Sequence[float | None]


def lines(title: str, *, series: Sequence[Line], top: str, begin: str, end: str, most: float) -> Html:
    """Return a chart of *series* over time; empty where there is nothing to draw.

    Args:
        title: What is shown.
        series: The lines.
        top: The value at the top, with its unit.
        begin: When the chart begins.
        end: When it ends.
        most: The value at the top.
    """
    drawn = [(number, line, path) for number, line in enumerate(series) if (path := _path(line.values, most))]
    if not drawn or not most > 0.0:
        return EMPTY
    grid = joined(html('<path class="grid" d="M0 {}H{}"/>', y, _WIDE) for y in (0, _HIGH // 2, _HIGH))
    curves = joined(html('<path class="line s{}" d="{}"/>', number % _COLOURS, path) for number, _, path in drawn)
    keys = joined(html("<li>{} {}</li>", key(number), text(line.label)) for number, line, _ in drawn)
    return html(
        '<figure><figcaption>{0}</figcaption><div class="axis-y">{1}</div>'
        '<svg class="plot" viewBox="0 0 {2} {3}" preserveAspectRatio="none" role="img" aria-label="{0}">{4}{5}</svg>'
        '<div class="axis-x"><span>{6}</span><span>{7}</span></div>{8}</figure>',
        text(title),
        text(top),
        _WIDE,
        _HIGH,
        grid,
        curves,
        text(begin),
        text(end),
        html('<ul class="keys">{}</ul>', keys) if len(drawn) > 1 else EMPTY,
    )


def _path(values: Sequence[float | None], most: float) -> Html:
    """Return the path of a line, interrupted where values are not known; a single point is a short stroke."""
    steps = max(len(values) - 1, 1)
    parts, is_down = [], False
    for at, value in enumerate(values):
        if value is None or not most > 0.0:
            is_down = False
            continue
        x, y = _WIDE * at / steps, _HIGH * (1.0 - min(value / most, 1.0))
        parts.append(html("L{:.1f} {:.1f}", x, y) if is_down else html("M{:.1f} {:.1f}h2", x, y))
        is_down = True
    return joined(parts)


def _drawing(*parts: Html, is_stack: bool = False) -> Html:
    css = html("stack") if is_stack else html("bar")
    return html('<svg class="{}" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">{}</svg>', css, joined(parts))
