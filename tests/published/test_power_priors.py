"""The law of power that is fitted: one of data centres by generation, one of cards by who they are made for, and an assumed one of processors."""

import math

import pytest

from traincarbon.database.records import TABLES
from traincarbon.fitting.regression import Observation
from traincarbon.published import power_priors
from traincarbon.published.power_rows import PowerRow


def rows(law, level, shares, *, exponent=0.0):
    """Return a row for each share, each of an organisation of its own."""
    found = []
    for at, share in enumerate(shares):
        effects = {"all": 1.0, level: 1.0, "exponent": exponent * (at + 1)}
        found.append(PowerRow(f"{level}-{at}", "consumer" if law else "datacentre", law, Observation(math.log(share), effects, f"{level}-{at}", "run")))
    return found


CARDS = rows("segment=consumer", "segment=consumer", [0.9] * 8)
CHIPS = rows("", "generation=acme", [0.6] * 8)


def written(found):
    return {(row["prior"], row["scope"]): float(row["median"]) for row in power_priors.fitted(found)}


def test_cards_and_accelerators_of_data_centres_have_laws_of_their_own():
    both, chips = written([*CARDS, *CHIPS]), written(CHIPS)
    assert both["power_share", "segment=consumer"] == pytest.approx(0.9, abs=0.01)
    assert both["power_share", "generation=acme"] == pytest.approx(0.6, abs=0.01)
    assert {key: value for key, value in both.items() if not key[1].startswith("segment")} == chips


def test_cards_without_rows_are_like_the_others_and_less_certain():
    found = {row["scope"]: row for row in power_priors.fitted(CARDS) if row["prior"] == "power_share"}
    assert float(found["segment=laptop"]["median"]) == pytest.approx(0.9, abs=0.02)
    assert float(found["segment=laptop"]["sigma_ln"]) > float(found["segment=consumer"]["sigma_ln"])
    assert (found["segment=laptop"]["n"], found["segment=consumer"]["n"]) == ("0", "8")


def test_the_exponent_is_how_fast_power_falls_below_the_reference():
    # each step of ln 2 in utilisation takes ln 1.2 off the power
    falling = rows("", "generation=acme", [0.8 / 1.2**n for n in range(1, 9)], exponent=-math.log(2.0))
    assert written(falling)["power_exponent", "*"] == pytest.approx(math.log(1.2) / math.log(2.0), abs=0.01)


def test_no_share_is_above_the_cap():
    assert written(rows("segment=consumer", "segment=consumer", [1.0] * 8))["power_share", "segment=workstation"] <= 1.0


def test_without_rows_the_law_of_whole_computers_alone_is_written_and_says_that_it_is_assumed():
    found = power_priors.fitted([])
    assert [(row["prior"], row["scope"], row["kind"]) for row in found] == [("power_share", "type=soc", "assumed"), ("power_exponent", "type=soc", "assumed")]
    assert all(set(row) == set(TABLES["priors"]) for row in found)


def of_processors(shares):
    """Return a row for each share, of two processors in turn."""
    effects = [{"all": 1.0, f"processor={at % 2}": 1.0} for at in range(len(shares))]
    return [PowerRow(f"{at}", "processor", "type=cpu", Observation(math.log(share), effects[at], f"{at % 2}", "run")) for at, share in enumerate(shares)]


def test_processors_have_the_geometric_mean_of_their_rows_and_an_assumed_exponent():
    found = {row["prior"]: row for row in power_priors.fitted(of_processors([0.4, 0.9] * 6)) if row["scope"] == "type=cpu"}
    assert float(found["power_share"]["median"]) == pytest.approx(0.6, abs=0.01)
    assert (found["power_share"]["n"], found["power_share"]["kind"], found["power_exponent"]["kind"]) == ("12", "derived", "assumed")
    assert all(set(row) == set(TABLES["priors"]) for row in found.values())


def test_a_processor_may_take_more_than_its_thermal_design_power():
    assert written(of_processors([1.2] * 12))["power_share", "type=cpu"] == pytest.approx(1.2, abs=0.02)


def test_processors_and_cards_do_not_touch_each_other():
    both = written([*CARDS, *of_processors([0.5] * 12)])
    assert both == {**written(CARDS), **written(of_processors([0.5] * 12))}


def test_one_card_that_takes_far_less_than_the_others_moves_them_little():
    odd = rows("segment=consumer", "segment=consumer", [0.9] * 12 + [0.4])
    assert written(odd)["power_share", "segment=consumer"] == pytest.approx(0.9, abs=0.03)
