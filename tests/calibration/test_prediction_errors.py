"""Errors of predictions in short."""

import math

import numpy as np
import pytest

from traincarbon.calibration.prediction_errors import Errors


def test_the_summary_has_medians_means_and_the_share_inside():
    sigma = np.full(3, 0.1)
    found = Errors(np.arange(3), np.array([0.1, -0.2, 0.6]), np.zeros(3), np.array([0.05, -0.1, 0.3]), sigma, sigma).summary()
    assert (found["n"], found["before"], found["left_out"]) == (3.0, 0.2, 0.1)
    assert found["before_mean"] == pytest.approx(0.3)
    assert (found["coverage_before"], found["coverage_left_out"]) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert math.isfinite(found["after_mean"])
