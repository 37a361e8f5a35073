"""What the screens of advise, compare and optimise share."""

import pytest

from traincarbon.cli.screens.choices import amount, heading, intervals_of, label, letters, word
from traincarbon.explore.comparison import Where
from traincarbon.quantities import COMPARED
from traincarbon.uncertain import Interval


@pytest.mark.parametrize(("money", "head"), [("rent", "Rent"), ("own", "Ownership")])
def test_the_head_of_the_cost_says_whose_it_is(money, head):
    assert heading("cost_usd", money) == head


def test_abbreviations_keep_their_capitals_within_a_line():
    assert [word(name) for name in ("total_kgco2e", "accelerator_hours_h", "cost_usd", "facility_energy_kwh")] == ["CO2e", "GPU-hours", "cost", "energy"]


def test_amounts_have_the_unit_of_their_quantity():
    assert (amount("cost_usd", 7.9e6), amount("accelerator_hours_h", 2.02e6)) == ("$7.9M", "2M GPU-hours")


def test_only_uncertain_quantities_have_an_interval():
    results = dict.fromkeys(COMPARED) | {"cost_usd": Interval(1e6, 2e6, 4e6), "duration_s": Interval(60.0, 60.0, 60.0), "total_kgco2e": Interval(0.0, 0.0, 0.0)}
    assert intervals_of(results) == "cost $1M – $4M"


def test_a_combination_is_called_by_what_distinguishes_it():
    one, other = Where("", "p5", "sweden", "on_demand", None), Where("", "p5", "france", "spot", None)
    assert label(one, [one, other], "AWS p5") == "sweden · on demand"
    assert label(one, [one], "AWS p5") == "AWS p5"


def test_marks_are_letters_and_others_are_none():
    assert letters(("cheapest", "cleanest", "lowest loss")) == "$c"
