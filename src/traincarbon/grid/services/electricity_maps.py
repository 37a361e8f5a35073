"""Electricity Maps: average intensities of most grids, lifecycle or direct, with a forecast."""

from typing import TYPE_CHECKING

from traincarbon.grid.client import Client
from traincarbon.grid.service import Query, ServiceError, by_hour, check_zone, moment_of, rows_of

if TYPE_CHECKING:
    from traincarbon.database.load import Database

_ZONES = {
    "US-CISO": "US-CAL-CISO",
    "US-PJM": "US-MIDA-PJM",
    "US-MISO": "US-MIDW-MISO",
    "US-ERCT": "US-TEX-ERCO",
    "US-BPAT": "US-NW-BPAT",
    "US-PACE": "US-NW-PACE",
    "US-NEVP": "US-NW-NEVP",
    "US-NEWE": "US-NE-ISNE",
    "US-SRSO": "US-SE-SOCO",
    "US-SRTV": "US-TEN-TVA",
    "US-NYCW": "US-NY-NYIS",
    **{zone: f"SE-{zone}" for zone in ("SE1", "SE2", "SE3", "SE4")},
    **{zone: f"NO-{zone}" for zone in ("NO1", "NO2", "NO3", "NO4", "NO5")},
}
"""Zones of the database that have another name there."""


class ElectricityMaps:
    """See :class:`traincarbon.grid.service.Service`."""

    name = "electricity-maps"
    title = "Electricity Maps"
    variables = ("ELECTRICITYMAPS_TOKEN",)
    bases = ("lifecycle", "direct")
    address = "https://api.electricitymaps.com"
    most_hours = 240
    has_forecast = True

    def zone_of(self, zone: str) -> str:
        """Return the name of a zone there: mostly that of the database."""
        is_our_own = zone.startswith("US-") or zone in ("WORLD", "EU27")  # states and subregions of eGRID
        return _ZONES.get(zone, "" if is_our_own else zone)

    def past(self, client: Client, query: Query, database: "Database") -> dict[int, float]:  # noqa: ARG002  others need the facts
        """Return the intensities of hours that are over. [g/kWh]."""
        span = {"start": moment_of(query.first), "end": moment_of(query.until)}
        return self._points(client, query, "past-range", span, "data", "history")

    def forecast(self, client: Client, query: Query) -> dict[int, float]:
        """Return the intensities of the next hours. [g/kWh]."""
        return self._points(client, query, "forecast", {}, "forecast", "data")

    def _points(self, client: Client, query: Query, what: str, span: dict[str, str], *names: str) -> dict[int, float]:
        params = {"zone": query.zone, "emissionFactorType": query.basis, **span}
        answer = client.json(f"/v3/carbon-intensity/{what}", params=params, headers={"auth-token": client.token(self.variables[0])})
        check_zone(answer.get("zone") if isinstance(answer, dict) else None, query, self.title)
        rows = rows_of(answer, *names, title=self.title)
        for row in rows:
            check_zone(row.get("zone"), query, self.title)
            if row.get("emissionFactorType", query.basis) != query.basis:
                raise ServiceError(f"{self.title} answered on another basis than {query.basis}")
        return by_hour(((row.get("datetime"), row.get("carbonIntensity")) for row in rows), query)
