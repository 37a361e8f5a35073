"""Find the carbon intensity of a zone by hour: from what was answered before, else from the services that the user has."""

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.select import grid_of
from traincarbon.errors import CarbonError
from traincarbon.grid.cache import Cache
from traincarbon.grid.client import Client
from traincarbon.grid.service import Query, Service, ServiceError
from traincarbon.grid.services.table import SERVICES, service_of
from traincarbon.quantities import S_PER_H

_AHEAD_H = 7 * 24
"""A forecast does not reach further."""


class Hourly(NamedTuple):
    """The intensities of a zone by hour.

    Attributes:
        service: The name of the service that stated them.
        zone: The zone, as the service calls it.
        basis: What they count: ``lifecycle`` or ``direct``.
        g_per_kwh: Hour since 1970 to intensity; hours that are not known are absent. [g/kWh]
    """

    service: str
    zone: str
    basis: str
    g_per_kwh: Mapping[int, float]


class Found(NamedTuple):
    """What was found, and what those services that could not help said.

    Attributes:
        hourly: The intensities, None where no service has any.
        notes: A sentence for each service that could not help.
    """

    hourly: Hourly | None
    notes: tuple[str, ...]


def zones_of(zone: str, region: str, database: Database) -> tuple[str, ...]:
    """Return the zones of the database that a place is in, the smallest first: its grid, its state or country.

    Args:
        zone: The zone that a record or a place states.
        region: The id of the place, empty where only the zone is known.
        database: The facts.
    """
    found = (grid_of(database, region or zone, zone), zone, zone.partition("-")[0])
    return tuple(dict.fromkeys(each for each in found if each))


def past_intensities(
    zones: Sequence[str],
    hours: Iterable[int],
    *,
    basis: str,
    database: Database,
    service: str | None = None,
    grid_zone: str = "",
    environment: Mapping[str, str] = os.environ,
    folder: str | None = None,
) -> Found:
    """Return the intensities of hours that are over, of the first service that has any.

    Args:
        zones: Zones of the database, the smallest first, as of :func:`zones_of`.
        hours: The hours since 1970.
        basis: ``lifecycle`` or ``direct``; a service that has only the other one answers on that.
        database: The facts.
        service: Ask this service alone.
        grid_zone: What the service calls the zone, where that does not follow from *zones*.
        environment: Where tokens and addresses come from.
        folder: Where answers are kept; by default in the user's data folder.

    Raises:
        CarbonError: the service is not known, or httpx is not installed.
    """
    wanted = sorted(set(hours))
    if not wanted:
        return Found(None, ())
    notes: list[str] = []
    for each, name in _usable(zones, service, grid_zone, environment, notes):
        query = Query(name, wanted[0], wanted[-1] + 1, basis if basis in each.bases else each.bases[0])
        cache = Cache(each.name, folder=folder)
        known = cache.read(query)
        try:
            asked = _ask(each, query, [hour for hour in wanted if hour not in known], database, environment)
        except ServiceError as error:
            notes.append(str(error))
            asked = {}
        cache.write(query, asked, now_hour=int(time.time() // S_PER_H))
        found = {hour: value for hour, value in (known | asked).items() if hour in set(wanted)}
        if found:
            return Found(Hourly(each.name, name, query.basis, found), tuple(notes))
        if not notes or not notes[-1].startswith(each.title):
            notes.append(f"{each.title} has no intensity of these hours in {name}")
    return Found(None, tuple(notes))


def kept_intensities(
    zones: Sequence[str], hours: Iterable[int], *, basis: str, service: str | None = None, grid_zone: str = "", folder: str | None = None
) -> Hourly | None:
    """Return what services answered before for these hours, with arguments as for :func:`past_intensities`. Nothing touches the network.

    Raises:
        CarbonError: the service is not known.
    """
    wanted = sorted(set(hours))
    for each in [service_of(service)] if service is not None else map(service_of, SERVICES):
        name = grid_zone or next((name for zone in zones if (name := each.zone_of(zone))), "")
        if name and wanted and basis in each.bases:
            found = Cache(each.name, folder=folder).read(Query(name, wanted[0], wanted[-1] + 1, basis))
            if found:
                return Hourly(each.name, name, basis, found)
    return None


def expected_intensities(
    zones: Sequence[str],
    *,
    basis: str,
    database: Database,
    service: str | None = None,
    grid_zone: str = "",
    environment: Mapping[str, str] = os.environ,
) -> Found:
    """Return the intensities that a service expects for the next hours, with arguments as for :func:`past_intensities`. Nothing is kept of them.

    Raises:
        CarbonError: the service is not known, or httpx is not installed.
    """
    del database
    notes: list[str] = []
    now_hour = int(time.time() // S_PER_H)
    for each, name in _usable(zones, service, grid_zone, environment, notes):
        if not each.has_forecast:
            notes.append(f"{each.title} has no forecast of intensities")
            continue
        query = Query(name, now_hour, now_hour + _AHEAD_H, basis if basis in each.bases else each.bases[0])
        try:
            with Client(each, environment=environment) as client:
                found = each.forecast(client, query)
        except ServiceError as error:
            notes.append(str(error))
            continue
        if found:
            return Found(Hourly(each.name, name, query.basis, found), tuple(notes))
        notes.append(f"{each.title} has no forecast for {name}")
    return Found(None, tuple(notes))


def _usable(zones: Sequence[str], service: str | None, grid_zone: str, environment: Mapping[str, str], notes: list[str]) -> Iterator[tuple[Service, str]]:
    """Yield each service that has a zone and its tokens, with its name of the zone; a note tells what is missing."""
    if grid_zone and service is None:
        raise CarbonError("the name of a zone is that of one service", hint=f"name it too: --service {' or '.join(SERVICES)}")
    lacking = []
    for each in [service_of(service)] if service is not None else map(service_of, SERVICES):
        name = grid_zone or next((name for zone in zones if (name := each.zone_of(zone))), "")
        missing = [variable for variable in each.variables if not environment.get(variable, "").strip()]
        if name and not missing:
            yield each, name
        elif name:
            lacking.append(f"{each.title} needs {' and '.join(missing)} in the environment")
        elif service is not None:
            notes.append(f"{each.title} has no zone for {' or '.join(zones) or 'a place that is not stated'}: name it with --grid-zone")
    if lacking:
        notes += lacking
    elif not notes:
        notes.append(f"no service has the zone {' or '.join(zones) or 'of a place that is not stated'}")


def _ask(service: Service, query: Query, hours: Sequence[int], database: Database, environment: Mapping[str, str]) -> dict[int, float]:
    """Return what a service answers for these hours, in as few requests as it allows.

    Raises:
        ServiceError: it does not answer, or its answer cannot be used.
    """
    found: dict[int, float] = {}
    left = list(hours)
    if not left:
        return found
    with Client(service, environment=environment) as client:
        while left:
            until = min(left[-1] + 1, left[0] + service.most_hours)
            found |= service.past(client, query._replace(first=left[0], until=until), database)
            left = [hour for hour in left if hour >= until]
    return found
