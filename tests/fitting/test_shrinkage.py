import numpy as np
import pytest

from traincarbon.fitting.shrinkage import PRIOR_RUNS, Level, shrink
from traincarbon.fitting.solve import t_over_normal


def ones(n):
    return np.ones((n, 1))


def codes(*numbers):
    return np.array(numbers, dtype=np.intp)


def one_scope(y, *, between=0.3, scatter=0.1):
    y = np.array(y)
    return shrink(y, ones(len(y)), [Level(np.zeros(len(y), dtype=np.intp), [between])], scatter=scatter)


def dense(y, x, levels, sigma, cross):
    """Mean and variance of new rows by the plain formulas of a Gaussian process, to hold the passes against."""
    covariance = sigma**2 * np.eye(len(y))
    shared = np.zeros((len(cross), len(y)))
    own = np.zeros(len(cross))
    for level, scopes in zip(levels, zip(*[c[0] for c in cross], strict=True), strict=True):
        spread = np.diag(np.square(level.between))
        covariance += (x @ spread @ x.T) * (level.scope_of[:, None] == level.scope_of[None, :])
        for at, scope in enumerate(scopes):
            if scope is not None:
                shared[at] += (cross[at][1] @ spread @ x.T) * (level.scope_of == scope)
                own[at] += cross[at][1] @ spread @ cross[at][1]
    inverse = np.linalg.inv(covariance)
    return shared @ inverse @ y, own - np.einsum("ni,ij,nj->n", shared, inverse, shared)


def test_one_scope_is_the_textbook_case_of_a_normal_mean():
    found = one_scope([0.2, 0.4], between=0.3, scatter=0.1)
    sigma = found.scatter / t_over_normal(PRIOR_RUNS + 2, order=2)
    precision = 1.0 / 0.3**2 + 2.0 / sigma**2
    assert found.covariances[0][0, 0, 0] == pytest.approx(1.0 / precision)
    assert found.means[0][0, 0] == pytest.approx((0.6 / sigma**2) / precision)


def test_the_passes_over_the_tree_agree_with_the_inverse_of_the_whole_covariance():
    rng = np.random.default_rng(3)
    n = 24
    leaf = rng.integers(6, size=n)
    leaf[:6] = np.arange(6)
    levels = [Level(np.zeros(n, dtype=np.intp), [0.3, 0.05]), Level(leaf // 3, [0.2, 0.04]), Level(leaf, [0.1, 0.02])]
    x = np.stack((np.ones(n), rng.normal(size=n)), axis=1)
    y = rng.normal(0.2, 0.3, n)
    found = shrink(y, x, levels, scatter=0.15)
    sigma = found.scatter / t_over_normal(PRIOR_RUNS + n, order=2)
    new = np.array([1.0, 0.7])
    cross = [((0, 1, 4), new), ((0, 1, None), new), ((0, None, None), new)]
    levels = [Level(level.scope_of, np.sqrt(np.diag(between))) for level, between in zip(levels, found.between, strict=True)]
    means, variances = dense(y, x, levels, sigma, cross)
    for at, (level, scope) in enumerate(((2, 4), (1, 1), (0, 0))):
        assert new @ found.means[level][scope] == pytest.approx(means[at], abs=1e-9)
        assert new @ found.covariances[level][scope] @ new == pytest.approx(variances[at], abs=1e-9)


def test_leaving_a_run_out_is_fitting_without_it():
    y = np.array([0.1, 0.3, 0.25, 0.4, -0.1])
    scope = codes(0, 0, 0, 1, 1)
    levels = [Level(np.zeros(5, dtype=np.intp), [0.3]), Level(scope, [0.2])]
    found = shrink(y, ones(5), levels, scatter=0.1)
    sigma = found.scatter / t_over_normal(PRIOR_RUNS + 5, order=2)
    for at in range(5):
        kept = np.arange(5) != at
        rest = [Level(level.scope_of[kept], level.between) for level in levels]
        mean, variance = dense(y[kept], ones(4), rest, sigma, [((0, int(scope[at])), np.ones(1))])
        assert found.left_out[at] == pytest.approx(mean[0])
        assert found.left_out_sigma[at] ** 2 == pytest.approx(variance[0] + found.scatter**2)


def test_a_scope_with_few_runs_shrinks_towards_the_one_above():
    y = np.array([0.5] * 20 + [-0.5])
    levels = [Level(np.zeros(21, dtype=np.intp), [0.3]), Level(codes(*[0] * 20, 1), [0.1])]
    found = shrink(y, ones(21), levels, scatter=0.1)
    assert -0.5 < found.means[1][1, 0] < found.means[0][0, 0] < found.means[1][0, 0]


def test_the_spread_falls_as_runs_are_added_and_never_below_their_scatter():
    y = np.array([0.2, 0.4] * 200)
    sigmas = [float(one_scope(y[:n]).left_out_sigma.max()) for n in (2, 8, 40, 400)]
    assert sigmas == sorted(sigmas, reverse=True)
    assert sigmas[-1] == pytest.approx(np.std(y), rel=0.01)
    assert sigmas[-1] > np.std(y)


def test_identical_runs_leave_half_of_the_believed_scatter_and_not_nothing():
    found = one_scope([0.2] * 4, scatter=0.1)
    assert found.scatter > 0.1 / 2.0**0.5 * 0.99


def test_an_effect_far_beyond_what_was_believed_is_not_taken_for_scatter():
    scope = np.zeros(4, dtype=np.intp)
    found = shrink(np.array([-1.7, -1.6, -1.3, -1.4]), ones(4), [Level(scope, [0.1]), Level(scope, [0.1])], scatter=0.08)
    assert found.means[1][0, 0] == pytest.approx(-1.5, abs=0.05)
    assert found.scatter < 0.25


def test_spreads_between_scopes_are_never_less_than_believed():
    found = one_scope([0.0, 0.01, -0.01], between=0.3)
    assert found.between[0][0, 0] == pytest.approx(0.09)
    assert one_scope([3.0, 3.01, 2.99], between=0.3).between[0][0, 0] > 0.5


def test_a_wide_spread_between_scopes_leaves_the_mean_of_the_runs():
    assert one_scope([0.2, 0.4], between=100.0).means[0][0, 0] == pytest.approx(0.3, abs=1e-4)


def test_no_spread_between_scopes_leaves_nothing_to_learn():
    found = one_scope([0.2, 0.4], between=0.0)
    assert found.means[0][0, 0] == 0.0
    assert found.covariances[0][0, 0, 0] == 0.0


def test_a_trend_is_found_where_there_is_one():
    size = np.linspace(-2.0, 2.0, 40)
    found = shrink(0.1 + 0.05 * size, np.stack((np.ones(40), size), axis=1), [Level(np.zeros(40, dtype=np.intp), [0.3, 0.1])], scatter=0.05)
    assert found.means[0][0] == pytest.approx([0.1, 0.05], abs=2e-3)
