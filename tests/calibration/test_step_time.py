import math

import numpy as np
import pytest

from traincarbon.calibration.step_time import expected_s_per_token, layout_of
from traincarbon.estimation.chain import estimate

PLAN = {"tp": 2.0, "pp": 1.0, "dp": 32.0, "seq_len": 2048.0, "batch_tokens": 2.0**22}
RUN = {"hw": "dgx-a100", "params": 13e9, "accelerators": 64.0, "tokens": 2.6e11, "steps": None}


def found(plan=PLAN, **run):
    return layout_of(plan, **{**RUN, **run})


def expected_s(shipped, plan=PLAN, **run):
    return float(expected_s_per_token([found(plan, **run)], np.array([0]), shipped)[0])


@pytest.mark.parametrize(
    ("plan", "degrees"),
    [
        ({"tp": 2.0, "pp": 4.0, "dp": 8.0}, (2.0, 4.0, 8.0)),
        ({"tp": 2.0, "pp": 4.0}, (2.0, 4.0, 8.0)),
        ({"dp": 64.0}, (1.0, 1.0, 64.0)),
        ({"tp": 8.0, "dp": 8.0}, (8.0, 1.0, 8.0)),
    ],
)
def test_degrees_that_leave_no_choice_are_a_layout(plan, degrees):
    layout = found({**plan, "batch_tokens": 4e6})
    assert tuple(layout[name] for name in ("tp", "pp", "dp")) == degrees


@pytest.mark.parametrize("plan", [{}, {"tp": 8.0}, {"tp": 3.0, "pp": 5.0}, {"tp": 2.0, "pp": 2.0, "dp": 2.0}, {"tp": "eight", "dp": [8]}, {"tp": math.nan}])
def test_degrees_that_leave_a_choice_or_contradict_the_accelerators_are_none(plan):
    assert found({**plan, "batch_tokens": 4e6}) is None


def test_one_accelerator_has_one_layout():
    assert found({"batch_tokens": 4e6}, accelerators=1.0)["tp"] == 1.0


def test_the_tokens_of_a_step_are_those_of_the_plan_else_those_counted():
    assert found(steps=1e5)["batch_tokens"] == 2.0**22
    assert found({"dp": 64.0}, steps=1e5)["batch_tokens"] == 2.6e6
    assert found({"dp": 64.0}) is None


def test_what_is_expected_is_the_step_that_an_estimate_shows(shipped):
    step = estimate(params=13e9, tokens=2.6e11, hw="dgx-a100", servers=8, database=shipped, calibration="none", **PLAN).layout.spread
    assert expected_s(shipped) == pytest.approx(step.step.total_s / 2.0**22, rel=1e-12)


def test_a_goodput_that_the_plan_states_is_in_the_wall_clock(shipped):
    assert expected_s(shipped, {**PLAN, "goodput": 0.8}) == pytest.approx(expected_s(shipped) / 0.8)


@pytest.mark.parametrize("plan", [{**PLAN, "kind": "lora"}, {**PLAN, "precision": "fp7"}, {**PLAN, "seq_len": "long"}, {**PLAN, "batch_tokens": 5.0}])
def test_a_layout_that_cannot_be_tried_expects_nothing(shipped, plan):
    assert math.isnan(expected_s(shipped, plan))


def test_a_model_that_does_not_fit_expects_nothing(shipped):
    assert math.isnan(expected_s(shipped, {**PLAN, "tp": 1.0, "dp": 1.0}, params=1e12, accelerators=1.0))


def test_a_run_of_unknown_layout_expects_nothing(shipped):
    known = expected_s_per_token([found()], np.array([-1, 0]), shipped)
    assert math.isnan(known[0])
    assert known[1] > 0.0
