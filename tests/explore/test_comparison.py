"""The result of a comparison: the same as JSON and as a frame, and set aside by reason."""

import json

import pytest

from traincarbon.explore.compare import compare
from traincarbon.explore.comparison import SetAside, Where, by_reason


@pytest.fixture(scope="module")
def found(shipped):
    return compare(
        hw=["p4d", "p5", "b200"],
        region=["us-east-1", "europe-west4"],
        rent=["on_demand", "spot"],
        accelerators=1024,
        params=70e9,
        tokens=2e12,
        database=shipped,
    )


def test_combinations_with_one_reason_share_a_line(found):
    lines = by_reason(found.set_aside)
    assert len(lines) == 2
    assert lines[0].startswith("p4d · europe-west4 · on demand and 1 more: aws-p4d.24xlarge is not offered in")


def test_json_and_frame_hold_the_same(found):
    as_json = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert as_json["schema"] == "traincarbon/comparison/1"
    assert as_json.keys() == {"schema", "money", "level", "options", "set_aside"}
    frame = found.to_frame()
    assert list(frame["cost_usd"]) == [option["figures"]["cost_usd"]["median"] for option in as_json["options"]]
    assert frame["is_pareto"].sum() == sum(option["is_pareto"] for option in as_json["options"])


def test_a_reason_is_the_problem_with_its_hint():
    where = Where("", "cs-3", None, None, None)
    assert SetAside(where, "no peak rate", "give mfu").reason == "no peak rate (give mfu)"
    assert SetAside(where, "no peak rate").reason == "no peak rate"
    assert SetAside(where, "no peak rate", "give mfu").to_dict()["reason"] == "no peak rate (give mfu)"


def test_a_combination_names_only_what_it_changes():
    where = Where("plan 1", "dgx-h100", None, "on_demand", None)
    assert where.axes == {"hw": "dgx-h100", "rent": "on_demand"}
    assert str(where) == "plan 1 · dgx-h100 · on demand"
