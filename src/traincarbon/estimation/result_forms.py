"""An estimate in other forms: fit for JSON, as a data frame, and as a table of a notebook."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from traincarbon.quantities import unit_of
from traincarbon.uncertain import Interval, median_of

if TYPE_CHECKING:
    import pandas as pd

    from traincarbon.estimation.result import Estimate


def as_dict(answer: "Estimate") -> dict[str, Any]:
    """Return the estimate fit for JSON, in the schema ``traincarbon/estimate/1``."""
    return {
        "schema": "traincarbon/estimate/1",
        "plan": answer.stated.to_dict(),
        "level": answer.level,
        "results": {name: _json(result._asdict()) if result is not None else None for name, result in answer.results.items()},
        "flop_counts": _json(answer.flop_counts),
        "spread_shares": _json(answer.spread_shares),
        "steps": [_json(step._asdict()) for step in answer.steps],
        "hardware_count": {"stated": _json(median_of(answer.stated_accelerators)), "used": _json(median_of(answer.accelerators)), "fits": answer.fits},
        "support": answer.support,
        "ownership_usd": _json(answer.ownership_usd),
        "prices": [quote._asdict() for quote in answer.quotes],
        "calibration": _json(answer.calibration),
        "own_runs": None,
        "layout": _layout(answer),
        "assumptions": [_json(assumption._asdict()) for assumption in answer.assumptions],
        "warnings": [*answer.warnings, *answer.missing_layout()],
    }


def _layout(answer: "Estimate") -> Any:
    """Return the layout fit for JSON: of many plans one for each, None where there is none."""
    spread = answer.layout.spread
    if spread is None:
        return None
    from traincarbon.estimation.layout.run_step import run_step_s

    step_s: Any = run_step_s(answer, spread)
    if not hasattr(spread.mfu, "shape"):
        return spread.to_dict(None if step_s is None else float(step_s))
    from traincarbon.estimation.layout.array_task import layouts_as_dicts

    return layouts_as_dicts(spread, step_s)


def as_frame(answer: "Estimate") -> "pd.DataFrame":
    """Return the results as a DataFrame: a row for each result, or for arrays a row for each plan with columns (result, bound).

    Raises:
        MissingExtraError: pandas is not installed.
    """
    from traincarbon.extras import data_frame

    known = {name: result for name, result in answer.results.items() if result is not None}
    if any(hasattr(result.median, "shape") for result in known.values()):
        return data_frame({(name, bound): value for name, result in known.items() for bound, value in result._asdict().items()})
    frame = data_frame({name: result._asdict() for name, result in known.items()}).T
    frame.insert(0, "unit", [unit_of(name) for name in frame.index])
    return frame


def as_html(answer: "Estimate") -> str:
    """Return a table of the results that are single numbers."""
    from html import escape

    from traincarbon.formatting import median_and_interval

    rows = []
    for name, result in scalars(answer):
        median, unit, interval = median_and_interval(result, unit_of(name))
        cells = f"<td>{median}</td><td style='text-align:left'>{escape(unit)}</td><td>{interval}</td>"
        rows.append(f"<tr><th style='text-align:left'>{escape(name)}</th>{cells}</tr>")
    title = escape(answer.plan.name or f"{answer.facts.hardware.name}")
    head = f"<tr><th></th><th>median</th><th></th><th>{answer.level:.0%} interval</th></tr>"
    return f"<table><caption>{title}</caption>{head}{''.join(rows)}</table>"


def scalars(answer: "Estimate") -> Iterator[tuple[str, Interval]]:
    """Yield the results that are known and single numbers, by name."""
    for name, result in answer.results.items():
        if result is not None and not hasattr(result.median, "shape"):
            yield name, result


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    return value.tolist() if hasattr(value, "tolist") else value
