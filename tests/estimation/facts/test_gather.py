"""What a plan does not say: settled once for each kind of plan, and refused where hardware, place and time do not go together."""

import random

import pytest

from acme import WORLD, line, subject_of
from traincarbon.database.find_place import find_place
from traincarbon.database.load import Database, builtin_root
from traincarbon.database.records import Product
from traincarbon.errors import AmbiguousError, CarbonError, DatabaseError, NotFoundError, PlanError
from traincarbon.estimation.facts import question as questions
from traincarbon.estimation.facts.facts import ATTRIBUTES
from traincarbon.estimation.facts.gather import _OF_A_PLAN, answer, gather, gather_for_run
from traincarbon.estimation.facts.purchase import purchase_price
from traincarbon.estimation.facts.question import Question, Subject
from traincarbon.estimation.facts.rent import rent_of
from traincarbon.estimation.plan import Plan


def test_a_server_brings_its_accelerators(shipped):
    facts = gather(Plan(hw="dgx-a100"), shipped)
    assert facts.hardware.id == "dgx-a100"
    assert facts.accelerator.id == facts.hardware.keys["accelerator"]
    assert facts.accelerator_count == 8.0


def test_a_chip_stands_for_itself(shipped):
    facts = gather(Plan(hw="a100-sxm4-80gb"), shipped)
    assert facts.hardware is facts.accelerator
    assert facts.accelerator_count == 1.0


def test_the_same_question_is_settled_once_and_another_anew(shipped):
    first = gather(Plan(hw="dgx-a100", params=7e9), shipped)
    assert gather(Plan(hw="dgx-a100", params=9e9), shipped) is first
    assert gather(Plan(hw="dgx-a100", region="FR"), shipped) is not first
    assert gather(Plan(hw="dgx-a100"), Database([builtin_root()])) is not first


ASKED = {
    "hw": "dgx-h100",
    "region": "FR",
    "start": "2021",
    "precision": "fp16",
    "kind": "finetune",
    "family": "encoder",
    "rent": "spot",
    "rent_from": "hyperscaler",
    "basis": "direct",
    "active_params": 1e9,
    "carbon_intensity": 10.0,
    "servers": 1,
    "accelerators": 4,
    "goodput": 0.9,
}
"""A change of each field that facts depend on."""


def shown(facts):
    """Return all that *facts* hold, by name."""
    return {name: facts.given(name) for name in ATTRIBUTES} | {"hw": facts.hardware.id, "precision": facts.precision, "warnings": facts.warnings}


@pytest.mark.parametrize("field", ASKED)
def test_no_field_that_facts_depend_on_is_left_out_of_what_is_remembered(field):
    place = "on-prem:US" if field in ("servers", "accelerators") else "US"
    database, fields = Database([builtin_root()]), {"hw": "dgx-a100", "region": place, "params": 9e9}
    before = shown(gather(Plan(**fields), database))
    changed = Plan(**{**fields, field: ASKED[field]})
    after = shown(gather(changed, database))
    assert after == shown(gather(changed, Database([builtin_root()])))
    assert after != before or field in ("carbon_intensity", "start")


def test_every_part_of_the_question_is_asked_in_that_test():
    names = {
        "active_params": "is_moe",
        "carbon_intensity": "is_intensity_stated",
        "goodput": "is_goodput_stated",
        "servers": "is_one_server",
        "accelerators": "few_accelerators",
    }
    assert set(Question._fields) == {names.get(field, field) for field in ASKED}


def test_an_intensity_that_is_unknown_is_forgiven_only_where_the_plan_states_its_intensity(make_database):
    other = {**WORLD, "grid.csv": line("grid", "US", 2020, 50, "direct", "production")}
    database = make_database(other)
    assert gather(Plan(hw="acme-box", region="FR", basis="lifecycle", carbon_intensity=20), database).carbon_intensity is None
    with pytest.raises(PlanError, match="no lifecycle intensity of France is known"):
        gather(Plan(hw="acme-box", region="FR", basis="lifecycle"), database)


def test_a_run_gets_what_is_known_and_the_errors_of_what_is_not(make_database):
    database = make_database({**WORLD, "grid.csv": line("grid", "US", 2020, 50, "direct", "production")})
    facts, errors = gather_for_run(subject_of(database, region="FR", precision="fp4"), database)
    assert [str(error) for error in errors] == ["Acme One 40GB has no fp4 rate", "no lifecycle intensity of France is known", "priors.csv has no meter,*"]
    assert (facts.precision, facts.peak_flop_per_s, facts.carbon_intensity, facts.meter) == ("", None, None, None)
    assert (facts.need("board_power_w").value, facts.need("pue").assumed, facts.mfu) == (400.0, True, None)


