"""The results of a run from its metered energy: energy of the facility, CO2e, water and cost, each with its uncertainty."""

from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.estimation.consequences import CONSEQUENCES
from traincarbon.estimation.walk import walk
from traincarbon.formulas.power import unmetered_j
from traincarbon.formulas.throughput import implied_mfu
from traincarbon.quantities import J_PER_KWH, S_PER_H, CostBasis, EnergySource
from traincarbon.uncertain import Num, Uncertain, median_of

_HOST_PARTS = ("cpu", "dram")
_MOST_SIGMA = 1.0
"""The difference of two similar values is known to no worse than its order of magnitude."""
_RESULTS = (
    *("it_energy_kwh", "facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "total_kgco2e"),
    *("water_l", "electricity_usd"),
)


class Part(NamedTuple):
    """What one part of the machine drew: ``gpu``, ``cpu``, ``dram``, ``server`` or ``other``."""

    energy_j: Num
    how: str = EnergySource.COUNTER
    """How it is known, an :class:`~traincarbon.quantities.EnergySource`."""
    sigma: float = 0.0
    """Log-spread that its meter states; 0 where it states none."""


class Coefficients(NamedTuple):
    """What converts joules and accelerator-hours into results; each an :class:`Uncertain`, or None where unknown."""

    pue: Uncertain | None = None
    """Power usage effectiveness. [1]"""
    carbon_intensity: Uncertain | None = None
    """[g CO2e/kWh]"""
    embodied_kgco2e_per_h: Uncertain | None = None
    """Of an accelerator-hour, with its share of the server. [kg CO2e/h]"""
    electricity_usd_per_kwh: Uncertain | None = None
    rent_usd_per_h: Uncertain | None = None
    """Of an accelerator-hour; only where the hardware is rented."""
    purchase_usd_per_h: Uncertain | None = None
    """Share of an accelerator-hour in the purchase of the hardware."""
    wue_l_per_kwh: Uncertain | None = None
    """Water for cooling. [L/kWh of IT energy]"""
    grid_water_l_per_kwh: Uncertain | None = None
    """Water for making the electricity. [L/kWh]"""
    peak_flop_per_s: Uncertain | None = None
    """Dense peak of one accelerator at the precision used. [FLOP/s]"""
    host_w: Uncertain | None = None
    """Mean power of the rest of the server per accelerator. [W]"""
    host_rest_share: Uncertain | None = None
    """Share of that which no meter of processors and memory covers: fans, network cards, disks, conversion. [1]"""
    network_share: Uncertain | None = None
    """Power of the switches between servers as a share of the servers' power. [1]"""
    meter: Uncertain | None = None
    """What is true over what a meter says, 1 with a spread. [1]"""


class RunResults(NamedTuple):
    """What a run came to so far."""

    values: dict[str, Uncertain]
    """``it_energy_kwh``, ``facility_energy_kwh``, ``operational_kgco2e``, ``embodied_kgco2e``, ``total_kgco2e``, ``water_l``,
    ``electricity_usd`` and ``cost_usd``; what cannot be known is left out."""
    cost_basis: str
    """What ``cost_usd`` counts."""
    sources_kwh: dict[str, float]
    """IT energy by how it is known: ``measured``, ``modelled``, ``assumed``. [kWh]"""
    notes: tuple[str, ...]


def run_results(
    parts: Mapping[str, Part], *, accelerator_hours_h: Num, coefficients: Coefficients, processor_hours_h: Num = 0.0, has_unread_gpu: bool = False
) -> RunResults:
    """Return what the energy of *parts* over *accelerator_hours_h* amounts to.

    Energy that no meter covers is assumed, with its uncertainty, where the hardware is known, and noted where it is not.
    A metered server covers all its parts. A result with an unknown coefficient is left out, and so is energy that is unknown altogether.

    Args:
        parts: The energy of each part since the run, or the session, began.
        accelerator_hours_h: Wall-clock times accelerators at work, 0 without any. [h]
        coefficients: What converts them at this place and for this hardware.
        processor_hours_h: The same of processors that are the accelerators; their making and price count, and their meter covers their power. [h]
        has_unread_gpu: Whether a GPU is there that no meter reads, so that every total is unknown: most of the energy may be its.
    """
    if has_unread_gpu:
        return RunResults({}, "", {}, ())
    known, hours = coefficients, accelerator_hours_h
    counted, left_out = _without_double_counts(parts)
    metered_j, sources = _metered(counted, known)
    rest_j, gap = _unmetered(counted, hours, known)
    it_kwh = (rest_j + metered_j) * (1.0 / J_PER_KWH)
    if known.network_share is not None:
        it_kwh = it_kwh * (known.network_share + 1.0)
    sources["assumed"] = max(median_of(it_kwh) - sum(sources.values()), 0.0)
    is_known = bool(parts) or median_of(it_kwh) > 0.0
    paid_h = hours if median_of(hours) > 0.0 else processor_hours_h
    found = _consequences(it_kwh if is_known else None, paid_h if median_of(paid_h) > 0.0 else None, known)
    notes = [note for note in (left_out, gap) if note]
    if found["total_kgco2e"] is None and found["operational_kgco2e"] is not None:
        found["total_kgco2e"] = found["operational_kgco2e"]
        notes.append("the embodied emissions of this hardware are unknown: CO2e covers electricity only")
    cost, basis = _cost(found)
    values = {name: value for name in _RESULTS if (value := found[name]) is not None}
    if cost is not None:
        values["cost_usd"] = cost
    return RunResults(values, basis, sources, tuple(notes))


def _consequences(it_kwh: Num | None, hours: Num | None, known: Coefficients) -> dict[str, Num | None]:
    """Return what follows from the energy of servers and network and the hours, by the links of the chain.

    Coefficients are rates of an accelerator-hour, so they enter the chain as those of hardware that serves one hour and is used all of it.
    """
    values: dict[str, Num | None] = {
        "it_energy_kwh": it_kwh,
        "accelerator_hours_h": hours,
        "pue": known.pue,
        "carbon_intensity": known.carbon_intensity,
        "electricity_price": known.electricity_usd_per_kwh,
        "rent_price": known.rent_usd_per_h,
        "wue_l_per_kwh": known.wue_l_per_kwh,
        "grid_water_l_per_kwh": known.grid_water_l_per_kwh,
        "hardware_kgco2e": known.embodied_kgco2e_per_h,
        "accelerator_purchase_usd": known.purchase_usd_per_h,
        "service_life_h": 1.0,
        "utilisation": 1.0,
    }
    walk(CONSEQUENCES, values)
    return values


def _cost(found: Mapping[str, Num | None]) -> tuple[Num | None, str]:
    """Return the cost and what it counts: the rent of rented hardware, else a share of the purchase and the electricity."""
    for name, basis in (("rent_usd", CostBasis.RENT), ("own_usd", CostBasis.OWN), ("electricity_usd", CostBasis.ELECTRICITY)):
        if found[name] is not None:
            return found[name], basis
    return None, ""


def mfu_of(*, tokens: float, flop_per_token: float, accelerator_hours_h: float, peak_flop_per_s: Num) -> float | None:
    """Return the end-to-end utilisation that *tokens* in *accelerator_hours_h* make, None where nothing was done yet.

    Args:
        tokens: Tokens trained on. [1]
        flop_per_token: Model FLOP of one. [FLOP]
        accelerator_hours_h: Wall-clock by accelerators. [h]
        peak_flop_per_s: Dense peak of one accelerator. [FLOP/s]
    """
    flop = tokens * flop_per_token
    peak = median_of(peak_flop_per_s)
    if not (flop > 0.0 and accelerator_hours_h > 0.0 and peak > 0.0):
        return None
    return float(implied_mfu(compute_flop=flop, peak_flop_per_s=peak, accelerator_hours_h=accelerator_hours_h))


def uncertain_from(stated: Mapping[str, float], *, name: str) -> Uncertain:
    """Return the value whose 90 % interval a record states; its spread is called *name*."""
    low, median, high = stated["low"], stated["median"], stated["high"]
    if not 0.0 < low <= median <= high:
        return Uncertain(median)
    return Uncertain(median, {name: Uncertain.from_interval(low, high, name=name).sigma})


def counted_j(parts: Mapping[str, Part]) -> float:
    """Return the joules of *parts* together, each counted once: a metered server covers all its parts."""
    return sum(float(median_of(part.energy_j)) for part in _without_double_counts(parts)[0].values())


def _without_double_counts(parts: Mapping[str, Part]) -> tuple[Mapping[str, Part], str]:
    """Return the parts that add up to the machine, and a note where a meter is left out: a metered server covers all its parts."""
    server = parts.get("server")
    if server is None:
        return parts, ""
    if median_of(server.energy_j) >= sum(median_of(part.energy_j) for name, part in parts.items() if name not in ("server", "other")):
        return {"server": server}, ""
    return {name: part for name, part in parts.items() if name != "server"}, "ignored the meter of the server: it shows less than its parts"


def _metered(parts: Mapping[str, Part], known: Coefficients) -> tuple[Num, dict[str, float]]:
    """Return the joules of *parts*, and the kWh of them by how they are known."""
    total: Num = 0.0
    sources = {"measured": 0.0, "modelled": 0.0}
    for name, part in parts.items():
        is_modelled = part.how in (EnergySource.MODELLED, EnergySource.ASSUMED)
        factor = Uncertain(1.0, {f"{name} model" if is_modelled else f"{name} meter": part.sigma} if part.sigma else None)
        total = total + (factor if is_modelled or known.meter is None else factor * known.meter) * part.energy_j
        if part.how != EnergySource.ASSUMED:  # what is assumed is what the others leave of the whole
            sources["modelled" if is_modelled else "measured"] += median_of(part.energy_j) / J_PER_KWH
    return (total if total.__class__ is Uncertain else Uncertain(total)), sources


def _unmetered(parts: Mapping[str, Part], hours: Num, known: Coefficients) -> tuple[Num, str]:
    """Return the joules of the machine that no meter covers, as an assumption, or a note where they are unknown."""
    if "server" in parts:
        return Uncertain(0.0), ""
    if known.host_w is None or median_of(hours) <= 0.0:
        if "cpu" in parts and parts["cpu"].how == EnergySource.MODELLED:
            return Uncertain(0.0), ""  # the model of a processor includes its share of the server
        missing = [name for name in _HOST_PARTS if name not in parts]
        what = f"{' and '.join(missing)}, fans, disks and power supply" if missing else "fans, disks and power supply"
        return Uncertain(0.0), f"the energy of {what} is unknown on this machine and not included"
    metered_j = sum((parts[name].energy_j for name in (*_HOST_PARTS, "other") if name in parts), 0.0)
    share = known.host_rest_share if known.host_rest_share is not None else 0.0
    rest_j = unmetered_j(host_j=known.host_w * hours * S_PER_H, metered_j=metered_j, rest_share=share)
    return (rest_j if rest_j.sigma <= _MOST_SIGMA else Uncertain(rest_j.median, {"host": _MOST_SIGMA})), ""
