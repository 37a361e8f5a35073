"""How the amounts of a record follow from each other: the same steps write an audit export and check it."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from traincarbon.decode import decode, interval, items, number, table
from traincarbon.formulas.carbon import operational_kgco2e
from traincarbon.quantities import J_PER_KWH, S_PER_H

_ROUNDING = 2e-3
"""Share by which amounts with four digits, added up over sessions, may differ from what follows from them."""
_EXACT = 1e-12


class Step(NamedTuple):
    """One step: an amount that follows from others.

    Attributes:
        name: The amount.
        formula: How it follows, in words of arithmetic.
        inputs: What goes in.
        value: What comes out.
        stated: What the record states, None if it does not.
        unit: The unit of the amount.
        tolerance: Share by which the two may differ.
    """

    name: str
    formula: str
    inputs: Mapping[str, float]
    value: float
    stated: float | None
    unit: str
    tolerance: float

    @property
    def agrees(self) -> bool:
        """Whether what comes out is what the record states."""
        return self.stated is None or math.isclose(self.value, self.stated, rel_tol=self.tolerance, abs_tol=1e-15)


class _Link(NamedTuple):
    name: str
    formula: str
    inputs: Callable[[Mapping[str, object]], Mapping[str, float | None]]
    value: Callable[..., float]
    stated: Callable[[Mapping[str, object]], float | None]
    unit: str
    tolerance: float


def derive(record: Mapping[str, object]) -> list[Step]:
    """Return the steps of a record in the schema ``traincarbon/run/1``; a step whose inputs are not all known is left out."""
    steps = []
    for link in _LINKS:
        inputs = {name: value for name, value in link.inputs(record).items() if value is not None}
        if len(inputs) == len(link.inputs(record)) and inputs:
            steps.append(Step(link.name, link.formula, inputs, link.value(**inputs), link.stated(record), link.unit, link.tolerance))
    return steps


def steps_of(stated: object) -> list[Step]:
    """Return the steps that a file states.

    Raises:
        CarbonError: it states something else.
    """
    return [decode(Step, step, where="derivation") for step in items(stated)]


def _site(record: Mapping[str, object], name: str) -> float | None:
    return number(table(record.get("site")).get(name))


def _median(record: Mapping[str, object], name: str) -> float | None:
    found = interval(record.get(name))
    return None if found is None else float(found.median)


def _parts(record: Mapping[str, object]) -> Mapping[str, float | None]:
    return {f"{name}_j": value for name, stated in table(record.get("energy_j")).items() if (value := number(stated)) is not None}


def _of_hours(name: str) -> Callable[[Mapping[str, object]], Mapping[str, float | None]]:
    def inputs(record: Mapping[str, object]) -> Mapping[str, float | None]:
        return {str(index): number(table(row).get(name)) for index, row in enumerate(items(record.get("hours")))}

    return inputs


def _sum(**parts: float) -> float:
    return math.fsum(parts.values())


def _metered(record: Mapping[str, object]) -> float | None:
    parts: Sequence[float] = [value for value in _parts(record).values() if value is not None]
    return sum(parts) / J_PER_KWH if parts else None


def _it(record: Mapping[str, object]) -> float | None:
    facility, pue = _median(record, "facility_energy_kwh"), _site(record, "pue")
    return None if facility is None or pue is None else facility / pue


_LINKS = (
    _Link("metered_energy_kwh", "sum of the parts / 3.6e6", _parts, lambda **parts: sum(parts.values()) / J_PER_KWH, _metered, "kWh", _EXACT),
    _Link("metered_energy_kwh", "sum of the hours", _of_hours("metered_energy_kwh"), _sum, _metered, "kWh", _EXACT),
    _Link("it_energy_kwh", "sum of the hours", _of_hours("it_energy_kwh"), _sum, _it, "kWh", _EXACT),
    _Link(
        "it_energy_kwh",
        "facility_energy_kwh / pue",
        lambda record: {"facility_energy_kwh": _median(record, "facility_energy_kwh"), "pue": _site(record, "pue")},
        lambda *, facility_energy_kwh, pue: facility_energy_kwh / pue,
        lambda record: None,  # noqa: ARG005  a record states it by hour alone
        "kWh",
        _EXACT,
    ),
    _Link(
        "operational_kgco2e",
        operational_kgco2e.equation,
        lambda record: {
            "facility_energy_kwh": _median(record, "facility_energy_kwh"),
            "intensity_gco2e_per_kwh": _site(record, "carbon_intensity"),
        },
        lambda **inputs: float(operational_kgco2e(**inputs)),
        lambda record: _median(record, "operational_kgco2e"),
        "kg CO2e",
        _ROUNDING,
    ),
    _Link(
        "scope2_location_kgco2e",
        "operational_kgco2e × direct_intensity / carbon_intensity",
        lambda record: {
            "operational_kgco2e": _median(record, "operational_kgco2e"),
            "part": _site(record, "direct_intensity"),
            "whole": _site(record, "carbon_intensity"),
        },
        lambda *, operational_kgco2e, part, whole: operational_kgco2e * part / whole if whole else 0.0,
        lambda record: None,  # noqa: ARG005  a disclosure states it
        "kg CO2e",
        _EXACT,
    ),
    _Link(
        "accelerator_hours_h",
        "accelerators × duration_s / 3600",
        lambda record: {"accelerators": number(record.get("accelerators")), "duration_s": number(record.get("duration_s"))},
        lambda *, accelerators, duration_s: accelerators * duration_s / S_PER_H,
        lambda record: None,  # noqa: ARG005  a disclosure states it
        "h",
        _EXACT,
    ),
)