def test_of_unknown_hardware_a_run_gets_the_facts_of_its_place_alone(shipped):
    unknown = Product("", "accelerators", {"name": "unknown"}, (), {})
    facts, errors = gather_for_run(Subject(Question(region="FR"), unknown, unknown, 1.0, find_place(shipped, "FR")), shipped)
    assert errors == []
    assert facts.need("carbon_intensity").reason.startswith("France")
    assert (facts.board_power_w, facts.service_life) == (None, None)


def test_no_hardware_is_a_question_back(shipped):
    with pytest.raises(PlanError, match="no hardware") as caught:
        gather(Plan(params=7e9), shipped)
    assert "carbon db list" in caught.value.hint


def test_unknown_hardware_and_places_are_not_found(shipped):
    with pytest.raises(NotFoundError, match="hardware 'dgx-z900'"):
        gather(Plan(hw="dgx-z900"), shipped)
    with pytest.raises(NotFoundError, match="'atlantis'"):
        gather(Plan(hw="dgx-a100", region="atlantis"), shipped)
    with pytest.raises(AmbiguousError):
        gather(Plan(hw="nvidia"), shipped)


def test_a_cloud_s_hardware_stands_in_its_own_regions_only(shipped):
    assert gather(Plan(hw="aws-p4d.24xlarge", region="us-east-1"), shipped).place.id == "aws:us-east-1"
    assert gather(Plan(hw="dgx-a100", region="gcp:us-central1"), shipped).place.id == "gcp:us-central1"
    with pytest.raises(PlanError, match="not offered in gcp:us-central1") as caught:
        gather(Plan(hw="aws-p4d.24xlarge", region="gcp:us-central1"), shipped)
    assert "a region of aws" in caught.value.hint


def test_a_country_holds_any_hardware(shipped):
    assert gather(Plan(hw="aws-p4d.24xlarge", region="FR"), shipped).place.zone == "FR"


def test_a_start_before_the_chip_was_made_is_pointed_out(shipped):
    early = gather(Plan(hw="dgx-h100", start="2015"), shipped).warnings
    late = gather(Plan(hw="dgx-h100", start="2024"), shipped).warnings
    assert any("came out in" in warning and "2015" in warning for warning in early)
    assert not any("came out in" in warning for warning in late)


def test_a_server_of_no_known_accelerator_is_a_fault_of_the_database(make_database):
    with pytest.raises(DatabaseError, match="other"):
        gather(Plan(hw="other"), make_database({"servers/other.toml": 'name = "Other"\naccelerator = "nope"\n'}))


def test_a_missing_prior_is_a_fault_of_the_database_and_named(make_database):
    with pytest.raises(DatabaseError, match=r"priors\.csv has no"):
        gather(Plan(hw="acme-box"), make_database())


def test_a_dense_model_whose_parameters_are_said_twice_is_no_mixture_of_experts(shipped):
    plain, twice = (gather(Plan(hw="dgx-a100", params=7e9, tokens=1e12, active_params=active), shipped).value("mfu") for active in (None, 7e9))
    assert plain == twice


def test_what_is_kept_for_one_question_is_right_for_every_other(shipped):
    chance = random.Random(17)
    hardware = ("dgx-a100", "dgx-h100", "h100-sxm5-80gb", "aws-p5.48xlarge", "dgx-b200")
    regions = (None, "france", "norway", "us-east-1", "sweden", "home:france", "home")
    compared = 0
    for _ in range(150):
        question = Question(
            hw=chance.choice(hardware),
            region=chance.choice(regions),
            start=chance.choice((None, "2021", "2023-06", "2026")),
            precision=chance.choice((None, "bf16", "fp8")),
            kind=chance.choice((None, "finetune")),
            rent=chance.choice((None, "spot", "reserved_1y")),
            rent_from=chance.choice((None, "specialist")),
            is_moe=chance.random() < 0.3,
            is_intensity_stated=chance.random() < 0.3,
            is_goodput_stated=chance.random() < 0.3,
            is_one_server=chance.random() < 0.3,
            few_accelerators=chance.choice((None, 4, 8)),
        )
        try:
            kept, subject = answer(question, shipped), questions.subject_of(question, shipped)
        except CarbonError:
            continue
        for gatherer in _OF_A_PLAN:
            alone = gatherer(subject, shipped).stated()
            assert {name: getattr(kept, name) for name in alone if name != "warnings"} == {name: value for name, value in alone.items() if name != "warnings"}
            compared += 1
        assert kept.rent_price == rent_of(subject, shipped).price
        assert kept.purchase_price == purchase_price(subject, shipped)
    assert compared > 300
