"""Plausibility of what other programs state: the one place that sets impossible values aside, each with the unit that was probably meant.

The energy of a part must lie between what its devices draw idle and what they can draw, see :mod:`traincarbon.readers.limits`.
Times, counts, rates and carbon have bounds that no training reaches.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from traincarbon.ledger.run import Run
from traincarbon.quantities import J_PER_KWH, S_PER_DAY, S_PER_H, Part
from traincarbon.readers.limits import LEAST_NODE_W, MOST_NODE_W, REST_OF_NODE_W, Limits, accelerator_limits, processor_limits

J_PER_UNIT = {"mJ": 1e-3, "J": 1.0, "kJ": 1e3, "Wh": 3600.0, "kWh": J_PER_KWH, "MWh": 3.6e9, "GWh": 3.6e12}
MOST_KG_PER_KWH = 3.0
"""More CO2e than the electricity of any grid has; the dirtiest has about 1.2."""
LEAST_KG_PER_KWH = 5e-4
"""Less than any grid has that emits anything; hydropower has about 1 g/kWh of direct emissions."""
MOST_FLOP_PER_S = 3e17
"""More than any accelerator computes, wafers included."""
MOST_DURATION_S = 3.0 * 365.25 * S_PER_DAY
"""Longer than any training takes."""

_MOST_DEVICES = 1_000_000
"""No training has as many accelerators or servers; the largest published ones have two hundred thousand."""
_MOST_PARAMS, _MOST_TOKENS = 1e15, 1e17
_LEAST_METERED_S = 60.0
"""A shorter run may end between two readings, so too little energy says nothing."""
_MOST_PUE = 3.0
_MOST_GPUS_OF_A_NODE = 16
_TOTALS = ("facility_energy_kwh", "operational_kgco2e")


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a reader knows of its energies."""

    cpu: str = ""
    """The processor's name, empty if it is unknown."""
    unit: str = "kWh"
    """The unit in which the file states energy, a key of :data:`J_PER_UNIT`."""
    whole_includes_gpus: bool = True
    """Whether energy of no known part is that of everything, with the accelerators; else it may be that of the processors alone."""
    has_floor: bool = True
    """Whether the devices were the run's alone, so that it has at least their idle power; a share of a device may be less."""


class Fault(NamedTuple):
    """A value that cannot be.

    Attributes:
        field: The part of the energy, or the field of the record.
        text: What it is and which unit was probably meant.
    """

    field: str
    text: str


def faults_of(record: Run, basis: Basis) -> list[Fault]:
    """Return the values of a record that no machine can have.

    Raises:
        ValueError: its duration cannot be, so that nothing of the run can be used.
    """
    if record.duration_s > MOST_DURATION_S:
        raise ValueError(f"it took {record.duration_s / S_PER_DAY:,.0f} days, which no training does; is its time in milliseconds?")
    return [*_counts(record), *_energies(record, basis), *_facility(record), *_carbon(record), *_rates(record)]


def without_impossible(record: Run, basis: Basis) -> Run:
    """Return the record without what cannot be: each such value is unknown, with the reason, and totals that include one are unknown too.

    Raises:
        ValueError: its duration cannot be, so that nothing of the run can be used.
    """
    faults = faults_of(record, basis)
    if not faults:
        return record
    parts = {fault.field: fault.text for fault in faults if fault.field in record.energy_j}
    others = {fault.field: fault.text for fault in faults if fault.field not in parts}
    notes = [f"no energy of {part}: {text}" for part, text in parts.items()] + [f"without {field}: {text}" for field, text in others.items()]
    unknown: dict[str, Any] = dict.fromkeys([*others, *(_TOTALS if parts else ())])
    unknown |= {"nodes": 1} if "nodes" in others else {}
    unknown |= {"counts": {}} if "tokens" in others else {}
    return replace(
        record,
        energy_j={part: None if part in parts else energy_j for part, energy_j in record.energy_j.items()},
        how={part: how for part, how in record.how.items() if part not in parts},
        missing={**record.missing, **parts},
        notes=tuple(dict.fromkeys([*record.notes, *notes])),
        by_device=tuple(use for use in record.by_device if use.part not in parts),
        **unknown,
    )


