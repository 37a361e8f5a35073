"""What a service of carbon intensities is: which zones it has, on which basis, and how it is asked."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from traincarbon.decode import amount
from traincarbon.errors import CarbonError
from traincarbon.quantities import S_PER_H

if TYPE_CHECKING:
    from traincarbon.database.load import Database
    from traincarbon.grid.client import Client

MOST_GCO2E_PER_KWH = 5000.0
"""No grid comes near this: what is above it is no intensity."""


class ServiceError(CarbonError):
    """A service did not answer, or its answer cannot be used."""


class Query(NamedTuple):
    """What a service is asked.

    Attributes:
        zone: The zone, as the service calls it.
        first: The first hour, in hours since 1970, UTC.
        until: The hour after the last one.
        basis: ``lifecycle`` or ``direct``.
    """

    zone: str
    first: int
    until: int
    basis: str


class Service(Protocol):
    """A service. Its tokens come from the environment, and never appear in an error."""

    name: str
    """Its name on the command line."""
    title: str
    """Its name as people write it."""
    variables: tuple[str, ...]
    """The environment variables of its tokens; empty where it needs none."""
    bases: tuple[str, ...]
    """What its intensities count, the usual one first: ``lifecycle``, ``direct``."""
    address: str
    """Where it is, see :func:`traincarbon.grid.client.address_of`."""
    most_hours: int
    """Hours that one request may ask for."""
    has_forecast: bool
    """Whether it says what the next hours will be."""

    def zone_of(self, zone: str) -> str:
        """Return what the service calls a zone of the database, empty where it has none."""
        ...

    def past(self, client: "Client", query: Query, database: "Database") -> dict[int, float]:
        """Return the intensities of hours that are over. [g/kWh].

        Raises:
            ServiceError: it does not answer, or its answer cannot be used.
        """
        ...

    def forecast(self, client: "Client", query: Query) -> dict[int, float]:
        """Return the intensities that the service expects. [g/kWh].

        Raises:
            ServiceError: as for :meth:`past`.
        """
        ...


def by_hour(points: Iterable[tuple[object, object]], query: Query) -> dict[int, float]:
    """Return the mean of the points in each hour that is asked for. What is no intensity, or of another time, is left out. [g/kWh].

    Args:
        points: The time of each point in ISO 8601, UTC if it states no zone, and its intensity. [g/kWh]
        query: What was asked.

    Example:
        >>> by_hour([("1970-01-01T00:00Z", 100.0), ("1970-01-01T00:30Z", 50.0), ("1970-01-01T01:00Z", float("nan"))], Query("GB", 0, 9, "direct"))
        {0: 75.0}
    """
    found: dict[int, list[float]] = {}
    for moment, value in points:
        hour = hour_of(moment)
        intensity = intensity_in(value)
        if hour is not None and query.first <= hour < query.until and intensity is not None:
            found.setdefault(hour, []).append(intensity)
    return {hour: math.fsum(values) / len(values) for hour, values in sorted(found.items())}


def intensity_in(value: object) -> float | None:
    """Return a value that can be a carbon intensity, None for anything else. [g/kWh]."""
    found = amount(value)
    return found if found is not None and found <= MOST_GCO2E_PER_KWH else None


def hour_of(moment: object) -> int | None:
    """Return the hour since 1970 of a time in ISO 8601, None for any other text.

    Example:
        >>> hour_of("1970-01-02T00:30Z"), hour_of("1970-01-01T02:00:00+01:00"), hour_of("now")
        (24, 1, None)
    """
    try:
        found = datetime.fromisoformat(str(moment))
        found = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        return int(found.timestamp() // S_PER_H)
    except (ValueError, OverflowError):
        return None


def moment_of(hour: int, form: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    """Return the beginning of an hour since 1970 as text.

    Example:
        >>> moment_of(25)
        '1970-01-02T01:00:00Z'
    """
    return datetime.fromtimestamp(hour * S_PER_H, UTC).strftime(form)


def check_zone(answered: object, query: Query, title: str) -> None:
    """Refuse an answer for another zone than the one that was asked for.

    Raises:
        ServiceError: it is of another one.
    """
    if answered is not None and answered != query.zone:
        raise ServiceError(f"{title} answered for zone {str(answered)[:40]!r}, not {query.zone!r}")


def rows_of(answer: object, *names: str, title: str) -> Sequence[Mapping[str, object]]:
    """Return the list of tables that an answer has under the first of these names.

    Raises:
        ServiceError: it has none.
    """
    stated = answer if isinstance(answer, Mapping) else {}
    rows = next((rows for name in names if isinstance(rows := stated.get(name), list)), None)
    if rows is None:
        raise ServiceError(f"{title} answered without {' or '.join(names)}")
    return [row for row in rows if isinstance(row, Mapping)]
