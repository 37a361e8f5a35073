"""The values of a report as rows: results of plans and of runs, as CSV and as sheets of a workbook."""

import csv
import io
from collections.abc import Iterator, Sequence

from traincarbon.database.load import Database
from traincarbon.explore.advice.alternative import Advice
from traincarbon.ledger.exchange import cell_of
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.currency import USD, Currency
from traincarbon.reporting.decision.unit_costs import Worth
from traincarbon.reporting.exports.formulas import NAME, formula_of
from traincarbon.reporting.exports.second_currency import in_currency_too
from traincarbon.reporting.exports.unit_cost_sheet import unit_cost_sheet
from traincarbon.reporting.exports.workbook import Cell, Formula, Sheet, cell_name
from traincarbon.reporting.sections.breakdown import values_of, wholes_with_equations
from traincarbon.reporting.sections.forecast import actual_result
from traincarbon.reporting.subjects import Subjects
from traincarbon.reporting.view import EstimateView

_ENDS = ("low", "median", "high")
_HEAD = ("subject", "quantity", "unit", *_ENDS, "level")
_OF_RUNS = ("duration_s", "facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "cost_usd", "mfu")


def value_rows(subjects: Subjects, currency: Currency = USD) -> Iterator[tuple[Cell, ...]]:
    """Yield the head, and a row for each result of each plan and run: its subject, quantity, unit, interval and level. What is not known is empty.

    Money is in US dollars; in another currency too, in columns of its own, where the reader states one.
    """
    yield (*_HEAD, *(() if currency == USD else (f"{end}_{currency.code}" for end in _ENDS)))
    for row in _rows(subjects):
        yield row if currency == USD else (*row, *(_converted(bound, str(row[2]), currency) for bound in row[3:6]))


def _converted(bound: Cell, unit: str, currency: Currency) -> Cell:
    return bound * currency.per_usd if unit == "$" and isinstance(bound, float) else None


def _rows(subjects: Subjects) -> Iterator[tuple[Cell, ...]]:
    for plan in subjects.plans:
        for name, found in plan.view.results.items():
            bounds: tuple[Cell, ...] = (None, None, None) if found is None else (float(found.low), float(found.median), float(found.high))
            yield (plan.view.title, name, QUANTITIES[name].unit, *bounds, plan.view.level)
    for run in subjects.runs:
        for name in _OF_RUNS:
            actual = actual_result(run.record, name)
            bounds = (None, None, None) if actual is None else (float(actual.low), float(actual.median), float(actual.high))
            yield (run.record.run_id, name, QUANTITIES[name].unit, *bounds, None)


def values_csv(subjects: Subjects, currency: Currency = USD) -> str:
    """Return the results of plans and runs as CSV; no cell begins like a formula."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([[cell_of(cell) for cell in row] for row in value_rows(subjects, currency)])
    return stream.getvalue()


def sheets_of(subjects: Subjects, advice: Sequence[Advice | None], database: Database, *, worth: Worth | None = None, currency: Currency = USD) -> list[Sheet]:
    """Return the sheets of a workbook: all results, and of each plan ownership and unit costs as formulas, its alternatives and what was assumed.

    Args:
        subjects: Plans and runs.
        advice: The advice on each plan, None where there is none.
        database: The facts, for the law of the loss.
        worth: What the author states of the use of the training.
        currency: The currency in which money stands beside US dollars.
    """
    sheets = [Sheet("Results", list(value_rows(subjects, currency)))]
    for number, (plan, found) in enumerate(zip(subjects.plans, advice, strict=True), 1):
        mark = f" {number}" if len(subjects.plans) > 1 else ""
        ownership = ownership_sheet(plan.view, f"Ownership{mark}", currency)
        total = None if ownership is None else f"'{ownership.name}'!{cell_name(len(ownership.rows) - 1, 1)}"
        costs = unit_cost_sheet(plan.view, plan.answer, database, worth or Worth(), f"Unit costs{mark}", total_of_ownership=total, currency=currency)
        assumed = [("name", "value", "reason"), *((each.name, _number(each.value), each.reason) for each in plan.view.assumptions)]
        computed = [sheet for sheet in (ownership, costs) if sheet is not None]
        sheets += [*computed, *_alternatives(found, mark, currency), Sheet(f"Assumptions{mark}", assumed)]
    return sheets


def ownership_sheet(view: EstimateView, name: str, currency: Currency = USD) -> Sheet | None:
    """Return the total cost of ownership as formulas of its inputs, None where it is not known.

    The formulas are the published equations of its lines with cells in place of names, so a changed input changes every line.
    """
    found = next(((whole, equations) for whole, equations in wholes_with_equations(view) if whole.name == "tco_usd"), None)
    if found is None:
        return None
    whole, equations = found
    values = values_of(view)
    names = list(dict.fromkeys(each for equation in equations.values() for each in NAME.findall(equation) if each in values))
    rows: list[tuple[Cell, ...]] = [("Input", "Value", "Change a value, and the lines below follow.")]
    rows += [(each, values[each]) for each in names]
    cells = {each: cell_name(1 + at, 1) for at, each in enumerate(names)}
    rows += [(), ("Line", "USD", "Equation")]
    first = len(rows)
    rows += [(part.label, Formula(formula_of(equations[part.label], cells), part.value), equations[part.label]) for part in whole.parts]
    total = Formula(f"SUM({cell_name(first, 1)}:{cell_name(len(rows) - 1, 1)})", sum(part.value for part in whole.parts))
    return Sheet(name, in_currency_too([*rows, ("Total cost of ownership", total)], currency, heads={first - 1}, columns=(1,)))


def _alternatives(advice: Advice | None, mark: str, currency: Currency) -> list[Sheet]:
    if advice is None:
        return []
    rows: list[tuple[Cell, ...]] = [("alternative", "group", "cost_usd", "saves_usd", "chance", "cash_usd", "effort", "lost")]
    for each in advice.alternatives:
        cost, saved = each.results["cost_usd"], each.savings["cost_usd"]
        figures: tuple[Cell, ...] = (None if cost is None else float(cost.median), *((None, None) if saved is None else (saved.median, saved.chance)))
        rows.append((each.name, each.group.value, *figures, each.cash_usd, each.effort.value, each.lost))
    return [Sheet(f"Alternatives{mark}", in_currency_too(rows, currency, heads={0}, columns=(2, 3, 5)))]


def _number(value: object) -> Cell:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
