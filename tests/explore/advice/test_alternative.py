"""The result of advice: stable, serialisable, and the same in every form."""

import json

import pytest

from traincarbon.explore.advice.alternative import GROUPS, Effort
from traincarbon.explore.advise import advise
from traincarbon.quantities import COMPARED, RANKED


@pytest.fixture(scope="module")
def advice(shipped):
    return advise(params=7e9, tokens=140e9, hw="h100", accelerators=256, requests=1e9, tokens_per_request=1e3, database=shipped)


def test_the_dictionary_is_json_in_its_schema(advice):
    found = json.loads(json.dumps(advice.to_dict(), allow_nan=False))
    assert found["schema"] == "traincarbon/advice/1"
    assert found.keys() == {"schema", "plan", "by", "money", "level", "figures", "lifetime", "loss", "alternatives", "ranking", "not_offered", "notes"}
    first = found["alternatives"][0]
    assert first["savings"].keys() == set(RANKED.values())
    assert first["figures"].keys() == set(COMPARED)
    assert first["savings"]["cost_usd"].keys() == {"low", "median", "high", "share_low", "share", "share_high", "chance"}


def test_every_alternative_says_what_is_lost_how_hard_it_is_and_what_it_rests_on(advice):
    for each in advice.alternatives:
        assert each.lost, each.id
        assert each.not_when, each.id
        assert each.how, each.id
        assert each.effort in Effort, each.id
        assert each.evidence or each.id == "own", each.id
        for piece in each.evidence:
            assert piece.source, each.id
            assert piece.locator, each.id


def test_groups_are_parts_of_the_whole(advice):
    assert [each for group in GROUPS for each in advice.in_group(group)] == list(advice.alternatives)
    assert all(advice.in_group(group) for group in GROUPS)


def test_the_frame_has_a_row_an_alternative(advice):
    frame = advice.to_frame()
    assert list(frame["id"]) == [each.id for each in advice.alternatives]
    assert frame["saved_share_cost_usd"].iloc[0] == advice.alternatives[0].savings["cost_usd"].share


def test_results_are_frozen(advice):
    with pytest.raises(AttributeError):
        advice.by = "x"
    with pytest.raises(AttributeError):
        advice.alternatives[0].name = "x"
