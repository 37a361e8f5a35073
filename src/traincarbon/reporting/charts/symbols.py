"""Symbols of points, which differ in shape as well as in colour."""

from traincarbon.reporting.charts.drawing import dot
from traincarbon.reporting.markup import Html, html, text

_OUTLINES: tuple[tuple[tuple[float, float], ...], ...] = (
    (),
    ((0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)),
    ((-0.95, -0.95), (0.95, -0.95), (0.95, 0.95), (-0.95, 0.95)),
    ((0.0, -1.25), (1.2, 0.9), (-1.2, 0.9)),
    ((0.0, 1.25), (1.2, -0.9), (-1.2, -0.9)),
    (
        (-0.4, -1.2),
        (0.4, -1.2),
        (0.4, -0.4),
        (1.2, -0.4),
        (1.2, 0.4),
        (0.4, 0.4),
        (0.4, 1.2),
        (-0.4, 1.2),
        (-0.4, 0.4),
        (-1.2, 0.4),
        (-1.2, -0.4),
        (-0.4, -0.4),
    ),
)
"""Circle, diamond, square, triangle up, triangle down and cross, by their corners about a point in radii."""


def symbol(x: float, y: float, css: str, shape: int, *, radius: float = 4.5) -> Html:
    """Return the symbol of number *shape* at a point."""
    outline = _OUTLINES[shape % len(_OUTLINES)]
    if not outline:
        return dot(x, y, css, radius=radius)
    corners = "L".join(f"{x + radius * dx:.1f} {y + radius * dy:.1f}" for dx, dy in outline)
    return html('<path class="{}" d="M{}Z"/>', text(css), text(corners, most=400))
