r"""Fit effects of nested scopes, each shrunk towards the scope above: normal-normal, in closed form, for any number of runs.

.. math:: y_i = x_i^\top \beta_{leaf(i)} + \varepsilon_i, \quad \beta_{scope} \sim N(\beta_{above}, T_{level}), \quad \beta_{top} \sim N(0, T_0), \quad \varepsilon_i \sim N(0, \sigma^2)

One pass up the tree and one down give the posterior of every scope (Gelman et al. 2013, *Bayesian data analysis*, section 5.4;
Pearl 1988 for a Gaussian tree). Expectation and maximisation estimate the scatter σ and the spreads T, with their prior values as evidence.
σ may become smaller or larger than its prior value. T only becomes larger, if runs contradict it.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from traincarbon.fitting.solve import t_over_normal

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Codes = npt.NDArray[np.intp]

_SETTLED = 1e-4
"""Greatest relative change of the scatter in the last round."""
_ROUNDS = 100
PRIOR_RUNS = 4.0
"""The number of runs that the prior scatter counts for."""


class Level(NamedTuple):
    """A level of scopes, the widest first: the scope of each run, and how far scopes are from the one above."""

    scope_of: "Codes"
    between: Sequence[float]
    """Standard deviation of each coefficient."""


class Shrunk(NamedTuple):
    """The fit: the mean (scopes × coefficients) and the covariance of every scope by level, and the prediction of every run."""

    means: list["Array"]
    covariances: list["Array"]
    scatter: float
    """Standard deviation of a run around its scope, wider the fewer runs there are, see :func:`~traincarbon.fitting.solve.t_over_normal`."""
    fitted: "Array"
    """Prediction of each run by all runs."""
    left_out: "Array"
    """Prediction of each run by all other runs."""
    left_out_sigma: "Array"
    """Standard deviation of that prediction, including the run's own scatter."""
    between: list["Array"]
    """Covariance of scopes around the one above, by level: the prior value, or more if runs contradict it."""


def shrink(y: "Array", x: "Array", levels: Sequence[Level], *, scatter: float, weights: "Array | None" = None) -> Shrunk:
    """Return the effect of every scope and the scatter of runs around them.

    Args:
        y: Logarithm of measured over expected, for each run.
        x: What multiplies the coefficients, runs × coefficients; the first column is usually one.
        levels: The widest first. It has one scope or several unrelated ones; every other scope lies inside one scope of the level above.
        scatter: Prior standard deviation of a run around its scope, which counts for :data:`PRIOR_RUNS` runs.
        weights: How much each run counts, from 0 to 1; by default as much as the others. The scatter of a run of weight w is that over √w.
    """
    leaf = levels[-1].scope_of
    weight = np.ones_like(y) if weights is None else weights
    root = np.sqrt(weight)
    gram, moment, square = _sums(root * y, root[:, None] * x, leaf)
    above = [_parents(upper.scope_of, lower.scope_of) for upper, lower in pairwise(levels)]
    prior = [np.square(level.between) for level in levels]
    sizes = [int(level.scope_of.max()) + 1 for level in levels]
    sigma, spreads = scatter, [np.diag(squares) for squares in prior]
    for _ in range(_ROUNDS):
        means, covariances, apart = _passes(gram / sigma**2, moment / sigma**2, above, spreads, sizes)
        mean, covariance = means[-1], covariances[-1]
        spreads = [np.diag(_no_less(squares, level)) for squares, level in zip(prior, apart, strict=True)]
        missed = square - 2.0 * np.einsum("gi,gi->g", mean, moment) + np.einsum("gi,gij,gj->g", mean, gram, mean)
        missed = missed + np.einsum("gij,gji->g", gram, covariance)
        found = float(np.sqrt((PRIOR_RUNS * scatter**2 + missed.sum()) / (PRIOR_RUNS + len(y))))
        settled, sigma = abs(found / sigma - 1.0) < _SETTLED, found
        if settled:
            break
    means, covariances, _ = _passes(gram / sigma**2, moment / sigma**2, above, spreads, sizes)
    mean, covariance = means[-1], covariances[-1]
    widened = sigma * t_over_normal(PRIOR_RUNS + len(y), order=2)
    fitted = np.einsum("ni,ni->n", x, mean[leaf])
    own = np.einsum("ni,nij,nj->n", x, covariance[leaf], x)
    share = np.minimum(weight * own / sigma**2, 1.0 - 1e-9)
    left_out, left_out_sigma = (fitted - share * y) / (1.0 - share), np.sqrt(own / (1.0 - share) + widened**2 / weight)
    return Shrunk(means, covariances, widened, fitted, left_out, left_out_sigma, spreads)


