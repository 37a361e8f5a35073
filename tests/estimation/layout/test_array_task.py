"""The layouts of an array of plans are those of each plan."""

import json
import math

import numpy as np
import pytest

from traincarbon import estimate
from traincarbon.estimation.layout import array_task

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


VARIED = [
    {"active_params": PARAMS / np.array([1.0, 8.0, 8.0, 1.0, 16.0])},
    {"layers": np.array([24.0, 32.0, 80.0, 31.0, 126.0]), "seq_len": np.array([2048.0, 512.0, 8192.0, 2048.0, 32768.0])},
    {"hidden": np.array([2048.0, 4096.0, 8192.0, 3072.0, 16384.0]), "ffn": np.array([8192.0, 11008.0, 28672.0, 9000.0, 53248.0])},
    {"heads": 32.0, "kv_heads": np.array([32.0, 8.0, 8.0, 4.0, 1.0]), "head_dim": np.array([64.0, 128.0, 128.0, 64.0, 128.0])},
    {"ffn_matrices": np.array([2.0, 3.0, 3.0, 2.0, 3.0]), "vocab": np.array([32000.0, 50257.0, 128256.0, 256000.0, 1.0])},
    {"start": "2021-03-01", "params": np.array([0.9e9, 7e9, 0.5e9, 13e9, 1e9])},
    {"batch_tokens": np.array([1e6, 2048.0, 4e6, 100.0, 16e6])},
]


@pytest.mark.parametrize("varied", VARIED, ids="-".join)
def test_each_plan_has_the_layout_that_it_has_alone_whatever_its_model_says(shipped, varied):
    plans = {**PLANS, **varied}
    found = estimate(database=shipped, **plans).layout.spread
    for at in range(len(PARAMS)):
        alone = estimate(database=shipped, **{name: float(value[at]) if hasattr(value, "shape") else value for name, value in plans.items()}).layout.spread
        if alone is None:
            assert math.isnan(found.mfu[at])
        else:
            assert [float(field[at]) for field in (*found.layout, *found.step, found.mfu)] == [
                float(field) for field in (*alone.layout, *alone.step, alone.mfu)
            ]
    assert np.isfinite(found.mfu).sum() >= 3


def test_plans_whose_searches_are_the_same_are_searched_once(shipped, monkeypatch):
    sizes = []
    search = array_task.fastest_of_each
    monkeypatch.setattr(array_task, "fastest_of_each", lambda task: sizes.append(len(task.accelerators)) or search(task))
    # all are 32 layers of 4,096: the usual model of so many parameters
    params = np.array([6.6e9, 6.7e9, 6.8e9, 6.7e9, 13e9])
    found = estimate(database=shipped, params=params, tokens=np.array([1e12, 1e12, 2e12, 3e12, 1e12]), hw="dgx-h100", servers=8.0).layout.spread
    assert sizes == [2]
    assert len(set(found.mfu.tolist())) == 2
    assert set(found.mfu[:4].tolist()) == {found.mfu[0]}


@pytest.mark.parametrize("counts", [[1.0, 64.0], [64.0, 1.0]])
def test_links_and_network_are_assumed_where_any_plan_uses_them(shipped, counts):
    found = estimate(database=shipped, params=1e9, tokens=1e10, hw="rtx-4090", accelerators=np.array(counts)).layout
    alone = estimate(database=shipped, params=1e9, tokens=1e10, hw="rtx-4090", accelerators=64.0).layout
    named = {"host_link_b_per_s", "network_b_per_s"}
    assert {each for each in found.assumed if each[0] in named} == {each for each in alone.assumed if each[0] in named}
    assert {each[0] for each in found.assumed} >= named


def test_what_is_assumed_for_any_plan_is_said(shipped):
    names = {"params": np.array([0.5e9, 13e9]), "tokens": 1e11, "hw": "dgx-a100", "servers": 8, "start": "2021-03-01"}
    assert "recompute_layers" in {name for name, _, _ in estimate(database=shipped, **names).layout.assumed}
