"""A quantity from the database: its value, the reason and the evidence."""

import pytest

from acme import WORLD, row
from traincarbon.database.records import Fact
from traincarbon.errors import DatabaseError
from traincarbon.estimation.facts.evidence import Given, Part, from_prior, given
from traincarbon.uncertain import Uncertain


@pytest.fixture
def database(make_database):
    return make_database(WORLD)


def test_a_fact_keeps_its_source_locator_and_kind():
    found = given("board_power_w", 400.0, "W", "power cap", Fact(400.0, "a-source", "table 7", "measured", "/db"))
    assert found == Given("board_power_w", 400.0, "W", "power cap", "a-source", "table 7", "measured", assumed=False)


def test_a_row_keeps_its_source_locator_and_kind():
    evidence = row("grid", "FR", 2020, 50, "lifecycle", "production", source="a-source", locator="row FR", kind="derived")
    found = given("carbon_intensity", 50.0, "g/kWh", "France, 2020", evidence)
    assert found == Given("carbon_intensity", 50.0, "g/kWh", "France, 2020", "a-source", "row FR", "derived", assumed=False)


def test_a_prior_is_an_assumption_whose_spread_has_its_name(database):
    assert from_prior(database, "service_life", "*", "years", "years in service") == Given(
        "service_life", Uncertain(4.0, {"service_life": 0.2}), "years", "years in service", "acme-2020-datasheet", "table 1", "published", assumed=True
    )


def test_the_spread_of_a_prior_may_have_another_name(database):
    assert from_prior(database, "host_share", "*", "", "the rest", spread="host").value == Uncertain(0.5, {"host": 0.2})


def test_a_prior_without_a_spread_is_a_plain_number_under_any_name(database):
    for spread in ("", "idle"):
        found = from_prior(database, "idle_share", "*", "", "idle", spread=spread)
        assert found.value == 0.15
        assert type(found.value) is float


def test_a_missing_prior_is_refused_with_its_name_and_scope(database):
    with pytest.raises(DatabaseError, match=r"^priors\.csv has no pue,scope=moon$") as caught:
        from_prior(database, "pue", "scope=moon", "", "nobody knows")
    assert caught.value.hint == "carbon db check lists what is missing"


def test_a_part_takes_its_own_fields_only_and_shows_what_was_stated():
    part = Part(warnings=("hot",))
    assert (part.stated(), Part().stated(), Part().warnings) == ({"warnings": ("hot",)}, {}, ())
    with pytest.raises(TypeError, match="Part has no warning"):
        Part(warning=())  # type: ignore[call-arg]
    with pytest.raises(AttributeError, match="cannot delete warnings"):
        del part.warnings