def _no_less(prior: "Array", apart: "Array") -> "Array":
    """Return the variances between scopes from how far *apart* each is from the one above. The *prior* counts as one more, and is the least."""
    least: Array = np.maximum(prior, (prior + apart.sum(axis=0)) / (1.0 + len(apart)))
    return least


def _sums(y: "Array", x: "Array", leaf: "Codes") -> tuple["Array", "Array", "Array"]:
    """Return by leaf the sums of x xᵀ, x y and y²."""
    count, width = int(leaf.max()) + 1, x.shape[1]
    gram = np.empty((count, width, width))
    moment = np.empty((count, width))
    for i in range(width):
        moment[:, i] = np.bincount(leaf, x[:, i] * y, count)
        for j in range(i, width):
            gram[:, i, j] = gram[:, j, i] = np.bincount(leaf, x[:, i] * x[:, j], count)
    return gram, moment, np.bincount(leaf, y * y, count).astype(float)


def _parents(upper: "Codes", lower: "Codes") -> "Codes":
    """Return the scope above each scope of the lower level."""
    parents = np.zeros(int(lower.max()) + 1, dtype=np.intp)
    parents[lower] = upper
    return parents


def _passes(
    gram: "Array", moment: "Array", above: Sequence["Codes"], spreads: Sequence["Array"], sizes: Sequence[int]
) -> tuple[list["Array"], list["Array"], list["Array"]]:
    """Return means and covariances by level: evidence is summed up the tree, blurred by the spread between scopes at each step, and carried down again.

    The third list has the expected squared distances of each scope from the one above, for the first level from zero.
    """
    one = np.eye(gram.shape[1])
    evidence = [(gram, moment)]
    for parents, spread, size in zip(reversed(above), reversed(spreads), reversed(sizes[:-1]), strict=False):
        precision, pull = evidence[0]
        blurred = np.linalg.inv(one + precision @ spread)
        evidence.insert(0, (_by_parent(blurred @ precision, parents, size), _by_parent(np.einsum("gij,gj->gi", blurred, pull), parents, size)))
    precision, pull = evidence[0]
    covariance = np.linalg.inv(one + spreads[0] @ precision) @ spreads[0]
    means, covariances = [np.einsum("gij,gj->gi", covariance, pull)], [covariance]
    apart = [means[0] ** 2 + np.einsum("gii->gi", covariance)]
    for (precision, pull), parents, spread in zip(evidence[1:], above, spreads[1:], strict=True):
        kept = np.linalg.inv(one + spread @ precision)
        own = kept @ spread
        mean, unsure = means[-1][parents], covariances[-1][parents]
        means.append(np.einsum("gij,gj->gi", own, pull) + np.einsum("gij,gj->gi", kept, mean))
        covariances.append(own + kept @ unsure @ kept.transpose(0, 2, 1))
        moved = own + (kept - one) @ unsure @ (kept - one).transpose(0, 2, 1)
        apart.append((means[-1] - mean) ** 2 + np.einsum("gii->gi", moved))
    return means, covariances, apart


def _by_parent(values: "Array", parents: "Codes", size: int) -> "Array":
    summed = np.zeros((size, *values.shape[1:]))
    np.add.at(summed, parents, values)
    return summed
