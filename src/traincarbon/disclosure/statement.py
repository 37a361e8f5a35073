"""The neutral model of a disclosure: what a training took, how that is known, and what is missing, whatever the format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from traincarbon.disclosure.by_hour import RunByHour
from traincarbon.disclosure.market import MarketFigure
from traincarbon.quantities import G_PER_KG
from traincarbon.uncertain import Interval


class Boundary(StrEnum):
    """What an energy counts."""

    ACCELERATOR = "accelerator"
    """The accelerators alone."""
    IT = "it"
    """Servers and network."""
    FACILITY = "facility"
    """The whole facility, with cooling and the losses of its power supply."""


AGREE = 0.3
"""Up to this deviation two counts of compute agree, by the guidelines on general-purpose AI."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute:
    """The compute of a training by the two methods of the guidelines on general-purpose AI; None where one cannot be made. [FLOP]."""

    by_architecture: Interval | None = None
    """From parameters and tokens, or the shape of the model."""
    by_hardware: Interval | None = None
    """From accelerator-hours, the peak rate and a utilisation that does not come from the other count."""
    utilisation: float | None = None
    """The share of the peak in the count by hardware, a median. [1]"""
    how: str = ""
    """How the count by architecture was made: ``6nd``, ``exact``, ``stated`` or ``per_sample``."""

    @property
    def flop(self) -> Interval | None:
        """The count to state: by architecture where it is known."""
        return self.by_architecture or self.by_hardware

    @property
    def ratio(self) -> float | None:
        """The count by hardware over that by architecture, None unless both are known. [1]."""
        if self.by_architecture is None or self.by_hardware is None:
            return None
        return float(self.by_hardware.median / self.by_architecture.median)

    @property
    def agrees(self) -> bool | None:
        """Whether the two counts deviate by 30 % at most; None unless both are known."""
        return None if self.ratio is None else abs(self.ratio - 1.0) <= AGREE

    def to_dict(self) -> dict[str, Any]:
        """Return it fit for JSON."""
        counts = {"by_architecture_flop": self.by_architecture, "by_hardware_flop": self.by_hardware}
        stated = {name: None if count is None else count.to_dict() for name, count in counts.items()}
        return {**stated, "how": self.how, "utilisation": self.utilisation, "ratio": self.ratio, "agrees": self.agrees}


RESULTS = (
    "accelerator_hours_h",
    "duration_s",
    "accelerator_energy_kwh",
    "it_energy_kwh",
    "facility_energy_kwh",
    "operational_kgco2e",
    "scope2_location_kgco2e",
    "scope2_market_kgco2e",
    "scope3_upstream_kgco2e",
    "embodied_kgco2e",
    "total_kgco2e",
    "water_l",
)
"""The amounts of a statement, each an interval or None."""

