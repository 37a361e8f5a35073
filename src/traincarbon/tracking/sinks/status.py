"""What a sink is given: the numbers of a run under one set of names, from the live state and at its end from the record."""

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.decode import number
from traincarbon.quantities import J_PER_KWH, RECORDED
from traincarbon.tracking.live_state import DeviceState, LiveState
from traincarbon.tracking.settings import Settings
from traincarbon.uncertain import Interval

if TYPE_CHECKING:
    from traincarbon.ledger.run import Run

_SHORT = {"facility_energy_kwh": "energy_kwh"}
"""Results with a shorter name."""
_FORECAST = ("facility_energy_kwh", "total_kgco2e", "cost_usd", "duration_s")
_EMISSIONS = ("operational_kgco2e", "embodied_kgco2e")


class Status(NamedTuple):
    """How a run stands."""

    values: Mapping[str, float]
    """Name to number; what is not known is absent. Names are those of the record, with ``energy_kwh`` for the energy of the facility."""
    duration_s: float
    """Since the run began, all of its sessions together. [s]"""
    time_s: float
    """When that was. [s since 1970]"""
    devices: tuple[DeviceState, ...] = ()
    is_last: bool = False
    has_failed: bool = False


def of_state(state: LiveState) -> Status:
    """Return how a run stands that is metered."""
    values = {name: state.earlier.get(name, 0.0) + found.median for name, found in state.results.items() if name in state.earlier or not state.earlier}
    duration_s = state.earlier.get("duration_s", 0.0) + (state.elapsed_s or 0.0)
    progress = state.progress
    named = {
        "duration_s": duration_s,
        "power_w": _power_w(state.devices),
        "metered_kwh": None if state.earlier else state.metered_kwh,
        "mfu": progress.mfu,
        "loss": progress.loss,
        "share_done": progress.share_done,
        "left_s": progress.left_s,
        "j_per_token": progress.j_per_token,
        **progress.counts,
        **{f"{name}_per_s": rate for name, rate in progress.rates_per_s.items()},
        **{f"budget_{budget.name}_share": budget.spent / budget.limit for budget in state.budgets if budget.limit > 0.0},
    }
    return Status({**_results(values), **_forecast(state.forecast), **_known(named)}, duration_s, time.time(), state.devices)


def of_record(run: "Run", latest: Status | None = None) -> Status:
    """Return how a run stands that has ended: by its record, and the latest forecast beside it.

    Args:
        run: The record.
        latest: What was known last while it was metered.
    """
    before = latest.values if latest is not None else {}
    values = {name: stated["median"] for name in RECORDED if (stated := getattr(run, name)) is not None}
    tokens = run.counts.get("tokens")
    named = {
        "duration_s": run.duration_s,
        "metered_kwh": run.metered_kwh,
        "mfu": run.mfu,
        "j_per_token": run.metered_kwh * J_PER_KWH / tokens if tokens and run.metered_kwh is not None else None,
        **run.counts,
    }
    kept = {name: value for name, value in before.items() if name.startswith(("forecast_", "budget_")) or name == "loss"}
    devices = latest.devices if latest is not None else ()
    return Status({**kept, **_results(values), **_known(named)}, run.duration_s, time.time(), devices, is_last=True, has_failed=run.state != "finished")


def facts_of(settings: Settings) -> dict[str, str]:
    """Return what is known of a run before it begins: its id, project, hardware and place, and those of its plan."""
    plan = {**(settings.plan or {}), **settings.context}
    stated = {"run_id": settings.run_id, "project": settings.project, **{name: plan.get(name) for name in ("hw", "region", "params", "tokens")}}
    return {name: str(value) for name, value in stated.items() if value not in (None, "")}


def _results(medians: Mapping[str, float]) -> dict[str, float]:
    """Return the results under their names here; all CO2e is the sum of its parts, as in the record, which has no sum."""
    found = {_SHORT.get(name, name): value for name, value in medians.items() if name != "total_kgco2e"}
    emissions = [medians[name] for name in _EMISSIONS if name in medians]
    return {**found, **({"total_kgco2e": sum(emissions)} if emissions else {})}


def _forecast(forecast: Mapping[str, Interval]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in _FORECAST:
        stated = forecast.get(name)
        if stated is not None:
            short = f"forecast_{_SHORT.get(name, name)}"
            found |= {short: stated.median, f"{short}_low": stated.low, f"{short}_high": stated.high}
    return found


def _power_w(devices: Iterable[DeviceState]) -> float | None:
    """Return the power of all that is metered: of the server, where there is a meter of it, which covers the rest."""
    watts = [(device.part, device.power_w) for device in devices if device.power_w is not None]
    servers = [power_w for part, power_w in watts if part == "server"]
    return sum(servers or [power_w for _, power_w in watts]) if watts else None


def _known(values: Mapping[str, float | None]) -> dict[str, float]:
    """Return *values* without those that are not known or not finite."""
    return {name: found for name, value in values.items() if (found := number(value)) is not None}
