"""The values of a report as rows: results of plans and of runs, as CSV and as sheets of a workbook."""

import csv
import io
import re
from collections.abc import Iterator, Sequence

from traincarbon.explore.advice.alternative import Advice
from traincarbon.ledger.exchange import cell_of
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.exports.workbook import Cell, Formula, Sheet, cell_name
from traincarbon.reporting.sections.breakdown import values_of, wholes_with_equations
from traincarbon.reporting.sections.forecast import actual_result
from traincarbon.reporting.subjects import Subjects
from traincarbon.reporting.view import EstimateView

_HEAD = ("subject", "quantity", "unit", "low", "median", "high", "level")
_OF_RUNS = ("duration_s", "facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "cost_usd", "mfu")
_NAME = re.compile(r"[A-Za-z_]\w*")


def value_rows(subjects: Subjects) -> Iterator[tuple[Cell, ...]]:
    """Yield a row for each result of each plan and run: its subject, quantity, unit, interval and level. What is not known is empty."""
    for plan in subjects.plans:
        for name, found in plan.view.results.items():
            bounds: tuple[Cell, ...] = (None, None, None) if found is None else (float(found.low), float(found.median), float(found.high))
            yield (plan.view.title, name, QUANTITIES[name].unit, *bounds, plan.view.level)
    for run in subjects.runs:
        for name in _OF_RUNS:
            actual = actual_result(run.record, name)
            bounds = (None, None, None) if actual is None else (float(actual.low), float(actual.median), float(actual.high))
            yield (run.record.run_id, name, QUANTITIES[name].unit, *bounds, None)


def values_csv(subjects: Subjects) -> str:
    """Return the results of plans and runs as CSV; no cell begins like a formula."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_HEAD)
    writer.writerows([[cell_of(cell) for cell in row] for row in value_rows(subjects)])
    return stream.getvalue()


def sheets_of(subjects: Subjects, advice: Sequence[Advice | None]) -> list[Sheet]:
    """Return the sheets of a workbook: all results, and of each plan the lines of ownership as formulas, its alternatives and what was assumed.

    Args:
        subjects: Plans and runs.
        advice: The advice on each plan, None where there is none.
    """
    sheets = [Sheet("Results", [_HEAD, *value_rows(subjects)])]
    for number, (plan, found) in enumerate(zip(subjects.plans, advice, strict=True), 1):
        mark = f" {number}" if len(subjects.plans) > 1 else ""
        ownership = ownership_sheet(plan.view, f"Ownership{mark}")
        assumed = [("name", "value", "reason"), *((each.name, _number(each.value), each.reason) for each in plan.view.assumptions)]
        sheets += [*([ownership] if ownership is not None else []), *_alternatives(found, mark), Sheet(f"Assumptions{mark}", assumed)]
    return sheets


def ownership_sheet(view: EstimateView, name: str) -> Sheet | None:
    """Return the total cost of ownership as formulas of its inputs, None where it is not known.

    The formulas are the published equations of its lines with cells in place of names, so a changed input changes every line.
    """
    found = next(((whole, equations) for whole, equations in wholes_with_equations(view) if whole.name == "tco_usd"), None)
    if found is None:
        return None
    whole, equations = found
    values = values_of(view)
    names = list(dict.fromkeys(each for equation in equations.values() for each in _NAME.findall(equation) if each in values))
    rows: list[tuple[Cell, ...]] = [("Input", "Value", "Change a value, and the lines below follow.")]
    rows += [(each, values[each]) for each in names]
    cells = {each: cell_name(1 + at, 1) for at, each in enumerate(names)}
    rows += [(), ("Line", "USD", "Equation")]
    first = len(rows)
    rows += [(part.label, Formula(_formula(equations[part.label], cells), part.value), equations[part.label]) for part in whole.parts]
    total = Formula(f"SUM({cell_name(first, 1)}:{cell_name(len(rows) - 1, 1)})", sum(part.value for part in whole.parts))
    return Sheet(name, [*rows, ("Total cost of ownership", total)])


def _alternatives(advice: Advice | None, mark: str) -> list[Sheet]:
    if advice is None:
        return []
    rows: list[tuple[Cell, ...]] = [("alternative", "group", "cost_usd", "saves_usd", "chance", "cash_usd", "effort", "lost")]
    for each in advice.alternatives:
        cost, saved = each.results["cost_usd"], each.savings["cost_usd"]
        figures: tuple[Cell, ...] = (None if cost is None else float(cost.median), *((None, None) if saved is None else (saved.median, saved.chance)))
        rows.append((each.name, each.group.value, *figures, each.cash_usd, each.effort.value, each.lost))
    return [Sheet(f"Alternatives{mark}", rows)]


def _formula(equation: str, cells: dict[str, str]) -> str:
    """Return an equation as a formula of a workbook.

    Example:
        >>> _formula("a × (1 - b) ^ 2", {"a": "B2", "b": "B3"})
        'B2 * (1 - B3) ^ 2'
    """
    return _NAME.sub(lambda found: cells.get(found[0], found[0]), equation).replace("×", "*").replace("²", "^2")


def _number(value: object) -> Cell:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
