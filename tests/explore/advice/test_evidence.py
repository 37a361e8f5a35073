"""Evidence says what it rests on, and effects carry the spread that was published."""

import math

import pytest

from acme import row
from traincarbon.errors import DatabaseError
from traincarbon.explore.advice.evidence import effect_of, evidence_of, technique
from traincarbon.uncertain import Z_90


def effect(shipped, unit, low, typical, high):
    return effect_of(shipped, row("techniques", "trick", "tuning", "Trick", "faster", "time", unit, low, typical, high, "somewhere", 2020))


def test_a_ratio_divides_and_its_range_is_an_interval(shipped):
    found = effect(shipped, "x", 2, 4, 8)
    assert found.median == 0.25
    assert found.interval(0.9) == pytest.approx((0.125, 0.5))


def test_a_saved_share_leaves_the_rest_and_its_spread_weighs_as_the_share_does(shipped):
    found = effect(shipped, "fraction", 0.1, 0.2, 0.3)
    assert found.median == pytest.approx(0.8)
    assert found.sigma == pytest.approx(0.2 / 0.8 * math.log(3.0) / (2.0 * Z_90))


def test_a_typical_figure_at_the_better_end_is_taken_as_the_best_and_the_middle_in_its_place(shipped):
    assert effect(shipped, "x", 2.5, 7, 7).median == pytest.approx(1.0 / math.sqrt(2.5 * 7.0))
    assert effect(shipped, "x", 3.25, 3.25, 4.5).median == pytest.approx(1.0 / 3.25)


def test_a_single_figure_gets_the_spread_of_its_transfer(shipped):
    found = effect(shipped, "x", "", 2, "")
    assert found.median == 0.5
    assert found.sigma == pytest.approx(0.3 * math.log(2.0))
    assert found.spreads.keys() == {"effect of trick"}


def test_a_range_that_begins_at_nothing_is_treated_as_a_single_figure(shipped):
    assert effect(shipped, "fraction", 0, 0.5, 0.6).sigma == pytest.approx(0.3)


def test_a_row_without_a_typical_figure_is_refused(shipped):
    with pytest.raises(DatabaseError, match="trick: no typical effect"):
        effect(shipped, "x", 2, "", 8)


def test_a_database_without_the_spread_of_transfer_says_so(make_database):
    with pytest.raises(DatabaseError, match="technique_effect"):
        effect(make_database({}), "x", "", 2, "")


def test_the_claim_says_what_was_found_and_where(shipped):
    found = evidence_of(shipped, technique(shipped, "gptq"), table="techniques", key="gptq")
    assert found.fact == "techniques/gptq"
    assert found.claim.startswith("GPTQ 3-4 bit: faster inference, latency speed-up 3.25 to 4.5 ×; ")
    assert (found.title, found.locator) == ("GPTQ: accurate post-training quantization for generative pre-trained transformers", "abstract")


def test_the_claim_of_a_share_is_in_per_cent(shipped):
    found = evidence_of(shipped, technique(shipped, "powercap-mit"), table="techniques", key="powercap-mit")
    assert found.claim.startswith("MIT SuperCloud fleet power caps: less energy, energy saved 12 to 15 %; ")


@pytest.mark.parametrize(("kind", "is_verified"), [("published", True), ("measured", True), ("derived", True), ("assumed", False), ("unverified", False)])
def test_what_nobody_has_read_is_not_verified(shipped, kind, is_verified):
    found = evidence_of(shipped, row("techniques", "trick", typical=2, kind=kind), table="techniques", key="trick")
    assert found.is_verified is is_verified
    assert found.to_dict()["is_verified"] is is_verified


def test_an_unknown_technique_is_none(shipped):
    assert technique(shipped, "alchemy") is None
    assert pytest.approx(1.645, abs=1e-3) == Z_90
