"""The statement of a run: what its record has, and what follows from it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from traincarbon.database.find import find_hardware
from traincarbon.database.load import Database
from traincarbon.decode import interval, number
from traincarbon.disclosure.by_hour import RunByHour, basis_of_scope2, run_by_hour
from traincarbon.disclosure.compute import compute_by_hardware
from traincarbon.disclosure.grounds import grounds_of_run
from traincarbon.disclosure.market import by_contract, market_figures
from traincarbon.disclosure.statement import INTENSITY_OF_HOURS, RESULTS, Compute, Statement
from traincarbon.disclosure.tenure import Tenure, holding_of_run
from traincarbon.disclosure.tuning import base_model_of, is_fine_tuning
from traincarbon.errors import CarbonError
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.recorded_plan import estimate_recorded
from traincarbon.evidence.facts_used import known_facts
from traincarbon.formulas.compute import training_flop
from traincarbon.ledger.run import Run, timestamp
from traincarbon.ledger.site import checked_site
from traincarbon.quantities import J_PER_KWH, S_PER_H
from traincarbon.uncertain import Interval, Num, median_of

_WHY = {
    "accelerator_hours_h": "the record names no accelerators",
    "accelerator_energy_kwh": "no accelerator was metered",
    "it_energy_kwh": "the record does not state the overhead (PUE) of the facility",
    "facility_energy_kwh": "the record has no total: a device was there that no meter read, or nothing was metered",
    "operational_kgco2e": "the energy or the grid is not known",
    "scope2_location_kgco2e": "the record does not tell direct from upstream emissions of its electricity",
    "scope2_market_kgco2e": "no energy contract is stated",
    "scope3_upstream_kgco2e": "the record does not tell direct from upstream emissions of its electricity",
    "embodied_kgco2e": "the record states no emissions of making its hardware",
    "total_kgco2e": "a part of it is not known",
    "water_l": "the record of the run states no water",
}


def statement_of_run(
    run: Run,
    *,
    database: Database,
    model: str = "",
    level: float = 0.9,
    by_hour: RunByHour | None = None,
    tenure: Tenure | None = None,
    market_intensity: Num | None = None,
) -> Statement:
    """Return the statement of a run.

    Args:
        run: Its record.
        database: The facts about its hardware.
        model: The name of the model; by default that of its plan, else its project.
        level: Confidence level of the count of compute by hardware; that of the record's intervals is 90 %. [1]
        by_hour: The run by hour, as services answered; by default with the intensity of the year, as nothing is asked.
        tenure: Who owns the hardware; by default what the record tells.
        market_intensity: Carbon intensity of the energy contract; by default that of the run's plan. [g/kWh]
    """
    plan, site = run.plan or {}, checked_site(run.site) or {}
    region, zone = str(site.get("region") or ""), str(site.get("zone") or "")
    asked, by_hour = by_hour, by_hour if by_hour is not None else run_by_hour(run, basis=basis_of_scope2(run))
    params = run.params or number(plan.get("params"))
    results = _results(run, site, _contract(plan) if market_intensity is None else market_intensity)
    grounds = grounds_of_run(run, pue=number(site.get("pue")), facts=known_facts(run, database))
    holding = holding_of_run(run, region=region, database=database, stated=tenure)
    missing = {name: _reason(run, name) for name in RESULTS if results[name] is None}
    missing |= {f"energy of {part}": reason for part, reason in run.missing.items()}
    if not by_hour.hours:
        missing["energy by hour"] = "; ".join(by_hour.notes)
    elif asked is not None and asked.n_by_hour < len(asked.hours):
        missing[INTENSITY_OF_HOURS] = "; ".join(asked.notes)
    if run.state == "running":
        missing["the rest of the run"] = "the run is still going: these are the figures so far"
    elif run.state == "incomplete":
        missing["nodes"] = "some nodes of the run sent nothing"
    return Statement(
        subject=run.run_id,
        is_estimate=False,
        model=model or str(plan.get("name") or plan.get("model") or run.project),
        params=params,
        active_params=number(plan.get("active_params")),
        tokens=run.tokens,
        is_fine_tuning=is_fine_tuning(plan.get("kind")),
        base_model=base_model_of(plan),
        state=run.state,
        began=run.started_at,
        ended="" if run.state == "running" else _ended(run),
        hardware=_name(run.hw, database),
        accelerator=_accelerator(run.hw, database),
        accelerators=run.accelerators,
        nodes=run.nodes,
        is_rented=holding.is_rented,
        is_tenure_assumed=holding.is_assumed,
        cloud=holding.cloud,
        place=str(site.get("name") or ""),
        country=zone,
        pue=number(site.get("pue")),
        intensity_gco2e_per_kwh=number(site.get("carbon_intensity")),
        basis=str(site.get("basis") or ""),
        compute=_compute(run, params, results["accelerator_hours_h"], database, level),
        results=results,
        shares=run.facility_shares,
        meters=tuple(f"{part}: {source.label}" for part, source in run.how.items()),
        attempts=tuple(each.to_dict(timestamp) for each in run.attempts),
        missing=missing,
        pue_source=grounds.pue_source,
        assumptions=grounds.assumed,
        notes=tuple(run.notes),
        versions=dict(run.versions),
        market=market_figures(region=region, zone=zone, began=run.started_at, database=database),
        by_hour=by_hour,
    )


def _contract(plan: Mapping[str, object]) -> Num | None:
    """Return the market intensity that a plan states. [g/kWh]."""
    try:
        return Plan.from_dict({"market_intensity": plan.get("market_intensity")}).number("market_intensity")
    except CarbonError:
        return None


def _results(run: Run, site: dict[str, object], contract: Num | None) -> dict[str, Interval | None]:
    gpu_j, pue = run.energy_j.get("gpu"), number(site.get("pue"))
    facility, operational, embodied = (interval(stated) for stated in (run.facility_energy_kwh, run.operational_kgco2e, run.embodied_kgco2e))
    it = None if facility is None or pue is None else Interval(*(bound / pue for bound in facility))
    hours = None if run.accelerators is None else run.accelerators * run.duration_s / S_PER_H
    return {
        "accelerator_hours_h": _exact(hours),
        "duration_s": _exact(run.duration_s),
        "accelerator_energy_kwh": _exact(None if gpu_j is None or run.unread_gpu else gpu_j / J_PER_KWH),
        "it_energy_kwh": it,
        "facility_energy_kwh": facility,
        "operational_kgco2e": operational,
        "scope2_location_kgco2e": _part(operational, site, "direct_intensity"),
        "scope2_market_kgco2e": by_contract(facility, contract),
        "scope3_upstream_kgco2e": _part(operational, site, "upstream_intensity"),
        "embodied_kgco2e": embodied,
        "total_kgco2e": None if operational is None or embodied is None else Interval(*map(sum, zip(operational, embodied, strict=True))),
        "water_l": _water(run),
    }


def _water(run: Run) -> Interval | None:
    """Return the water of a run that is over, which the last forecast of its record has; None where its script reported no progress."""
    forecast = run.forecast or {}
    is_over = run.state == "finished" and number(forecast.get("share_done")) == 1.0
    return interval(forecast.get("water_l")) if is_over else None


def _part(operational: Interval | None, site: dict[str, object], name: str) -> Interval | None:
    """Return a part of the emissions of the electricity, in proportion to the intensities."""
    whole, part = number(site.get("carbon_intensity")), number(site.get(name))
    return None if operational is None or not whole or part is None else _scaled(operational, part / whole)


def _compute(run: Run, params: float | None, hours: Interval | None, database: Database, level: float) -> Compute:
    by_architecture, how = _by_architecture(run, params, database)
    by_hardware, utilisation = (None, None)
    if hours is not None and hours.median > 0.0:
        by_hardware, utilisation = compute_by_hardware(
            hw=run.hw, params=params, precision=None, accelerator_hours_h=hours.median, level=level, database=database
        )
    return Compute(by_architecture=_exact(by_architecture), by_hardware=by_hardware, utilisation=utilisation, how=how)


def _by_architecture(run: Run, params: float | None, database: Database) -> tuple[float | None, str]:
    """Return the FLOP of the tokens that a run processed, and how they are counted: as those of its plan, else by its parameters."""
    if not run.tokens:
        return None, ""
    planned = None if run.plan is None else estimate_recorded({**run.plan, "hw": run.plan.get("hw") or run.hw or None}, database=database)
    if planned is not None and planned.flop_counts is not None and (flop := planned["compute_flop"]) is not None and (tokens := planned.plan.number("tokens")):
        return flop.median / float(median_of(tokens)) * run.tokens, str(planned.flop_counts["how"])
    return (float(training_flop(active_params=params, tokens=run.tokens)), "6nd") if params else (None, "")


def _reason(run: Run, name: str) -> str:
    return run.missing.get("gpu") or _WHY[name] if name == "accelerator_energy_kwh" else _WHY.get(name, "it is not in the record")


def _ended(run: Run) -> str:
    try:
        return (datetime.fromisoformat(run.started_at) + timedelta(seconds=run.duration_s)).isoformat()
    except (ValueError, OverflowError):
        return ""


def _name(hw: str, database: Database) -> str:
    try:
        return find_hardware(database, hw).name if hw else ""
    except CarbonError:
        return hw


def _accelerator(hw: str, database: Database) -> str:
    """Return the name of the accelerator in the hardware *hw*."""
    try:
        found = find_hardware(database, hw) if hw else None
    except CarbonError:
        return hw
    chip = None if found is None else database.product("accelerators", found.keys.get("accelerator", "")) if found.is_server else found
    return hw if chip is None else chip.name


def _exact(value: float | None) -> Interval | None:
    return None if value is None else Interval(value, value, value)


def _scaled(value: Interval, factor: float) -> Interval:
    return Interval(*(bound * factor for bound in value))
