"""Fit the utilisation of whole runs to published whole runs: by generation of hardware, family of models, kind of training and number format.

Benchmarks and timed parts of trainings do not set its level: each generation of hardware that has some enters as one row, at the share of steps that
whole runs reach elsewhere. ``docs/method.md`` explains the method.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.facts.hardware import speed_up_of
from traincarbon.estimation.families import ENCODER, IMAGE, MOE, published_family
from traincarbon.fitting import widths
from traincarbon.fitting.left_out import LeftOut, honest_scatter, left_out
from traincarbon.fitting.regression import Fit, Observation, fit
from traincarbon.formulas import throughput
from traincarbon.published import media_runs
from traincarbon.published.media_runs import MediaFit
from traincarbon.published.prior_rows import AMPLE_ROWS, NARROW_SHARE, WIDE, usable_mfu
from traincarbon.published.reported_runs import Chip, PublishedRun, chip_of

CENTRE_MFU = 0.275
"""Utilisation without any evidence. Estimates shrink towards it."""
SPREADS = {"all": 1.0, "generation": 0.25, "family": 0.35, "kind": 0.3, "precision": 0.25, "sparsity": 0.15}
"""Log-spreads between the effects of a kind; those of generations, families and kinds of training are about the most likely ones.

The *sparsity* of a mixture of experts is the logarithm of its parameters over the active ones: one with a ratio of one is a dense model.
"""
_GROUP = 0.1
"""Log-spread between organisations, which these rows hardly tell from that between the runs of one."""
_SCATTER = {"run": 0.32, ENCODER: 0.5, "other": 0.4, "steps": 0.3}
"""Prior log-spreads of rows around their effects: of whole runs by what is trained, and of what steps say about whole runs.

