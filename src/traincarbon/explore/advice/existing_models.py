"""Models that somebody has trained already and that should do at least as well, by the scaling law, as one that is planned."""

from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.explore.law import FittedLaw, Size
from traincarbon.formulas.scaling import predicted_loss
from traincarbon.published.runs import PublishedRun, RunKind, Unusable
from traincarbon.published.runs_file import read_runs
from traincarbon.uncertain import median_of


class Trained(NamedTuple):
    """A published training run."""

    id: str
    model: str
    organisation: str
    year: int
    size: Size
    source: str
    evidence: str


def trained_models(database: Database) -> tuple[Trained, ...]:
    """Return the dense language models of ``published_runs.csv`` whose parameters and tokens are known and not doubted, each name once.

    Raises:
        DatabaseError: the file cannot be read.
    """
    by_name: dict[str, Trained] = {}
    for run in _runs(database).values():
        doubted = "tokens" in run.unverified_fields or run.unusable is Unusable.DOUBTFUL
        if run.kind is RunKind.RUN and run.family == "dense-lm" and run.total_params and run.tokens and run.year and not doubted:
            size = Size(run.total_params, run.tokens)
            by_name.setdefault(run.model, Trained(run.id, run.model, run.organisation, int(run.year), size, run.source, run.evidence))
    return tuple(by_name.values())


def as_good(database: Database, law: FittedLaw, loss: float, *, until: int | None) -> list[Trained]:
    """Return the models whose predicted loss is no higher than *loss*, trained until a year, the smallest first."""
    good = []
    for trained in trained_models(database):
        reached = float(median_of(predicted_loss(params=trained.size.params, tokens=trained.size.tokens, law=law.law)))
        if reached <= loss and (until is None or trained.year <= until):
            good.append(trained)
    return sorted(good, key=lambda trained: trained.size.params)


def model_of(database: Database, id: str) -> tuple[float, float] | None:
    """Return parameters and tokens of the published run *id* of any family, None where it is not there or does not state them."""
    run = _runs(database).get(id)
    return (run.total_params, run.tokens) if run is not None and run.total_params and run.tokens else None


def _runs(database: Database) -> dict[str, PublishedRun]:
    return database.remember(_read, None)


def _read(_database: Database, _key: None) -> dict[str, PublishedRun]:
    return {run.id: run for run in read_runs()[0]}
