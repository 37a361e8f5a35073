"""The facts of a plan: one declared attribute each, frozen, read by a name that must exist."""

import pytest

from acme import WORLD, subject_of
from traincarbon.errors import PlanError
from traincarbon.estimation.facts.evidence import Given
from traincarbon.estimation.facts.facts import ATTRIBUTES, Facts, meter_facts
from traincarbon.estimation.facts.hardware import PeakFacts, PowerFacts

PUE = Given("pue", 1.2, "", "measured")


@pytest.fixture
def database(make_database):
    return make_database(WORLD)


@pytest.fixture
def facts(database):
    return Facts.of(subject_of(database), [PeakFacts(precision="bf16", warnings=("hot",)), PowerFacts(warnings=("cold",))], warnings=("late",))


def test_facts_join_what_their_parts_hold_and_their_warnings_in_order(facts):
    assert (facts.hardware.id, facts.accelerator.id, facts.accelerator_count) == ("acme-box", "acme-one-40gb", 8.0)
    assert (facts.place, facts.precision, facts.pue) == (None, "bf16", None)
    assert facts.warnings == ("hot", "cold", "late")


def test_no_fact_can_be_changed_in_place(facts):
    with pytest.raises(AttributeError, match="frozen"):
        facts.pue = PUE


def test_facts_with_others_are_new_and_leave_the_first_as_they_were(facts):
    changed = facts.having(PUE, calibration="mine", warnings=("careful",))
    assert (changed.pue, changed.calibration, changed.warnings) == (PUE, "mine", ("hot", "cold", "late", "careful"))
    assert (facts.pue, facts.calibration, facts.warnings) == (None, "", ("hot", "cold", "late"))


def test_a_name_that_is_not_declared_fails_however_it_is_read(facts):
    for read in (facts.given, facts.need, facts.value, lambda name: facts.having(PUE._replace(name=name))):
        with pytest.raises(KeyError):
            read("puee")


def test_an_unknown_fact_is_none_where_that_is_allowed_and_refused_where_it_is_needed(facts):
    assert (facts.given("pue"), facts.value("pue")) == (None, None)
    with pytest.raises(PlanError, match=r"^pue of Acme Box is unknown$"):
        facts.need("pue")
    known = facts.having(PUE)
    assert (known.given("pue"), known.need("pue"), known.value("pue")) == (PUE, PUE, 1.2)


def test_precision_family_and_kind_are_read_as_what_is_assumed_of_them(facts):
    assumed = Given("precision", "bf16", "", "default", assumed=True)
    assert facts.given("precision") is None
    assert facts.having(assumed).given("precision") == assumed
    assert {"precision", "family", "kind"} <= ATTRIBUTES.keys()


def test_how_far_meters_are_off_is_gathered_for_runs(database, shipped):
    found = meter_facts(subject_of(database), shipped)
    assert [given.assumed for given in (found.meter, found.host_rest_share)] == [True, True]