The first is that of dense language models, the second that of encoders, which differ more between teams, the third that of other models of
tokens: of experts, encoder-decoders.
"""
_USUAL_ROWS = {"generation": 20.0, "family": 10.0}
"""Rows of the usual scatter that each group is given where scatters differ by generation of hardware and by family."""
SPARSITY = "sparsity"


class Form(NamedTuple):
    """What a fit of whole runs assumes.

    Attributes:
        spreads: Log-spreads between the effects of each kind.
        group: Log-spread between organisations.
    """

    spreads: Mapping[str, float] = SPREADS
    group: float = _GROUP


SHIPPED = Form()
"""The form of the shipped priors."""


class WholeRuns(NamedTuple):
    """The fit of whole runs.

    Attributes:
        fit: Effects of models of tokens on the logarithm of utilisation over its expectation.
        scatter: By what they train, the standard deviation of a run around its effects.
        share: Utilisation of whole runs over that of steps on hardware with many of both, None where there is none.
        rows: What was fitted to: whole runs, and a row of the kind "steps" for each generation that has steps.
        media: The fits of models of images and of sound, over that of a language model.
        width: By generation of hardware and by family, the variance of the scatter over the usual one.
    """

    fit: Fit
    scatter: Mapping[str, float]
    share: float | None
    rows: Sequence[Observation]
    media: Mapping[str, MediaFit]
    width: Mapping[str, float]

    def predict(self, effects: Mapping[str, float], scatter: str = "run") -> tuple[float, float]:
        """Return mean and standard deviation of the logarithm for a run of another organisation."""
        own = self.media.get(scatter)
        if own is None:
            mean, _ = self.fit.predict(effects, "run")
            return mean, math.sqrt(self.variance(effects) + self.apart(scatter, *groups_of(effects)))
        usual = media_runs.language_effects(effects)
        level, _ = self.fit.predict(usual, "run")
        over, variance = own.over_language(effects, scatter)
        return level + over, math.sqrt(self.variance(usual) + variance + own.apart(groups_of(effects)[1]))

    def apart(self, scatter: str, *groups: str) -> float:
        """Return the variance between runs of one kind of *scatter*: within an organisation, by the *groups* that they are of, and between organisations."""
        width = math.prod(self.width.get(group, 1.0) for group in groups)
        return width * self.scatter.get(scatter, _SCATTER[scatter]) ** 2 + self.fit.sigmas[f"group:{scatter}"] ** 2

    def variance(self, effects: Mapping[str, float]) -> float:
        """Return the variance of what the *effects* add up to."""
        _, sigma = self.fit.predict(effects, "run")
        return max(sigma**2 - (self.fit.reach * self.fit.sigmas["scatter:run"]) ** 2 - self.fit.sigmas["group:run"] ** 2, 0.0)


def whole_rows(runs: Iterable[PublishedRun], database: Database) -> list[Observation]:
    """Return the observations of utilisation among *runs* that are whole trainings: the logarithm over its expectation, with its effects."""
    rows = []
    for run in runs:
        if not run.kind.is_training or run.is_steady:
            continue
        try:
            chip = chip_of(run, database)
        except CarbonError:
            continue
        mfu = usable_mfu(run, chip)
        if mfu is not None:
            y = math.log(mfu / expected_mfu(chip))
            rows.append(Observation(y, effects_of(run, chip), run.group, scatter_of(_known_as(run.family))))
    return rows


def scatter_of(family: str) -> str:
    """Return what kind of scatter the whole runs of a *family* have: that of its medium, where it computes on one.

    Example:
        >>> scatter_of("dense-lm"), scatter_of("moe-lm"), scatter_of("vision")
        ('run', 'other', 'image')
    """
    return {"dense-lm": "run", ENCODER: ENCODER}.get(family) or published_family(family).medium or "other"


def _known_as(family: str) -> str:
    """Return what priors call a *family* of published runs: those of experts and of states have priors of their own."""
    known = published_family(family)
    return family if family in known.published_as[1:] else known.prior


def expected_mfu(chip: Chip) -> float:
    """Return the utilisation of a whole run by its number format alone: only a part of a step follows the rate of products."""
    speed_up = speed_up_of(chip.product, chip.precision)
    return float(throughput.narrowed_mfu(mfu=CENTRE_MFU, speed_up=speed_up, narrow_share=NARROW_SHARE))


def effects_of(run: PublishedRun, chip: Chip) -> dict[str, float]:
    """Return the effects on the utilisation of *run*, by name."""
    effects = {"all": 1.0, f"generation={chip.generation}": 1.0}
    effects.update(_effects_of_family(run, chip))
    if run.kind.is_finetuning:
        effects["kind=finetune"] = 1.0
    if chip.precision not in WIDE:
        effects["precision=narrow" if chip.precision.startswith("fp") and chip.precision != "fp32" else f"precision={chip.precision}"] = 1.0
    return effects


def _effects_of_family(run: PublishedRun, chip: Chip) -> dict[str, float]:
    """Return the effects of what *run* trains, none for a dense language model."""
    if run.is_mixture and run.params is not None:
        return {SPARSITY: math.log((run.total_params or run.params) / run.params)}
    family, medium = _known_as(run.family), published_family(run.family).medium
    if family == "dense-lm":
        return {}
    effects = {f"family={family}": 1.0}
    if medium:
        effects = {f"medium={medium}": 1.0, **effects, **(media_runs.light_effect(run, chip) if medium == IMAGE else {})}
    return effects


def fit_whole(rows: Sequence[Observation], steps: Mapping[str, float], form: Form = SHIPPED) -> WholeRuns:
    """Return the fit of whole runs. *steps* holds the utilisation of steps by generation of hardware, of those that have some."""
    tokens = [row for row in rows if row.scatter in _SCATTER]
    alone = _fit(tokens, form)
    share = _whole_share(alone, tokens, steps)
    said = [
        Observation(math.log(mfu * share / CENTRE_MFU), {"all": 1.0, f"generation={generation}": 1.0}, f"steps of {generation}", "steps")
        for generation, mfu in (steps.items() if share is not None else ())
        if share is not None
    ]
    everything = [*tokens, *said]
    found = _fit(everything, form) if said else alone
    media = media_runs.fit_media((row for row in rows if row.scatter not in _SCATTER), lambda effects: found.predict(effects, "run")[0])
    errors = left_out(everything, found)
    scatter = _honest(everything, found, errors)
    return WholeRuns(found, scatter, share, everything, media, _widths(everything, errors, scatter))


def _fit(rows: Sequence[Observation], form: Form) -> Fit:
    kinds = {row.scatter for row in rows}
    start = {f"scatter:{kind}": _SCATTER[kind] for kind in kinds if kind != "steps"}
    groups = {f"group:{kind}": form.group for kind in _SCATTER}
    return fit(
        rows, start=start, fixed={**form.spreads, **groups, "scatter:steps": _SCATTER["steps"], "scatter:run": _SCATTER["run"]} | start, heavy_tailed=True
    )


def _honest(rows: Sequence[Observation], found: Fit, errors: Sequence[LeftOut]) -> dict[str, float]:
    """Return the scatter by kind: the one with which left-out organisations lie in their intervals, or the fitted one where the rows are few."""
    scatter = {kind: found.reach * found.sigmas[f"scatter:{kind}"] for kind in {row.scatter for row in rows} - {"steps"}}
    for kind in scatter:
        mine = [(row.group, error) for row, error in zip(rows, errors, strict=True) if row.scatter == kind]
        if len(mine) >= AMPLE_ROWS:
            scatter[kind] = honest_scatter([error for _, error in mine], groups=len({group for group, _ in mine}))
    return scatter


def _widths(rows: Sequence[Observation], errors: Sequence[LeftOut], scatter: Mapping[str, float]) -> dict[str, float]:
    """Return the variance of the scatter over the usual one, by generation of hardware and by family; few rows change little."""
    whole = [(row, error) for row, error in zip(rows, errors, strict=True) if row.scatter != "steps"]
    squares = [error.error**2 / (error.variance + scatter[row.scatter] ** 2) for row, error in whole]
    generations, families = zip(*(groups_of(row.effects) for row, _ in whole), strict=True) if whole else ((), ())
    by_generation = widths.factors(generations, squares, rows=_USUAL_ROWS["generation"])
    return {**by_generation, **widths.factors(families, squares, rows=_USUAL_ROWS["family"])}


def groups_of(effects: Mapping[str, float]) -> tuple[str, str]:
    """Return the generation of hardware and the family of the effects of a run, each by the name of its effect."""
    return next((name for name in effects if name.startswith("generation=")), ""), f"family={_family_of(effects)}"


def _whole_share(alone: Fit, rows: Sequence[Observation], steps: Mapping[str, float]) -> float | None:
    """Return the geometric mean of whole runs over steps on the generations with many whole runs."""
    counts = Counter(name.partition("=")[2] for row in rows for name in row.effects if name.startswith("generation="))
    ratios = []
    for generation, mfu in steps.items():
        if counts[generation] >= AMPLE_ROWS:
            mean, _ = alone.predict({"all": 1.0, f"generation={generation}": 1.0}, "run")
            ratios.append(mean + math.log(CENTRE_MFU / mfu))
    return math.exp(sum(ratios) / len(ratios)) if ratios else None


def family_of_row(row: Observation) -> str:
    """Return what priors call the family of a row."""
    return _family_of(row.effects)


def _family_of(effects: Mapping[str, float]) -> str:
    named = (name.partition("=")[2] for name in effects if name.startswith("family="))
    return MOE if SPARSITY in effects else next(named, "dense-lm")
