"""The elements of a drawing: lines, rectangles, dots, labels, and marks that a reader can point at."""

from collections.abc import Iterable, Sequence
from typing import LiteralString

from traincarbon.reporting.charts.axis import Axis
from traincarbon.reporting.markup import EMPTY, Html, html, joined, text

LETTER = 6.5
"""Width of a letter of a label, on average. [px]"""
LINE = 14.0
"""Height of a line of text. [px]"""
_LONGEST = 90


def fitted(words: str, width: float) -> str:
    """Return *words*, cut where they are wider than *width* pixels.

    Example:
        >>> fitted("a long label", 60.0)
        'a long l…'
    """
    most = max(int(width / LETTER), 2)
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"


def label(x: float, y: float, words: str, *, anchor: str = "start", css: str = "") -> Html:
    """Return a text at a point; *anchor* is where of it the point is: start, middle or end."""
    return html(
        '<text x="{:.1f}" y="{:.1f}"{}{}>{}</text>', x, y, _attribute("text-anchor", anchor, "start"), _attribute("class", css), text(words, most=_LONGEST)
    )


def rule(x1: float, y1: float, x2: float, y2: float, css: str) -> Html:
    """Return a straight line."""
    return html('<path class="{}" d="M{:.1f} {:.1f}L{:.1f} {:.1f}"/>', text(css), x1, y1, x2, y2)


def box(x: float, y: float, width: float, height: float, css: str) -> Html:
    """Return a rectangle."""
    return html('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>', text(css), x, y, max(width, 0.0), max(height, 0.0))


def dot(x: float, y: float, css: str, *, radius: float = 5.0) -> Html:
    """Return a circle."""
    return html('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="{:g}"/>', text(css), x, y, radius)


def curve(points: Sequence[tuple[float, float | None]], css: str) -> Html:
    """Return a line through points, interrupted where one is not known."""
    parts, is_down = [], False
    for x, y in points:
        if y is None:
            is_down = False
            continue
        parts.append(html("L{:.1f} {:.1f}", x, y) if is_down else html("M{:.1f} {:.1f}h0.1", x, y))
        is_down = True
    return html('<path class="{}" d="{}"/>', text(css), joined(parts)) if parts else EMPTY


def area(upper: Sequence[tuple[float, float]], lower: Sequence[tuple[float, float]], css: str) -> Html:
    """Return the area between two lines."""
    outline = (html("{:.1f} {:.1f}", x, y) for x, y in [*upper, *reversed(lower)])
    return html('<path class="{}" d="M{}Z"/>', text(css), joined(outline, "L"))


def mark(tip: str, *parts: Html) -> Html:
    """Return what a reader can point at; *tip* is what it says then, also without scripts."""
    return html('<g class="mark"><title>{}</title>{}</g>', text(tip, most=180), joined(parts))


def series(name: str, parts: Iterable[Html]) -> Html:
    """Return the marks of a series, which a reader can hide."""
    return html('<g class="series" data-name="{}">{}</g>', text(name), joined(parts))


def drawing(width: float, height: float, title: str, parts: Iterable[Html], *, axes: Iterable[Html] = ()) -> Html:
    """Return the drawing of a size in pixels; *title* is what a screen reader says of it, *axes* tell a script where values lie."""
    size = html('viewBox="0 0 {:g} {:g}" width="{:g}" height="{:g}"', width, height, width, height)
    return html('<svg {}{} role="img" aria-label="{}">{}</svg>', size, joined(axes), text(title, most=200), joined(parts))


def axis_data(name: LiteralString, axis: Axis, *, first: float, last: float) -> Html:
    """Return where the ends of an axis are on a drawing and which values they have, for a script: ``data-x`` or ``data-y``."""
    return html(' data-{}="{:.1f} {:.1f} {!r} {!r} {}"', text(name), first, last, float(axis.low), float(axis.high), text("log" if axis.is_log else "linear"))


def x_axis(axis: Axis, *, left: float, right: float, top: float, bottom: float) -> Html:
    """Return a horizontal axis with its ticks, grid lines and title; labels that would touch are left out."""
    parts, taken = [rule(left, bottom, right, bottom, "ch-axis")], -1e9
    for tick in axis.ticks:
        x = left + axis.share(tick) * (right - left)
        words = axis.words(tick)
        half = len(words) * LETTER / 2.0
        at = min(max(x, half), right + 12.0 - half)
        parts += [rule(x, top, x, bottom, "ch-grid"), rule(x, bottom, x, bottom + 4.0, "ch-axis")]
        if at - half > taken:
            parts.append(label(at, bottom + 16.0, words, anchor="middle", css="ch-tick"))
            taken = at + half + 4.0
    if axis.title:
        parts.append(label(right, bottom + 31.0, fitted(axis.title, right), anchor="end", css="ch-tick"))
    return joined(parts)


def y_axis(axis: Axis, *, left: float, right: float, top: float, bottom: float) -> Html:
    """Return a vertical axis: its ticks stand left of it, its title above."""
    parts = []
    for tick in axis.ticks:
        y = bottom - axis.share(tick) * (bottom - top)
        parts += [rule(left, y, right, y, "ch-grid"), label(left - 5.0, y + 4.0, axis.words(tick), anchor="end", css="ch-tick")]
    if axis.title:
        parts.append(label(0.0, 11.0, fitted(axis.title, right), css="ch-tick"))
    return joined(parts)


def widest(axis: Axis) -> float:
    """Return the width of the widest label of the ticks of an axis. [px]."""
    return max((len(axis.words(tick)) for tick in axis.ticks), default=1) * LETTER


def _attribute(name: str, value: str, usual: str = "") -> Html:
    return html(' {}="{}"', text(name), text(value)) if value != usual else EMPTY
