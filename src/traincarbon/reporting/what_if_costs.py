"""Unit costs and returns that follow what a reader sets: their equations as rows of the chain, and what they are of the plan itself."""

from typing import Any, NamedTuple

from traincarbon.estimation.result import Estimate
from traincarbon.reporting.decision.unit_costs import RETURN, WAYS, Worth, cost_of, return_of, units_of
from traincarbon.reporting.view import EstimateView
from traincarbon.uncertain import Interval

_OWNERS = {"Rent": "rented", "Own": "owned"}


class Figure(NamedTuple):
    """A figure beside the results of the estimate: its name in the data, its label, and its value for the plan as stated, None where it is not known. [$]."""

    name: str
    label: str
    interval: Interval | None


class WorkCosts(NamedTuple):
    """What a page needs to compute unit costs and returns: the figures of the plan, and the data."""

    units: list[Figure]
    returns: list[Figure]
    data: dict[str, Any]


def work_costs(answer: Estimate, worth: Worth) -> WorkCosts:
    """Return the unit costs and the returns of a plan; a point of loss is left out, as it follows from parameters and tokens by another law."""
    view = EstimateView.of(answer)
    ways = [(name, _OWNERS[words], cost_of(name, view, answer)) for name, words in WAYS]
    units = units_of(view, answer, worth)
    figures, rows, returns = [], [], []
    for unit in units:
        for name, owner, cost in ways:
            of_plan = None if cost is None else Interval.of(unit.cost(cost), view.level)
            figures.append(Figure(f"{name}_per_{unit.id}", f"{unit.words}, {owner}", of_plan))
            rows.append([figures[-1].name, unit.equation, [], [["cost_usd", name], [unit.amount, unit.amount]]])
    value = worth.value_usd
    if value is not None:
        returns = [
            Figure(f"return_{name}", f"Return, {owner}", None if cost is None else return_of(value, Interval.of(cost, view.level)))
            for name, owner, cost in ways
        ]
    data = {
        "units": rows,
        "amounts": {**{unit.amount: unit.value for unit in units if unit.amount != "accelerator_hours_h"}, **({} if value is None else {"value_usd": value})},
        "returns": {"equation": RETURN, "of": {figure.name: name for figure, (name, _, _) in zip(returns, ways, strict=False)}},
    }
    return WorkCosts(figures, returns, data)
