"""The emissions of a run by hour and zone: its energy by hour, times the intensity of that hour where it is known, else that of the year."""

import math
import os
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from traincarbon.database.load import Database, open_database
from traincarbon.decode import number
from traincarbon.errors import CarbonError
from traincarbon.formatting import counted
from traincarbon.grid.intensities import Hourly, past_intensities, zones_of
from traincarbon.ledger.hours import parted
from traincarbon.ledger.run import Run
from traincarbon.ledger.site import checked_site
from traincarbon.quantities import G_PER_KG

SCHEMA = "traincarbon/hours/1"
BASES = ("lifecycle", "direct")
_YEARS = {"lifecycle": "carbon_intensity", "direct": "direct_intensity"}
"""What a record states for the year, by basis."""


class IntensityFrom(StrEnum):
    """Where the intensity of an hour comes from."""

    HOUR = "hour"
    """A service stated that of the hour."""
    YEAR = "year"
    """The record states that of the year."""


class HourEmissions(NamedTuple):
    """One hour of a run in one zone; None where something is not known.

    Attributes:
        hour: The beginning of the hour in ISO 8601, UTC.
        zone: The zone of the grid, empty where the record does not state the place.
        metered_energy_kwh: What was metered. [kWh]
        it_energy_kwh: The energy of servers and network. [kWh]
        facility_energy_kwh: That of the facility. [kWh]
        intensity_gco2e_per_kwh: The carbon intensity of the grid. [g/kWh]
        intensity_from: Where that comes from.
        kgco2e: The emissions of the electricity. [kg]
    """

    hour: str
    zone: str
    metered_energy_kwh: float
    it_energy_kwh: float | None
    facility_energy_kwh: float | None
    intensity_gco2e_per_kwh: float | None
    intensity_from: IntensityFrom | None
    kgco2e: float | None


class RunByHour(NamedTuple):
    """A run by hour.

    Attributes:
        run_id: The run.
        basis: What the intensities count: ``lifecycle`` or ``direct``; empty where that is not known.
        hours: Its hours in order; empty where they are not known.
        services: The services that stated intensities, each with its own names of the zones.
        notes: What the reader has to know, and why something is missing.
    """

    run_id: str
    basis: str
    hours: tuple[HourEmissions, ...]
    services: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def kgco2e(self) -> float | None:
        """The emissions of the electricity, None if those of an hour are not known. [kg]."""
        return self.total("kgco2e")

    @property
    def mean_gco2e_per_kwh(self) -> float | None:
        """The mean intensity of the electricity by its use, None if that of an hour is not known. [g/kWh]."""
        energy_kwh = self.total("facility_energy_kwh")
        return None if not energy_kwh or self.kgco2e is None else self.kgco2e / energy_kwh * G_PER_KG

    @property
    def n_by_hour(self) -> int:
        """How many hours have an intensity of their own."""
        return sum(each.intensity_from is IntensityFrom.HOUR for each in self.hours)

    def total(self, name: str) -> float | None:
        """Return the sum of an amount over all hours, None if one of them does not know it."""
        values = [getattr(each, name) for each in self.hours]
        return None if not values or None in values else math.fsum(values)

    def to_dict(self) -> dict[str, Any]:
        """Return it fit for JSON, in the schema ``traincarbon/hours/1``."""
        amounts = ("metered_energy_kwh", "it_energy_kwh", "facility_energy_kwh", "kgco2e")
        return {
            "schema": SCHEMA,
            "run_id": self.run_id,
            "basis": self.basis,
            "services": list(self.services),
            "hours": [each._asdict() for each in self.hours],
            "total": {name: self.total(name) for name in amounts},
            "notes": list(self.notes),
        }


