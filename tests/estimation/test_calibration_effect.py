import pytest

import traincarbon
from made_runs import fitted, slower
from traincarbon.calibration.store import save

PLAN = {"params": 3e9, "tokens": 6e10, "hw": "dgx-a100", "servers": 2}


@pytest.fixture
def mine(shipped, tmp_path, monkeypatch):
    """The name of a saved calibration to two runs."""
    monkeypatch.setenv("CARBON_CALIBRATIONS", str(tmp_path))
    save(fitted(slower(shipped, (1.4, 1.45), sizes=(2e9, 4e9)), shipped).calibration)
    return "mine"


def test_an_estimate_states_its_calibration_and_the_results_without_it(shipped, mine):
    stated = traincarbon.estimate(database=shipped, **PLAN).to_dict()
    without = traincarbon.estimate(database=shipped, **PLAN, calibration="none").to_dict()
    effect = stated["calibration"]
    assert (effect["name"], effect["is_automatic"]) == (mine, True)
    assert effect["made_of"].endswith("of 2 runs")
    assert effect["without"] == {name: without["results"][name] for name in effect["without"]}
    ratio = without["results"]["accelerator_hours_h"]["median"] / stated["results"]["accelerator_hours_h"]["median"]
    assert effect["factors"]["mfu"]["median"] == pytest.approx(ratio)


@pytest.mark.usefixtures("mine")
def test_without_a_calibration_there_is_no_effect(shipped):
    assert traincarbon.estimate(database=shipped, **PLAN, calibration="none").calibration is None
    assert traincarbon.estimate(database=shipped, **{**PLAN, "hw": "dgx-h100"}).calibration is None


@pytest.mark.usefixtures("mine")
def test_a_model_by_name_is_the_same_plan_without_its_calibration(shipped):
    plan = {"model": "llama-3-8b", "tokens": 1e11, "hw": "dgx-a100", "servers": 4}
    without = traincarbon.estimate(database=shipped, **plan, calibration="none")
    effect = traincarbon.estimate(database=shipped, **plan).calibration
    assert effect["without"]["accelerator_hours_h"]["median"] == without.median("accelerator_hours_h")
