"""What is noted of hardware, place and time: the value, why, and on what evidence."""

import pytest

from acme import WORLD, row, setting_of
from traincarbon.database.records import Fact
from traincarbon.errors import DatabaseError
from traincarbon.estimation.facts.types import Given
from traincarbon.uncertain import Uncertain


@pytest.fixture
def database(make_database):
    return make_database(WORLD)


@pytest.fixture
def setting(database):
    return setting_of(database)


def test_a_new_setting_knows_its_hardware_and_place_and_nothing_else(setting, database):
    assert (setting.hardware.id, setting.accelerator.id, setting.accelerator_count) == ("acme-box", "acme-one-40gb", 8.0)
    assert setting.place is None
    assert (setting.noted, setting.warnings) == ({}, [])
    paris = setting_of(database, region="acme:paris-1").place
    assert paris is not None
    assert (paris.zone, paris.id) == ("FR", "acme:paris-1")


def test_two_settings_share_no_notes(setting, database):
    other = setting_of(database)
    other.add("pue", 1.1, "", "said so")
    other.warnings.append("careful")
    assert (setting.noted, setting.warnings) == ({}, [])


def test_a_choice_is_noted_without_evidence(setting):
    setting.add("kind", "pretrain", "", "not said", assumed=True)
    assert setting.noted == {"kind": Given("kind", "pretrain", "", "not said", "", "", "", assumed=True)}


def test_a_fact_is_noted_with_its_source_locator_and_kind(setting):
    setting.add("board_power_w", 400.0, "W", "power cap", Fact(400.0, "a-source", "table 7", "measured", "/db"))
    assert setting.given("board_power_w") == Given("board_power_w", 400.0, "W", "power cap", "a-source", "table 7", "measured", assumed=False)


def test_a_row_is_noted_with_its_source_locator_and_kind(setting):
    evidence = row("grid", "FR", 2020, 50, "lifecycle", "production", source="a-source", locator="row FR", kind="derived")
    setting.add("carbon_intensity", 50.0, "g/kWh", "France, 2020", evidence)
    assert setting.given("carbon_intensity") == Given("carbon_intensity", 50.0, "g/kWh", "France, 2020", "a-source", "row FR", "derived", assumed=False)


def test_a_later_note_of_the_same_name_replaces_the_former(setting):
    setting.add("pue", 1.1, "", "first")
    setting.add("pue", 1.2, "", "second")
    assert [(given.value, given.reason) for given in setting.noted.values()] == [(1.2, "second")]


def test_a_prior_is_an_assumption_whose_spread_bears_its_name(setting, database):
    setting.add_prior(database, "service_life", "*", "years", "years in service")
    assert setting.given("service_life") == Given(
        "service_life", Uncertain(4.0, {"service_life": 0.2}), "years", "years in service", "acme-2020-datasheet", "table 1", "published", assumed=True
    )


def test_the_spread_of_a_prior_may_bear_another_name(setting, database):
    setting.add_prior(database, "host_share", "*", "", "the rest", spread="host")
    assert setting.value("host_share") == Uncertain(0.5, {"host": 0.2})


def test_a_prior_without_a_spread_is_a_plain_number_under_any_name(setting, database):
    for spread in ("", "idle"):
        setting.add_prior(database, "idle_share", "*", "", "idle", spread=spread)
        assert setting.value("idle_share") == 0.15
        assert type(setting.value("idle_share")) is float


def test_a_prior_that_is_missing_is_refused_with_its_name_and_scope(setting, database):
    with pytest.raises(DatabaseError, match=r"^priors\.csv has no pue,scope=moon$") as caught:
        setting.add_prior(database, "pue", "scope=moon", "", "nobody knows")
    assert caught.value.hint == "carbon db check lists what is missing"
    assert setting.noted == {}
