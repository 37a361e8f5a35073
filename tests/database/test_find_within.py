"""Places are found that are written from the smallest part to the largest."""

import pytest

from traincarbon.database.find_place import find_place
from traincarbon.database.find_within import place_within, states_abbreviated
from traincarbon.errors import AmbiguousError, NotFoundError


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Brooklyn, NY, USA", "US-NY"),
        ("Ashburn, Virginia, USA", "US-VA"),
        ("Bengaluru, Karnataka, India", "IN"),
        ("Mumbai, India", "IN-WE"),
        ("São Paulo, Brazil", "BR-CS"),
        ("Tokyo, Japan", "JP-TK"),
        ("Sydney, NSW, Australia", "AU-NSW"),
        ("Punjab, Pakistan", "PK"),
        ("Punjab, India", "IN-NO"),
        ("Potsdam, Germany", "DE"),
        ("Victoria, BC, Canada", "CA-BC"),
    ],
)
def test_a_place_is_in_the_smallest_zone_that_one_of_its_parts_names(shipped, text, zone):
    assert place_within(shipped, text).zone == zone


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Austin, TX", "US-TX"),
        ("Toronto, ON", "CA-ON"),
        ("San Francisco, CA", "US-CA"),
        ("Toronto, CA", "CA-ON"),
        ("Chicago, IL", "US-IL"),
        ("Tel Aviv, IL", "IL"),
        ("Indianapolis, IN", "US-IN"),
        ("Mumbai, IN", "IN-WE"),
        ("Berlin, DE", "DE"),
        ("Bavaria, DE", "DE"),
        ("Denver, CO", "US-CO"),
        ("Bogotá, CO", "CO"),
    ],
)
def test_an_abbreviation_is_that_of_the_state_or_country_that_the_town_is_in(shipped, text, zone):
    assert find_place(shipped, text).zone == zone


@pytest.mark.parametrize(("text", "zones"), [("Palo Alto, CA", "US-CA, CA"), ("Portland, ME", "US-ME, ME"), ("Wilmington, DE", "US-DE, DE")])
def test_a_town_that_is_not_known_before_an_abbreviation_of_a_state_and_a_country_is_refused_with_both(shipped, text, zones):
    with pytest.raises(AmbiguousError) as caught:
        find_place(shipped, text)
    assert caught.value.hint.startswith(f"one of {zones}; ")


def test_a_state_is_suggested_for_its_abbreviation_also_where_a_country_without_a_grid_has_it(shipped):
    assert [place.zone for place in states_abbreviated(shipped, "va")] == ["US-VA"]
    with pytest.raises(NotFoundError) as caught:
        find_place(shipped, "VA")
    assert caught.value.hint.startswith("did you mean US-VA")
    assert states_abbreviated(shipped, "Texas") == []


@pytest.mark.parametrize("text", ["Paris", "a, b, c, d, e, France", "Nowhere, Noland", ",", "Paris,"])
def test_what_does_not_end_in_a_country_or_state_is_no_such_place(shipped, text):
    assert place_within(shipped, text) is None
