"""What a plan does not say: settled once for each kind of plan, and refused where hardware, place and time do not go together."""

import pytest

from traincarbon.database.load import Database, builtin_root
from traincarbon.errors import AmbiguousError, DatabaseError, NotFoundError, PlanError
from traincarbon.estimation.facts.gather import settle
from traincarbon.estimation.plan import Plan


def test_a_server_brings_its_accelerators(shipped):
    setting = settle(Plan(hw="dgx-a100"), shipped)
    assert setting.hardware.id == "dgx-a100"
    assert setting.accelerator.id == setting.hardware.keys["accelerator"]
    assert setting.accelerator_count == 8.0


def test_a_chip_stands_for_itself(shipped):
    setting = settle(Plan(hw="a100-sxm4-80gb"), shipped)
    assert setting.hardware is setting.accelerator
    assert setting.accelerator_count == 1.0


def test_the_same_question_is_settled_once_and_another_anew(shipped):
    first = settle(Plan(hw="dgx-a100", params=7e9), shipped)
    assert settle(Plan(hw="dgx-a100", params=9e9), shipped) is first
    assert settle(Plan(hw="dgx-a100", region="FR"), shipped) is not first
    assert settle(Plan(hw="dgx-a100"), Database([builtin_root()])) is not first


def test_no_hardware_is_a_question_back(shipped):
    with pytest.raises(PlanError, match="no hardware") as caught:
        settle(Plan(params=7e9), shipped)
    assert "carbon db list" in caught.value.hint


def test_unknown_hardware_and_places_are_not_found(shipped):
    with pytest.raises(NotFoundError, match="hardware 'dgx-z900'"):
        settle(Plan(hw="dgx-z900"), shipped)
    with pytest.raises(NotFoundError, match="'atlantis'"):
        settle(Plan(hw="dgx-a100", region="atlantis"), shipped)
    with pytest.raises(AmbiguousError):
        settle(Plan(hw="nvidia"), shipped)


def test_a_cloud_s_hardware_stands_in_its_own_regions_only(shipped):
    assert settle(Plan(hw="aws-p4d.24xlarge", region="us-east-1"), shipped).place.id == "aws:us-east-1"
    assert settle(Plan(hw="dgx-a100", region="gcp:us-central1"), shipped).place.id == "gcp:us-central1"
    with pytest.raises(PlanError, match="not offered in gcp:us-central1") as caught:
        settle(Plan(hw="aws-p4d.24xlarge", region="gcp:us-central1"), shipped)
    assert "a region of aws" in caught.value.hint


def test_a_country_holds_any_hardware(shipped):
    assert settle(Plan(hw="aws-p4d.24xlarge", region="FR"), shipped).place.zone == "FR"


def test_a_start_before_the_chip_was_made_is_pointed_out(shipped):
    early = settle(Plan(hw="dgx-h100", start="2015"), shipped).warnings
    late = settle(Plan(hw="dgx-h100", start="2024"), shipped).warnings
    assert any("came out in" in warning and "2015" in warning for warning in early)
    assert not any("came out in" in warning for warning in late)


def test_a_server_of_no_known_accelerator_is_a_fault_of_the_database(make_database):
    with pytest.raises(DatabaseError, match="other"):
        settle(Plan(hw="other"), make_database({"servers/other.toml": 'name = "Other"\naccelerator = "nope"\n'}))


def test_a_missing_prior_is_a_fault_of_the_database_and_named(make_database):
    with pytest.raises(DatabaseError, match=r"priors\.csv has no"):
        settle(Plan(hw="acme-box"), make_database())


def test_a_dense_model_whose_parameters_are_said_twice_is_no_mixture_of_experts(shipped):
    plain, twice = (settle(Plan(hw="dgx-a100", params=7e9, tokens=1e12, active_params=active), shipped).value("mfu") for active in (None, 7e9))
    assert plain == twice
