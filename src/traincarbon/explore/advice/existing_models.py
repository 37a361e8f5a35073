"""Published models that the scaling law predicts to be at least as good as a planned one."""

import csv
from os import path
from typing import NamedTuple

from traincarbon.database.load import Database, builtin_root
from traincarbon.errors import DatabaseError
from traincarbon.explore.scaling_law import FittedLaw, Size
from traincarbon.formulas.scaling import predicted_loss
from traincarbon.uncertain import median_of

_UNRELIABLE = ("suspicious", "doubtful")


class TrainedModel(NamedTuple):
    """A published training run.

    Attributes:
        id: Its id in ``published_runs.csv``.
        model: Name of the model.
        organisation: Who trained it.
        year: When.
        size: Parameters and tokens.
        source: Key of the source in the bibliography.
        evidence: How its facts are known.
    """

    id: str
    model: str
    organisation: str
    year: int
    size: Size
    source: str
    evidence: str


def trained_models(database: Database) -> tuple[TrainedModel, ...]:
    """Return the dense language models of ``published_runs.csv`` with known and reliable parameters and tokens, each name once.

    Raises:
        DatabaseError: the file cannot be read.
    """
    by_name: dict[str, TrainedModel] = {}
    for row in database.remember(_rows, None).values():
        is_unreliable = "tokens" in row["unverified_fields"] or any(word in row["note"] for word in _UNRELIABLE)
        is_dense = row["kind"] == "run" and row["family"] == "dense-lm"
        if is_dense and row["total_params"] and row["tokens"] and not is_unreliable:
            size = Size(float(row["total_params"]), float(row["tokens"]))
            trained = TrainedModel(row["id"], row["model"], row["organisation"], int(row["year"]), size, row["source"], row["evidence"])
            by_name.setdefault(row["model"], trained)
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
    row = database.remember(_rows, None).get(id)
    return (float(row["total_params"]), float(row["tokens"])) if row is not None and row["total_params"] and row["tokens"] else None


def _rows(_database: Database, _: None) -> dict[str, dict[str, str]]:
    """Return the rows of ``published_runs.csv`` by id."""
    file = path.join(builtin_root(), "published_runs.csv")
    try:
        with open(file, encoding="utf-8", newline="") as stream:
            return {row["id"]: row for row in csv.DictReader(stream)}
    except (OSError, ValueError) as error:
        raise DatabaseError(f"cannot read {file}: {error}", hint="is the installation whole?") from error
