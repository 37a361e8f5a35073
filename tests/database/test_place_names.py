"""Every name of a region or zone leads to its place, and a place knows the grid area that it is on."""

import pytest

from traincarbon.database.find_place import find_place
from traincarbon.database.place_names import place_names, plain, zone_of


def test_a_name_is_known_with_and_without_its_accents(shipped):
    names = place_names(shipped)
    assert "aws:mx-central-1" in names["querétaro"]
    assert "aws:mx-central-1" in names["queretaro"]
    assert plain("São Paulo") == "saopaulo"


@pytest.mark.parametrize(
    ("region", "zone"),
    [("aws:ap-northeast-1", "JP-TK"), ("aws:sa-east-1", "BR-CS"), ("aws:us-east-1", "US-VA"), ("cineca:leonardo", "IT-NO"), ("csc:lumi", "FI")],
)
def test_the_zone_of_a_region_is_its_grid_area_unless_its_whole_state_is_on_that_grid(shipped, region, zone):
    assert zone_of(shipped, find_place(shipped, region)) == zone
