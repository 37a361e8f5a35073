"""Figures of ``carbon validate``: predicted over published values, one panel for each quantity."""

from collections import Counter
from collections.abc import Sequence

from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.plots.figures import AMBER, BLUE, GREY, ORANGE, Panel, plain_text, prediction_figure, predictions
from traincarbon.uncertain import Interval
from traincarbon.validation.accuracy import POOLED, Backtest, Case, Errors

_STYLES = (
    *((BLUE, "circle"), (AMBER, "square"), ("#009E73", "diamond"), ("#CC79A7", "triangle-up")),
    *(("#56B4E9", "triangle-down"), (ORANGE, "cross"), ("#B3A000", "star")),
)
"""Colour and symbol of each of the largest sets; the yellow is darkened to show on white."""


def accuracy_panels(tried: Backtest) -> list[Panel]:
    """Return a panel for each quantity: median and 90 % interval over the published value, both axes logarithmic."""
    panels = []
    for entry in tried.sets():
        if entry.set == POOLED:
            quantity = QUANTITIES[entry.quantity]
            cases = [case for case in tried.cases if case.quantity == quantity.name]
            values = [Interval(min(case.low, case.published), case.median, max(case.high, case.published)) for case in cases]
            traces = [
                predictions(
                    name, [case.published for case in group], [_interval(case) for case in group], _hovers(group, quantity.unit), colour=colour, symbol=symbol
                )
                for name, colour, symbol, group in _groups(cases)
            ]
            panels.append(Panel(quantity.label, _caption(entry.errors), prediction_figure(traces, values, truth="published", unit=quantity.unit)))
    return panels


def _groups(cases: Sequence[Case]) -> list[tuple[str, str, str, list[Case]]]:
    """Return name, colour, symbol and cases of each set; all but the largest sets are one group."""
    counts = Counter(case.set for case in cases).most_common()
    largest = [name for name, _ in counts[: len(_STYLES)]]
    groups = [
        (plain_text(name), colour, symbol, [case for case in cases if case.set == name]) for name, (colour, symbol) in zip(largest, _STYLES, strict=False)
    ]
    others = [case for case in cases if case.set not in largest]
    if others:
        more = len(counts) - len(largest)
        groups.append((f"{more} other set{'s' if more > 1 else ''}", GREY, "circle-open", others))
    return groups


def _interval(case: Case) -> Interval:
    return Interval(case.low, case.median, case.high)


def _hovers(cases: Sequence[Case], unit: str) -> list[str]:
    """Return what is shown where the pointer rests on a point."""
    found = []
    for case in cases:
        published, median, low, high = (f"{value:.4g}" for value in (case.published, case.median, case.low, case.high))
        lines = (
            *(f"<b>{plain_text(case.id)}</b>", plain_text(case.set), f"published {published} {unit}", f"predicted {median} {unit}"),
            *(f"90 % interval {low} – {high} {unit}", f"estimate / published {case.median / case.published:.3g}"),
        )
        found.append("<br>".join(line.rstrip() for line in lines))
    return found


def _caption(errors: Errors) -> str:
    inside_50, inside_90 = (f"{100.0 * (share or 0.0):.0f} % inside" for share in (errors.coverage_50, errors.coverage_90))
    sizes = f"median {errors.median_abs_ln:.2f}, 90th percentile {errors.p90_abs_ln:.2f}"
    return f"{errors.n} published values; error ln: {sizes}; {inside_50} the 50 % interval, {inside_90} the 90 % interval."
