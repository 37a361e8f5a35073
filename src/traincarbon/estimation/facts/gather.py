"""What a plan does not say: the facts and priors that stand in for it, gathered once for each kind of plan."""

from traincarbon.database.find import find_hardware, find_place
from traincarbon.database.load import Database
from traincarbon.database.select import year_of
from traincarbon.errors import DatabaseError, PlanError
from traincarbon.estimation.facts import hardware as hardware_facts
from traincarbon.estimation.facts import prices, site
from traincarbon.estimation.facts.types import Facts
from traincarbon.estimation.plan import Plan

_ANYWHERE = ("", "on-prem", "generic", "hpc")
"""Operators of servers that may stand in any region."""


def settle(plan: Plan, database: Database) -> Facts:
    """Return what the *database* says about the hardware, place and time of *plan*; worked out once for each such combination.

    Raises:
        NotFoundError: the hardware or region is unknown.
        PlanError: hardware, region and precision do not go together.
    """
    active = plan.active_params
    moe = active is not None and (hasattr(active, "shape") or active != plan.params)
    said = plan.carbon_intensity is not None
    key = (plan.hw, plan.region, plan.start, plan.precision, plan.kind, plan.family, plan.rent, plan.basis, moe, said)
    setting: Facts | None = database.cache.get(key)
    if setting is None:
        setting = database.cache[key] = _settle(plan, database, moe=moe)
    return setting


def _settle(plan: Plan, database: Database, *, moe: bool) -> Facts:
    if plan.hw is None:
        raise PlanError("the plan names no hardware", hint="give hw, as dgx-a100 or h100; all: carbon db list hardware")
    hardware = find_hardware(database, plan.hw)
    operator = hardware.keys.get("operator", "") if hardware.folder == "servers" else ""
    place = find_place(database, plan.region, provider=operator) if plan.region is not None else None
    if hardware.folder == "servers":
        accelerator = database.product("accelerators", hardware.keys.get("accelerator", ""))
        if accelerator is None:
            raise DatabaseError(f"server {hardware.id} names no known accelerator", hint="carbon db check lists such faults")
        accelerator_count = hardware.value("accelerator_count") or 1.0
    else:
        accelerator, accelerator_count = hardware, 1.0
    setting = Facts(hardware, accelerator, accelerator_count, place)
    if place is not None and place.region is not None and operator not in _ANYWHERE and operator != place.region["provider"]:
        raise PlanError(f"{hardware.id} is not offered in {place.id}", hint=f"name a region of {operator}, or hw {accelerator.id} for the chip alone")
    hardware_facts.add_peak(setting, database, plan.precision)
    hardware_facts.add_mfu(setting, database, plan, moe=moe)
    hardware_facts.add_power(setting, database)
    site.add_facility(setting, database, plan.start)
    site.add_intensity(setting, database, plan)
    prices.add_prices(setting, database, plan)
    hardware_facts.add_embodied(setting, database)
    launched = accelerator.value("launch_year")
    if plan.start is not None and launched is not None and year_of(plan.start) < launched:
        setting.warnings.append(f"{accelerator.name} came out in {launched:.0f}, after the start in {plan.start}")
    return setting