INTENSITY_OF_HOURS = "carbon intensity of each hour"
"""What is missing where it was asked for and no service knew it of every hour."""
UNFINISHED = ("the rest of the run", "nodes")
"""What may be missing of a run so that all of its amounts are too low."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one run took, or one plan is expected to take. What is not known is None, with the reason in ``missing``."""

    subject: str
    """The id of the run, or the name of the plan."""
    is_estimate: bool
    """Whether nothing of it was measured, as it is a plan."""
    model: str = ""
    params: float | None = None
    active_params: float | None = None
    """Parameters that a token passes through, where they are fewer; None where all are."""
    tokens: float | None = None
    is_fine_tuning: bool = False
    state: str = ""
    """The state of a run, empty for a plan."""
    began: str = ""
    """ISO 8601, UTC; empty where it is not known, as the end."""
    ended: str = ""
    hardware: str = ""
    accelerator: str = ""
    accelerators: float | None = None
    nodes: int | None = None
    is_rented: bool | None = None
    """Whether the hardware is rented, None if that is not known."""
    is_tenure_assumed: bool = False
    """Whether nothing but its cloud tells that it is rented."""
    cloud: str = ""
    """Who rents it out, empty where that is not known or it is one's own."""
    base_model: str = ""
    """The model that is fine-tuned, by its name on the Hub; empty for a training from scratch, and where that is not known."""
    place: str = ""
    country: str = ""
    """The zone of the grid, whose first two letters are the country."""
    pue: float | None = None
    pue_source: str = ""
    """Where the overhead of the facility is from."""
    intensity_gco2e_per_kwh: float | None = None
    basis: str = ""
    """What the intensity and the operational emissions count: ``lifecycle`` or ``direct``, empty if that is not known."""
    compute: Compute = field(default_factory=Compute)
    results: Mapping[str, Interval | None]
    """The amounts of :data:`RESULTS`."""
    shares: Mapping[str, float]
    """Shares of the energy of the facility that are ``measured``, ``modelled`` and ``assumed``; empty where it is not known."""
    level: float = 0.9
    meters: tuple[str, ...] = ()
    """How each part was metered, as ``gpu: counted by the hardware``."""
    attempts: tuple[Mapping[str, Any], ...] = ()
    missing: Mapping[str, str]
    """What is missing, with the reason."""
    assumptions: tuple[str, ...] = ()
    """What was assumed of the energy, each with its value."""
    notes: tuple[str, ...] = ()
    """What the record of a run notes."""
    versions: Mapping[str, str] = field(default_factory=dict)
    market: tuple[MarketFigure, ...] = ()
    """Market figures of the place, for who states no contract."""
    by_hour: RunByHour | None = None
    """The run by hour and zone, None for a plan."""

    def result(self, name: str) -> Interval | None:
        """Return an amount of :data:`RESULTS`."""
        return self.results.get(name)

    @property
    def energy_kwh(self) -> dict[Boundary, Interval | None]:
        """The energy by boundary."""
        return {boundary: self.result(f"{boundary}_energy_kwh") for boundary in Boundary}

    @property
    def widest(self) -> tuple[Boundary, Interval] | None:
        """The energy with the widest boundary that is known."""
        return next(((boundary, energy) for boundary, energy in reversed(self.energy_kwh.items()) if energy is not None), None)

    @property
    def hourly_kgco2e(self) -> Interval | None:
        """The emissions of the electricity with the intensity of each hour, None unless one at least is that of its hour and all are known. [kg]."""
        facility, by_hour = self.result("facility_energy_kwh"), self.by_hour
        if facility is None or by_hour is None or not by_hour.n_by_hour or by_hour.mean_gco2e_per_kwh is None:
            return None
        return Interval(*(bound * by_hour.mean_gco2e_per_kwh / G_PER_KG for bound in facility))

    @property
    def unfinished(self) -> str:
        """Why the figures are not those of the whole training, as the run is still going or nodes are missing; empty where they are."""
        return "; ".join(self.missing[part] for part in UNFINISHED if part in self.missing)

    @property
    def failed_attempts(self) -> int:
        """Attempts that ended before the training was over."""
        return sum(1 for attempt in self.attempts if attempt.get("state") not in ("finished", "running"))

    def to_dict(self) -> dict[str, Any]:
        """Return it fit for JSON."""
        stated = {item.name: getattr(self, item.name) for item in fields(self)}
        results = {name: None if (result := self.result(name)) is None else result.to_dict() for name in RESULTS}
        lists = {name: list(stated[name]) for name in ("meters", "assumptions", "notes")}
        attempts = [dict(attempt) for attempt in self.attempts]
        maps = {name: dict(stated[name]) for name in ("shares", "missing", "versions")}
        by_hour = None if self.by_hour is None else self.by_hour.to_dict()
        return {
            **stated,
            "compute": self.compute.to_dict(),
            "results": results,
            **lists,
            **maps,
            "attempts": attempts,
            "market": [each._asdict() for each in self.market],
            "by_hour": by_hour,
        }


def summed(statements: Sequence[Statement], name: str) -> Interval | None:
    """Return the sum of an amount over *statements*, its bounds added as if all erred together; None if one does not know it."""
    amounts = [statement.result(name) for statement in statements]
    known = [amount for amount in amounts if amount is not None]
    return Interval(*map(sum, zip(*known, strict=True))) if known and len(known) == len(amounts) else None
