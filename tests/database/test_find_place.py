"""Places are found as people write them, and never silently taken for another one."""

import pytest

from traincarbon.database.find_place import find_place
from traincarbon.errors import AmbiguousError, NotFoundError


@pytest.mark.parametrize(
    ("text", "place", "zone"),
    [
        ("aws:us-east-1", "aws:us-east-1", "US-VA"),
        ("us-east-1", "aws:us-east-1", "US-VA"),
        ("us-east1", "gcp:us-east1", None),
        ("europe-north1", "gcp:europe-north1", "FI"),
        ("france", "FR", "FR"),
        ("France", "FR", "FR"),
        ("FR", "FR", "FR"),
        ("fra", "FR", "FR"),
        ("US-VA", "US-VA", "US-VA"),
        ("us va", "US-VA", "US-VA"),
    ],
)
def test_a_place_is_found_by_id_name_and_near_spelling(text, place, zone, shipped):
    found = find_place(shipped, text)
    assert found.id == place
    assert zone in (None, found.zone)


def test_every_region_and_zone_is_found_by_its_id(shipped):
    for row in shipped.all_rows("regions"):
        assert find_place(shipped, row["region"]).id == row["region"]
    for row in shipped.all_rows("zones"):
        assert find_place(shipped, row["zone"]).id == row["zone"]


def test_of_equally_named_regions_that_of_the_hardware_s_operator_is_meant(shipped):
    bearers = {row["provider"] for row in shipped.rows("regions", "aws:us-east-1")} | {
        row["provider"] for row in shipped.all_rows("regions") if row["name"] == "us-east-1"
    }
    assert len(bearers) > 1
    for provider in bearers:
        assert find_place(shipped, "us-east-1", provider=provider).id == f"{provider}:us-east-1"


def test_every_region_is_found_by_its_name_where_its_operator_is_known(shipped):
    for row in shipped.all_rows("regions"):
        assert find_place(shipped, row["name"], provider=row["provider"]).id == row["region"]


REGIONS = (
    "north:west-1,north,west-1,Here,FR,shared,1,1,s,l,published,\n"
    "south:west-1,south,west-1,There,DE,shared,1,1,s,l,published,\n"
    "south:west1,south,west1,Elsewhere,DE,,1,1,s,l,published,\n"
)


def test_equally_named_regions_are_listed_where_nothing_tells_them_apart(make_database):
    database = make_database({"regions.csv": REGIONS})
    for text in ("shared", "west-1", "WEST 1"):
        with pytest.raises(AmbiguousError) as caught:
            find_place(database, text)
        assert {"north:west-1", "south:west-1"} <= set(caught.value.hint.removeprefix("one of ").split(";")[0].split(", "))


def test_the_exact_spelling_of_a_region_wins_over_a_near_one(make_database):
    assert find_place(make_database({"regions.csv": REGIONS}), "west1").id == "south:west1"


def test_a_place_says_what_it_is_called_and_where(make_database):
    place = find_place(make_database({"regions.csv": REGIONS}), "north:west-1")
    assert (place.name, place.zone, place.region["provider"]) == ("Here (north:west-1)", "FR", "north")


def test_a_place_that_is_slightly_wrong_is_answered_with_the_right_one(shipped):
    with pytest.raises(NotFoundError, match="'frannce'") as caught:
        find_place(shipped, "frannce")
    assert "FR" in caught.value.hint


def test_the_operator_of_the_hardware_wins_over_the_spelling(shipped):
    assert find_place(shipped, "us-east-1", provider="gcp").id == "gcp:us-east1"
    assert find_place(shipped, "us-east-1").id == "aws:us-east-1"


def test_a_word_is_not_taken_for_a_slip_in_the_code_of_a_country(shipped):
    with pytest.raises(NotFoundError) as caught:
        find_place(shipped, "dept")
    assert not {"DE", "PT", "TO"} & set(caught.value.hint.replace("?", "").split())


@pytest.mark.parametrize(
    ("text", "zone", "name"),
    [
        ("Seattle", "US-WA", "Seattle (Washington)"),
        ("Munich", "DE", "Munich (Germany)"),
        ("München", "DE", "München (Germany)"),
        ("Bangalore", "IN", "Bangalore (India)"),
        ("Reykjavik", "IS", "Reykjavik (Iceland)"),
        ("Lisbon", "PT", "Lisbon (Portugal)"),
        ("Lagos", "NG", "Lagos (Nigeria)"),
        ("Buenos Aires", "AR", "Buenos Aires (Argentina)"),
        ("Seattle, WA, USA", "US-WA", "Washington"),
        ("Seattle, USA", "US-WA", "Washington"),
        ("Vancouver, Canada", "CA-BC", "British Columbia"),
    ],
)
def test_a_large_town_without_a_cloud_region_is_on_the_grid_that_it_is_in(text, zone, name, shipped):
    found = find_place(shipped, text)
    assert (found.id, found.zone, found.name) == (zone, zone, name)


@pytest.mark.parametrize(("text", "zones"), [("Vancouver", "CA-BC, US-WA"), ("Kochi", "IN, JP")])
def test_towns_of_one_name_are_listed(text, zones, shipped):
    with pytest.raises(AmbiguousError) as caught:
        find_place(shipped, text)
    assert caught.value.hint.startswith(f"one of {zones}")


@pytest.mark.parametrize("text", ["laptop", "University", "local", "my office"])
def test_words_for_something_of_ones_own_are_answered_with_the_two_kinds_of_site(text, shipped):
    with pytest.raises(NotFoundError) as caught:
        find_place(shipped, text)
    assert caught.value.hint.startswith("did you mean home or on-prem?")


def test_a_machine_hosted_by_oneself_is_on_premises(shipped):
    assert find_place(shipped, "self-hosted").site == "on-prem"
