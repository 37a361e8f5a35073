r"""Fit a linear model of logarithms with shrunken effects and groups of related rows, for priors.

.. math:: y = X \beta + u_{group} + \varepsilon

A normal prior shrinks every effect towards zero, with one variance per kind of effect. Rows of one source share the offset *u*.
The variances maximise the marginal likelihood, by expectation and maximisation (Dempster, Laird and Rubin 1977). A heavy-tailed scatter
is a normal one whose rows are weighted (Lange, Little and Taylor 1989).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]


_FREEDOM = 4.0
"""Degrees of freedom of a heavy-tailed scatter: one row in twenty-five is beyond three of its widths."""
_REACH = 2.1318 / 1.6449
"""The 95th percentile of that Student's t over that of a normal: how much wider the normal with the same 90 % interval is."""
_SETTLED = 1e-3
"""Greatest relative change of a standard deviation in the last round."""


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """One observation: *y* by *effects* (name to size), with its group, whose offset it shares, and its kind of scatter."""

    y: float
    effects: Mapping[str, float]
    group: str
    scatter: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Effects with their posterior covariance, and the log-spread of a new row of a new source.

    *reach* widens the scatter to the normal whose 90 % interval is that of the scatter's own distribution.
    *weights* are those of the rows: below one far from their expectation where the scatter is heavy-tailed.
    """

    names: tuple[str, ...]
    effects: "Array"
    covariance: "Array"
    sigmas: Mapping[str, float]
    weights: "Array"
    reach: float = 1.0

    def effect(self, name: str) -> tuple[float, float]:
        """Return the estimate of one effect and its standard error."""
        at = self.names.index(name)
        return float(self.effects[at]), float(self.covariance[at, at]) ** 0.5

    def predict(self, effects: Mapping[str, float], scatter: str) -> tuple[float, float]:
        """Return mean and standard deviation of a new row of a new source. An effect never seen is zero but uncertain."""
        import numpy as np

        x = np.array([effects.get(name, 0.0) for name in self.names])
        unseen = sum(size * size * self.sigmas.get(_kind(name), 0.0) ** 2 for name, size in effects.items() if name not in self.names)
        variance = float(x @ self.covariance @ x) + unseen + (self.reach * self.sigmas[f"scatter:{scatter}"]) ** 2 + self.sigmas[f"group:{scatter}"] ** 2
        return float(x @ self.effects), variance**0.5


def fit(rows: Sequence[Observation], *, start: Mapping[str, float], fixed: Mapping[str, float], heavy_tailed: bool = False, rounds: int = 500) -> Fit:
    """Return the effects fitted to *rows*.

    Args:
        rows: Observations.
        start: Prior values of the standard deviations to estimate: of each kind of effect (the part of its name before ``=``),
            ``group:<scatter>`` and ``scatter:<scatter>``. Each weighs as much as one more effect, offset or row.
        fixed: Given standard deviations.
        heavy_tailed: Whether the scatter is a Student's t with four degrees of freedom, in which distant rows weigh less, or normal.
        rounds: Greatest number of rounds of expectation and maximisation.
    """
    import numpy as np

    names = tuple(dict.fromkeys(name for row in rows for name in row.effects))
    members = tuple(dict.fromkeys((row.group, row.scatter) for row in rows))
    kinds = [*(_kind(name) for name in names), *(f"group:{scatter}" for _, scatter in members)]
    column = {name: at for at, name in enumerate((*names, *members))}
    x = np.zeros((len(rows), len(kinds)))
    for at, row in enumerate(rows):
        x[at, column[row.group, row.scatter]] = 1.0
        for name, size in row.effects.items():
            x[at, column[name]] = size
    y = np.array([row.y for row in rows])
    scatters = np.array([f"scatter:{row.scatter}" for row in rows])
    of_kind = {key: np.array([kind == key for kind in kinds]) for key in start if not key.startswith("scatter:")}
    of_scatter = {key: scatters == key for key in start if key.startswith("scatter:")}
    sigmas = {**fixed, **start}
    weights = np.ones(len(rows))
    for _ in range(rounds):
        noise = np.array([sigmas[key] ** 2 for key in scatters])
        white = x.T * (weights / noise)
        covariance = np.linalg.inv(white @ x + np.diag([sigmas[kind] ** -2 for kind in kinds]))
        effects = covariance @ (white @ y)
        miss = (y - x @ effects) ** 2 + np.einsum("ij,jk,ik->i", x, covariance, x, optimize=True)
        if heavy_tailed:
            weights = (_FREEDOM + 1.0) / (_FREEDOM + miss / noise)
        found = {key: _spread(effects[at] ** 2 + np.diag(covariance)[at], start[key]) for key, at in of_kind.items()}
        found |= {key: _spread((weights * miss)[at], start[key]) for key, at in of_scatter.items()}
        moved = max((abs(math.log(found[key] / sigmas[key])) for key in found), default=0.0)
        sigmas |= found
        if moved < _SETTLED:
            break
    count = len(names)
    return Fit(names, effects[:count], covariance[:count, :count], sigmas, weights, _REACH if heavy_tailed else 1.0)


def _kind(name: str) -> str:
    return name.partition("=")[0]


def _spread(squares: "Array", prior: float) -> float:
    """Return the standard deviation of *squares*, with the *prior* value counting as one of them."""
    return math.sqrt((float(squares.sum()) + prior**2) / (len(squares) + 1))
