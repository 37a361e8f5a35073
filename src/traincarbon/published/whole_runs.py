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
from traincarbon.estimation.families import MOE, published_family
from traincarbon.fitting.left_out import honest_scatter, left_out
from traincarbon.fitting.regression import Fit, Observation, fit
from traincarbon.formulas import throughput
from traincarbon.published.prior_rows import AMPLE_ROWS, NARROW_SHARE, WIDE, prior_of, usable_mfu
from traincarbon.published.reported_runs import Chip, PublishedRun, chip_of

FITTED = ("mfu", "mfu_factor", "mfu_rows", "mfu_sparse_exponent")
"""The priors that this module writes."""
_CENTRE_MFU = 0.275
"""Utilisation without any evidence. Estimates shrink towards it."""
_SPREADS = {"all": 1.0, "generation": 0.25, "family": 0.35, "medium": 1.0, "kind": 0.3, "precision": 0.25, "sparsity": 0.15}
"""Log-spreads between the effects of a kind; those of generations, families and kinds of training are about the most likely ones.

A *medium* is what a family computes on, images or sound: its FLOP are counted in other ways, and its input may set the pace.
The *sparsity* of a mixture of experts is the logarithm of its parameters over the active ones: one with a ratio of one is a dense model.
"""
_GROUP = 0.1
"""Log-spread between organisations, which these rows hardly tell from that between the runs of one."""
_MEDIA_GROUPS = {"image": 0.4, "speech": 0.8}
"""The same between organisations whose models compute on images or sound: one with many runs of its own says little about others."""
_SCATTER = {"run": 0.32, "other": 0.4, "image": 0.5, "speech": 0.8, "steps": 0.3}
"""Prior log-spreads of rows around their effects: of whole runs by what is trained, and of what steps say about whole runs.

The first is that of dense language models, the second that of other models of tokens: of experts, encoders, encoder-decoders.
"""
_MEDIA = {"vision": "image", "diffusion": "image", "speech": "speech"}
_OVER = "over a dense language model, 16 bits, pre-training"
SPARSITY = "sparsity"
_LEAST_EXPONENT = 1e-3
"""Utilisation never rises with the parameters that a token leaves out."""
_UNSEEN = 0.2
"""Extra log-spread for hardware without a published run: its software may do better or worse than elsewhere."""


class Form(NamedTuple):
    """What a fit of whole runs assumes.

    Attributes:
        spreads: Log-spreads between the effects of each kind.
        group: Log-spread between organisations.
    """

    spreads: Mapping[str, float] = _SPREADS
    group: float = _GROUP


SHIPPED = Form()
"""The form of the shipped priors."""


class WholeRuns(NamedTuple):
    """The fit of whole runs.

    Attributes:
        fit: Effects on the logarithm of utilisation over its expectation.
        scatter: By what runs compute on, the standard deviation of a run around its effects.
        share: Utilisation of whole runs over that of steps on hardware with many of both, None where there is none.
        rows: What was fitted to: whole runs, and a row of the kind "steps" for each generation that has steps.
    """

    fit: Fit
    scatter: Mapping[str, float]
    share: float | None
    rows: Sequence[Observation]

    def predict(self, effects: Mapping[str, float], scatter: str = "run") -> tuple[float, float]:
        """Return mean and standard deviation of the logarithm for a run of another organisation."""
        mean, _ = self.fit.predict(effects, "run")
        return mean, math.sqrt(self.variance(effects) + self.scatter.get(scatter, _SCATTER[scatter]) ** 2 + self.fit.sigmas[f"group:{scatter}"] ** 2)

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
    """Return what kind of scatter the whole runs of a *family* have.

    Example:
        >>> scatter_of("dense-lm"), scatter_of("moe-lm"), scatter_of("vision")
        ('run', 'other', 'image')
    """
    return "run" if family == "dense-lm" else _MEDIA.get(family, "other")


def _known_as(family: str) -> str:
    """Return what priors call a *family* of published runs: those of experts and of states have priors of their own."""
    known = published_family(family)
    return family if family in known.published_as[1:] else known.prior


def expected_mfu(chip: Chip) -> float:
    """Return the utilisation of a whole run by its number format alone: only a part of a step is shortened by narrow products."""
    speed_up = max(speed_up_of(chip.product, chip.precision), 1.0)
    return float(throughput.narrowed_mfu(mfu=_CENTRE_MFU, speed_up=speed_up, narrow_share=NARROW_SHARE))


def effects_of(run: PublishedRun, chip: Chip) -> dict[str, float]:
    """Return the effects on the utilisation of *run*, by name."""
    effects = {"all": 1.0, f"generation={chip.generation}": 1.0}
    effects.update(_effects_of_family(run))
    if run.kind.is_finetuning:
        effects["kind=finetune"] = 1.0
    if chip.precision not in WIDE:
        effects["precision=narrow" if chip.precision.startswith("fp") and chip.precision != "fp32" else f"precision={chip.precision}"] = 1.0
    return effects


