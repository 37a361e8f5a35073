"""The record of a run: what was measured, what is missing, and what it came to."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from traincarbon.decode import number
from traincarbon.ledger.attempts import Attempt
from traincarbon.ledger.bills import Billed
from traincarbon.ledger.half_letters import has_halves, without_halves
from traincarbon.ledger.hours import HourUse, to_rows
from traincarbon.ledger.phases import Phase
from traincarbon.ledger.run_energy import DeviceUse, energy_by_source, facility_shares, measured_j
from traincarbon.ledger.warm_up import WarmUp
from traincarbon.ledger.waste import NO_WASTE, Waste
from traincarbon.quantities import J_PER_KWH, EnergySource

RUN_SCHEMA = "traincarbon/run/1"

_NOT_PUBLISHED = ("restarts", "signal", "counts", "by_device", "cost_basis", "unread_gpu")


class SecondOpinion(NamedTuple):
    """What another record states of the same energy.

    Attributes:
        run_id: The other record.
        source: The program that made it.
        energy_j: Its energy, over the parts that both records state. [J]
        difference: By which share that is more than this record's; None if this one's is unknown. [1]
    """

    run_id: str
    source: str
    energy_j: float
    difference: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run: what was measured, what is missing and why, and its results. What is not known is None, never 0."""

    run_id: str
    project: str = ""
    argv: tuple[str, ...] = ()
    exit_code: int | None = None
    state: str
    started_at: str
    duration_s: float
    nodes: int = 1
    nodes_expected: int | None = None
    """Nodes of the run by its launcher, None if it is unknown."""
    hosts: tuple[str, ...] = ()
    """Names of its nodes in the ledger, which are hashes, in the order of their numbers."""
    accelerators: int | None = None
    hw: str = ""
    energy_j: dict[str, float | None]
    how: dict[str, EnergySource]
    missing: dict[str, str]
    gaps_s: float = 0.0
    samples: int = 0
    facility_energy_kwh: dict[str, float] | None = None
    operational_kgco2e: dict[str, float] | None = None
    embodied_kgco2e: dict[str, float] | None = None
    cost_usd: dict[str, float] | None = None
    tokens: float | None = None
    params: float | None = None
    mfu: float | None = None
    progress: Mapping[str, float] | None = None
    """What its script reported, see :mod:`traincarbon.ledger.reported`; None if that is nothing."""
    forecast: Mapping[str, Any] | None = None
    plan: Mapping[str, Any] | None = None
    versions: dict[str, str]
    launcher: Mapping[str, Any] | None = None
    """What launched it and what gave its id, see :mod:`traincarbon.ledger.launcher`."""
    site: Mapping[str, Any] | None = None
    """Where it ran, see :mod:`traincarbon.ledger.site`."""
    restarts: int = 0
    signal: int | None = None
    counts: dict[str, float]
    """Tokens, samples and steps that the script reported."""
    by_device: tuple[DeviceUse, ...] = ()
    phases: tuple[Phase, ...] = ()
    """What its script named, and the rest; they add up to the run. Empty if it named none."""
    attempts: tuple[Attempt, ...] = ()
    hours: tuple[HourUse, ...] = ()
    """Its energy by hour and zone, which adds up to it; empty where that is not known, as in an imported record."""
    waste: Waste = NO_WASTE
    warm_up: WarmUp | None = None
    """Its warm-up, None if its script reported too little or it was restarted."""
    shared_with: tuple[str, ...] = ()
    """Other runs that were metered on the same GPUs at the same time: each record has all of their energy."""
    source: str = ""
    """The format of the file that it was imported from, empty if it was tracked."""
    counted_in: str = ""
    """The run whose record states the same energy better, so that a total counts it there; empty if there is none."""
    second_opinions: tuple[SecondOpinion, ...] = ()
    """Other records of the same energy, which do not count."""
    notes: tuple[str, ...] = ()
    energy_covers: str = ""
    """``node`` if all energy together is that of whole servers, empty if that is not known, see :mod:`traincarbon.ledger.energy_coverage`."""
    billed: Billed | None = None
    """What bills say that it cost, None if none was joined to it."""
    unread_gpu: bool = False
    """Whether a GPU was there that no meter read, so that every total is unknown."""
    cost_basis: str = ""
    """What the cost counts, see :class:`traincarbon.quantities.CostBasis`; several, separated by semicolons, if its sessions counted differently."""

    @property
    def metered_kwh(self) -> float | None:
        """Energy of all parts that were metered or modelled, None if there is none, or if a GPU that was there is not among them."""
        known = [energy_j for energy_j in self.energy_j.values() if energy_j is not None]
        return sum(known) / J_PER_KWH if known and not self.unread_gpu else None

    @property
    def it_energy_kwh(self) -> float | None:
        """Energy of servers and network: that of the facility over its overhead; None where one of them is not stated."""
        pue = number((self.site or {}).get("pue"))
        return None if self.facility_energy_kwh is None or pue is None else self.facility_energy_kwh["median"] / pue

    @property
    def energy_by_source(self) -> dict[EnergySource, dict[str, float]]:
        """Each source with the energy of each part that is known by it [J]: of two GPUs, one may be counted and one assumed."""
        return energy_by_source(self.energy_j, self.how, self.by_device)

    @property
    def facility_shares(self) -> dict[str, float]:
        """Which shares of the energy of the facility are measured, modelled and assumed; empty where it is not known."""
        median_kwh = None if self.facility_energy_kwh is None else self.facility_energy_kwh["median"]
        return facility_shares(self.energy_by_source, facility_kwh=median_kwh)

    @property
    def measured_j(self) -> float:
        """Energy that devices stated [J]."""
        return measured_j(self.energy_j, self.how, self.by_device)

    def to_dict(self) -> dict[str, Any]:
        """Return the record in the schema ``traincarbon/run/1``, which other programs may rely on."""
        stated = {name: getattr(self, name) for name in _published()}
        return {"schema": RUN_SCHEMA, **stated, **{_PUBLISHED_AS.get(name, name): write(self) for name, write in _WRITTEN.items()}}

    def to_brief(self) -> dict[str, Any]:
        """Return what :meth:`to_dict` does without what is as by default, which is most of an imported record; :meth:`from_dict` reads both alike."""
        known = {"schema": RUN_SCHEMA, "energy_covers": self.energy_covers, **self._not_default()}
        return {_PUBLISHED_AS.get(name, name): _WRITTEN[name](self) if name in _WRITTEN else value for name, value in known.items() if name not in _UNREAD}

    def _repr_html_(self) -> str:
        from traincarbon.ledger.run_html import as_html

        return as_html(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:  # noqa: ARG002  IPython chooses among all of them
        from traincarbon.ledger.run_html import as_text
        from traincarbon.notebooks import mime_bundle

        return mime_bundle(text=as_text(self), html=self._repr_html_())

    @classmethod
    def from_dict(cls, stated: Mapping[str, object]) -> "Run":
        """Return the record that :meth:`to_dict` gave.

        Raises:
            CarbonError: it is not such a record, or a value in it is impossible.
        """
        from traincarbon.ledger.record_checks import checked_record  # a run that is tracked is not read from a file

        return cls(**checked_record(without_halves(dict(stated)) if has_halves(stated) else stated))

    def to_stored(self) -> dict[str, object]:
        """Return the fields that are not as by default, as JSON can hold them, for the index."""
        return self._not_default()

    def _not_default(self) -> dict[str, Any]:
        stated = zip(*_defaults(), _getter()(self), strict=True)
        return {name: value for name, default, value in stated if value is not default and value != default}

    @classmethod
    def from_stored(cls, stored: dict[str, Any]) -> "Run":
        """Return the record that :meth:`to_stored` gave."""
        how = {part: EnergySource(source) for part, source in stored["how"].items()}
        return cls(**{**stored, "how": how, **{name: read(stored[name]) for name, read in _STORED.items() if name in stored}})


_STORED: Mapping[str, Callable[[Any], object]] = {
    **dict.fromkeys(("argv", "hosts", "shared_with", "notes"), tuple),
    "by_device": lambda found: tuple(map(DeviceUse.from_stored, found)),
    "phases": lambda found: tuple(Phase(*phase) for phase in found),
    "attempts": lambda found: tuple(Attempt(*attempt) for attempt in found),
    "waste": lambda found: Waste(*found),
    "warm_up": lambda found: WarmUp(*found),
    "hours": lambda found: tuple(HourUse(*use) for use in found),
    "billed": lambda found: Billed(*found),
}
"""How fields are read from JSON that are neither numbers, texts nor tables of them."""


_WRITTEN: Mapping[str, Callable[[Run], object]] = {
    "how": lambda run: {part: source.value for part, source in run.how.items()},
    "argv": lambda run: list(run.argv),
    "hosts": lambda run: list(run.hosts),
    "shared_with": lambda run: list(run.shared_with),
    "notes": lambda run: list(run.notes),
    "by_device": lambda run: [use.to_dict() for use in run.by_device],
    "second_opinions": lambda run: [opinion._asdict() for opinion in run.second_opinions],
    "phases": lambda run: [phase._asdict() for phase in run.phases],
    "attempts": lambda run: [each.to_dict(timestamp) for each in run.attempts],
    "hours": lambda run: to_rows(run.hours, it_energy_kwh=run.it_energy_kwh),
    "waste": lambda run: run.waste.to_dict(),
    "warm_up": lambda run: None if run.warm_up is None else run.warm_up._asdict(),
    "billed": lambda run: None if run.billed is None else run.billed._asdict(),
}
"""How fields are published that are neither numbers, texts nor tables of them."""
_PUBLISHED_AS = {"by_device": "devices"}
"""The fields that have another name in a record."""
_UNREAD = frozenset(_NOT_PUBLISHED) - _PUBLISHED_AS.keys()
"""The fields that a record does not have."""


@lru_cache(maxsize=1)
def _defaults() -> tuple[tuple[str, ...], tuple[object, ...]]:
    """Return the names of all fields, and their default values; a field that has none is never as by default."""
    return tuple(item.name for item in fields(Run)), tuple(item.default for item in fields(Run))


@lru_cache(maxsize=1)
def _getter() -> Callable[[Run], tuple[object, ...]]:
    """Return what reads all fields of a record, in the same order."""
    return attrgetter(*_defaults()[0])


@lru_cache(maxsize=1)
def _published() -> tuple[str, ...]:
    """Return the fields that other programs may rely on."""
    return tuple(item.name for item in fields(Run) if item.name not in _NOT_PUBLISHED)


def timestamp(wall_s: float) -> str:
    """Return the instant as ISO 8601 in UTC, empty if no calendar has it."""
    try:
        whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(math.floor(wall_s)))
    except (OverflowError, ValueError, OSError):
        return ""
    return f"{whole}.{int(wall_s % 1 * 1e6):06d}Z"


def wall_clock_s(stated: str) -> float | None:
    """Return the instant [s] that :func:`timestamp` wrote, or that another program states in ISO 8601; None where it is no date.

    Example:
        >>> wall_clock_s("1970-01-02T00:00:00Z"), wall_clock_s("")
        (86400.0, None)
    """
    from datetime import UTC, datetime  # a run that is tracked is not read from a file

    try:
        moment = datetime.fromisoformat(stated)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
