"""The result of an optimisation: stable, serialisable, its frontier falling."""

import json

import pytest

from traincarbon.explore.optimise import optimise


@pytest.fixture(scope="module")
def optimum(shipped):
    return optimise(hw=["dgx-a100", "dgx-h100"], servers=64, budget_usd=1e6, budget_days=60, database=shipped)


def test_the_dictionary_is_json_in_its_schema(optimum):
    found = json.loads(json.dumps(optimum.to_dict(), allow_nan=False))
    assert found["schema"] == "traincarbon/optimum/1"
    assert found.keys() == {"schema", "question", "target_loss", "bounds", "sure", "money", "level", "law", "ways", "frontier", "set_aside"}
    assert found["ways"][0]["params"] == optimum.best.size.params
    assert found["bounds"] == {"cost_usd": 1e6, "duration_s": 60 * 86400.0}


def test_the_frontier_falls_in_loss_and_rises_in_everything_else(optimum):
    points = optimum.frontier
    losses = [point.loss.median for point in points]
    assert losses == sorted(losses, reverse=True)
    for name in ("cost_usd", "facility_energy_kwh", "total_kgco2e", "duration_s"):
        amounts = [point.results[name].median for point in points]
        assert amounts == sorted(amounts)


def test_the_answer_is_on_its_frontier(optimum):
    assert any(point.params == pytest.approx(optimum.best.size.params) for point in optimum.frontier)


def test_the_frame_is_the_frontier(optimum):
    frame = optimum.to_frame()
    assert list(frame["loss"]) == [point.loss.median for point in optimum.frontier]
    assert {"params", "tokens", "cost_usd", "total_kgco2e"} <= set(frame.columns)
