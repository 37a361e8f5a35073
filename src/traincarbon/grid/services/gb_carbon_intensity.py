"""The Carbon Intensity API of Great Britain (NESO): direct emissions of generation and imports, by half-hours, without a token."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from traincarbon.grid.client import Client
from traincarbon.grid.service import Query, by_hour, moment_of, rows_of

if TYPE_CHECKING:
    from traincarbon.database.load import Database

_TIME = "%Y-%m-%dT%H:%MZ"


class GbCarbonIntensity:
    """See :class:`traincarbon.grid.service.Service`."""

    name = "gb-carbon-intensity"
    title = "the Carbon Intensity API of Great Britain"
    variables = ()
    bases = ("direct",)
    address = "https://api.carbonintensity.org.uk"
    most_hours = 13 * 24
    has_forecast = True

    def zone_of(self, zone: str) -> str:
        """Return the one zone that it has."""
        return "GB" if zone == "GB" else ""

    def past(self, client: Client, query: Query, database: "Database") -> dict[int, float]:  # noqa: ARG002  others need the facts
        """Return the intensities of hours that are over, as metered. [g/kWh]."""
        return self._points(client, query, f"/intensity/{moment_of(query.first, _TIME)}/{moment_of(query.until, _TIME)}", "actual")

    def forecast(self, client: Client, query: Query) -> dict[int, float]:
        """Return the intensities of the next 48 hours. [g/kWh]."""
        return self._points(client, query, f"/intensity/{moment_of(query.first, _TIME)}/fw48h", "forecast")

    def _points(self, client: Client, query: Query, path: str, name: str) -> dict[int, float]:
        rows = rows_of(client.json(path, headers={"Accept": "application/json"}), "data", title=self.title)
        stated = ((row.get("from"), row.get("intensity")) for row in rows)
        return by_hour(((begin, value.get(name) if isinstance(value, Mapping) else None) for begin, value in stated), query)
