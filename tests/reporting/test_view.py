"""The view of an estimate is the same fresh or loaded, and loaded values are validated."""

import json
import math

import pytest

from traincarbon.errors import CarbonError
from traincarbon.reporting.view import EstimateView


@pytest.fixture
def saved(ask):
    return json.loads(json.dumps(ask(name="Seven", servers=64).to_dict()))


def test_a_saved_estimate_gives_the_same_view(ask, saved):
    made, read = EstimateView.of(ask(name="Seven", servers=64)), EstimateView.from_dict(saved)
    assert (read.plan, read.level, read.results, read.assumptions, read.warnings) == (made.plan, made.level, made.results, made.assumptions, made.warnings)
    assert [(step.name, step.value) for step in read.steps] == [(step.name, step.value) for step in made.steps]
    assert read.spread_shares == made.spread_shares


def test_its_title_is_the_name_or_else_the_size(ask):
    assert EstimateView.of(ask(name="Seven")).title == "Seven"
    assert EstimateView.of(ask()).title == "7B parameters on NVIDIA DGX A100 640GB"


def test_the_swing_of_a_source_alone_is_its_part_of_the_interval(ask):
    view = EstimateView.of(ask(pue=1.1, rent_price=2.0))
    swings = dict(view.swings("rent_usd"))
    result = view.results["rent_usd"]
    whole = math.log(result.high / result.median)
    assert sum(math.log(swing) ** 2 for swing in swings.values()) == pytest.approx(whole**2)
    assert EstimateView.of(ask(accelerator_hours=1.0e5, rent_price=2.0)).swings("rent_usd") == []


def test_steps_and_their_inputs_are_found_by_name(ask):
    view = EstimateView.of(ask(pue=1.25))
    assert view.input("facility_energy_kwh", "pue") == 1.25
    assert view.input("facility_energy_kwh", "none") is None
    assert view.input("none", "pue") is None
    assert view.median("duration_s") is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("results", None),
        ("results", {"rent_usd": 5}),
        ("results", {"rent_usd": {"low": 3, "median": 2, "high": 1}}),
        ("results", {"rent_usd": {"low": -3, "median": 2, "high": 3}}),
        ("results", {"rent_usd": {"low": "<b>", "median": 2, "high": 3}}),
        ("results", {"rent_usd": {"low": 1, "median": True, "high": 3}}),
        ("spread_shares", {"rent_usd": {"mfu": 7}}),
        ("spread_shares", {"rent_usd": {"mfu": "x"}}),
        ("steps", {}),
        ("steps", ["x"]),
        ("level", 2.0),
        ("level", "x"),
        ("plan", []),
        ("assumptions", 5),
    ],
)
def test_a_damaged_estimate_is_refused_with_the_name_of_the_value(saved, key, value):
    with pytest.raises(CarbonError, match=r"damaged: (estimate\.)?(results|rent_usd|spread_shares|steps|level|plan|assumptions)") as caught:
        EstimateView.from_dict({**saved, key: value})
    assert "save it again" in caught.value.hint


def test_missing_bounds_are_not_known(saved):
    view = EstimateView.from_dict({**saved, "results": {"rent_usd": None, "own_usd": {"low": None, "median": 1.0, "high": 2.0}, "unheard_of": 5}})
    assert view.results == {"rent_usd": None, "own_usd": None}


def test_another_version_is_refused_with_both_named(saved):
    with pytest.raises(CarbonError, match=r"'traincarbon/estimate/2', not 'traincarbon/estimate/1'"):
        EstimateView.from_dict({**saved, "schema": "traincarbon/estimate/2"})
