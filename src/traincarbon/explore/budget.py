"""Budgets, and how far a training is from them."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.errors import OutOfRangeError, PlanError
from traincarbon.explore.compared_results import Results
from traincarbon.quantities import BUDGETED, QUANTITIES, S_PER_DAY
from traincarbon.uncertain import Num, Uncertain, z_of

BUDGETS: dict[str, str] = {f"budget_{'days' if unit == 'hours' else unit}": quantity for unit, quantity in BUDGETED.items()}
"""Each budget and the quantity that it limits."""
UNITS: dict[str, str] = {name: "days" if name == "budget_days" else QUANTITIES[quantity].unit for name, quantity in BUDGETS.items()}
"""The unit in which each budget is stated."""
_EVEN = 0.5


class Budget(NamedTuple):
    """Limits on quantities.

    Attributes:
        bounds: The most that each quantity may be, in its own unit.
        sure: Probability with which each quantity stays within its bound. [1]
    """

    bounds: Mapping[str, float]
    sure: float

    def excess(self, results: Results) -> dict[str, float]:
        """Return for each bound the logarithm of the quantity over it, at the wanted probability; above 0 where it is exceeded.

        Raises:
            PlanError: a bounded quantity is unknown.
        """
        found = {}
        for name, bound in self.bounds.items():
            value = results[name]
            if value is None:
                raise PlanError(QUANTITIES[name].unknown, hint=QUANTITIES[name].remedy)
            reached = self.reached(value)
            found[name] = math.log(reached) - math.log(bound) if reached > 0.0 else -math.inf
        return found

    def reached(self, value: Num) -> float:
        """Return what *value* stays below with the wanted probability; its median at one half."""
        if value.__class__ is not Uncertain:
            return float(value)
        z = z_of(2.0 * self.sure - 1.0) if self.sure > _EVEN else 0.0
        return float(value.median * math.exp(z * value.sigma))


def budget_of(*, sure: float, **stated: float | None) -> Budget:
    """Return the budget that is stated by the names of :data:`BUDGETS`.

    Raises:
        OutOfRangeError: a budget is not positive and finite, or *sure* is outside 0.5 to 1.
    """
    if not _EVEN <= sure < 1.0:
        raise OutOfRangeError(f"sure is {sure:g}", hint="the probability of staying within the budget is at least 0.5 and below 1")
    bounds = {}
    for name, quantity in BUDGETS.items():
        value = stated[name]
        if value is None:
            continue
        if not 0.0 < value < math.inf:
            raise OutOfRangeError(f"{name} is {value:g}", hint="it must be above 0 and finite")
        bounds[quantity] = bound = value * (S_PER_DAY if name == "budget_days" else 1.0)
        if bound == math.inf:
            raise OutOfRangeError(f"{name} is {value:g}", hint="is the exponent right?")
    return Budget(bounds, sure)
