"""Charts of ``carbon compare`` and ``carbon optimise``: cost against CO2e and time, and loss against each of them."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from traincarbon.explore.comparison import MARKS, Comparison
from traincarbon.explore.optimum import Optimum
from traincarbon.explore.pareto import pareto
from traincarbon.formatting import amount, counted, in_brackets, significant
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.charts.axis import Axis, linear_axis, quantity_axis
from traincarbon.reporting.charts.chart import Chart
from traincarbon.reporting.charts.intervals import Limit, Row, draw_intervals
from traincarbon.reporting.charts.scatter import Dot, Group, draw_scatter
from traincarbon.reporting.currency import USD
from traincarbon.reporting.rounding import bounds_of
from traincarbon.uncertain import Interval

Results = Mapping[str, Interval | None]
_SHOWN = ("cost_usd", "duration_s", "total_kgco2e")
_MOST_ROWS = 24
"""More options than these are not drawn one below the other."""
_MOST_NAMED = 2
_SAME = 1e-6
"""Values that differ by less, as a share, are the same."""
_BEST, _OTHER = "not beaten", "beaten"


class _Option(NamedTuple):
    """An option with what tells it from the others."""

    name: str
    results: Results
    is_own: bool = False


def comparison_charts(found: Comparison, names: Sequence[str] | None = None) -> list[Chart]:
    """Return the charts of a comparison: cost against CO2e and against time, and each of them by option, the least first.

    Args:
        found: The comparison.
        names: What its options are called; None for what tells each from the others.
    """
    options = _options(found, names)
    charts = [_trade(options, "cost_usd", up, found.money) for up in ("total_kgco2e", "duration_s")]
    if len(options) <= _MOST_ROWS:
        charts += [_ranked(options, quantity, found.money) for quantity in _SHOWN]
    return [chart for chart in charts if chart is not None]


def winners(found: Comparison, names: Sequence[str] | None = None) -> str:
    """Return the options that are best in each quantity, in one line; empty where there is one option."""
    options = _options(found, names)
    if len(options) < 2:
        return ""
    words = []
    for mark, (quantity, _) in MARKS.items():
        by = "accelerator_hours_h" if quantity == "duration_s" and any(option.results[quantity] is None for option in options) else quantity
        ranked = _by_median(options, by)
        if ranked and not _is_same([value.median for _, value in ranked]):
            words.append(f"{mark.capitalize()}: {_listed(_least(ranked))} ({_words(by, ranked[0][1].median)}).")
    return " ".join(words) or "All options are the same in cost, time and CO2e."


def shared(found: Comparison) -> str:
    """Return what all options have in common, in one line; empty where nothing is stated."""
    first = found.options[0].where
    same = [
        value.replace("_", " ") for name, value in first._asdict().items() if value and all(getattr(option.where, name) == value for option in found.options)
    ]
    return f"All: {' · '.join(same)}." if same else ""


def optimum_charts(found: Optimum) -> list[Chart]:
    """Return a chart of the predicted loss against each of cost, CO2e and time that is known."""
    charts = []
    for quantity, title in (("cost_usd", "Loss and cost"), ("total_kgco2e", "Loss and CO2e"), ("duration_s", "Loss and time")):
        known = [(point, x) for point in found.frontier if (x := point.results[quantity]) is not None]
        if not known:
            continue
        names = [f"{amount(point.params, 'count')} on {amount(point.tokens, 'count')} tokens" for point, _ in known]
        dots = [
            Dot(name, x, point.loss, f"{name}: {_label(quantity, found.money)} {_interval(quantity, x)}, loss {_range(point.loss)}")
            for name, (point, x) in zip(names, known, strict=True)
        ]
        bound = found.bounds.get(quantity)
        limit = None if bound is None else Limit(bound, f"budget {_words(quantity, bound)}")
        ends = [end for _, x in known for end in x] + ([] if bound is None else [bound])
        x_axis = quantity_axis(ends, QUANTITIES[quantity].unit, USD, title=_label(quantity, found.money))
        losses = [end for point, _ in known for end in point.loss]
        y_axis = linear_axis(max(losses), low=min(losses), words=lambda loss: f"{loss:.2f}", title="predicted loss [nat/token]")
        draw = partial(draw_scatter, title=title, x=x_axis, y=y_axis, groups=[Group("best at each amount of compute", dots, is_line=True)], limit=limit)
        rows = [(dot.name, _words(quantity, dot.x.median), _interval(quantity, dot.x, bounds_alone=True), _range(dot.y)) for dot in dots]
        note = "Each point is a model size with the amount of data that is best for it, or as fixed." + (" The dashed line is the budget." if bound else "")
        charts.append(
            Chart(f"chart-{quantity.replace('_', '-')}", title, draw, ("Size", _label(quantity, found.money).capitalize(), "Interval", "Loss"), rows, note=note)
        )
    return charts


def _options(found: Comparison, names: Sequence[str] | None) -> list[_Option]:
    if names is None:
        wheres = [option.where for option in found.options] + [each.where for each in found.set_aside]
        names = [option.where.among(wheres) or option.hardware for option in found.options]
    return [_Option(name, option.results) for name, option in zip(names, found.options, strict=True)]


def _trade(options: Sequence[_Option], across: str, up: str, money: str) -> Chart | None:
    """Return the chart of two quantities; None where they are not known of two options, or one of them is the same for all."""
    known = [(option, x, y) for option in options if (x := option.results[across]) is not None and (y := option.results[up]) is not None]
    if len(known) < 2 or _is_same([x.median for _, x, _ in known]) or _is_same([y.median for _, _, y in known]):
        return None
    is_best = pareto([(x.median, y.median) for _, x, y in known])
    groups = []
    for wanted, label, style in ((True, _BEST, 1), (False, _OTHER, 0)):
        dots = [
            Dot(option.name, x, y, f"{option.name}: {_label(across, money)} {_interval(across, x)}, {_label(up, money)} {_interval(up, y)}")
            for (option, x, y), best in zip(known, is_best, strict=True)
            if best is wanted
        ]
        if dots:
            groups.append(Group(label, dots, style, is_first=wanted))
    first, second = _axis([x for _, x, _ in known], across, money), _axis([y for _, _, y in known], up, money)
    best = [option.name for (option, _, _), chosen in zip(known, is_best, strict=True) if chosen]
    title = f"{_label(across, money).capitalize()} and {_label(up, money)}: {_listed(best)} {'is' if len(best) == 1 else 'are'} not beaten"
    rows = [(option.name, _interval(across, x), _interval(up, y)) for option, x, y in known]
    head = ("Option", _label(across, money).capitalize(), QUANTITIES[up].label)
    note = f"{counted(len(known), 'option')}; an option is beaten if another is as good in both and better in one."
    draw = partial(draw_scatter, title=title, x=first, y=second, groups=groups)
    return Chart(f"chart-{across}-{up}".replace("_", "-"), title, draw, head, rows, note=note)


def _ranked(options: Sequence[_Option], quantity: str, money: str) -> Chart | None:
    """Return the options by one quantity, the least first; None where it is known of fewer than two."""
    known = _by_median(options, quantity)
    if len(known) < 2:
        return None
    label, best = _label(quantity, money), _least(known)
    label = label if label[:2].isupper() else label[:1].upper() + label[1:]
    is_same, least = len(best) == len(known), _words(quantity, known[0][1].median)
    title = f"{label}: {least} for all" if is_same else f"{label}: {_listed(best)} {'has' if len(best) == 1 else 'have'} the least, {least}"
    rows = [Row(option.name, found, _words(quantity, found.median), is_own=not is_same and option.name in best) for option, found in known]
    draw = partial(draw_intervals, title=title, rows=rows, axis=_axis([found for _, found in known], quantity, money))
    data = [(option.name, _words(quantity, found.median), _interval(quantity, found, bounds_alone=True)) for option, found in known]
    return Chart(f"chart-{quantity.replace('_', '-')}", title, draw, ("Option", "Median", "Interval"), data)


def _by_median(options: Sequence[_Option], quantity: str) -> list[tuple[_Option, Interval]]:
    """Return the options that state a quantity with it, the least first."""
    return sorted(((option, found) for option in options if (found := option.results[quantity]) is not None), key=lambda each: each[1].median)


def _least(ranked: Sequence[tuple[_Option, Interval]]) -> list[str]:
    """Return the names of the options that have the least."""
    return [option.name for option, found in ranked if _is_same([ranked[0][1].median, found.median])]


def _axis(values: Sequence[Interval], quantity: str, money: str) -> Axis:
    bounds = [bound for value in values for bound in value]
    return quantity_axis(bounds, QUANTITIES[quantity].unit, USD, title=_label(quantity, money))


def _label(quantity: str, money: str) -> str:
    """Return what a quantity is called within a sentence."""
    if quantity == "cost_usd":
        return "cost to rent" if money == "rent" else "cost of ownership"
    short = QUANTITIES[quantity].short
    return short if short[:2].isupper() else short[:1].lower() + short[1:]


def _words(quantity: str, value: float) -> str:
    return amount(value, QUANTITIES[quantity].unit, digits=3)


def _interval(quantity: str, value: Interval, *, bounds_alone: bool = False) -> str:
    bounds = bounds_of(value, QUANTITIES[quantity].unit)
    return bounds if bounds_alone else f"{_words(quantity, value.median)}{in_brackets(bounds)}"


def _range(value: Interval) -> str:
    return f"{significant(value.median, 3)} ({significant(value.low, 3)} – {significant(value.high, 3)})"


def _is_same(values: Sequence[float]) -> bool:
    return max(values) <= min(values) * (1.0 + _SAME)


def _listed(names: Sequence[str]) -> str:
    """Return the names of the best, or how many they are.

    Example:
        >>> _listed(["a", "b"]), _listed(["a", "b", "c"])
        ('a and b', '3 options')
    """
    return " and ".join(names) if len(names) <= _MOST_NAMED else f"{len(names)} options"
