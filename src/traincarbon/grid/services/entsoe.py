"""ENTSO-E, the transparency platform of Europe's grids: generation by type of plant in each bidding zone, from which its intensity follows."""

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from traincarbon.grid.client import Client
from traincarbon.grid.fuels import intensity_of_mix
from traincarbon.grid.service import Query, ServiceError, check_zone, hour_of, moment_of

if TYPE_CHECKING:
    from traincarbon.database.load import Database

_AREAS = {
    "AT": "10YAT-APG------L",
    "BA": "10YBA-JPCC-----D",
    "BE": "10YBE----------2",
    "BG": "10YCA-BULGARIA-R",
    "CY": "10YCY-1001A0003J",
    "CZ": "10YCZ-CEPS-----N",
    "DE": "10Y1001A1001A82H",
    "DK": "10Y1001A1001A65H",
    "EE": "10Y1001A1001A39I",
    "ES": "10YES-REE------0",
    "FI": "10YFI-1--------U",
    "FR": "10YFR-RTE------C",
    "GR": "10YGR-HTSO-----Y",
    "HR": "10YHR-HEP------M",
    "HU": "10YHU-MAVIR----U",
    "IE": "10Y1001A1001A59C",
    "IT": "10YIT-GRTN-----B",
    "IT-NO": "10Y1001A1001A73I",
    "LT": "10YLT-1001A0008Q",
    "LV": "10YLV-1001A00074",
    "NL": "10YNL----------L",
    "NO": "10YNO-0--------C",
    "NO1": "10YNO-1--------2",
    "NO2": "10YNO-2--------T",
    "NO3": "10YNO-3--------J",
    "NO4": "10YNO-4--------9",
    "NO5": "10Y1001A1001A48H",
    "PL": "10YPL-AREA-----S",
    "PT": "10YPT-REN------W",
    "RO": "10YRO-TEL------P",
    "SE1": "10Y1001A1001A44P",
    "SE2": "10Y1001A1001A45N",
    "SE3": "10Y1001A1001A46L",
    "SE4": "10Y1001A1001A47J",
}
"""Zone to the code of its area, as the guide of the interface lists them."""
_FUELS = {
    "B01": "biomass",
    "B02": "coal",
    "B03": "gas",
    "B04": "gas",
    "B05": "coal",
    "B06": "oil",
    "B07": "oil",
    "B08": "coal",
    "B09": "geothermal",
    "B11": "hydro",
    "B12": "hydro",
    "B13": "hydro",
    "B14": "nuclear",
    "B15": "biomass",
    "B16": "solar",
    "B17": "biomass",
    "B18": "wind",
    "B19": "wind",
    "B20": "unknown",
}
"""Types of plant; storage (B10, B25) is none."""
_STORAGE = ("B10", "B25")
_MINUTES = {"PT15M": 15, "PT30M": 30, "PT60M": 60, "PT1H": 60}
_TIME = "%Y%m%d%H%M"


class Entsoe:
    """See :class:`traincarbon.grid.service.Service`."""

    name = "entsoe"
    title = "ENTSO-E"
    variables = ("ENTSOE_TOKEN",)
    bases = ("lifecycle", "direct")
    address = "https://web-api.tp.entsoe.eu"
    most_hours = 31 * 24
    has_forecast = False

    def zone_of(self, zone: str) -> str:
        """Return the code of the area of a zone."""
        return _AREAS.get(zone, "")

    def past(self, client: Client, query: Query, database: "Database") -> dict[int, float]:
        """Return the intensities of hours that are over, from what was generated. [g/kWh]."""
        params = {
            "securityToken": client.token(self.variables[0]),
            "documentType": "A75",
            "processType": "A16",
            "in_Domain": query.zone,
            "periodStart": moment_of(query.first, _TIME),
            "periodEnd": moment_of(query.until, _TIME),
        }
        root = self._document(client.content("/api", params=params))
        mixes: dict[int, dict[str, float]] = {}
        for series in root.iterfind("{*}TimeSeries"):
            area = series.findtext("{*}inBiddingZone_Domain.mRID")
            kind = series.findtext("{*}MktPSRType/{*}psrType") or ""
            if area is None or kind in _STORAGE:  # what is consumed names an area of its own
                continue
            check_zone(area, query, self.title)
            for hour, energy_mwh in _energies(series):
                if query.first <= hour < query.until:
                    mix = mixes.setdefault(hour, {})
                    fuel = _FUELS.get(kind, "unknown")
                    mix[fuel] = mix.get(fuel, 0.0) + energy_mwh
        found = {hour: intensity_of_mix(mix, basis=query.basis, database=database) for hour, mix in sorted(mixes.items())}
        return {hour: value for hour, value in found.items() if value is not None}

    def forecast(self, client: Client, query: Query) -> dict[int, float]:  # noqa: ARG002  there is none
        """Refuse: it has no forecast by type of plant.

        Raises:
            ServiceError: always.
        """
        raise ServiceError(f"{self.title} has no forecast of intensities")

    def _document(self, content: bytes) -> ET.Element:
        if b"<!" in content:  # a document of theirs declares nothing
            raise ServiceError(f"{self.title} answered with something that is not its XML")
        try:
            root = ET.fromstring(content)  # noqa: S314  declarations are refused above
        except ET.ParseError:
            raise ServiceError(f"{self.title} answered with something that is not its XML") from None
        kind = root.tag.rpartition("}")[2]
        if kind == "Acknowledgement_MarketDocument":
            raise ServiceError(f"{self.title} has no data: {(root.findtext('{*}Reason/{*}text') or 'no reason given')[:100]}")
        if kind != "GL_MarketDocument":
            raise ServiceError(f"{self.title} answered with another document, {kind[:40]!r}")
        return root


def _energies(series: ET.Element) -> list[tuple[int, float]]:
    """Return hour and energy of each point of a series; a point that is left out is as the one before it. [MWh]."""
    found: list[tuple[int, float]] = []
    for period in series.iterfind("{*}Period"):
        begin, end = (hour_of(period.findtext(f"{{*}}timeInterval/{{*}}{name}")) for name in ("start", "end"))
        minutes = _MINUTES.get(period.findtext("{*}resolution") or "")
        if begin is None or end is None or minutes is None or not begin <= end <= begin + Entsoe.most_hours:
            continue
        points = {_whole(point.findtext("{*}position")): _amount(point.findtext("{*}quantity")) for point in period.iterfind("{*}Point")}
        power_mw: float | None = None
        for position in range(1, (end - begin) * 60 // minutes + 1):
            power_mw = points.get(position, power_mw)
            if power_mw is not None:
                found.append((begin + (position - 1) * minutes // 60, power_mw * minutes / 60.0))
    return found


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.strip().isdigit() else 0


def _amount(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0.0 <= value < 1e7 else None
