"""The layouts of an array of plans are those of each plan."""

import json
import math

import numpy as np
import pytest

from traincarbon import estimate

PARAMS = np.array([1.3e9, 7e9, 70e9, 7e9, 400e9])
SERVERS = np.array([1.0, 8.0, 64.0, 8.0, 128.0])
PLANS = {"params": PARAMS, "tokens": PARAMS * 20.0, "hw": "dgx-h100", "servers": SERVERS}


@pytest.fixture(scope="module")
def answer(shipped):
    return estimate(database=shipped, **PLANS)


def one(shipped, at, **fields):
    return estimate(database=shipped, params=float(PARAMS[at]), tokens=float(PARAMS[at] * 20.0), hw="dgx-h100", servers=float(SERVERS[at]), **fields)


def test_each_plan_has_the_layout_that_it_has_alone(shipped, answer):
    found = answer.layout.spread
    for at in range(len(PARAMS)):
        alone = one(shipped, at).layout.spread
        assert [float(field[at]) for field in found.layout] == [float(field) for field in alone.layout]
        assert float(found.mfu[at]) == alone.mfu
        assert float(found.step.total_s[at]) == float(alone.step.total_s)


def test_json_has_a_layout_for_each_plan(shipped, answer):
    stated = json.loads(json.dumps(answer.to_dict()))
    assert stated["layout"] == [json.loads(json.dumps(one(shipped, at).to_dict()))["layout"] for at in range(len(PARAMS))]
    assert not any("layout" in warning for warning in stated["warnings"])


def test_stated_degrees_hold_for_each_plan(shipped):
    degrees = np.array([1.0, 8.0, 8.0, 4.0, 8.0])
    found = estimate(database=shipped, **PLANS, tp=degrees).layout.spread
    for at, degree in enumerate(degrees.tolist()):
        alone = one(shipped, at, tp=degree).layout.spread
        assert float(found.layout.tp[at]) == degree
        assert float(found.mfu[at]) == alone.mfu


def test_a_plan_without_a_layout_is_not_a_number_and_null(shipped):
    answer = estimate(database=shipped, params=np.array([7e9, 7e9]), tokens=1e12, hw="dgx-h100", servers=8, tp=np.array([3.0, 8.0]))
    assert math.isnan(answer.layout.spread.mfu[0])
    assert answer.to_dict()["layout"][0] is None
    assert answer.to_dict()["layout"][1]["tp"] == 8.0


def test_without_any_layout_the_reason_is_said(shipped):
    tuned = estimate(database=shipped, params=np.array([7e9, 13e9]), tokens=1e9, kind="lora", hw="dgx-h100", servers=1)
    assert tuned.layout.spread is None
    assert tuned.layout.why_none.startswith("layouts are known only")
    assert tuned.to_dict()["layout"] is None


def test_one_size_on_many_counts_is_searched_too(shipped):
    found = estimate(database=shipped, params=7e9, tokens=1e12, hw="dgx-h100", servers=np.array([1.0, 2.0, 4.0])).layout.spread
    alone = estimate(database=shipped, params=7e9, tokens=1e12, hw="dgx-h100", servers=4.0).layout.spread
    assert float(found.mfu[2]) == alone.mfu
