"""The statement of a plan: everything in it is estimated."""

from typing import Any

from traincarbon.database.load import Database
from traincarbon.disclosure.compute import compute_by_hardware
from traincarbon.disclosure.grounds import grounds_of_plan
from traincarbon.disclosure.market import by_contract, market_figures
from traincarbon.disclosure.statement import RESULTS, Compute, Statement
from traincarbon.disclosure.tenure import Tenure, holding_of_plan
from traincarbon.disclosure.tuning import base_model_of, is_fine_tuning
from traincarbon.estimation.result import Estimate
from traincarbon.quantities import QUANTITIES, W_PER_KW
from traincarbon.uncertain import Interval, Num, median_of

_WHY = {
    "accelerator_hours_h": "the work or the hardware is not stated",
    "duration_s": "the plan states no number of accelerators: give servers or accelerators",
    "accelerator_energy_kwh": "the power of this hardware is not known",
    "scope2_market_kgco2e": "no contract is stated: give market_intensity",
}


def statement_of_plan(
    answer: Estimate, *, model: str = "", database: Database | None = None, tenure: Tenure | None = None, market_intensity: Num | None = None
) -> Statement:
    """Return the statement of the estimate of a plan.

    Args:
        answer: The estimate.
        model: The name of the model; by default that of the plan.
        database: The facts with the clouds and the market figures of the place; none are stated without it.
        tenure: Who owns the hardware; by default what the plan tells.
        market_intensity: Carbon intensity of the energy contract; by default that of the plan. [g/kWh]

    Raises:
        CarbonError: the estimate is of arrays of plans.
    """
    plan, facts = answer.plan, answer.facts
    place, stated = facts.place, plan.carbon_intensity is not None
    results = {name: answer[name] for name in RESULTS if name in answer.results}
    results["accelerator_energy_kwh"] = _accelerator_energy(answer)
    if market_intensity is not None:
        results["scope2_market_kgco2e"] = by_contract(results.get("facility_energy_kwh"), market_intensity)
    region = "" if place is None or place.region is None else place.id
    grounds = grounds_of_plan(answer)
    holding = holding_of_plan(plan.to_dict(), hw=facts.hardware.id, region=region, database=database, stated=tenure)
    name = model or plan.name or plan.model or ""
    return Statement(
        subject=plan.name or plan.model or "plan",
        is_estimate=True,
        model=name,
        params=_median(plan.number("params")),
        active_params=_median(plan.number("active_params")) if plan.is_moe else None,
        tokens=_median(plan.number("tokens")),
        is_fine_tuning=is_fine_tuning(plan.kind),
        base_model=base_model_of(plan.to_dict()),
        began=plan.start or "",
        hardware=facts.hardware.name,
        accelerator=facts.accelerator.name,
        accelerators=_median(answer.accelerators),
        nodes=None if plan.servers is None else int(_median(plan.number("servers")) or 0),
        is_rented=holding.is_rented,
        is_tenure_assumed=holding.is_assumed,
        cloud=holding.cloud,
        place="" if place is None else place.name,
        country="" if place is None else place.zone,
        pue=_median(answer.plan.number("pue")) or _median(facts.value("pue")),
        intensity_gco2e_per_kwh=_median(plan.number("carbon_intensity")) or _median(facts.value("carbon_intensity")),
        basis="" if stated else plan.basis or "lifecycle",
        compute=_compute(answer),
        results=results,
        shares={"measured": 0.0, "modelled": 0.0, "assumed": 1.0} if results.get("facility_energy_kwh") is not None else {},
        level=answer.level,
        missing={name: _WHY.get(name) or QUANTITIES[name].unknown or "it cannot be told from the plan" for name in RESULTS if results.get(name) is None},
        market=() if place is None or database is None else market_figures(region=region, zone=place.zone, began=plan.start or "", database=database),
        pue_source=grounds.pue_source,
        assumptions=grounds.assumed,
    )


def _compute(answer: Estimate) -> Compute:
    """Return both counts where the plan states its hours; without them, the hours follow from the compute and count nothing anew."""
    counts = answer.flop_counts
    flop = answer["compute_flop"]
    hours = answer.plan.number("accelerator_hours")
    if hours is None:
        return Compute(by_architecture=flop, how="" if counts is None else counts["how"])
    by_hardware, utilisation = compute_by_hardware(
        hw=answer.plan.hw, params=answer.plan.number("params"), precision=answer.plan.precision, accelerator_hours_h=hours, level=answer.level
    )
    return Compute(by_architecture=flop, by_hardware=by_hardware, utilisation=utilisation, how="" if counts is None else counts["how"])


def _accelerator_energy(answer: Estimate) -> Interval | None:
    """Return the energy of the accelerators alone, from the inputs of that of servers and network."""
    inputs = next((found for link, found, value in reversed(answer.links) if link.name == "it_energy_kwh" and value is not None), None)
    if inputs is None:
        return None
    return answer.interval(inputs["accelerator_hours_h"] * inputs["accelerator_power_w"] / W_PER_KW)


def _median(value: Any) -> float | None:
    return None if value is None else float(median_of(value))
