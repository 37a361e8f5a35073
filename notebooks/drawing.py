"""The look of the figures in these notebooks: one palette, one canvas and a few shared chart types."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

BLUE, ORANGE, GREEN, PINK, SKY, RED = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
"""Colours that people with any kind of colour vision can tell apart (Okabe and Ito 2008)."""
INK, GREY, PALE = "#222222", "#767676", "#DDDDDD"
WIDTH = 8.0
"""Width of every figure. [inches]"""

_STYLE = {
    "axes.edgecolor": PALE,
    "axes.labelcolor": GREY,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.titlelocation": "left",
    "figure.facecolor": "white",
    "font.size": 9.5,
    "font.family": "DejaVu Sans",
    "grid.color": "#ECECEC",
    "legend.frameon": False,
    "text.color": INK,
    "text.parse_math": False,  # show dollar signs as they are
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.minor.bottom": False,
    "ytick.minor.left": False,
    "ytick.left": False,
}

Bar = tuple[str, Any, str]
"""A label, an interval (low, median, high), and a colour."""


def canvas(title: str, note: str, *, height: float = 4.5) -> Axes:
    """Return empty axes below a title with the finding and a note on what is shown.

    Args:
        title: The finding.
        note: Quantity, unit, and what the marks mean.
        height: Height of the figure. [inches]
    """
    plt.rcParams.update(_STYLE)
    figure, axes = plt.subplots(figsize=(WIDTH, height), layout="constrained", num=title)
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
    axes.set_title(note, fontsize=9.5, color=GREY, pad=10)
    return axes


def logarithmic(axes: Axes, which: str, *, unit: str = "", ticks: Sequence[float] = ()) -> None:
    """Make the ``x`` or ``y`` axis logarithmic, with numbers in thousands, millions and so on of a unit."""
    axes.set(**{f"{which}scale": "log"})
    axis = {"x": axes.xaxis, "y": axes.yaxis}[which]
    if ticks:
        axis.set_ticks(ticks)
    axis.set_major_formatter(FuncFormatter(lambda value, _: short(value, unit)))
    axis.set_minor_formatter(NullFormatter())


def label(
    axes: Axes, text: str, at: tuple[float, float], colour: str, *, below: bool = False, above: bool = False
) -> None:
    """Write a name to the right of a point, below or above it, legible on any background."""
    offset, align = ((0, -13), "center") if below else ((0, 8), "center") if above else ((7, -3), "left")
    white = [withStroke(linewidth=2.5, foreground="white")]
    axes.annotate(
        text,
        at,
        xytext=offset,
        textcoords="offset points",
        ha=align,
        color=colour,
        fontsize=8.5,
        path_effects=white,
        zorder=5,
    )


def short(value: float, unit: str = "") -> str:
    """Return a number of two digits with its prefix: ``$8.1M``, ``410 t``, ``95 GFLOP/s``; a share in ``%``."""
    rounded = float(f"{100.0 * value if unit == '%' else value:.2g}")
    if unit.startswith("FLOP"):
        size, prefix = next(
            (each for each in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M")) if abs(rounded) >= each[0]),
            (1.0, ""),
        )
        return f"{rounded / size:.3g} {prefix}{unit}"
    if unit not in ("", "$") and 1e3 <= abs(rounded) < 1e6:
        return f"{rounded:,.0f} {unit}"
    for size, prefix in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(rounded) >= size:
            return _with_unit(f"{rounded / size:.3g}{prefix}", unit)
    return _with_unit(f"{rounded:.2g}" if abs(rounded) < 10.0 else f"{rounded:.0f}", unit)


def _with_unit(text: str, unit: str) -> str:
    return f"${text}" if unit == "$" else f"{text} {unit}".strip()


def intervals(axes: Axes, bars: Sequence[Bar], *, unit: str = "", room: float = 1.0) -> None:
    """Draw 90 % intervals as bars on a logarithmic axis, with each median as a stroke and a number.

    Args:
        axes: The axes.
        bars: The bars, from top to bottom.
        unit: Unit of the numbers.
        room: Factor of extra space to the right of the largest bound.
    """
    logarithmic(axes, "x", unit=unit)
    for at, (_, (low, median, high), colour) in enumerate(bars):
        axes.barh(at, high - low, left=low, height=0.5, color=colour, alpha=0.28, linewidth=0)
        axes.plot([median, median], [at - 0.25, at + 0.25], color=colour, linewidth=3, solid_capstyle="butt")
        axes.annotate(
            short(median, unit), (high, at), xytext=(6, 0), textcoords="offset points", va="center", color=INK
        )
    rows(axes, [label for label, _, _ in bars])
    least, most = min(low for _, (low, _, _), _ in bars), max(high for _, (_, _, high), _ in bars)
    axes.set_xlim(least / 1.2, most * 1.8 * room)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if most / least > 30.0 else (1.0, 2.0, 5.0)))


def stacks(axes: Axes, bars: Mapping[str, Mapping[str, float]], *, colours: Mapping[str, str]) -> None:
    """Draw shares as stacked bars, with percentages where they fit and a legend below."""
    for at, shares in enumerate(bars.values()):
        left = 0.0
        for name, colour in colours.items():
            share = shares.get(name, 0.0)
            axes.barh(
                at,
                share,
                left=left,
                height=0.62,
                color=colour,
                edgecolor="white",
                linewidth=1.2,
                label=name if at == 0 else None,
            )
            if share >= 0.05:
                axes.text(
                    left + share / 2.0,
                    at,
                    f"{share:.0%}",
                    ha="center",
                    va="center",
                    color="white" if colour != PALE else INK,
                    fontweight="bold",
                )
            left += share
    rows(axes, list(bars))
    axes.set(xlim=(0.0, 1.0), xticks=[])
    axes.spines.bottom.set_visible(False)
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(-0.01, 0.0),
        ncols=len(colours),
        handlelength=0.9,
        columnspacing=1.3,
        handletextpad=0.5,
    )


def rows(axes: Axes, labels: Sequence[str]) -> None:
    """Label the rows of a figure, the first at the top."""
    axes.set_yticks(range(len(labels)), labels, color=INK)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
