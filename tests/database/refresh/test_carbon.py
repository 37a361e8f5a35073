"""Upstreams of carbon intensities: rows of recorded forms, shortened and rewritten."""

import pytest

from traincarbon.database.refresh.carbon import UPSTREAMS
from traincarbon.database.refresh.upstream import Edition

BY_NAME = {upstream.name: upstream for upstream in UPSTREAMS}
EDITIONS = {
    "owid": "Entity,Code,Year,Carbon intensity of electricity - gCO2/kWh\nFrance,FRA,2024,44.2\nWorld,OWID_WRL,2024,470\nAfrica,,2024,500\n",
    "ember": "Area,ISO 3 code,Year,Category,Subcategory,Variable,Unit,Value\nFrance,FRA,2024,Power sector emissions,CO2 intensity,CO2 intensity,gCO2/kWh,44.2\n"
    "France,FRA,2024,Electricity demand,Demand,Demand,TWh,450\n",
    "google-regions": "Google Cloud Region,Location,Google CFE,Grid carbon intensity (gCO2eq / kWh)\nus-east4,N. Virginia,0.6,343.48\nnowhere,Nowhere,1,1\n",
    "egrid-states": "YEAR,PSTATABB,STC2ERTA\nData Year,State abbreviation,rate\n2023,VA,539.6\n2023,TX,900\n",
    "egrid-subregions": 'YEAR,SUBRGN,SRC2ERTA\nData Year,Subregion,rate\n2023,RFCE,599.2\n2023,ZZZZ,"1,000"\n',
}
EXPECTED = {
    "owid": [("FR", "2024", "44.2", "lifecycle"), ("WORLD", "2024", "470", "lifecycle")],
    "ember": [("FR", "2024", "44.2", "lifecycle")],
    "google-regions": [("gcp:us-east4", "2025", "343.48", "direct")],
    "egrid-states": [("US-VA", "2023", "244.76", "direct"), ("US-TX", "2023", "408.23", "direct")],
    "egrid-subregions": [("US-RFCE", "2023", "271.79", "direct")],
}


@pytest.mark.parametrize("name", EDITIONS)
def test_each_upstream_gives_its_rows(name, shipped):
    rows = list(BY_NAME[name].rows(Edition(EDITIONS[name], f"{name}.csv", "2025", shipped)))
    assert [(row["zone"], row["year"], row["intensity_gco2e_per_kwh"], row["basis"]) for row in rows] == EXPECTED[name]
    assert all(row["locator"] for row in rows)


def test_every_upstream_of_intensities_has_a_recorded_form():
    assert set(EDITIONS) == set(BY_NAME)
