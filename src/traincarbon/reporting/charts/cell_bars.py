"""Small bars as SVG in the cells of tables. They need no script and print as they look on the screen."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from traincarbon.reporting.markup import EMPTY, Html, html, joined
from traincarbon.uncertain import Interval

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


def key(number: int) -> Html:
    """Return the patch of colour that identifies a part of a chart."""
    return html('<svg class="key" viewBox="0 0 10 10" aria-hidden="true"><rect class="c{}" width="10" height="10"/></svg>', number % _COLOURS)


def _drawing(*parts: Html, is_stack: bool = False) -> Html:
    css = html("stack") if is_stack else html("bar")
    return html('<svg class="{}" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">{}</svg>', css, joined(parts))
