"""Models that somebody has trained already and that should do at least as well, by the scaling law, as one that is planned."""

import csv
from os import path
from typing import NamedTuple

from traincarbon.database.load import Database, builtin_root
from traincarbon.errors import DatabaseError
from traincarbon.explore.scaling_law import FittedLaw, Size
from traincarbon.formulas.scaling import predicted_loss
from traincarbon.uncertain import median_of

_DOUBTS = ("suspicious", "doubtful")


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
    found: tuple[Trained, ...] | None = database.cache.get("trained_models")
    if found is None:
        file = path.join(builtin_root(), "published_runs.csv")
        try:
            with open(file, encoding="utf-8", newline="") as stream:
                rows = [row for row in csv.DictReader(stream) if row["kind"] == "run" and row["family"] == "dense-lm"]
        except (OSError, ValueError) as error:
            raise DatabaseError(f"cannot read {file}: {error}", hint="is the installation whole?") from error
        by_name: dict[str, Trained] = {}
        for row in rows:
            doubted = "tokens" in row["unverified_fields"] or any(word in row["note"] for word in _DOUBTS)
            if row["total_params"] and row["tokens"] and not doubted:
                size = Size(float(row["total_params"]), float(row["tokens"]))
                trained = Trained(row["id"], row["model"], row["organisation"], int(row["year"]), size, row["source"], row["evidence"])
                by_name.setdefault(row["model"], trained)
        found = database.cache["trained_models"] = tuple(by_name.values())
    return found


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
    file = path.join(builtin_root(), "published_runs.csv")
    key = ("published_run", id)
    if key not in database.cache:
        try:
            with open(file, encoding="utf-8", newline="") as stream:
                row = next((row for row in csv.DictReader(stream) if row["id"] == id), None)
        except (OSError, ValueError) as error:
            raise DatabaseError(f"cannot read {file}: {error}", hint="is the installation whole?") from error
        stated = row is not None and row["total_params"] and row["tokens"]
        database.cache[key] = (float(row["total_params"]), float(row["tokens"])) if row is not None and stated else None
    size: tuple[float, float] | None = database.cache[key]
    return size
