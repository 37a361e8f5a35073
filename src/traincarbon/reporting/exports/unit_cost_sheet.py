"""The sheet of unit costs and returns: formulas of what renting and owning cost, of the amounts of work, and of what the training is worth."""

from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.estimation.result import Estimate
from traincarbon.formulas.cost import rent_usd
from traincarbon.reporting.currency import USD, Currency
from traincarbon.reporting.decision.amounts import Money
from traincarbon.reporting.decision.unit_costs import RETURN, WAYS, Unit, Worth, cost_of, point_of_loss, return_of, units_of
from traincarbon.reporting.exports.formulas import NAME, formula_of
from traincarbon.reporting.exports.second_currency import in_currency_too
from traincarbon.reporting.exports.workbook import Cell, Formula, Sheet, cell_name
from traincarbon.reporting.view import EstimateView
from traincarbon.uncertain import Interval, Num, median_of, z_of

_HEAD = ("One", "USD", "Low", "High", "Factor", "Equation")
_HEAD_OF_RETURNS = ("Way", "Return", "Low", "High", "Over cost", "Chance to cost less")
_OWNER = {"rent_usd": "rented", "tco_usd": "owned"}


class _Way(NamedTuple):
    """A way to pay: its name in equations, its words, and what the training costs."""

    name: str
    words: str
    cost: Num


def unit_cost_sheet(
    view: EstimateView, answer: Estimate | None, database: Database, worth: Worth, name: str, *, total_of_ownership: str | None = None, currency: Currency = USD
) -> Sheet | None:
    """Return unit costs and returns as formulas of their inputs, None where no cost is known.

    Args:
        view: The estimate as a report shows it.
        answer: The estimate itself, None where it was saved and loaded.
        database: The facts, for the law of the loss.
        worth: What the author states of the use of the training.
        name: The name of the sheet.
        total_of_ownership: The cell of another sheet that has the total cost of ownership, so that its inputs change this sheet too.
        currency: The currency in which money stands beside US dollars.
    """
    ways = [_Way(way, words, cost) for way, words in WAYS if (cost := cost_of(way, view, answer)) is not None]
    point = None if answer is None else point_of_loss(answer, database)
    units = [*units_of(view, answer, worth), *([] if point is None else [point])]
    if not ways or not units:
        return None
    rows: list[tuple[Cell, ...]] = [("Input", "Value", "Change a value, and the lines below follow.")]
    cells: dict[str, str] = {}
    for label, value in _inputs(view, units, worth, ways):
        cells[label] = cell_name(len(rows), 1)
        rows.append((label, value))
    for way in ways:
        cells[way.name] = cell_name(len(rows), 1)
        rows.append((way.name, _cost(way, cells, total_of_ownership)))
    rows += [(), _HEAD]
    heads = [len(rows) - 1]
    for unit in units:
        for way in ways:
            rows.append(_unit_row(unit, way, cells, view.level, len(rows)))
    if worth.value_usd is not None:
        rows += [(), _HEAD_OF_RETURNS]
        heads.append(len(rows) - 1)
        for way in ways:
            rows.append(_return_row(way, worth.value_usd, cells, view.level))
    return Sheet(name, in_currency_too(rows, currency, heads=heads, columns=(1, 2, 3)))


def _inputs(view: EstimateView, units: list[Unit], worth: Worth, ways: list[_Way]) -> list[tuple[str, float]]:
    """Return the numbers that a reader can change: the amounts, the price of an hour, the worth, and how far each cost reaches."""
    step = view.step("rent_usd")
    prices = {} if step is None else {each: value for each, value in step.inputs.items() if isinstance(value, float)}
    amounts = {unit.amount: median_of(unit.value) for unit in units}
    found = [*{**prices, **amounts}.items(), *([] if worth.value_usd is None else [("value_usd", worth.value_usd)])]
    return [*found, *((_factor_name(way), _reach(way.cost, view.level)) for way in ways)]


def _cost(way: _Way, cells: dict[str, str], total_of_ownership: str | None) -> Cell:
    """Return what a way to pay costs: its equation where all of its inputs are on the sheet, or the total on the sheet of ownership."""
    cost = float(median_of(way.cost))
    if way.name == "tco_usd":
        return cost if total_of_ownership is None else Formula(total_of_ownership, cost)
    if not set(NAME.findall(rent_usd.equation)) <= set(cells):
        return cost
    return Formula(formula_of(rent_usd.equation, cells), cost)


def _unit_row(unit: Unit, way: _Way, cells: dict[str, str], level: float, at: int) -> tuple[Cell, ...]:
    """Return the cost of a unit with its interval; the factor from its median to either end is a number that can be changed."""
    found = Interval.of(unit.cost(way.cost), level)
    usd, factor = cell_name(at, 1), cell_name(at, 4)
    equation = unit.equation.replace("cost_usd", way.name)
    return (
        f"{unit.words}, {_OWNER[way.name]}",
        Formula(formula_of(equation, cells), found.median),
        Formula(f"{usd} / {factor}", found.low),
        Formula(f"{usd} * {factor}", found.high),
        found.high / found.median if found.median > 0.0 else 1.0,
        equation,
    )


def _return_row(way: _Way, value_usd: float, cells: dict[str, str], level: float) -> tuple[Cell, ...]:
    cost = Interval.of(way.cost, level)
    left = return_of(value_usd, cost)
    chance = Money(way.name, cost, level).chance_within(value_usd)
    value, usd, factor = cells["value_usd"], cells[way.name], cells[_factor_name(way)]
    return (
        way.words,
        Formula(formula_of(RETURN, {"value_usd": value, "cost_usd": usd}), left.median),
        Formula(f"{value} - {usd} * {factor}", left.low),
        Formula(f"{value} - {usd} / {factor}", left.high),
        Formula(f"{value} / {usd} - 1", value_usd / cost.median - 1.0) if cost.median > 0.0 else None,
        Formula(f"NORMSDIST(LN({value} / {usd}) / LN({factor}) * {z_of(level)!r})", chance) if not cost.is_exact else chance,
    )


def _factor_name(way: _Way) -> str:
    return f"{way.name}: high end over median"


def _reach(cost: Num, level: float) -> float:
    found = Interval.of(cost, level)
    return float(found.high / found.median) if found.median > 0.0 else 1.0
