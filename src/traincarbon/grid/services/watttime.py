"""WattTime: average direct emissions of grids (its signal ``co2_aoer``), to accounts that may read it.

Its better known signal is of marginal emissions, which no statement of a run's emissions may use.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from traincarbon.grid.client import Client
from traincarbon.grid.service import Query, ServiceError, by_hour, check_zone, moment_of, rows_of

if TYPE_CHECKING:
    from traincarbon.database.load import Database

_G_PER_KWH_OF = {"lbs_co2_per_mwh": 0.45359237, "lbs_co2e_per_mwh": 0.45359237}
"""Unit to g/kWh: a pound is 453.59237 g."""
_ZONES = {"US-CISO": "CAISO_NORTH"}
_COUNTRY = 2


class WattTime:
    """See :class:`traincarbon.grid.service.Service`."""

    name = "watttime"
    title = "WattTime"
    variables = ("WATTTIME_USER", "WATTTIME_PASSWORD")
    bases = ("direct",)
    address = "https://api.watttime.org"
    most_hours = 31 * 24
    has_forecast = True

    def zone_of(self, zone: str) -> str:
        """Return the region there: a country has its own code; in the USA, name it with ``--grid-zone``."""
        return _ZONES.get(zone, zone if len(zone) == _COUNTRY and zone != "US" else "")

    def past(self, client: Client, query: Query, database: "Database") -> dict[int, float]:  # noqa: ARG002  others need the facts
        """Return the intensities of hours that are over. [g/kWh]."""
        return self._points(client, query, "/v3/historical", {"start": moment_of(query.first), "end": moment_of(query.until)})

    def forecast(self, client: Client, query: Query) -> dict[int, float]:
        """Return the intensities of the next hours. [g/kWh]."""
        return self._points(client, query, "/v3/forecast", {"horizon_hours": "72"})

    def _points(self, client: Client, query: Query, path: str, span: dict[str, str]) -> dict[int, float]:
        user, password = map(client.token, self.variables)
        login = client.json("/login", auth=(user, password))
        token = login.get("token") if isinstance(login, Mapping) else None
        if not isinstance(token, str):
            raise ServiceError(f"{self.title} gave no token to the user in {self.variables[0]}")
        params = {"region": query.zone, "signal_type": "co2_aoer", **span}
        answer = client.json(path, params=params, headers={"Authorization": f"Bearer {token}"})
        meta = answer.get("meta") if isinstance(answer, Mapping) else None
        stated = meta if isinstance(meta, Mapping) else {}
        check_zone(stated.get("region"), query, self.title)
        factor = _G_PER_KWH_OF.get(str(stated.get("units")))
        if factor is None or stated.get("signal_type", "co2_aoer") != "co2_aoer":
            raise ServiceError(
                f"{self.title} answered {str(stated.get('signal_type'))[:40]!r} in {str(stated.get('units'))[:40]!r}, not co2_aoer in pounds per MWh"
            )
        rows = rows_of(answer, "data", title=self.title)
        return by_hour(((row.get("point_time"), value * factor if isinstance(value := row.get("value"), (int, float)) else None) for row in rows), query)
