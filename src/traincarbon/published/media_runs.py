"""Fit the utilisation of models of images and of sound, over that of language models on the same hardware.

Their FLOP are counted in other ways, and what they load may set the pace, so that they say nothing about language models: these are fitted first.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from traincarbon.estimation.families import IMAGE, SELF_DISTILLATION, SEPARABLE, SOUND
from traincarbon.fitting import widths
from traincarbon.fitting.left_out import honest_scatter, left_out
from traincarbon.fitting.regression import Fit, Observation, fit
from traincarbon.published.prior_rows import AMPLE_ROWS
from traincarbon.published.reported_runs import Chip, PublishedRun

LIGHT = "light"
"""The logarithm of the work for each image that is loaded, in time at the peak, below :data:`AMPLE_IMAGE_S`."""
AMPLE_IMAGE_S = 1e-3
"""Time at the peak that an image has to be worth below which utilisation falls. [s]"""
_SPREADS = {"medium": 1.0, "generation": 0.15, "family": 0.5, LIGHT: 0.5}
"""Log-spreads between the effects: of the level of a medium, and over it of generations of hardware and of the families apart."""
_GROUP = {IMAGE: 0.4, SOUND: 0.8}
"""Log-spread between organisations: one with many runs of its own says little about others."""
_SCATTER = {IMAGE: 0.5, SOUND: 0.8}
_COVERED = 0.92
"""Share of the left-out rows that 90 % intervals are made to hold: two points more, as many forms were tried on few organisations."""
_USUAL_ROWS = 10.0
"""Rows of the usual scatter that each family is given where scatters differ by family."""
_APART = (f"family={SEPARABLE}", f"family={SELF_DISTILLATION}")
"""Families with a factor of their own: others have none that their rows tell from the common level."""
_OFFSET = ("all", "generation=", "kind=", "precision=")
"""Effects that are those of language models."""


class MediaFit(NamedTuple):
    """The fit of one medium.

    Attributes:
        fit: Its effects, over those of language models.
        scatter: Standard deviation of a run around them.
        group: Log-spread between organisations.
        width: By family, the variance of the scatter over the usual one.
    """

    fit: Fit
    scatter: float
    group: float
    width: Mapping[str, float]

    def apart(self, family: str) -> float:
        """Return the variance between runs of a *family*, by the name of its effect: within an organisation and between organisations."""
        return self.width.get(family, 1.0) * self.scatter**2 + self.group**2

    def over_language(self, effects: Mapping[str, float], medium: str) -> tuple[float, float]:
        """Return mean and variance of what the *effects* of a run add to that of a language model, without the scatter of the run."""
        mean, sigma = self.fit.predict(own_effects(effects), medium)
        own = (self.fit.reach * self.fit.sigmas[f"scatter:{medium}"]) ** 2 + self.fit.sigmas[f"group:{medium}"] ** 2
        return mean, max(sigma**2 - own, 0.0)


def own_effects(effects: Mapping[str, float]) -> dict[str, float]:
    """Return the effects of a run that are fitted to models of its medium."""
    return {name: size for name, size in effects.items() if name in (LIGHT, *_APART) or name.startswith(("medium=", "generation="))}


def language_effects(effects: Mapping[str, float]) -> dict[str, float]:
    """Return the effects of a run that are those of language models: of hardware, number format and kind of training."""
    return {name: size for name, size in effects.items() if name.startswith(_OFFSET)}


def light_effect(run: PublishedRun, chip: Chip) -> dict[str, float]:
    """Return how far the work of *run* for each image that it loads is below what fills a chip, nothing where it is not or is unknown."""
    flop = run.work_flop
    if flop is None or run.samples is None:
        return {}
    worth_s = flop / (run.samples * (run.images_per_sample or 1.0)) / chip.peak_flop_per_s
    return {LIGHT: math.log(worth_s / AMPLE_IMAGE_S)} if worth_s < AMPLE_IMAGE_S else {}


def fit_media(rows: Iterable[Observation], language: Callable[[Mapping[str, float]], float]) -> dict[str, MediaFit]:
    """Return the fit of each medium that *rows* hold.

    Args:
        rows: Whole runs of models of images or sound.
        language: The mean of a language model by its effects.
    """
    of: dict[str, list[Observation]] = {}
    for row in rows:
        over = row.y - language(language_effects(row.effects))
        of.setdefault(row.scatter, []).append(Observation(over, row.effects, row.group, row.scatter))
    return {medium: _fit(own, medium) for medium, own in of.items()}


def _fit(known: Sequence[Observation], medium: str) -> MediaFit:
    rows = [Observation(row.y, own_effects(row.effects), row.group, row.scatter) for row in known]
    scatter, group = f"scatter:{medium}", f"group:{medium}"
    found = fit(rows, start={scatter: _SCATTER[medium]}, fixed={**_SPREADS, group: _GROUP[medium], scatter: _SCATTER[medium]}, heavy_tailed=True)
    groups = len({row.group for row in rows})
    errors = left_out(rows, found)
    usual = honest_scatter(errors, groups=groups, covered=_COVERED) if len(rows) >= AMPLE_ROWS else found.reach * found.sigmas[scatter]
    squares = [each.error**2 / (each.variance + usual**2) for each in errors]
    families = [next(name for name in row.effects if name.startswith("family=")) for row in known]
    return MediaFit(found, usual, _GROUP[medium], widths.factors(families, squares, rows=_USUAL_ROWS))
