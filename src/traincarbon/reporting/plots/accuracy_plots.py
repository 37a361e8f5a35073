"""Figures as data, in the words of plotly, which only the page that shows them needs."""

import html
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from traincarbon.validation.accuracy import POOLED, VALIDATED, Backtest, Case, Errors


class Panel(NamedTuple):
    """One figure, with a title above it and a sentence below; both plain text."""

    title: str
    caption: str
    figure: dict[str, Any]


def predicted_against_published(tried: Backtest) -> list[Panel]:
    """Return a panel for each quantity: the median and the interval of 90 % over the published figure, both axes logarithmic."""
    pooled = {entry.quantity: entry.errors for entry in tried.sets() if entry.set == POOLED}
    panels = []
    for quantity in VALIDATED:
        if quantity in pooled:
            cases = [case for case in tried.cases if case.quantity == quantity]
            panels.append(Panel(_TITLES[quantity][0], _caption(pooled[quantity]), _figure(cases, _TITLES[quantity][1])))
    return panels


_TITLES = {
    "step_time_s": ("Step time", "s"),
    "accelerator_hours_h": ("Accelerator-hours", "h"),
    "mfu": ("Utilisation (MFU)", "of the peak"),
    "it_energy_kwh": ("Energy of the servers", "kWh"),
    "facility_energy_kwh": ("Energy of the facility", "kWh"),
    "operational_kgco2e": ("CO2e of the electricity", "kg"),
}
"""Quantities to their names and units."""
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#B3A000")
"""Colours that people with any kind of colour vision tell apart (Okabe and Ito 2008), the yellow darkened to show on white."""
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "star")
_GREY = "#8A8A8A"
_MARGIN = 1.4


def _caption(errors: Errors) -> str:
    shares = (100.0 * (share or 0.0) for share in (errors.coverage_50, errors.coverage_90))
    inside = "{:.0f} % inside the 50 % interval, {:.0f} % inside the 90 % interval".format(*shares)
    return f"{errors.n} values; error ln: median {errors.median_abs_ln:.2f}, 90th percentile {errors.p90_abs_ln:.2f}; {inside}."


def _figure(cases: Sequence[Case], unit: str) -> dict[str, Any]:
    bounds = [bound for case in cases for bound in (case.published, case.low, case.high)]
    low, high = min(bounds) / _MARGIN, max(bounds) * _MARGIN
    counts = Counter(case.set for case in cases).most_common()
    own = [name for name, _ in counts[: len(_COLOURS)]]
    groups = [
        (plain_text(name), colour, symbol, [case for case in cases if case.set == name]) for name, colour, symbol in zip(own, _COLOURS, _SYMBOLS, strict=False)
    ]
    others = [case for case in cases if case.set not in own]
    if others:
        more = len(counts) - len(own)
        groups.append((f"{more} other set{'s' if more > 1 else ''}", _GREY, "circle-open", others))
    return {
        "data": [*guides(low, high), *(_markers(*group, unit) for group in groups)],
        "layout": {
            "xaxis": axis(f"published [{unit}]", low, high),
            "yaxis": axis(f"predicted [{unit}]", low, high),
            "hovermode": "closest",
            "dragmode": False,
            "margin": {"l": 62, "r": 12, "t": 12, "b": 50},
            "legend": {"orientation": "h", "yanchor": "top", "y": -0.22, "x": 0},
        },
    }


def guides(low: float, high: float, *, truth: str = "published") -> list[dict[str, Any]]:
    """Return the band of a factor of two and the line on which a perfect prediction lies; *truth* is what it is held against."""
    band = {
        "x": [low, high, high, low],
        "y": [2.0 * low, 2.0 * high, high / 2.0, low / 2.0],
        "mode": "lines",
        "fill": "toself",
        "fillcolor": "rgba(128,128,128,0.18)",
        "line": {"width": 0},
        "name": "within a factor of two",
        "hoverinfo": "skip",
    }
    line = {"x": [low, high], "y": [low, high], "mode": "lines", "line": {"color": _GREY, "width": 1.5}, "name": f"predicted = {truth}", "hoverinfo": "skip"}
    return [band, line]


def _markers(name: str, colour: str, symbol: str, cases: Sequence[Case], unit: str) -> dict[str, Any]:
    return {
        "x": [case.published for case in cases],
        "y": [case.median for case in cases],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [case.high - case.median for case in cases],
            "arrayminus": [case.median - case.low for case in cases],
            "thickness": 1,
            "width": 0,
        },
        "mode": "markers",
        "marker": {"color": colour, "symbol": symbol, "size": 8, "line": {"width": 1 if symbol == "circle-open" else 0, "color": colour}},
        "name": name,
        "text": [_hover(case, unit) for case in cases],
        "hoverinfo": "text",
    }


def _hover(case: Case, unit: str) -> str:
    published, median, low, high = (f"{value:.4g}" for value in (case.published, case.median, case.low, case.high))
    head = f"<b>{plain_text(case.id)}</b><br>{plain_text(case.set)}<br>published {published} {unit}"
    return f"{head}<br>predicted {median} {unit}<br>90 % interval {low} – {high} {unit}<br>estimate / published {case.median / case.published:.3g}"


def plain_text(name: str) -> str:
    """Return a *name* that comes from outside so that neither browser nor plotly reads markup in it."""
    printable = "".join(character if character.isprintable() else "�" for character in name)
    return html.escape(printable if len(printable) <= 60 else f"{printable[:59]}…", quote=False)


def axis(title: str, low: float, high: float) -> dict[str, Any]:
    """Return a logarithmic axis whose ticks are decades, or 1, 2 and 5 of each where there are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = (1.0, 2.0, 5.0) if last - first <= 3 else (1.0,)
    every = max(1, round((last - first) / 8))
    ticks = [(step, decade) for decade in range(first, last + 1, every) for step in steps if low <= step * 10.0**decade <= high]
    return {
        "type": "log",
        "range": [math.log10(low), math.log10(high)],
        "title": {"text": title},
        "tickvals": [step * 10.0**decade for step, decade in ticks],
        "ticktext": [_tick(step, decade) for step, decade in ticks],
        "gridcolor": "rgba(128,128,128,0.25)",
        "zeroline": False,
    }


def _tick(step: float, decade: int) -> str:
    if -4 <= decade <= 3:
        return f"{step * 10.0**decade:g}"
    return f"{f'{step:g}×' if step > 1.0 else ''}10<sup>{decade}</sup>"
