import numpy as np

from traincarbon.fitting.outliers import outliers


def test_outliers_are_found_within_their_group():
    y = np.array([0.0, 0.1, -0.1, 0.05, 2.0, 2.0, 2.1, 1.9, 2.05, 0.0])
    groups = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    assert np.flatnonzero(outliers(y, groups)).tolist() == [4, 9]


def test_five_standard_deviations_make_an_outlier_of_a_wide_group():
    # the median absolute deviation is 0.2, so the robust standard deviation is 0.2965 and five of them are 1.48
    y = np.array([-0.4, -0.2, 0.0, 0.0, 0.2, 0.2])
    for far, is_outlier in ((1.45, False), (1.52, True)):
        assert bool(outliers(np.array([*y, far]), np.zeros(7, dtype=int))[-1]) is is_outlier


def test_a_tight_group_keeps_what_is_within_a_factor_of_two_and_a_half():
    y = np.array([0.0, 0.001, -0.001, 0.0])
    for factor, is_outlier in ((2.4, False), (2.6, True)):
        assert bool(outliers(np.array([*y, np.log(factor)]), np.zeros(5, dtype=int))[-1]) is is_outlier
