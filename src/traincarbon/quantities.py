"""Every quantity that a result can hold, defined once: its name, unit, words and parts, and the constants between units.

What estimates, records of runs, comparisons, tables, charts and pages show of a quantity comes from :data:`QUANTITIES`.
A new quantity is a formula, a link of the chain and a row here.
"""

from enum import StrEnum
from typing import NamedTuple

S_PER_H = 3600.0
S_PER_DAY = 86400.0
H_PER_DAY = 24.0
H_PER_YEAR = 8766.0
"""Hours in a Julian year of 365.25 days."""
W_PER_KW = 1e3
G_PER_KG = 1e3
KG_PER_T = 1e3
J_PER_KWH = 3.6e6


class EnergySource(StrEnum):
    """How an energy is known, the best first."""

    COUNTER = "counter"
    """A register of the device that counts energy."""
    POWER = "power"
    """Sampled power, integrated over time."""
    MODELLED = "modelled"
    """A model of the device; nothing was measured."""
    ASSUMED = "assumed"
    """The power that such a device draws on average; nothing is known of what it did."""

    @property
    def is_measured(self) -> bool:
        """Whether a device stated it."""
        return self not in (EnergySource.MODELLED, EnergySource.ASSUMED)

    @property
    def label(self) -> str:
        """What a table says about it."""
        return _SOURCE_LABELS[self]


_SOURCE_LABELS = {
    EnergySource.COUNTER: "counted by the hardware",
    EnergySource.POWER: "integrated from sampled power",
    EnergySource.MODELLED: "modelled, not measured",
    EnergySource.ASSUMED: "assumed from the hardware database",
}


def least_sure(*sources: EnergySource) -> EnergySource:
    """Return the source of an energy that is made of several, which is known no better than the worst of them.

    Example:
        >>> str(least_sure(EnergySource.POWER, EnergySource.COUNTER))
        'power'
    """
    return max(sources, key=_ORDER.__getitem__)


_ORDER = {source: place for place, source in enumerate(EnergySource)}


class Part(StrEnum):
    """What a meter measures of a machine."""

    GPU = "gpu"
    """Accelerators of any kind."""
    CPU = "cpu"
    DRAM = "dram"
    SERVER = "server"
    """A whole server, with everything inside it."""
    OTHER = "other"
    """What is in none of the parts above."""


ENERGY_PARTS = (Part.GPU, Part.CPU, Part.DRAM, Part.OTHER)
"""The parts that the energy of a run is divided into; a server that was metered as a whole counts as ``other`` less its metered parts."""


class CostBasis(StrEnum):
    """What the cost of a run counts; the values stand in records of runs."""

    RENT = "rent"
    OWN = "electricity and a share of the purchase"
    ELECTRICITY = "electricity alone"


class Quantity(NamedTuple):
    """A quantity of a result.

    Attributes:
        name: Its name in Python and JSON; the ending states the unit.
        unit: The unit that :mod:`traincarbon.formatting` scales it in; empty for a ratio.
        label: What a table calls it.
        short: What the head of a narrow column calls it.
        phrase: What it is called within a sentence.
        sums: The quantities that it is the sum of.
        is_estimated: Every estimate states it, or says why it cannot.
        is_recorded: The record of a run states it.
        is_compared: Alternatives are compared by it.
        is_scope: It is a part of the emissions of the electricity by the GHG Protocol.
        unknown: Why it may be unknown, within a sentence; empty where there is no single reason.
        remedy: What the user can do where it is unknown.
    """

    name: str
    unit: str
    label: str
    short: str
    phrase: str
    sums: tuple[str, ...] = ()
    is_estimated: bool = True
    is_recorded: bool = False
    is_compared: bool = False
    is_scope: bool = False
    unknown: str = ""
    remedy: str = ""