def _counts(record: Run) -> Iterator[Fault]:
    for field, count in (("accelerators", record.accelerators), ("nodes", record.nodes)):
        if count is not None and not 0 <= count <= _MOST_DEVICES:
            yield Fault(field, f"{count:,} is no count that a training can have")
    for field, number, most in (("params", record.params, _MOST_PARAMS), ("tokens", record.tokens, _MOST_TOKENS)):
        if number is not None and number > most:
            yield Fault(field, f"{number:.3g} is more than any training has; is a factor of a thousand too much in it?")
    if record.mfu is not None and record.mfu > 1.0:
        yield Fault("mfu", f"{record.mfu:g} is not a share; write 0.45 for 45 %")


def power_bounds(record: Run, basis: Basis) -> Limits:
    """Return what the devices of the one part draw of which a record states energy; records with the same devices have the same bounds."""
    ((_, _, limits),) = _bounded(record, basis)
    return limits


def _energies(record: Run, basis: Basis) -> Iterator[Fault]:
    for part, energy_j, limits in _bounded(record, basis):
        if text := _contradiction(record, energy_j, limits, basis):
            yield Fault(part, text)


def _bounded(record: Run, basis: Basis) -> Iterator[tuple[str, float, Limits]]:
    """Yield each part whose energy a record states, with that energy in joules and what its devices draw."""
    known_j = {part: energy_j for part, energy_j in record.energy_j.items() if energy_j}
    gpu = accelerator_limits(record.hw) if known_j else Limits(0.0, 0.0)
    for part, energy_j in known_j.items():
        yield part, energy_j, _limits(part, record.accelerators or gpu.number, max(record.nodes, 1), gpu, basis, alone=len(known_j) == 1)


def _limits(part: str, number: int | None, nodes: int, gpu: Limits, basis: Basis, *, alone: bool) -> Limits:
    """Return what all devices of a part draw together."""
    gpus_w = (number or nodes * _MOST_GPUS_OF_A_NODE) * gpu.most_w
    if part == Part.GPU:
        shown = f"{number:,} × {gpu.name or 'GPU'}" if number else gpu.name or "the GPUs of a server"
        return Limits((number or 1) * gpu.least_w if basis.has_floor else 0.0, gpus_w, shown)
    if part == Part.CPU:
        cpu = processor_limits(basis.cpu)
        return Limits(
            0.0, nodes * cpu.most_w, f"the {cpu.name or 'processors of a server'}" if nodes == 1 else f"{nodes:,} servers with {cpu.name or 'processors'}"
        )
    if part != Part.OTHER:
        return Limits(0.0, nodes * REST_OF_NODE_W, f"{nodes:,} {'server' if nodes == 1 else 'servers'}")
    if number and gpu.name:
        least_w = number * gpu.least_w if basis.whole_includes_gpus else nodes * LEAST_NODE_W
        servers = max(nodes, math.ceil(number / 4))
        return Limits(least_w if basis.has_floor and alone else 0.0, gpus_w + servers * REST_OF_NODE_W, f"a machine with {number:,} × {gpu.name}")
    devices = max(number or 0, nodes)
    least_w = (devices if basis.whole_includes_gpus else nodes) * LEAST_NODE_W
    return Limits(
        least_w if basis.has_floor and alone else 0.0, devices * MOST_NODE_W, f"{devices:,} {'server' if devices == 1 else 'servers or accelerators'}"
    )