def run_by_hour(
    run: Run,
    *,
    live: bool = False,
    basis: str | None = None,
    service: str | None = None,
    grid_zone: str = "",
    database: Database | None = None,
    environment: Mapping[str, str] = os.environ,
) -> RunByHour:
    """Return the energy of a run by hour and zone, with the emissions of its electricity.

    Without *live* nothing touches the network: each hour has the intensity of the year that the record states.
    With it, a service is asked for those hours that were not answered before; what it does not know keeps the year's figure, and a note says so.

    Args:
        run: The record.
        live: Ask the services of carbon intensities.
        basis: What the intensities count, ``lifecycle`` or ``direct``; by default that of the record.
        service: Ask this service alone.
        grid_zone: What the service calls the zone of the run, where that does not follow from the place.
        database: The facts; by default the built-in ones with the user's own.
        environment: Where tokens and addresses of services come from.

    Raises:
        CarbonError: the basis or the service is not known, or httpx is not installed.
    """
    site = checked_site(run.site) or {}
    basis = _basis(basis, site, live=live)
    if not run.hours:
        return RunByHour(run.run_id, basis, (), (), (why_no_hours(run),))
    notes: list[str] = []
    found: dict[str, Hourly] = {}
    if live:
        database = database if database is not None else open_database()
        for zone in dict.fromkeys(use.zone for use in run.hours):
            zones = zones_of(zone, str(site.get("region") or "") if zone == site.get("zone") else "", database)
            wanted = [use.hour for use in run.hours if use.zone == zone]
            answer = past_intensities(
                zones, wanted, basis=basis or "lifecycle", database=database, service=service, grid_zone=grid_zone, environment=environment
            )
            notes += answer.notes
            if answer.hourly is not None:
                found[zone] = answer.hourly
    bases = {hourly.basis for hourly in found.values()} or {basis}
    if len(bases) > 1:
        notes.append("the services state intensities on different bases, which are not added: name one with --service")
        found, bases = {}, {basis}
    (basis,) = bases
    hours = _hours(run, found, _of_year(site, basis))
    if run.state == "running":
        notes.append("the run is still going: these are its hours so far")
    services = tuple(dict.fromkeys(f"{hourly.service}: {hourly.zone}" for hourly in found.values()))
    return RunByHour(run.run_id, basis, hours, services, tuple(dict.fromkeys([*notes, *_coverage(hours, basis, live=live)])))


def basis_of_scope2(run: Run) -> str | None:
    """Return ``direct``, which is what Scope 2 counts, where the record states the direct intensity of the year; else None, for that of the record."""
    return "direct" if _of_year(checked_site(run.site) or {}, "direct") is not None else None


def why_no_hours(run: Run) -> str:
    """Return why a record has no energy by hour."""
    if run.source:
        return f"the record was imported from {run.source}, which states no energy by hour"
    if run.unread_gpu:
        return "a GPU was there that no meter read: the energy of the run is not known, nor that of its hours"
    return "nothing was metered" if run.metered_kwh is None else "its journals do not tell in which hours the energy was used"


def _basis(asked: str | None, site: Mapping[str, object], *, live: bool) -> str:
    if asked is not None and asked not in BASES:
        raise CarbonError(f"unknown basis {asked[:40]!r}", hint=f"one of {', '.join(BASES)}")
    return asked or str(site.get("basis") or "") or ("lifecycle" if live else "")


def _of_year(site: Mapping[str, object], basis: str) -> float | None:
    """Return the intensity of the year on *basis*, None if the record does not state it."""
    stated = str(site.get("basis") or "")
    own = number(site.get("carbon_intensity"))
    if basis in ("", stated):
        return own
    return number(site.get(_YEARS[basis])) if basis == "direct" else None


def _hours(run: Run, found: Mapping[str, Hourly], of_year: float | None) -> tuple[HourEmissions, ...]:
    weights = [use.metered_kwh for use in run.hours]
    whole = None if run.facility_energy_kwh is None else run.facility_energy_kwh["median"]
    it_kwh, facility_kwh = (_parts(total, weights) for total in (run.it_energy_kwh, whole))
    rows = []
    for use, it, facility in zip(run.hours, it_kwh, facility_kwh, strict=True):
        of_hour = found[use.zone].g_per_kwh.get(use.hour) if use.zone in found else None
        intensity = of_year if of_hour is None else of_hour
        origin = IntensityFrom.HOUR if of_hour is not None else IntensityFrom.YEAR if intensity is not None else None
        kgco2e = None if facility is None or intensity is None else facility * intensity / G_PER_KG
        rows.append(HourEmissions(use.began, use.zone, use.metered_kwh, it, facility, intensity, origin, kgco2e))
    return tuple(rows)


def _parts(whole: float | None, weights: Sequence[float]) -> Sequence[float | None]:
    return [None] * len(weights) if whole is None else parted(whole, weights)


def _coverage(hours: Sequence[HourEmissions], basis: str, *, live: bool) -> list[str]:
    """Return which hours have no intensity of their own, and what stands for it."""
    years = sum(each.intensity_from is IntensityFrom.YEAR for each in hours)
    unknown = sum(each.intensity_from is None for each in hours)
    notes = []
    if years and live:
        notes.append(f"{years} of {counted(len(hours), 'hour')} have the intensity of the year, as no service stated theirs")
    elif years:
        notes.append("every hour has the intensity of the year: --live asks a service for those of the hours")
    if unknown:
        notes.append(f"{unknown} of {counted(len(hours), 'hour')} have no {basis or 'carbon'} intensity: their emissions are not known")
    return notes
