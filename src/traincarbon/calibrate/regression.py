r"""A linear model of logarithms with shrunken effects and groups of related rows: how priors are fitted.

.. math:: y = X \beta + u_{group} + \varepsilon

Every effect is drawn towards zero by a normal prior of its own kind's variance; rows of one source share the offset *u*. The
variances maximise the marginal likelihood. The same as a Gaussian process with a linear kernel: Rasmussen and Williams 2006,
*Gaussian processes for machine learning*, chapter 2.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One observation: *y* by *effects* (name to size), with the source that it shares its offset with and its kind of scatter."""

    y: float
    effects: Mapping[str, float]
    group: str
    scatter: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Effects with their posterior covariance, and the log-spread of a new row of a new source."""

    names: tuple[str, ...]
    effects: "Array"
    covariance: "Array"
    sigmas: Mapping[str, float]

    def effect(self, name: str) -> tuple[float, float]:
        """Return the estimate of one effect and its standard error."""
        at = self.names.index(name)
        return float(self.effects[at]), float(self.covariance[at, at]) ** 0.5

    def predict(self, effects: Mapping[str, float], scatter: str) -> tuple[float, float]:
        """Return mean and standard deviation of a new row of a new source; an effect never seen is zero but uncertain."""
        import numpy as np

        x = np.array([effects.get(name, 0.0) for name in self.names])
        unseen = sum(size * size * self.sigmas.get(_kind(name), 0.0) ** 2 for name, size in effects.items() if name not in self.names)
        variance = float(x @ self.covariance @ x) + unseen + self.sigmas[f"scatter:{scatter}"] ** 2 + self.sigmas[f"group:{scatter}"] ** 2
        return float(x @ self.effects), variance**0.5


def fit(rows: Sequence[Row], *, start: Mapping[str, float], fixed: Mapping[str, float], rounds: int = 300) -> Fit:
    """Return the effects that *rows* show.

    Args:
        rows: Observations.
        start: Standard deviations to be estimated with where to start: of each kind of effect (the part of its name before ``=``),
            ``group:<scatter>`` and ``scatter:<scatter>``.
        fixed: Standard deviations that are given.
        rounds: Steps of the search at most.
    """
    import numpy as np

    names = tuple(dict.fromkeys(name for row in rows for name in row.effects))
    x = np.array([[row.effects.get(name, 0.0) for name in names] for row in rows])
    y = np.array([row.y for row in rows])
    members = {member: at for at, member in enumerate(dict.fromkeys((row.group, row.scatter) for row in rows))}
    group_of = np.array([members[(row.group, row.scatter)] for row in rows])
    same_group = group_of[:, None] == group_of[None, :]
    keys = list(start)

    def covariances(sigmas: Mapping[str, float]) -> "tuple[Array, Array]":
        prior = np.array([sigmas[_kind(name)] ** 2 for name in names])
        group = np.array([sigmas[f"group:{row.scatter}"] ** 2 for row in rows])
        noise = np.array([sigmas[f"scatter:{row.scatter}"] ** 2 for row in rows])
        return prior, (x * prior) @ x.T + same_group * group + np.diag(noise)

    def loss(point: "Array") -> float:
        if float(np.max(np.abs(point))) > 6.0:
            return float("inf")
        _, total = covariances({**fixed, **dict(zip(keys, np.exp(point), strict=True))})
        factor = np.linalg.cholesky(total)
        white = np.linalg.solve(factor, y)
        return float(0.5 * white @ white + np.log(np.diag(factor)).sum())

    best = _descend(loss, np.log(np.array([start[key] for key in keys])), rounds) if keys else np.zeros(0)
    sigmas = {**fixed, **{key: float(value) for key, value in zip(keys, np.exp(best), strict=True)}}
    prior, total = covariances(sigmas)
    gain = (prior[:, None] * x.T) @ np.linalg.inv(total)
    return Fit(names, gain @ y, np.diag(prior) - gain @ x * prior, sigmas)


def _kind(name: str) -> str:
    return name.partition("=")[0]


def _descend(loss: Callable[[Any], float], start: "Array", rounds: int) -> "Array":
    """Return the lowest point that the simplex of Nelder and Mead (1965) finds from *start*."""
    import numpy as np

    points = [start, *(start + 0.5 * unit for unit in np.eye(len(start)))]
    values = [loss(point) for point in points]
    for _ in range(rounds):
        order = np.argsort(values)
        points, values = [points[at] for at in order], [values[at] for at in order]
        if values[-1] - values[0] < 1e-6:
            break
        centre = np.mean(points[:-1], axis=0)
        for reach in (2.0, 1.0, -0.5):
            trial = centre + reach * (centre - points[-1])
            value = loss(trial)
            if value < (values[0] if reach == 2.0 else values[-2] if reach == 1.0 else values[-1]):
                points[-1], values[-1] = trial, value
                break
        else:
            points = [points[0], *((points[0] + point) / 2.0 for point in points[1:])]
            values = [values[0], *(loss(point) for point in points[1:])]
    lowest: Array = points[int(np.argmin(values))]
    return lowest
