"""Upstreams of carbon intensities of grids."""

from collections.abc import Iterator

from traincarbon.database.records import Row
from traincarbon.database.refresh.upstream import Edition, Upstream, csv_rows, number_of

_KG_PER_LB = 0.45359237
_EARLIEST = 2018
"""Earlier years are not kept: nobody plans for them, and every estimate would read them."""


def _zone_by_iso3(edition: Edition) -> dict[str, str]:
    return {row["iso3"]: row["zone"] for row in edition.database.all_rows("zones") if row["iso3"] and row["type"] in ("country", "aggregate")}


def _owid(edition: Edition) -> Iterator[Row]:
    zones = _zone_by_iso3(edition) | {"OWID_WRL": "WORLD"}
    for cells in csv_rows(edition, {"entity": "Entity", "iso3": "Code", "year": "Year", "intensity": "Carbon intensity of electricity*"}):
        zone = zones.get(cells["iso3"], "")
        if not zone or not cells["intensity"] or number_of(cells["year"], edition, "a year") < _EARLIEST:
            continue
        intensity = number_of(cells["intensity"], edition, f"the intensity of {cells['entity']}")
        yield _row(zone, cells["year"], intensity, "lifecycle", "production", f"entity {cells['entity']}, year {cells['year']}")


def _ember(edition: Edition) -> Iterator[Row]:
    zones = _zone_by_iso3(edition)
    columns = {"area": "Area", "iso3": "ISO 3 code", "year": "Year", "variable": "Variable", "unit": "Unit", "value": "Value"}
    for cells in csv_rows(edition, columns):
        zone = zones.get(cells["iso3"], "")
        if cells["variable"] != "CO2 intensity" or cells["unit"] != "gCO2/kWh" or not zone or not cells["value"]:
            continue
        if number_of(cells["year"], edition, "a year") < _EARLIEST:
            continue
        intensity = number_of(cells["value"], edition, f"the intensity of {cells['area']}")
        yield _row(zone, cells["year"], intensity, "lifecycle", "production", f"{cells['area']}, {cells['year']}, CO2 intensity")


def _google(edition: Edition) -> Iterator[Row]:
    regions = {row["name"] for row in edition.database.all_rows("regions") if row["provider"] == "gcp"}
    for cells in csv_rows(edition, {"region": "Google Cloud Region", "intensity": "Grid carbon intensity (gCO2eq / kWh)"}):
        if cells["region"] in regions and cells["intensity"]:
            intensity = number_of(cells["intensity"], edition, f"the intensity of {cells['region']}")
            row = _row(f"gcp:{cells['region']}", edition.date[:4], intensity, "direct", "provider", f"{cells['region']}, grid carbon intensity")
            yield {**row, "note": "location-based, from hourly consumption mix"}


def _egrid_states(edition: Edition) -> Iterator[Row]:
    for cells in csv_rows(edition, {"year": "YEAR", "state": "PSTATABB", "rate": "STC2ERTA"}):
        if cells["year"].isdigit() and cells["rate"]:  # a second line repeats the columns in words
            yield from _egrid_row(edition, f"US-{cells['state']}", cells["year"], cells["rate"], f"state file, {cells['state']}, STC2ERTA (lb/MWh)")


def _egrid_subregions(edition: Edition) -> Iterator[Row]:
    for cells in csv_rows(edition, {"year": "YEAR", "area": "SUBRGN", "rate": "SRC2ERTA"}):
        if cells["year"].isdigit() and cells["rate"]:
            yield from _egrid_row(edition, f"US-{cells['area']}", cells["year"], cells["rate"], f"subregion file, {cells['area']}, SRC2ERTA (lb/MWh)")


def _egrid_row(edition: Edition, zone: str, year: str, rate: str, locator: str) -> Iterator[Row]:
    if edition.database.rows("zones", zone):
        intensity = number_of(rate.replace(",", ""), edition, f"the rate of {zone}") * _KG_PER_LB
        yield {**_row(zone, year, intensity, "direct", "production", locator), "note": f"lb/MWh x {_KG_PER_LB}"}


def _row(zone: str, year: str, intensity_gco2e_per_kwh: float, basis: str, boundary: str, locator: str) -> Row:
    return {
        "zone": zone,
        "year": year,
        "intensity_gco2e_per_kwh": f"{round(intensity_gco2e_per_kwh, 2):g}",
        "basis": basis,
        "boundary": boundary,
        "locator": locator,
        "note": "",
    }


_KEY = ("zone", "year", "basis")
UPSTREAMS = (
    Upstream(
        "owid",
        "Carbon intensity of electricity generation",
        "Our World in Data, from Ember and the Energy Institute",
        "https://ourworldindata.org/grapher/carbon-intensity-electricity.csv",
        "CC BY 4.0",
        "grid",
        _KEY,
        "owid-{year}-carbon-intensity",
        _owid,
    ),
    Upstream(
        "ember",
        "Yearly electricity data",
        "Ember",
        "https://storage.googleapis.com/emb-prod-bkt-publicdata/public-downloads/yearly_full_release_long_format.csv",
        "CC BY 4.0",
        "grid",
        _KEY,
        "ember-{year}-yearly-electricity",
        _ember,
    ),
    Upstream(
        "google-regions",
        "Carbon data for Google Cloud regions",
        "Google",
        "https://raw.githubusercontent.com/GoogleCloudPlatform/region-carbon-info/main/data/yearly/2024.csv",
        "Apache-2.0",
        "grid",
        _KEY,
        "google-{next_year}-region-carbon",
        _google,
    ),
    Upstream(
        "egrid-states",
        "eGRID, state file",
        "US Environmental Protection Agency",
        "https://www.epa.gov/egrid/download-data",
        "public domain",
        "grid",
        _KEY,
        "epa-{year}-egrid",
        _egrid_states,
    ),
    Upstream(
        "egrid-subregions",
        "eGRID, subregion file",
        "US Environmental Protection Agency",
        "https://www.epa.gov/egrid/download-data",
        "public domain",
        "grid",
        _KEY,
        "epa-{year}-egrid",
        _egrid_subregions,
    ),
)
