"""The place of a run is read with care: what is impossible is not known."""

import pytest

from traincarbon.ledger.site import checked_site


def test_texts_and_amounts_are_kept():
    stated = {"region": "aws:eu-west-3", "zone": "FR", "name": "Paris", "basis": "lifecycle", "pue": 1.15, "carbon_intensity": 41.8}
    assert checked_site(stated) == {**stated, "direct_intensity": None, "upstream_intensity": None}


@pytest.mark.parametrize(("name", "value"), [("pue", 0.9), ("pue", "x"), ("carbon_intensity", -1.0), ("carbon_intensity", float("nan")), ("pue", 10**400)])
def test_what_is_impossible_is_not_known(name, value):
    assert checked_site({"region": "x", name: value})[name] is None


@pytest.mark.parametrize("nothing", [None, {}, [], "home", {"region": ""}, {"pue": 0.0}])
def test_no_place_is_none(nothing):
    assert checked_site(nothing) is None