def _effects_of_family(run: PublishedRun) -> dict[str, float]:
    """Return the effects of what *run* trains, none for a dense language model."""
    if run.is_mixture and run.params is not None:
        return {SPARSITY: math.log((run.total_params or run.params) / run.params)}
    family = _known_as(run.family)
    if family == "dense-lm":
        return {}
    medium = _MEDIA.get(family)
    return {f"family={family}": 1.0} if medium is None else {f"medium={medium}": 1.0, f"family={family}": 1.0}


def fit_whole(rows: Sequence[Observation], steps: Mapping[str, float], form: Form = SHIPPED) -> WholeRuns:
    """Return the fit of whole runs. *steps* holds the utilisation of steps by generation of hardware, of those that have some."""
    alone = _fit(rows, form)
    share = _whole_share(alone, rows, steps)
    if share is None:
        return WholeRuns(alone, _honest(rows, alone), None, rows)
    said = [
        Observation(math.log(mfu * share / _CENTRE_MFU), {"all": 1.0, f"generation={generation}": 1.0}, f"steps of {generation}", "steps")
        for generation, mfu in steps.items()
    ]
    everything = [*rows, *said]
    found = _fit(everything, form)
    return WholeRuns(found, _honest(everything, found), share, everything)


def _fit(rows: Sequence[Observation], form: Form) -> Fit:
    kinds = {row.scatter for row in rows}
    start = {f"scatter:{kind}": _SCATTER[kind] for kind in kinds if kind != "steps"}
    groups = {f"group:{kind}": _MEDIA_GROUPS.get(kind, form.group) for kind in _SCATTER}
    return fit(
        rows, start=start, fixed={**form.spreads, **groups, "scatter:steps": _SCATTER["steps"], "scatter:run": _SCATTER["run"]} | start, heavy_tailed=True
    )


def _honest(rows: Sequence[Observation], found: Fit) -> dict[str, float]:
    """Return the scatter by kind: the one with which left-out organisations lie in their intervals, or the fitted one where the rows are few."""
    errors = left_out(rows, found)
    scatter = {kind: found.reach * found.sigmas[f"scatter:{kind}"] for kind in {row.scatter for row in rows} - {"steps"}}
    for kind in scatter:
        mine = [error for row, error in zip(rows, errors, strict=True) if row.scatter == kind]
        if len(mine) >= AMPLE_ROWS:
            scatter[kind] = honest_scatter(mine)
    return scatter


def _whole_share(alone: Fit, rows: Sequence[Observation], steps: Mapping[str, float]) -> float | None:
    """Return the geometric mean of whole runs over steps on the generations with many whole runs."""
    counts = Counter(name.partition("=")[2] for row in rows for name in row.effects if name.startswith("generation="))
    ratios = []
    for generation, mfu in steps.items():
        if counts[generation] >= AMPLE_ROWS:
            mean, _ = alone.predict({"all": 1.0, f"generation={generation}": 1.0}, "run")
            ratios.append(mean + math.log(_CENTRE_MFU / mfu))
    return math.exp(sum(ratios) / len(ratios)) if ratios else None


def whole_priors(found: WholeRuns, rows: Sequence[Observation], database: Database) -> list[dict[str, str]]:
    """Return the rows of ``priors.csv`` about the utilisation of whole runs."""
    counts = Counter(name for row in rows for name in row.effects)
    what = "whole runs, dense language model, 16 bits, pre-training"
    levels = {name: found.predict({"all": 1.0, name: 1.0}) for name in found.fit.names if name.startswith("generation=")}
    written = [
        prior_of("mfu", name, _CENTRE_MFU * math.exp(mean), sigma, counts[name], what if counts[name] else f"{what}: from steps alone")
        for name, (mean, sigma) in sorted(levels.items())
    ]
    mean, sigma = found.predict({"all": 1.0, "generation=*": 1.0})
    sigma = math.hypot(sigma, _UNSEEN)
    written.append(prior_of("mfu", "generation=*", _CENTRE_MFU * math.exp(mean), sigma, len(rows), what))
    for name, between in _neighbours(levels, database).items():
        level = min(mean, *(levels[near][0] for near in between))
        near = " and ".join(sorted(each.partition("=")[2] for each in between))
        written.append(prior_of("mfu", name, _CENTRE_MFU * math.exp(level), sigma, 0, f"no published run: not above its neighbours, {near}"))
    return [*written, *_factors(found, rows, counts), *_row_counts(rows)]


