import numpy as np

from traincarbon.fitting.outliers import outliers


def test_outliers_are_told_within_their_group():
    y = np.array([0.0, 0.1, -0.1, 0.05, 2.0, 2.0, 2.1, 1.9, 2.05, 0.0])
    groups = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    assert np.flatnonzero(outliers(y, groups)).tolist() == [4, 9]
