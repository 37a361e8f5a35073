"""The EIA of the USA (Form 930): generation by fuel of each balancing authority, from which its intensity follows."""

from typing import TYPE_CHECKING

from traincarbon.decode import number
from traincarbon.grid.client import Client
from traincarbon.grid.fuels import intensity_of_mix
from traincarbon.grid.service import Query, ServiceError, check_zone, hour_of, moment_of, rows_of

if TYPE_CHECKING:
    from traincarbon.database.load import Database

_ZONES = {
    "US": "US48",
    "US-CISO": "CISO",
    "US-CAMX": "CISO",
    "US-PJM": "PJM",
    "US-RFCE": "PJM",
    "US-MISO": "MISO",
    "US-ERCT": "ERCO",
    "US-BPAT": "BPAT",
    "US-PACE": "PACE",
    "US-NEVP": "NEVP",
    "US-NEWE": "ISNE",
    "US-NYCW": "NYIS",
    "US-NYUP": "NYIS",
    "US-NYLI": "NYIS",
    "US-SRSO": "SOCO",
    "US-SRTV": "TVA",
    "US-SPNO": "SWPP",
    "US-SPSO": "SWPP",
    "US-RMPA": "PSCO",
}
_FUELS = {
    "COL": "coal",
    "NG": "gas",
    "NUC": "nuclear",
    "OIL": "oil",
    "SUN": "solar",
    "SNB": "solar",
    "WAT": "hydro",
    "WND": "wind",
    "WNB": "wind",
    "GEO": "geothermal",
    "OTH": "unknown",
    "UNK": "unknown",
}
"""Their types of fuel; storage (BAT, PS, OES, UES) is none."""
_STORAGE = ("BAT", "PS", "OES", "UES")
_PAGE = 5000
_MOST_PAGES = 20


class Eia:
    """See :class:`traincarbon.grid.service.Service`."""

    name = "eia"
    title = "the EIA"
    variables = ("EIA_API_KEY",)
    bases = ("lifecycle", "direct")
    address = "https://api.eia.gov"
    most_hours = 31 * 24
    has_forecast = False

    def zone_of(self, zone: str) -> str:
        """Return the balancing authority of a zone."""
        return _ZONES.get(zone, "")

    def past(self, client: Client, query: Query, database: "Database") -> dict[int, float]:
        """Return the intensities of hours that are over, from what was generated. [g/kWh]."""
        mixes: dict[int, dict[str, float]] = {}
        for row in self._rows(client, query):
            check_zone(row.get("respondent"), query, self.title)
            ended, fuel = hour_of(f"{row.get('period')}:00Z"), str(row.get("fueltype"))
            energy_mwh = _amount(row.get("value"))
            if ended is None or energy_mwh is None or fuel in _STORAGE or not query.first <= ended - 1 < query.until:
                continue
            mix = mixes.setdefault(ended - 1, {})  # a period is named by its end
            name = _FUELS.get(fuel, "unknown")
            mix[name] = mix.get(name, 0.0) + max(energy_mwh, 0.0)
        found = {hour: intensity_of_mix(mix, basis=query.basis, database=database) for hour, mix in sorted(mixes.items())}
        return {hour: value for hour, value in found.items() if value is not None}

    def forecast(self, client: Client, query: Query) -> dict[int, float]:  # noqa: ARG002  there is none
        """Refuse: it has no forecast by fuel.

        Raises:
            ServiceError: always.
        """
        raise ServiceError(f"{self.title} has no forecast of intensities")

    def _rows(self, client: Client, query: Query) -> list[dict[str, object]]:
        params = {
            "api_key": client.token(self.variables[0]),
            "frequency": "hourly",
            "data[0]": "value",
            "facets[respondent][]": query.zone,
            "start": moment_of(query.first + 1, "%Y-%m-%dT%H"),
            "end": moment_of(query.until, "%Y-%m-%dT%H"),
            "length": str(_PAGE),
        }
        found: list[dict[str, object]] = []
        for page in range(_MOST_PAGES):
            answer = client.json("/v2/electricity/rto/fuel-type-data/data/", params={**params, "offset": str(page * _PAGE)})
            rows = rows_of(answer.get("response") if isinstance(answer, dict) else None, "data", title=self.title)
            found += [dict(row) for row in rows]
            if len(rows) < _PAGE:
                break
        return found


def _amount(value: object) -> float | None:
    """Return an amount, which the EIA states as text or as a number."""
    try:
        return number(float(value)) if isinstance(value, (str, int, float)) else None
    except ValueError:
        return None
