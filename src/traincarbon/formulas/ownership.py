"""The lines of the total cost of ownership, which add up to :func:`~traincarbon.formulas.cost.tco_usd`."""

from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.formulas.evaluation import evaluate
from traincarbon.uncertain import Num

_HARDWARE_USD = "accelerator_hours_h / utilisation × accelerator_purchase_usd"


class OwnershipLine(NamedTuple):
    """One line: its name, what people call it, and its equation of the inputs of ``tco_usd``."""

    name: str
    label: str
    equation: str


OWNERSHIP_LINES = (
    OwnershipLine("hardware_usd", "Hardware, less its resale", f"{_HARDWARE_USD} × (1 - resale_share) / service_life_h"),
    OwnershipLine("electricity_usd", "Electricity", "electricity_usd"),
    OwnershipLine("building_usd", "Building", "it_energy_kwh / utilisation × colocation_usd_per_kw_month × 12 / 8766"),
    OwnershipLine("support_usd", "Support contracts", f"{_HARDWARE_USD} × support_share / 8766"),
    OwnershipLine("staff_usd", "Staff", f"{_HARDWARE_USD} × staff_share / 8766"),
    OwnershipLine("spares_usd", "Spare parts", f"{_HARDWARE_USD} × spares_share / 8766"),
    OwnershipLine("capital_usd", "Capital", f"{_HARDWARE_USD} × capital_share × (1 + resale_share) / 2 / 8766"),
    OwnershipLine("disposal_usd", "Disposal", f"{_HARDWARE_USD} × disposal_share / service_life_h"),
)


def ownership_usd(inputs: Mapping[str, Num]) -> dict[str, Num]:
    """Return the cost of each line by name, for the *inputs* of ``tco_usd``. [$].

    Example:
        >>> a_year = {"accelerator_hours_h": 8766.0, "utilisation": 1.0, "accelerator_purchase_usd": 10e3, "service_life_h": 4 * 8766.0}
        >>> shares = {"resale_share": 0.4, "support_share": 0.05, "staff_share": 0.03, "spares_share": 0.02, "capital_share": 0.1, "disposal_share": 0.04}
        >>> power = {"electricity_usd": 500.0, "it_energy_kwh": 8766.0, "colocation_usd_per_kw_month": 100.0}
        >>> {name: round(usd) for name, usd in ownership_usd({**a_year, **shares, **power}).items()}
        {'hardware_usd': 1500, 'electricity_usd': 500, 'building_usd': 1200, 'support_usd': 500, 'staff_usd': 300, 'spares_usd': 200, 'capital_usd': 700, 'disposal_usd': 100}
    """
    return {line.name: evaluate(line.equation, inputs) for line in OWNERSHIP_LINES}
