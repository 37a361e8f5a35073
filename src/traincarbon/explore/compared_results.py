"""The results by which trainings are compared: those of an estimate, or of an estimate with other hours or another energy."""

from collections.abc import Mapping

from traincarbon.errors import PlanError
from traincarbon.estimation.consequences import CONSEQUENCES
from traincarbon.estimation.links import DURATION
from traincarbon.estimation.result import Estimate
from traincarbon.estimation.trace import Trace
from traincarbon.formulas.facility import scaled_it_energy_kwh
from traincarbon.quantities import COMPARED
from traincarbon.uncertain import Interval, Num, median_of

Results = Mapping[str, Num | None]
"""Each of :data:`~traincarbon.quantities.COMPARED` with its value; ``cost_usd`` is the cost to rent or that of ownership."""

MONEY = ("rent", "own")
COST = {"rent": "rent_usd", "own": "tco_usd"}
"""What a cost is by how the hardware is paid for: the rent, or all that ownership costs."""


def chosen_money(answer: Estimate, stated: str | None) -> str:
    """Return whether costs are rent or ownership: as *stated*, else as the answer has it.

    Raises:
        PlanError: *stated* is neither.
    """
    if stated is not None and stated not in MONEY:
        raise PlanError(f"money is {stated!r}", hint=f"it must be one of {', '.join(MONEY)}")
    return money_of(answer) if stated is None else stated


def money_of(answer: Estimate) -> str:
    """Return ``own`` where the plan states a purchase price or no rent is known, else ``rent``."""
    stated = answer.plan.purchase_price is not None and answer.plan.rent_price is None
    return "own" if answer.values["tco_usd"] is not None and (stated or answer.values["rent_usd"] is None) else "rent"


def is_many(answer: Estimate) -> bool:
    """Return whether an estimate is of many plans at once: its results are arrays."""
    return any(hasattr(median_of(value), "shape") for value in answer.values.values())


def results_of(answer: Estimate, money: str) -> dict[str, Num | None]:
    """Return the compared results of an estimate; *money* says whether its cost is that of renting or of owning."""
    return _compared(answer.values, money)


def scaled(answer: Estimate, money: str, *, hours: Num = 1.0, accelerator_energy: Num = 1.0) -> dict[str, Num | None]:
    """Return the compared results of an estimate whose run takes *hours* times as long and whose accelerators take *accelerator_energy* times the energy.

    Args:
        answer: The estimate as it is.
        money: ``rent`` or ``own``.
        hours: Factor on accelerator-hours and wall-clock. [1]
        accelerator_energy: Factor on the energy of the accelerators. [1]
    """
    trace = Trace(answer.plan, answer.facts)
    old_hours, old_kwh = answer.values["accelerator_hours_h"], answer.values["it_energy_kwh"]
    trace.values["accelerators"] = answer.accelerators
    trace.values["accelerator_hours_h"] = None if old_hours is None else old_hours * hours
    trace.values["it_energy_kwh"] = (
        None
        if old_kwh is None
        else scaled_it_energy_kwh(
            it_energy_kwh=old_kwh, accelerator_factor=accelerator_energy, hours_factor=hours, accelerator_share=_accelerator_share(answer)
        )
    )
    trace.walk((DURATION, *CONSEQUENCES))
    return _compared(trace.values, money)


def added(left: Results, right: Results) -> dict[str, Num | None]:
    """Return the sum of two trainings or services, result by result; unknown where either is unknown."""
    return {name: _sum(left[name], right[name]) for name in left}


def intervals(results: Results, level: float) -> dict[str, Interval | None]:
    """Return each result with its bounds."""
    return {name: None if value is None else Interval.of(value, level) for name, value in results.items()}


def plain(results: Mapping[str, Interval | None]) -> dict[str, dict[str, float] | None]:
    """Return intervals fit for JSON."""
    return {name: None if interval is None else interval.to_dict() for name, interval in results.items()}


def _compared(values: Mapping[str, Num | None], money: str) -> dict[str, Num | None]:
    return {name: values[COST[money] if name == "cost_usd" else name] for name in COMPARED}


def _sum(left: Num | None, right: Num | None) -> Num | None:
    return None if left is None or right is None else left + right


def _accelerator_share(answer: Estimate) -> float:
    """Return the accelerators' share of the power of the servers, 1 where that of the rest is unknown."""
    draws = {link.formula.__name__: median_of(value) for link, _, value in answer.links}
    chip, host = draws.get("accelerator_power_w"), draws.get("host_power_w", 0.0)
    return 1.0 if not chip else float(chip / (chip + host))
