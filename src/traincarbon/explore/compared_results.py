"""The figures by which trainings are compared, of an estimate or of an estimate brought to other hours or another energy."""

from collections.abc import Mapping
from typing import Any

from traincarbon.errors import PlanError
from traincarbon.estimation.result import Estimate
from traincarbon.uncertain import Interval, Num, Uncertain, median_of

FIGURES: dict[str, str] = {
    "cost_usd": "$",
    "facility_energy_kwh": "kWh",
    "total_kgco2e": "kg CO2e",
    "accelerator_hours_h": "h",
    "duration_s": "s",
    "water_l": "L",
}
"""What is compared, and its unit. ``cost_usd`` is the rent where that is known, else the cost of owning: see ``money``."""

Figures = Mapping[str, Num | None]


MONEY = ("rent", "own")


def chosen_money(answer: Estimate, stated: str | None) -> str:
    """Return the money of costs: the one *stated*, else that of the answer.

    Raises:
        PlanError: there is no such money.
    """
    if stated is not None and stated not in MONEY:
        raise PlanError(f"money is {stated!r}", hint=f"it must be one of {', '.join(MONEY)}")
    return money_of(answer) if stated is None else stated


def money_of(answer: Estimate) -> str:
    """Return ``own`` where the plan states a purchase price or no rent is known, else ``rent``."""
    stated = answer.plan.purchase_price is not None and answer.plan.rent_price is None
    return "own" if answer.values["own_usd"] is not None and (stated or answer.values["rent_usd"] is None) else "rent"


def is_many(answer: Estimate) -> bool:
    """Say whether an estimate is of many plans at once: its figures are arrays."""
    return any(hasattr(median_of(value), "shape") for value in answer.values.values())


def figures_of(answer: Estimate, money: str) -> dict[str, Num | None]:
    """Return the compared figures of an estimate, its cost being that of renting or of owning by *money*."""
    return {name: answer.values[f"{money}_usd" if name == "cost_usd" else name] for name in FIGURES}


def scaled(answer: Estimate, money: str, *, hours: Num = 1.0, accelerator_energy: Num = 1.0) -> dict[str, Num | None]:
    """Return the compared figures of an estimate whose run takes *hours* times as long and whose chips take *accelerator_energy* times the energy.

    The rest of the servers draws for as long as the run takes; what is paid or shared by the hour follows the hours, all that electricity
    makes the energy.

    Args:
        answer: The estimate as it is.
        money: ``rent`` or ``own``.
        hours: Factor on accelerator-hours and wall-clock. [1]
        accelerator_energy: Factor on the energy of the accelerators. [1]
    """
    old = answer.values
    share = _accelerator_share(answer)
    energy = accelerator_energy * share + hours * (1.0 - share)
    electricity, rent, own = old["electricity_usd"], old["rent_usd"], old["own_usd"]
    capital = None if own is None or electricity is None else own - electricity
    owned = _sum(_times(capital, hours), _times(electricity, energy))
    operational, embodied = old["operational_kgco2e"], old["embodied_kgco2e"]
    total = _sum(_times(operational, energy), _times(embodied, hours))
    return {
        "cost_usd": _times(rent, hours) if money == "rent" else owned,
        "facility_energy_kwh": _times(old["facility_energy_kwh"], energy),
        "total_kgco2e": total,
        "accelerator_hours_h": _times(old["accelerator_hours_h"], hours),
        "duration_s": _times(old["duration_s"], hours),
        "water_l": _times(old["water_l"], energy),
    }


def added(left: Figures, right: Figures) -> dict[str, Num | None]:
    """Return the sum of two trainings or services, figure by figure; what either does not know is not known."""
    return {name: _sum(left[name], right[name]) for name in left}


def intervals(figures: Figures, level: float) -> dict[str, Interval | None]:
    """Return each figure with its bounds."""
    return {name: None if value is None else _interval(value, level) for name, value in figures.items()}


def plain(figures: Mapping[str, Interval | None]) -> dict[str, Any]:
    """Return intervals fit for JSON."""
    return {name: None if interval is None else interval._asdict() for name, interval in figures.items()}


def _interval(value: Num, level: float) -> Interval:
    if value.__class__ is Uncertain:
        low, high = value.interval(level)
        return Interval(low, value.median, high)
    return Interval(value, value, value)


def _sum(left: Num | None, right: Num | None) -> Num | None:
    return None if left is None or right is None else left + right


def _times(value: Num | None, factor: Num) -> Num | None:
    return None if value is None else value * factor


def _accelerator_share(answer: Estimate) -> float:
    """Return the accelerators' share of what the servers draw, all of it where the host's is not known."""
    draws = {formula.__name__: median_of(value) for formula, _, value in answer.links if formula.__name__ in ("accelerator_power_w", "host_power_w")}
    chip, host = draws.get("accelerator_power_w"), draws.get("host_power_w", 0.0)
    return 1.0 if not chip else float(chip / (chip + host))
