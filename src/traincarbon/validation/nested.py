"""What runs that nobody fitted are expected to give, the choice of the form among what is left out.

For each organisation, the other organisations choose the form of the fit: the one that predicts each of them best from the rest. Its prediction of
the organisation that had no part in that choice is scored.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.estimation.families import MOE
from traincarbon.fitting.left_out import left_out
from traincarbon.fitting.regression import Observation
from traincarbon.published.priors import generation_medians
from traincarbon.published.reported_runs import PublishedRun
from traincarbon.published.whole_runs import SHIPPED, SPARSITY, Form, WholeRuns, family_of_row, fit_whole, whole_rows
from traincarbon.validation.accuracy import LANGUAGE_FAMILIES, Errors, errors_of

Effects = Mapping[str, float]


class Candidate(NamedTuple):
    """A form of the fit of whole runs that was weighed.

    Attributes:
        name: What differs from the shipped one.
        form: Its spreads.
        change: Its effects, from those of the shipped form.
    """

    name: str
    form: Form = SHIPPED
    change: Callable[[Effects], dict[str, float]] = dict


class Nested(NamedTuple):
    """The errors of language models that had no part in any choice, how many forms there were, and for how many organisations each was chosen."""

    errors: Errors
    candidates: int
    chosen: Mapping[str, int]


def _one_factor(effects: Effects) -> dict[str, float]:
    """Return *effects* with one factor for all mixtures of experts."""
    return {f"family={MOE}" if name == SPARSITY else name: 1.0 if name == SPARSITY else size for name, size in effects.items()}


def _factor_beside(effects: Effects) -> dict[str, float]:
    """Return *effects* with a factor for mixtures of experts beside that of their active parameters."""
    return {**effects, f"family={MOE}": 1.0} if SPARSITY in effects else dict(effects)


CANDIDATES = (
    Candidate("as shipped"),
    Candidate("one factor for all mixtures of experts", change=_one_factor),
    Candidate("a factor for mixtures of experts beside their active parameters", change=_factor_beside),
    Candidate("organisations 0.2 apart", SHIPPED._replace(group=0.2)),
    Candidate("generations 0.4 apart", SHIPPED._replace(spreads={**SHIPPED.spreads, "generation": 0.4})),
    Candidate("families 0.2 apart", SHIPPED._replace(spreads={**SHIPPED.spreads, "family": 0.2})),
)
"""The forms to choose among; those of docs/method.md that need other facts of a run were weighed by hand."""


def nested(runs: Iterable[PublishedRun], database: Database) -> Nested:
    """Return the errors of the language models among *runs*, each organisation with the form that the others choose."""
    runs = list(runs)
    rows, steps = whole_rows(runs, database), generation_medians(runs, database)
    return nested_of(rows, steps)


def nested_of(rows: Sequence[Observation], steps: Mapping[str, float], candidates: Sequence[Candidate] = CANDIDATES) -> Nested:
    """Return the same from the observations of whole runs and the utilisation of steps by generation."""
    versions = [[_with(row, each.change(row.effects)) for row in rows] for each in candidates]
    errors: list[tuple[float, float]] = []
    chosen: Counter[str] = Counter()
    for group in dict.fromkeys(row.group for row in rows if is_language(row)):
        fits = [fit_whole([row for row in version if row.group != group], steps, each.form) for version, each in zip(versions, candidates, strict=True)]
        best = min(range(len(candidates)), key=lambda at: _inner_error(fits[at]))
        chosen[candidates[best].name] += 1
        for row in versions[best]:
            if row.group == group and is_language(row):
                mean, sigma = fits[best].predict(row.effects, row.scatter)
                errors.append((row.y - mean, sigma))
    return Nested(errors_of(errors), len(candidates), chosen)


def is_language(row: Observation) -> bool:
    """Return whether a row is the whole training of a language model from scratch."""
    return row.scatter != "steps" and family_of_row(row) in LANGUAGE_FAMILIES and not any(name.startswith("kind=") for name in row.effects)


def _with(row: Observation, effects: dict[str, float]) -> Observation:
    return Observation(row.y, effects, row.group, row.scatter)


def _inner_error(found: WholeRuns) -> float:
    """Return the mean absolute error of the language models that were fitted to, each organisation predicted from the rest."""
    errors = [abs(each.error) for row, each in zip(found.rows, left_out(found.rows, found.fit), strict=True) if is_language(row)]
    return math.fsum(errors) / len(errors)
