"""What bills say of a run, folded from its journals."""

import pytest

from traincarbon.ledger.bills import BY_RESOURCE, BY_TAG, Billed, Part, billed_of, checked_billed, parts_of

TAGGED = Part("a", "2026-03-01", 2.0, BY_TAG)


def test_a_charge_that_comes_again_replaces_what_it_was() -> None:
    parts = [TAGGED, Part("b", "2026-03-03", 1.0, BY_RESOURCE), Part("c", "2026-03-02", -0.5, BY_TAG), TAGGED._replace(usd=3.0)]
    assert billed_of(parts) == Billed(3.5, 2.5, 1.0, 3, "2026-03-01", "2026-03-03")
    assert billed_of([]) is None


@pytest.mark.parametrize("stated", [None, 5, {}, [[]], [["a", "d", "2", "tag"]], [["a", "d", 2.0]], [["a", "d", float("nan"), "tag"]], [["a", "d", 2.0, "x"]]])
def test_what_is_not_sound_is_no_part(stated: object) -> None:
    assert parts_of(stated) == []


def test_a_record_states_its_bills_as_they_were() -> None:
    billed = Billed(3.5, 2.5, 1.0, 3, "2026-03-01", "2026-03-03")
    assert checked_billed(billed._asdict()) == billed
    assert checked_billed({"usd": "many"}) is None
    assert checked_billed(None) is None
