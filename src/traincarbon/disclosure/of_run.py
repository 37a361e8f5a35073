"""The statement of a run: what its record has, and what follows from it."""

from datetime import datetime, timedelta

from traincarbon.database.find import find_hardware
from traincarbon.database.load import Database
from traincarbon.decode import interval, number
from traincarbon.disclosure.by_hour import RunByHour, basis_of_scope2, run_by_hour
from traincarbon.disclosure.compute import compute_by_hardware
from traincarbon.disclosure.market import market_figures
from traincarbon.disclosure.statement import RESULTS, Compute, Statement
from traincarbon.errors import CarbonError
from traincarbon.formulas.compute import training_flop
from traincarbon.ledger.run import Run, timestamp
from traincarbon.ledger.site import checked_site
from traincarbon.quantities import J_PER_KWH, S_PER_H, CostBasis
from traincarbon.uncertain import Interval

_FINE_TUNING = ("finetune", "lora", "qlora", "dpo", "rl")
_WHY = {
    "accelerator_hours_h": "the record names no accelerators",
    "accelerator_energy_kwh": "no accelerator was metered",
    "it_energy_kwh": "the record does not state the overhead (PUE) of the facility",
    "facility_energy_kwh": "the record has no total: a device was there that no meter read, or nothing was metered",
    "operational_kgco2e": "the energy or the grid is not known",
    "scope2_location_kgco2e": "the record does not tell direct from upstream emissions of its electricity",
    "scope2_market_kgco2e": "no energy contract is stated",
    "scope3_upstream_kgco2e": "the record does not tell direct from upstream emissions of its electricity",
    "embodied_kgco2e": "the emissions of making this hardware are not known",
    "water_l": "the record of a run states no water",
}


def statement_of_run(run: Run, *, database: Database, model: str = "", level: float = 0.9, by_hour: RunByHour | None = None) -> Statement:
    """Return the statement of a run.

    Args:
        run: Its record.
        database: The facts about its hardware.
        model: The name of the model; by default that of its plan, else its project.
        level: Confidence level of the count of compute by hardware; that of the record's intervals is 90 %. [1]
        by_hour: The run by hour; by default with the intensity of the year, as nothing is asked.
    """
    plan, site = run.plan or {}, checked_site(run.site) or {}
    by_hour = by_hour if by_hour is not None else run_by_hour(run, basis=basis_of_scope2(run))
    params = run.params or number(plan.get("params"))
    results = _results(run, site)
    missing = {name: _reason(run, name) for name in RESULTS if results[name] is None}
    missing |= {f"energy of {part}": reason for part, reason in run.missing.items()}
    if not by_hour.hours:
        missing["energy by hour"] = "; ".join(by_hour.notes)
    if run.state == "running":
        missing["the rest of the run"] = "the run is still going: these are the figures so far"
    elif run.state == "incomplete":
        missing["nodes"] = "some nodes of the run sent nothing"
    return Statement(
        subject=run.run_id,
        is_estimate=False,
        model=model or str(plan.get("name") or plan.get("model") or run.project),
        params=params,
        tokens=run.tokens,
        is_fine_tuning=str(plan.get("kind") or "") in _FINE_TUNING,
        state=run.state,
        began=run.started_at,
        ended="" if run.state == "running" else _ended(run),
        hardware=_name(run.hw, database),
        accelerator=_accelerator(run.hw, database),
        accelerators=run.accelerators,
        nodes=run.nodes,
        is_rented=True if run.cost_basis == CostBasis.RENT else False if run.cost_basis == CostBasis.OWN else None,
        place=str(site.get("name") or ""),
        country=str(site.get("zone") or ""),
        pue=number(site.get("pue")),
        intensity_gco2e_per_kwh=number(site.get("carbon_intensity")),
        basis=str(site.get("basis") or ""),
        compute=_compute(run, params, results["accelerator_hours_h"], database, level),
        results=results,
        shares=run.facility_shares,
        meters=tuple(f"{part}: {source.label}" for part, source in run.how.items()),
        attempts=tuple(each.to_dict(timestamp) for each in run.attempts),
        missing=missing,
        assumptions=tuple(run.notes),
        versions=dict(run.versions),
        market=market_figures(region=str(site.get("region") or ""), zone=str(site.get("zone") or ""), began=run.started_at, database=database),
        by_hour=by_hour,
    )


def _results(run: Run, site: dict[str, object]) -> dict[str, Interval | None]:
    gpu_j, pue = run.energy_j.get("gpu"), number(site.get("pue"))
    facility, operational = interval(run.facility_energy_kwh), interval(run.operational_kgco2e)
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
        "scope2_market_kgco2e": None,
        "scope3_upstream_kgco2e": _part(operational, site, "upstream_intensity"),
        "embodied_kgco2e": interval(run.embodied_kgco2e),
        "water_l": None,
    }


def _part(operational: Interval | None, site: dict[str, object], name: str) -> Interval | None:
    """Return a part of the emissions of the electricity, in proportion to the intensities."""
    whole, part = number(site.get("carbon_intensity")), number(site.get(name))
    return None if operational is None or not whole or part is None else _scaled(operational, part / whole)


def _compute(run: Run, params: float | None, hours: Interval | None, database: Database, level: float) -> Compute:
    by_architecture = None if not params or not run.tokens else _exact(float(training_flop(active_params=params, tokens=run.tokens)))
    by_hardware, utilisation = (None, None)
    if hours is not None and hours.median > 0.0:
        by_hardware, utilisation = compute_by_hardware(
            hw=run.hw, params=params, precision=None, accelerator_hours_h=hours.median, level=level, database=database
        )
    return Compute(by_architecture=by_architecture, by_hardware=by_hardware, utilisation=utilisation, how="6nd" if by_architecture is not None else "")


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
