"""Charts of ``carbon validate``: predicted over published values, one for each quantity."""

import math
from collections import Counter
from collections.abc import Sequence

from traincarbon.formatting import counted, significant
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.charts.chart import Chart
from traincarbon.reporting.charts.scatter import MOST_GROUPS, Group
from traincarbon.reporting.plots.predictions import MOST_DOTS, prediction, prediction_chart
from traincarbon.uncertain import Interval
from traincarbon.validation.accuracy import POOLED, Backtest, Case, Errors


def accuracy_charts(tried: Backtest) -> list[Chart]:
    """Return a chart for each quantity: median and 90 % interval over the published value."""
    return [_chart(entry.quantity, entry.errors, tried) for entry in tried.sets() if entry.set == POOLED]


def verdict(tried: Backtest) -> str:
    """Return how far GPU-hours are off and how often their interval was right, or those of the first quantity that was tried."""
    pooled = {entry.quantity: entry.errors for entry in tried.sets() if entry.set == POOLED}
    if not pooled:
        return ""
    quantity = "accelerator_hours_h" if "accelerator_hours_h" in pooled else next(iter(pooled))
    return f"{QUANTITIES[quantity].label}: {_errors(pooled[quantity])}."


def _chart(name: str, errors: Errors, tried: Backtest) -> Chart:
    quantity = QUANTITIES[name]
    cases = [case for case in tried.cases if case.quantity == name]
    every = math.ceil(len(cases) / MOST_DOTS)
    shown = "" if every == 1 else f" One of {every} is drawn."
    note = f"{counted(errors.n, 'published value')}: {_errors(errors)}.{shown}"
    return prediction_chart(
        f"chart-{name.replace('_', '-')}", quantity.label, _groups(cases[::every], quantity.unit), of="published", unit=quantity.unit, note=note
    )


def _groups(cases: Sequence[Case], unit: str) -> list[Group]:
    """Return the largest sets, each with its colour and shape; all others are one group."""
    counts = Counter(case.set for case in cases).most_common()
    largest = [name for name, _ in counts[:MOST_GROUPS]]
    groups = [_group(name, [case for case in cases if case.set == name], unit, at) for at, name in enumerate(largest)]
    others = [case for case in cases if case.set not in largest]
    return [*groups, _group(counted(len(counts) - len(largest), "other set"), others, unit, None)] if others else groups


def _group(label: str, cases: Sequence[Case], unit: str, style: int | None) -> Group:
    dots = [prediction(case.id, case.published, Interval(case.low, case.median, case.high), of="published", unit=unit) for case in cases]
    return Group(label, dots, style)


def _errors(errors: Errors) -> str:
    half, most = (significant(math.exp(size), 3) for size in (errors.median_abs_ln, errors.p90_abs_ln))
    return f"half within × {half}, 90 % within × {most}; {100.0 * (errors.coverage_90 or 0.0):.0f} % inside the 90 % interval"