QUANTITIES: dict[str, Quantity] = {
    quantity.name: quantity
    for quantity in (
        Quantity("compute_flop", "FLOP", "Compute", "Compute", "the compute"),
        Quantity("mfu", "", "Utilisation (MFU)", "MFU", "the utilisation (MFU)"),
        Quantity("accelerator_hours_h", "h", "GPU-hours", "GPU-hours", "the GPU-hours", is_compared=True),
        Quantity(
            "duration_s",
            "s",
            "Time",
            "Time",
            "the time",
            is_compared=True,
            unknown="the duration needs a number of servers",
            remedy="give servers or accelerators",
        ),
        Quantity("it_energy_kwh", "kWh", "Energy, servers and network", "IT energy", "the energy of servers and network"),
        Quantity(
            "facility_energy_kwh",
            "kWh",
            "Energy, facility",
            "Energy",
            "the energy of the facility",
            is_recorded=True,
            is_compared=True,
            unknown="the power of this hardware is unknown",
            remedy="give other hardware",
        ),
        Quantity("operational_kgco2e", "kg CO2e", "CO2e, electricity", "CO2e, electricity", "the CO2e of the electricity", is_recorded=True),
        Quantity(
            "operational_market_kgco2e", "kg CO2e", "CO2e, electricity by contracts", "CO2e, contracts", "the CO2e by energy contracts", is_estimated=False
        ),
        Quantity("embodied_kgco2e", "kg CO2e", "CO2e, hardware", "CO2e, hardware", "the CO2e of making the hardware", is_recorded=True),
        Quantity(
            "total_kgco2e",
            "kg CO2e",
            "CO2e, total",
            "CO2e",
            "the CO2e",
            sums=("operational_kgco2e", "embodied_kgco2e"),
            is_compared=True,
            unknown="the emissions of this hardware are unknown",
            remedy="give other hardware",
        ),
        Quantity(
            "scope2_location_kgco2e",
            "kg CO2e",
            "Scope 2, location-based",
            "Scope 2",
            "the Scope 2 emissions by location",
            is_estimated=False,
            is_scope=True,
            unknown="direct and upstream emissions of this electricity cannot be told apart",
            remedy="give region and no carbon_intensity",
        ),
        Quantity(
            "scope2_market_kgco2e",
            "kg CO2e",
            "Scope 2, market-based",
            "Scope 2, market",
            "the Scope 2 emissions by contracts",
            is_estimated=False,
            is_scope=True,
            unknown="no contract is stated",
            remedy="give market_intensity",
        ),
        Quantity(
            "scope3_upstream_kgco2e",
            "kg CO2e",
            "Scope 3, upstream of the electricity",
            "Upstream",
            "the Scope 3 emissions upstream of the electricity",
            is_estimated=False,
            is_scope=True,
            unknown="direct and upstream emissions of this electricity cannot be told apart",
            remedy="give region and no carbon_intensity",
        ),
        Quantity("water_l", "L", "Water", "Water", "the water", is_compared=True),
        Quantity("electricity_usd", "$", "Electricity", "Electricity", "the cost of electricity"),
        Quantity("rent_usd", "$", "Cost to rent", "Rent", "the cost to rent"),
        Quantity("own_usd", "$", "Cost of ownership (amortised)", "Ownership", "the cost of ownership"),
        Quantity("tco_usd", "$", "Total cost of ownership", "Total ownership", "the total cost of ownership"),
        Quantity("purchase_usd", "$", "Purchase price of the cluster", "Purchase", "the purchase price of the cluster"),
        Quantity(
            "cost_usd",
            "$",
            "Cost",
            "Cost",
            "the cost",
            is_estimated=False,
            is_recorded=True,
            is_compared=True,
            unknown="no price of this hardware is known",
            remedy="give rent_price or purchase_price, or other hardware",
        ),
        Quantity("step_time_s", "s", "Time of a step", "Step", "the time of a step", is_estimated=False),
    )
}
"""Every quantity by name, in the order in which people read them; ``cost_usd`` is rent or ownership, whichever is asked for."""

ESTIMATED: tuple[str, ...] = tuple(name for name, quantity in QUANTITIES.items() if quantity.is_estimated)
"""What every estimate states, None where it cannot be known; ``operational_market_kgco2e`` joins them where a plan states its market_intensity."""
RECORDED: tuple[str, ...] = tuple(name for name, quantity in QUANTITIES.items() if quantity.is_recorded)
"""What the record of a run states beside its energy by part."""
SCOPED: tuple[str, ...] = tuple(name for name, quantity in QUANTITIES.items() if quantity.is_scope)
"""The emissions of the electricity by the scopes of the GHG Protocol, which every estimate states too, None where they cannot be told apart."""
COMPARED: tuple[str, ...] = tuple(name for name, quantity in QUANTITIES.items() if quantity.is_compared)
"""What alternatives are compared by."""
BUDGETED: dict[str, str] = {"kwh": "facility_energy_kwh", "usd": "cost_usd", "kgco2e": "total_kgco2e", "hours": "duration_s"}
"""What a budget can limit, by the ending of its option (``--max-kwh``); hours are hours of wall-clock."""
RANKED: dict[str, str] = {"usd": "cost_usd", "kwh": "facility_energy_kwh", "kgco2e": "total_kgco2e", "hours": "accelerator_hours_h"}
"""What alternatives state the saving of, by the choice that ranks them by it (``--by kwh``)."""

_UNITS = {"_flop": "FLOP", "_h": "h", "_s": "s", "_kwh": "kWh", "_kgco2e": "kg CO2e", "_l": "L", "_usd": "$", "_w": "W", "_b": "B"}


def unit_of(name: str) -> str:
    """Return the unit that the ending of a *name* states, empty for a ratio or a count.

    Example:
        >>> unit_of("facility_energy_kwh"), unit_of("board_power_w"), unit_of("mfu")
        ('kWh', 'W', '')
    """
    return next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), "")
