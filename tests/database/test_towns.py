"""Towns, states and provinces by the zone that they are in."""

import pytest

from traincarbon.database.towns import zones_of_part


def test_a_town_is_found_in_several_languages_without_its_accents(shipped):
    assert {zones_of_part(shipped, name) for name in ("Köln", "koln", "Cologne", "COLONIA")} == {("DE",)}


def test_a_town_that_is_not_there_has_no_zone(shipped):
    assert zones_of_part(shipped, "nowhere at all") == ()


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Bavaria", "DE"),
        ("bayern", "DE"),
        ("DE-BY", "DE"),
        ("de_by", "DE"),
        ("Karnataka", "IN"),
        ("Maharashtra", "IN-WE"),
        ("Goa", "IN-WE"),
        ("IN-DL", "IN-NO"),
        ("Lombardia", "IT-NO"),
        ("Kanagawa", "JP-TK"),
        ("JP-27", "JP-KN"),
        ("Minas Gerais", "BR-CS"),
        ("Catalunya", "ES"),
        ("广东", "CN-GD"),
        ("Sydney", "AU-NSW"),
        ("Perth", "AU-WA"),
        ("Pune", "IN-WE"),
    ],
)
def test_a_town_or_state_is_on_the_grid_of_its_area_and_else_of_its_country(shipped, name, zone):
    assert zones_of_part(shipped, name) == (zone,)


def test_a_name_of_states_of_several_countries_gives_them_all(shipped):
    assert zones_of_part(shipped, "Punjab") == ("IN-NO", "PK")
    assert set(zones_of_part(shipped, "Amazonas")) == {"BR", "CO", "PE", "VE"}


def test_a_town_wins_over_a_district_of_its_name_elsewhere(shipped):
    assert zones_of_part(shipped, "Manchester") == ("GB",)


def test_a_code_is_no_word_without_its_hyphen(shipped):
    assert zones_of_part(shipped, "bebe") == ()
    assert zones_of_part(shipped, "deby") == ()


@pytest.mark.parametrize("word", ["central", "north", "north east", "east", "south", "capital", "local"])
def test_a_point_of_the_compass_names_no_district(shipped, word):
    assert zones_of_part(shipped, word) == ()


@pytest.mark.parametrize("table", ["towns", "subdivisions"])
def test_every_zone_of_a_town_or_state_is_known(shipped, table):
    zones = {row["zone"] for row in shipped.all_rows("zones")}
    assert {row["zone"] for row in shipped.all_rows(table)} <= zones
