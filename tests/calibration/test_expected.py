import numpy as np
import pytest

from made_runs import expected_hours_h, record
from traincarbon.calibration.expected import expect
from traincarbon.calibration.observed import from_records
from traincarbon.estimation.chain import estimate


def expected_of(shipped, *records):
    observed, _ = from_records(records, shipped)
    return observed, expect(observed, shipped)


def test_what_is_expected_of_a_column_is_what_is_estimated_of_each(shipped):
    sizes = (1e9, 7e9)
    observed, found = expected_of(shipped, *(record(f"{params}", params=params, tokens=2e11) for params in sizes))
    for at, params in enumerate(sizes):
        answer = estimate(params=params, tokens=2e11, hw="dgx-a100", accelerators=8, calibration="none", database=shipped)
        assert found.mfu[at] == pytest.approx(answer.median("mfu"))
        assert found.sigma[at] == pytest.approx(answer.values["mfu"].sigma)
    assert found.chips == ("a100-sxm4-80gb",)
    assert len(observed) == 2


def test_a_run_of_the_hours_that_were_expected_reached_the_expected_utilisation(shipped):
    hours_h = expected_hours_h(shipped, params=1e9, tokens=2e10)
    _, found = expected_of(shipped, record(params=1e9, tokens=2e10, hours_h=hours_h))
    assert found.reached_mfu == pytest.approx(found.mfu)
    assert found.planned_kwh[0] == pytest.approx(hours_h * found.power_w[0] / 1e3)


def test_the_draw_is_that_at_the_utilisation_that_was_reached(shipped):
    hours_h = expected_hours_h(shipped, params=1e9, tokens=2e10)
    _, found = expected_of(shipped, record("fast", hours_h=hours_h), record("slow", hours_h=2.0 * hours_h))
    assert found.power_w[1] / found.power_w[0] == pytest.approx(0.5 ** found.power_exponent[0])


def test_hours_that_cannot_be_leave_the_draw_unknown(shipped):
    _, found = expected_of(shipped, record(hours_h=0.1))
    assert found.reached_mfu[0] > 1.0
    assert np.isnan(found.power_w[0])


def test_a_job_that_cannot_be_estimated_says_why(shipped):
    _, found = expected_of(shipped, record(plan={"precision": "fp4"}))
    assert np.isnan(found.mfu[0])
    assert found.faults[0].endswith("has no fp4 rate")
