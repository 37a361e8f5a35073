"""Published models that the scaling law predicts to be at least as good as a planned one."""

from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.explore.scaling_law import FittedLaw, Size
from traincarbon.formulas.scaling import predicted_loss
from traincarbon.published.reported_runs import PublishedRun
from traincarbon.published.run_kinds import RunKind, Unusable
from traincarbon.published.runs_file import read_runs
from traincarbon.uncertain import median_of


class TrainedModel(NamedTuple):
    """A published training run.

    Attributes:
        id: Its id in ``published_runs.csv``.
        model: Name of the model.
        organisation: Who trained it.
        year: When.
        size: Parameters and tokens.
        source: Key of the source in the bibliography, the first where there are several.
        locator: Where in the source.
        evidence: The kind of evidence.
    """

    id: str
    model: str
    organisation: str
    year: int
    size: Size
    source: str
    locator: str
    evidence: str


def trained_models(database: Database) -> tuple[TrainedModel, ...]:
    """Return the dense language models of ``published_runs.csv`` with known and reliable parameters and tokens, each name once.

    Raises:
        DatabaseError: the file cannot be read.
    """
    by_name: dict[str, TrainedModel] = {}
    for run in _runs(database).values():
        is_unreliable = "tokens" in run.unverified_fields or run.unusable is Unusable.UNRELIABLE
        if run.kind is RunKind.RUN and run.family == "dense-lm" and run.total_params and run.tokens and run.year and not is_unreliable:
            size = Size(run.total_params, run.tokens)
            source = run.source.partition(";")[0]
            by_name.setdefault(run.model, TrainedModel(run.id, run.model, run.organisation, int(run.year), size, source, run.locator, run.evidence))
    return tuple(by_name.values())


def models_as_good(database: Database, law: FittedLaw, loss: float, *, until: int | None) -> list[TrainedModel]:
    """Return the models of at most that predicted *loss*, trained until a year, the smallest first."""
    good = []
    for trained in trained_models(database):
        reached = float(median_of(predicted_loss(params=trained.size.params, tokens=trained.size.tokens, law=law.law)))
        if reached <= loss and (until is None or trained.year <= until):
            good.append(trained)
    return sorted(good, key=lambda trained: trained.size.params)


def size_of_run(database: Database, id: str) -> tuple[float, float] | None:
    """Return parameters and tokens of the published run *id* of any family, None where it is missing or does not state them."""
    run = _runs(database).get(id)
    return (run.total_params, run.tokens) if run is not None and run.total_params and run.tokens else None


def _runs(database: Database) -> dict[str, PublishedRun]:
    return database.remember(_read, None)


def _read(_database: Database, _key: None) -> dict[str, PublishedRun]:
    return {run.id: run for run in read_runs()[0]}
