"""Towns by the zone that they are in."""

from traincarbon.database.towns import zones_of_town


def test_a_town_is_found_in_several_languages_without_its_accents(shipped):
    assert {zones_of_town(shipped, name) for name in ("Köln", "koln", "Cologne", "COLONIA")} == {("DE",)}


def test_a_town_that_is_not_there_has_no_zone(shipped):
    assert zones_of_town(shipped, "nowhere at all") == ()


def test_every_zone_of_a_town_is_known(shipped):
    zones = {row["zone"] for row in shipped.all_rows("zones")}
    assert {row["zone"] for row in shipped.all_rows("towns")} <= zones
