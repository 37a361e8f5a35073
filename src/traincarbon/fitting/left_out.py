r"""Errors of a fit with each group left out in turn, in closed form, and the scatter that makes its intervals honest.

With the spreads and weights of a fit given, everything is linear and normal. Let *V* be the covariance of all rows. A group *g* that is predicted
from all others has the errors and the covariance

.. math:: e_g = V_g^{-1} (V^{-1} y)_g, \qquad C_g = V_g^{-1}, \qquad V_g = (V^{-1})_{gg}
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from traincarbon.fitting.regression import Fit, Observation
from traincarbon.fitting.solve import quantile, t_over_normal
from traincarbon.uncertain import Z_90

_COVERED = 0.90
"""Share of the left-out rows that 90 % intervals are made to hold."""
_HALVINGS = 60
_MOST_REACH = 4.0


class LeftOut(NamedTuple):
    """A row predicted from the rows of other groups.

    Attributes:
        error: Observed less predicted.
        variance: Of the prediction, without the scatter of the row itself.
    """

    error: float
    variance: float


def left_out(rows: Sequence[Observation], found: Fit) -> list[LeftOut]:
    """Return each row of a fit as the rows of all other groups predict it, with the spreads and weights of the fit."""
    import numpy as np

    x = np.array([[row.effects.get(name, 0.0) for name in found.names] for row in rows])
    y = np.array([row.y for row in rows])
    noise = np.array([found.sigmas[f"scatter:{row.scatter}"] ** 2 for row in rows]) / found.weights
    groups = np.array([row.group for row in rows])
    shared = np.array([found.sigmas[f"group:{row.scatter}"] for row in rows])
    prior = np.array([found.sigmas[name.partition("=")[0]] ** 2 for name in found.names])
    covariance = (x * prior) @ x.T + np.outer(shared, shared) * (groups[:, None] == groups[None, :]) + np.diag(noise)
    inverse = np.linalg.inv(covariance)
    white = inverse @ y
    errors, variances = np.zeros(len(rows)), np.zeros(len(rows))
    for group in dict.fromkeys(groups.tolist()):
        at = np.flatnonzero(groups == group)
        own = np.linalg.inv(inverse[np.ix_(at, at)])
        errors[at] = own @ white[at]
        variances[at] = np.maximum(np.diag(own) - noise[at], 0.0)
    return [LeftOut(float(error), float(variance)) for error, variance in zip(errors, variances, strict=True)]


def honest_scatter(rows: Sequence[LeftOut], *, groups: int, covered: float = _COVERED) -> float:
    """Return the standard deviation of the scatter with which the 90 % intervals of *rows* that were left out hold them.

    They are made to hold the share *covered*. The scatter of few *groups* says less about that of the next, so it is widened as the prediction
    interval of a normal sample is: by Student's t of groups - 1 degrees of freedom and the root of 1 + 1 / groups.
    """
    low, high = 0.0, _MOST_REACH
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        reached = quantile(sorted(abs(row.error) / (row.variance + middle**2) ** 0.5 for row in rows), covered)
        low, high = (middle, high) if reached > Z_90 else (low, middle)
    return (low + high) / 2.0 * (t_over_normal(groups - 1.0) * math.sqrt(1.0 + 1.0 / groups) if groups > 1 else 1.0)