def _contradiction(record: Run, energy_j: float, limits: Limits, basis: Basis) -> str:
    """Return why an energy cannot be, empty if it can."""
    metered_s = max(record.duration_s - record.gaps_s, 1.0)
    power_w = energy_j / metered_s
    least_w = limits.least_w if record.duration_s >= _LEAST_METERED_S else 0.0
    if least_w <= power_w <= limits.most_w:
        return ""
    bound = f"at most {_power(limits.most_w)}" if power_w > limits.most_w else f"at least {_power(least_w)}, idle"
    stated = f"{energy_j / J_PER_UNIT[basis.unit]:,.6g} {basis.unit} in {_time(metered_s)} is {_power(power_w)}"
    return f"{stated}; {limits.name} draws {bound}; is it in {_meant(energy_j, metered_s, limits, basis.unit)}?"


def _meant(energy_j: float, metered_s: float, limits: Limits, unit: str) -> str:
    """Return the unit that brings an energy nearest to what can be, the most usual one first."""
    order = sorted(J_PER_UNIT, key=lambda each: abs(math.log(J_PER_UNIT[each] / J_PER_UNIT[unit])))
    usual = ["Wh", "J", "kWh", "MWh", "kJ", *order]
    low_w, high_w = max(limits.least_w, 1e-3 * limits.most_w), limits.most_w

    def distance(other: str) -> float:
        power_w = energy_j * J_PER_UNIT[other] / J_PER_UNIT[unit] / metered_s
        return max(math.log(low_w / power_w), math.log(power_w / high_w), 0.0)

    return min((other for other in usual if other != unit), key=distance)


def _facility(record: Run) -> Iterator[Fault]:
    facility_kwh = (record.facility_energy_kwh or {}).get("median")
    if not facility_kwh:
        return
    devices = max(record.nodes, record.accelerators or 0, 1)
    power_w = facility_kwh * J_PER_KWH / max(record.duration_s, 1.0)
    if power_w > devices * MOST_NODE_W * _MOST_PUE:
        text = f"{facility_kwh:,.6g} kWh in {_time(record.duration_s)} is {_power(power_w)}, more than {devices:,} servers or accelerators draw; is it in Wh?"
        yield Fault("facility_energy_kwh", text)
        yield Fault("operational_kgco2e", "it follows from that energy")


def _carbon(record: Run) -> Iterator[Fault]:
    co2e_kg = (record.operational_kgco2e or {}).get("median")
    energy_kwh = (record.facility_energy_kwh or {}).get("median") or record.metered_kwh
    if not co2e_kg or not energy_kwh:
        return
    intensity = co2e_kg / energy_kwh
    stated = f"{co2e_kg:.4g} kg from {energy_kwh:.4g} kWh is {intensity:.3g} kg/kWh"
    if intensity > MOST_KG_PER_KWH:
        yield Fault("operational_kgco2e", f"{stated}, more than any grid has; is it in grams?")
    elif intensity < LEAST_KG_PER_KWH:
        yield Fault("operational_kgco2e", f"{stated}, less than any grid has; is it in tonnes?")


def _rates(record: Run) -> Iterator[Fault]:
    if not (record.params and record.tokens and record.accelerators and record.duration_s):
        return
    rate = 6.0 * record.params * record.tokens / (record.duration_s * record.accelerators)
    if rate > MOST_FLOP_PER_S:
        yield Fault(
            "tokens",
            f"{record.params:g} parameters and {record.tokens:g} tokens in {record.duration_s / S_PER_H:g} h are {rate:.2g} FLOP/s per accelerator,"
            " more than any can do; are these hours of wall-clock time?",
        )


def _power(power_w: float) -> str:
    for size, unit in ((1e9, "GW"), (1e6, "MW"), (1e4, "kW")):
        if power_w >= size:
            return f"{power_w / (1e3 if unit == 'kW' else size):.3g} {unit}"
    return f"{power_w:,.3g} W" if power_w < 1000.0 else f"{power_w:,.0f} W"


def _time(duration_s: float) -> str:
    return f"{duration_s / S_PER_H:.3g} h" if duration_s >= S_PER_H else f"{duration_s:.3g} s"