def _neighbours(levels: Mapping[str, object], database: Database) -> dict[str, list[str]]:
    """Return the generations of hardware without rows, each with those of its vendor that came out just before and just after it."""
    launched: dict[tuple[str, str], dict[str, float]] = {}
    for chip in database.products("accelerators"):
        if chip.type != "cpu" and chip.generation and (year := chip.value("launch_year")) is not None:
            line = launched.setdefault((chip.keys.get("vendor", ""), chip.type), {})
            line[f"generation={chip.generation}"] = min(year, line.get(f"generation={chip.generation}", year))
    found: dict[str, list[str]] = {}
    for line in launched.values():
        known = sorted((year, name) for name, year in line.items() if name in levels)
        for name, year in line.items():
            earlier, later = [each for at, each in known if at <= year][-1:], [each for at, each in known if at > year][:1]
            if name not in levels and (earlier or later):
                found[name] = [*earlier, *later]
    return found


def _factors(found: WholeRuns, rows: Sequence[Observation], counts: Mapping[str, int]) -> list[dict[str, str]]:
    families = Counter(family_of_row(row) for row in rows)
    written = [prior_of("mfu_factor", "family=dense-lm", 1.0, 0.0, families["dense-lm"], _OVER)]
    for name in sorted(found.fit.names):
        kind, _, word = name.partition("=")
        if kind == "family":
            medium = _MEDIA.get(word)
            effects = {name: 1.0} if medium is None else {f"medium={medium}": 1.0, name: 1.0}
            written.append(_factor(found, name, effects, counts[name], scatter_of(word)))
        elif kind in ("kind", "precision"):
            scopes = {"kind=finetune": ("kind=finetune", "kind=lora"), "precision=narrow": ("precision=fp8", "precision=fp4")}.get(name, (name,))
            written += [_factor(found, scope, {name: 1.0}, counts[name]) for scope in scopes]
    seen = [found.fit.effect(name)[0] for name in found.fit.names if name.startswith("medium=")]
    note = "no published run of that kind: as the families that compute on images or sound"
    widest = max(_SPREADS["medium"], *(float(row["sigma_ln"] or 0.0) for row in written))
    written.append(prior_of("mfu_factor", "family=*", math.exp(sum(seen) / (len(seen) + 1)), math.hypot(widest, _UNSEEN), 0, note))
    written.append(prior_of("mfu_factor", "precision=*", 1.0, _SPREADS["precision"], 0, "no published run of that kind"))
    return [*written, *_sparsity(found, rows)]


def _factor(found: WholeRuns, scope: str, effects: Mapping[str, float], n: int, scatter: str = "run") -> dict[str, str]:
    """Return the factor of *scope*: what its *effects* add up to, and how much wider its *scatter* makes it than that of dense models."""
    mean, _ = found.fit.predict(effects, "run")
    wide, usual = (found.scatter.get(kind, 0.0) ** 2 + found.fit.sigmas[f"group:{kind}"] ** 2 for kind in (scatter, "run"))
    more = wide - usual
    return prior_of("mfu_factor", scope, math.exp(mean), math.sqrt(max(found.variance(effects) + more, 0.0)), n, _OVER)


def _sparsity(found: WholeRuns, rows: Sequence[Observation]) -> list[dict[str, str]]:
    """Return how utilisation falls with the parameters of a mixture of experts over the active ones, and how well that is known; none without any."""
    logs = [row.effects[SPARSITY] for row in rows if SPARSITY in row.effects]
    if not logs:
        return []
    slope, error = found.fit.effect(SPARSITY)
    spread = _factor(found, "", {SPARSITY: sum(logs) / len(logs)}, 0, "other")["sigma_ln"]
    return [
        prior_of("mfu_factor", f"family={MOE}", 1.0, float(spread), len(logs), "the level follows from the share of active parameters: mfu_sparse_exponent"),
        prior_of("mfu_sparse_exponent", "*", max(-slope, _LEAST_EXPONENT), 0.0, len(logs), f"standard error {error:.2f}"),
    ]


def family_of_row(row: Observation) -> str:
    """Return what priors call the family of a row."""
    named = (name.partition("=")[2] for name in row.effects if name.startswith("family="))
    return MOE if SPARSITY in row.effects else next(named, "dense-lm")


def _row_counts(rows: Sequence[Observation]) -> list[dict[str, str]]:
    """Return how many rows are of each generation, of each family and kind, and of both."""
    counts: Counter[str] = Counter()
    for row in rows:
        generation = next(name for name in row.effects if name.startswith("generation="))
        like = f"family={family_of_row(row)};kind={'finetune' if 'kind=finetune' in row.effects else 'pretrain'}"
        counts.update((generation, like, f"{generation};{like}"))
    return [prior_of("mfu_rows", scope, n, 0.0, n, "whole runs that the utilisation is fitted to") for scope, n in sorted(counts.items())]
