"""What may be spent, and how far a training is from it."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.errors import OutOfRangeError, PlanError
from traincarbon.explore.compared_results import Figures
from traincarbon.quantities import S_PER_DAY
from traincarbon.uncertain import Num, Uncertain, z_of

BUDGETS: dict[str, str] = {"budget_usd": "cost_usd", "budget_kgco2e": "total_kgco2e", "budget_kwh": "facility_energy_kwh", "budget_days": "duration_s"}
"""Each budget and the figure that it bounds."""


class Budget(NamedTuple):
    """Bounds on figures, and with what probability each is to hold."""

    bounds: Mapping[str, float]
    """Figure to the most that it may be, in the figure's unit."""
    sure: float
    """Probability with which a figure is to stay within its bound. [1]"""

    def excess(self, figures: Figures) -> dict[str, float]:
        """Return for each bound the logarithm of the figure over it, at the wanted probability: above 0 where it is broken.

        Raises:
            PlanError: a bounded figure is not known.
        """
        found = {}
        for name, bound in self.bounds.items():
            value = figures[name]
            if value is None:
                raise PlanError(_UNKNOWN[name][0], hint=_UNKNOWN[name][1])
            reached = self.reached(value)
            found[name] = math.log(reached / bound) if reached > 0.0 else -math.inf
        return found

    def reached(self, value: Num) -> float:
        """Return what *value* stays below with the wanted probability: its median at one half."""
        if value.__class__ is not Uncertain:
            return float(value)
        z = z_of(2.0 * self.sure - 1.0) if self.sure > _EVEN else 0.0
        return float(value.median * math.exp(z * value.sigma))


_EVEN = 0.5
_UNKNOWN = {
    "cost_usd": ("no price of that hardware is known", "give rent_price or purchase_price, or other hardware"),
    "total_kgco2e": ("the emissions of that hardware are not known", "give other hardware"),
    "facility_energy_kwh": ("no power of that hardware is known", "give other hardware"),
    "duration_s": ("no number of servers is given, so no duration", "give servers or accelerators"),
}


def budget_of(*, sure: float, **stated: float | None) -> Budget:
    """Return the budget that is stated by the names of :data:`BUDGETS`.

    Raises:
        OutOfRangeError: a budget is not positive and finite, or *sure* is outside 0.5 to 1.
    """
    if not _EVEN <= sure < 1.0:
        raise OutOfRangeError(f"sure is {sure:g}", hint="the probability of staying within the budget: at least 0.5 and below 1")
    bounds = {}
    for name, figure in BUDGETS.items():
        value = stated[name]
        if value is None:
            continue
        if not 0.0 < value < math.inf:
            raise OutOfRangeError(f"{name} is {value:g}", hint="it must be above 0 and finite")
        bounds[figure] = value * (S_PER_DAY if name == "budget_days" else 1.0)
    return Budget(bounds, sure)
