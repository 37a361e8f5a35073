"""Write the fit of whole runs as priors: the utilisation by generation of hardware, and its factors by family, kind of training and number format."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from traincarbon.database.load import Database
from traincarbon.estimation.families import IMAGE, MOE
from traincarbon.fitting.regression import Observation
from traincarbon.published.media_runs import AMPLE_IMAGE_S, LIGHT, MediaFit
from traincarbon.published.prior_rows import prior_of
from traincarbon.published.whole_runs import CENTRE_MFU, SPARSITY, SPREADS, WholeRuns, family_of_row, scatter_of

FITTED = ("mfu", "mfu_factor", "mfu_rows", "mfu_sparse_exponent", "mfu_light_exponent", "mfu_ample_image_s")
"""The priors that this module writes."""
_OVER = "over a dense language model, 16 bits, pre-training"
_LEAST_EXPONENT = 1e-3
"""An exponent that was fitted below this is written as this one: utilisation does not rise where there is less work."""
_UNSEEN = 0.2
"""Extra log-spread for what no published run is of: its software may do better or worse than elsewhere."""
_WIDEST = 1.0
"""Log-spread of a family that no published run is of, where those that compute on images or sound spread less."""


def whole_priors(found: WholeRuns, rows: Sequence[Observation], database: Database) -> list[dict[str, str]]:
    """Return the rows of ``priors.csv`` about the utilisation of whole runs.

    Args:
        found: The fit.
        rows: The whole runs that it was fitted to.
        database: The facts about accelerators.
    """
    tokens = Counter(name for row in rows if row.scatter not in found.media for name in row.effects)
    what = "whole runs, dense language model, 16 bits, pre-training"
    levels = {name: found.predict({"all": 1.0, name: 1.0}) for name in found.fit.names if name.startswith("generation=")}
    written = [
        prior_of("mfu", name, CENTRE_MFU * math.exp(mean), sigma, tokens[name], what if tokens[name] else f"{what}: from steps alone")
        for name, (mean, sigma) in sorted(levels.items())
    ]
    mean, sigma = found.predict({"all": 1.0, "generation=*": 1.0})
    sigma = math.hypot(sigma, _UNSEEN)
    written.append(prior_of("mfu", "generation=*", CENTRE_MFU * math.exp(mean), sigma, tokens["all"], what))
    for name, between in _neighbours(levels, database).items():
        level = min(mean, *(levels[near][0] for near in between))
        near = " and ".join(sorted(each.partition("=")[2] for each in between))
        written.append(prior_of("mfu", name, CENTRE_MFU * math.exp(level), sigma, 0, f"no published run: not above its neighbours, {near}"))
    return [*written, *_factors(found, rows), *_sparsity(found, rows), *_loading(found, rows), *_row_counts(rows)]


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


def _factors(found: WholeRuns, rows: Sequence[Observation]) -> list[dict[str, str]]:
    counts, families = Counter(name for row in rows for name in row.effects), Counter(family_of_row(row) for row in rows)
    written = [prior_of("mfu_factor", "family=dense-lm", 1.0, 0.0, families["dense-lm"], _OVER)]
    for name in sorted(found.fit.names):
        kind, _, word = name.partition("=")
        if kind == "family":
            written.append(_factor(found, name, {name: 1.0}, counts[name], _wider(found, scatter_of(word), name)))
        elif kind in ("kind", "precision"):
            scopes = {"kind=finetune": ("kind=finetune", "kind=lora"), "precision=narrow": ("precision=fp8", "precision=fp4")}.get(name, (name,))
            written += [_factor(found, scope, {name: 1.0}, counts[name]) for scope in scopes]
    written += [row for medium, own in sorted(found.media.items()) for row in _factors_of_medium(found, medium, own, rows)]
    levels = [own.fit.effect(f"medium={medium}")[0] for medium, own in found.media.items()]
    widest = max(_WIDEST, *(float(row["sigma_ln"] or 0.0) for row in written))
    note = "no published run of that kind: as the families that compute on images or sound"
    written.append(prior_of("mfu_factor", "family=*", math.exp(sum(levels) / (len(levels) + 1)), math.hypot(widest, _UNSEEN), 0, note))
    written.append(prior_of("mfu_factor", "precision=*", 1.0, SPREADS["precision"], 0, "no published run of that kind"))
    return written


def _wider(found: WholeRuns, scatter: str, family: str) -> float:
    """Return how much larger the variance between runs of a *family* is than between those of dense language models."""
    return found.apart(scatter, family) - found.apart("run", "family=dense-lm")


def _factor(found: WholeRuns, scope: str, effects: Mapping[str, float], n: int, wider: float = 0.0) -> dict[str, str]:
    """Return the factor of *scope*: what its *effects* add up to, and how much larger its variance is than that of dense models."""
    mean, _ = found.fit.predict(effects, "run")
    return prior_of("mfu_factor", scope, math.exp(mean), math.sqrt(max(found.variance(effects) + wider, 0.0)), n, _OVER)


def _factors_of_medium(found: WholeRuns, medium: str, own: MediaFit, rows: Sequence[Observation]) -> list[dict[str, str]]:
    """Return the factors of the families of a medium: on hardware that has rows of that medium, and on any."""
    mine = [row for row in rows if row.scatter == medium]
    written = []
    for family in sorted({name for row in mine for name in row.effects if name.startswith("family=")}):
        counts = Counter(name for row in mine if family in row.effects for name in row.effects)
        wider = own.apart(family) - found.apart("run", "family=dense-lm")
        for generation in sorted({name for row in mine for name in row.effects if name.startswith("generation=")} | {"generation=*"}):
            mean, variance = own.over_language({f"medium={medium}": 1.0, family: 1.0, generation: 1.0}, medium)
            scope = family if generation == "generation=*" else f"{family};{generation}"
            n = counts[family] if generation == "generation=*" else counts[generation]
            written.append(prior_of("mfu_factor", scope, math.exp(mean), math.sqrt(max(variance + wider, 0.0)), n, _OVER))
    return written


def _sparsity(found: WholeRuns, rows: Sequence[Observation]) -> list[dict[str, str]]:
    """Return how utilisation falls with the parameters of a mixture of experts over the active ones, and how well that is known; none without any."""
    logs = [row.effects[SPARSITY] for row in rows if SPARSITY in row.effects]
    if not logs:
        return []
    slope, error = found.fit.effect(SPARSITY)
    spread = _factor(found, "", {SPARSITY: sum(logs) / len(logs)}, 0, _wider(found, "other", f"family={MOE}"))["sigma_ln"]
    return [
        prior_of(
            "mfu_factor", f"family={MOE}", 1.0, float(spread or 0.0), len(logs), "the level follows from the share of active parameters: mfu_sparse_exponent"
        ),
        prior_of("mfu_sparse_exponent", "*", max(-slope, _LEAST_EXPONENT), 0.0, len(logs), f"standard error {error:.2f}"),
    ]


def _loading(found: WholeRuns, rows: Sequence[Observation]) -> list[dict[str, str]]:
    """Return how utilisation falls with the work for each image that is loaded; none without runs that do little for one."""
    n = sum(LIGHT in row.effects for row in rows)
    if not n:
        return []
    exponent, error = found.media[IMAGE].fit.effect(LIGHT)
    note = "time at the peak; chosen among 0.5, 1 and 2 ms, which fit about alike"
    return [
        prior_of("mfu_light_exponent", "*", max(exponent, _LEAST_EXPONENT), 0.0, n, f"standard error {error:.2f}"),
        prior_of("mfu_ample_image_s", "*", AMPLE_IMAGE_S, 0.0, n, note),
    ]


def _row_counts(rows: Sequence[Observation]) -> list[dict[str, str]]:
    """Return how many rows are of each generation, of each family and kind, and of both."""
    counts: Counter[str] = Counter()
    for row in rows:
        generation = next(name for name in row.effects if name.startswith("generation="))
        like = f"family={family_of_row(row)};kind={'finetune' if 'kind=finetune' in row.effects else 'pretrain'}"
        counts.update((generation, like, f"{generation};{like}"))
    return [prior_of("mfu_rows", scope, n, 0.0, n, "whole runs that the utilisation is fitted to") for scope, n in sorted(counts.items())]
