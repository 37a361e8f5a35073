"""The effects of a calibration on one quantity by scope: team, hardware, site and kind of job."""

import math
from typing import TYPE_CHECKING

import numpy as np

from traincarbon.calibration.expected import Expected
from traincarbon.calibration.observed import Observed
from traincarbon.estimation.calibration import Effect
from traincarbon.fitting.shrinkage import Level, Shrunk, shrink
from traincarbon.published.spreads import LEVELS, Spreads

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Codes = npt.NDArray[np.intp]


_TEAM_WIDE = ("mfu", "step")
"""Quantities that a team takes along to another chip, with its code."""


def effects_of(quantity: str, used: Observed, expected: Expected, y: "Array", spreads: Spreads) -> tuple[Shrunk, list[Effect]]:
    """Return the fit of one quantity, and the effects of its scopes as a calibration states them."""
    logs = np.log(used.active_params)
    centre = float(logs.mean())
    x = np.stack((np.ones_like(logs), logs - centre), axis=1) if quantity == "mfu" else np.ones((len(y), 1))
    chips, families = chips_of(used, expected), _families_of(used)
    scopes = [np.zeros(len(y), dtype=np.intp), groups(chips)]
    scopes += [groups(scopes[1], used.site_of), groups(scopes[1], used.site_of, families)]
    between = [spreads.between(quantity, level, x.shape[1]) for level in LEVELS]
    shrunk = shrink(
        y, x, [Level(*each) for each in zip(scopes, between, strict=True)], scatter=spreads.run(quantity), weights=_weights(quantity, used, spreads)
    )
    names = [*dict.fromkeys(expected.chips)], used.sites, [*dict.fromkeys(used.families())]
    found = []
    for at, scope_of in enumerate(scopes):
        if at == 0 and quantity not in _TEAM_WIDE:
            continue  # powers of different chips say little about another chip
        below = sum(shrunk.between[at + 1 :], np.zeros((x.shape[1],) * 2))
        first = np.unique(scope_of, return_index=True)[1]
        counts = np.bincount(scope_of)
        least, most = (np.full(len(first), start) for start in (np.inf, -np.inf))
        np.minimum.at(least, scope_of, logs)
        np.maximum.at(most, scope_of, logs)
        for scope, row in enumerate(first.tolist()):
            words = (names[0][chips[row]], names[1][used.site_of[row]], names[2][families[row]])
            named = (*words[:at], *("",) * (3 - at))
            sizes = (centre, float(least[scope]), float(most[scope]))
            found.append(_effect(quantity, named, int(counts[scope]), shrunk.means[at][scope], shrunk.covariances[at][scope] + below, shrunk.scatter, sizes))
    by_scope: dict[tuple[str, str, str], Effect] = {}
    for effect in found:  # a site without a name is the hardware anywhere: the wider scope comes first
        by_scope.setdefault(effect.scope, effect)
    return shrunk, list(by_scope.values())


def _weights(quantity: str, used: Observed, spreads: Spreads) -> "Array | None":
    """Return how much each run counts: less after a change of software, which utilisation follows and power does not."""
    if quantity not in _TEAM_WIDE or used.software_sigma is None:
        return None
    scatter = spreads.run(quantity) ** 2
    weights: Array = scatter / (scatter + used.software_sigma**2)
    return weights


def chips_of(observed: Observed, expected: Expected) -> "Codes":
    """Return the chip of each run as its position among the distinct ones of *expected*."""
    codes = {chip: at for at, chip in enumerate(dict.fromkeys(expected.chips))}
    return np.array([codes[chip] for chip in expected.chips], dtype=np.intp)[observed.job_of]


def groups(*codes: "Codes") -> "Codes":
    """Return one code for each combination of *codes*, counted from zero."""
    joined = codes[0]
    for more in codes[1:]:
        joined = joined * (int(more.max(initial=0)) + 1) + more
    return np.unique(joined, return_inverse=True)[1].reshape(-1)


def _effect(quantity: str, scope: tuple[str, ...], runs: int, mean: "Array", covariance: "Array", scatter: float, sizes: tuple[float, float, float]) -> Effect:
    sigmas = np.sqrt(np.diag(covariance))
    slope, slope_sigma, correlation = 0.0, 0.0, 0.0
    if len(mean) > 1:
        slope, slope_sigma = float(mean[1]), float(sigmas[1])
        correlation = float(covariance[0, 1] / (sigmas[0] * sigmas[1]))
    # the sizes of a scope may all lie on one side of the centre of all runs; its range then begins at the centre
    centre, least, most = (math.exp(size) for size in (sizes[0], min(sizes[0], sizes[1]), max(sizes[0], sizes[2])))
    return Effect(quantity, scope[0], scope[1], scope[2], runs, float(mean[0]), float(sigmas[0]), slope, slope_sigma, correlation, scatter, centre, least, most)


def _families_of(observed: Observed) -> "Codes":
    codes = {family: at for at, family in enumerate(dict.fromkeys(observed.families()))}
    return np.array([codes[family] for family in observed.families()], dtype=np.intp)[observed.job_of]
