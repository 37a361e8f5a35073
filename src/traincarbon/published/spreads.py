"""Prior spreads of a calibration: how far teams, machines, sites and jobs differ from expectation, and one run from the next.

``python -m traincarbon.published.spreads`` fits them to the published runs and writes them into ``priors.csv``; see ``docs/calibration.md``.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from os import path
from typing import NamedTuple

from traincarbon.database.load import Database, builtin_root, open_database
from traincarbon.database.records import TABLES
from traincarbon.errors import CarbonError, DatabaseError
from traincarbon.estimation.calibration import CALIBRATED
from traincarbon.estimation.chain import estimate
from traincarbon.fitting.outliers import outliers
from traincarbon.published import priors
from traincarbon.published.prior_rows import prior_row, usable_mfu
from traincarbon.published.reported_runs import PublishedRun, chip_of
from traincarbon.published.runs_file import read_runs
from traincarbon.published.step_efficiency import without_own_publisher
from traincarbon.published.step_rows import read_steps

LEVELS = ("team", "hardware", "site", "family")
"""Scopes, the widest first."""
PRIOR = "calibration_spread"
_SIZE = {"team": 0.6, "hardware": 0.5, "site": 0.2, "family": 0.6}
"""How the variance of the trend with size is divided over the levels: the squares of these sum to one."""
_GRID = tuple(0.04 * 1.2**step for step in range(14))
"""Standard deviations to try, 0.04 to 0.43. With few scopes the most likely value may be zero. The least keeps other scopes uncertain."""
_ROUNDS = 6
_LANGUAGE = ("dense-lm", "moe-lm", "encoder", "seq2seq")
"""Families whose whole runs tell how teams differ."""
_NOTES = {
    "mfu:team": "whole runs of language models, between organisations, and between the sources of one",
    "mfu:hardware": "whole runs of language models, between chips and kinds of training in one source",
    "mfu:run": "between the steps of one table, the trend with size aside",
    "mfu:size": "whole runs of language models, of the trend with the logarithm of parameters",
    "step:team": "between the published steps of organisations, over the formula without their source",
    "step:hardware": "between chips in one source of steps",
    "step:run": "between the steps of one table",
}


class Spreads(NamedTuple):
    """Standard deviations of logarithms, by ``quantity:level``."""

    by_scope: Mapping[str, float]

    def between(self, quantity: str, level: str, width: int) -> list[float]:
        """Return how far a scope of *level* is from the one above: in the factor, and with two coefficients in the trend with size too."""
        size = [_SIZE[level] * self.by_scope[f"{quantity}:size"]] if width > 1 else []
        return [self.by_scope[f"{quantity}:{level}"], *size]

    def run(self, quantity: str) -> float:
        """Return how far a run is from its scope."""
        return self.by_scope[f"{quantity}:run"]

    def whole(self, quantity: str) -> float:
        """Return how far a run of an unknown team is from what is expected."""
        return math.sqrt(sum(self.by_scope[f"{quantity}:{level}"] ** 2 for level in (*LEVELS, "run")))


def spreads_of(database: Database) -> Spreads:
    """Return the spreads of ``priors.csv``.

    Raises:
        DatabaseError: one is missing.
    """
    found = {row["scope"]: float(row["sigma_ln"]) for row in database.rows("priors", PRIOR) if row["sigma_ln"]}
    wanted = [f"{quantity}:{level}" for quantity in CALIBRATED for level in (*LEVELS, "run")]
    missing = [scope for scope in (*wanted, "mfu:size") if scope not in found]
    if missing:
        raise DatabaseError(f"priors.csv has no {PRIOR},{missing[0]}", hint="carbon db check lists what is missing")
    return Spreads(found)


class Published(NamedTuple):
    """A published run or step: the logarithm of its utilisation over the expected one, its size, and its origin."""

    y: float
    log_params: float
    organisation: str
    source: str
    chip: str
    """With the family of models, and whether steps or a whole run were timed."""
    is_whole: bool = True
    """Whether it is a whole run of a language model."""
    is_steady: bool = False
    """Whether steps were timed."""


def published(runs: Iterable[PublishedRun], database: Database) -> list[Published]:
    """Return the runs and benchmarks among *runs* whose utilisation is known and can be estimated."""
    found = []
    for run in runs:
        if not run.kind.is_training:
            continue
        try:
            chip = chip_of(run, database)
            mfu = usable_mfu(run, chip)
            if run.params is None or mfu is None:
                continue
            expected = estimate(run.plan(database), database=database).median("mfu")
        except CarbonError:
            continue
        is_whole = not run.is_steady and run.family in _LANGUAGE
        chip_and_kind = f"{chip.product.id}/{run.kind}/{run.family}"
        found.append(Published(math.log(mfu / expected), math.log(run.params), run.group, run.report, chip_and_kind, is_whole, run.is_steady))
    return found


def published_steps(runs: Sequence[PublishedRun], database: Database) -> list[Published]:
    """Return the steps of known layout among *runs*, predicted with constants fitted without their publisher. The formula accounts for their size."""
    by_id = {run.id: run for run in runs}
    known, _ = read_steps(runs, database)
    found = []
    for step, seconds_s in without_own_publisher(known, known, database):
        run = by_id[step.id]
        found.append(Published(math.log(seconds_s / step.published_s), 0.0, run.group, run.report, f"{step.accelerator}/{run.family}"))
    return found


def fitted(rows: Sequence[Published], **given: float) -> dict[str, float]:
    """Return the most likely spreads given *rows*: of organisations, sources, chips and runs, and of the trend with size.

    They are searched in turn; those *given* are kept.
    """
    found = {"organisation": 0.2, "source": 0.2, "hardware": 0.15, "run": 0.15, "size": 0.06} | given
    likelihood = _likelihood(_without_outliers(rows))
    for _ in range(_ROUNDS):
        before = dict(found)
        for name in [each for each in found if each not in given]:
            found[name] = max((likelihood({**found, name: value}), value) for value in _GRID)[1]
        if found == before:
            break
    return found


def fitted_mfu(rows: Sequence[Published]) -> dict[str, float]:
    """Return the spreads of utilisation: of a run from the steps of one table, and with it the others from whole runs of language models alone.

    Steps of one table are repeats with other settings, while whole runs of one table mostly differ in size, in year and in code.
    """
    return fitted([row for row in rows if row.is_whole], run=fitted([row for row in rows if row.is_steady])["run"])


def as_scopes(found: Mapping[str, float], quantity: str = "mfu") -> dict[str, float]:
    """Return the fitted spreads as those of the scopes of a calibration. A team is an organisation with one of its sources."""
    team = math.hypot(found["organisation"], found["source"])
    scopes = {f"{quantity}:team": team, f"{quantity}:hardware": found["hardware"], f"{quantity}:run": found["run"]}
    return {**scopes, "mfu:size": found["size"]} if quantity == "mfu" else scopes


def _without_outliers(rows: Sequence[Published]) -> list[Published]:
    """Return *rows* without the outliers that a calibration would set aside too."""
    import numpy as np

    sources = np.unique([chr(31).join(row[2:5]) for row in rows], return_inverse=True)[1]
    far = outliers(np.array([row.y for row in rows]), sources)
    return [row for row, is_far in zip(rows, far.tolist(), strict=True) if not is_far]


def _likelihood(rows: Sequence[Published]) -> Callable[[Mapping[str, float]], float]:
    """Return the log marginal likelihood of *rows* as a function of the spreads."""
    import numpy as np

    y = np.array([row.y for row in rows])
    whose = ([row[2:3] for row in rows], [row[2:4] for row in rows], [row[2:5] for row in rows])
    codes = [np.unique([chr(31).join(key) for key in keys], return_inverse=True)[1] for keys in whose]
    same = [code[:, None] == code[None, :] for code in codes]
    sizes = np.array([row.log_params for row in rows])
    sizes = sizes - (np.bincount(codes[2], sizes) / np.bincount(codes[2]))[codes[2]]
    trend = np.outer(sizes, sizes) * same[2]

    def likelihood(spread: Mapping[str, float]) -> float:
        shared = zip(("organisation", "source", "hardware"), same, strict=True)
        covariance = spread["run"] ** 2 * np.eye(len(y)) + spread["size"] ** 2 * trend
        for name, alike in shared:
            covariance = covariance + spread[name] ** 2 * alike
        root = np.linalg.cholesky(covariance)
        white = np.linalg.solve(root, np.stack((y, np.ones_like(y)), axis=1))
        mean = (white[:, 0] @ white[:, 1]) / (white[:, 1] @ white[:, 1])
        left = white[:, 0] - mean * white[:, 1]
        return float(-np.log(np.diag(root)).sum() - 0.5 * (left @ left))

    return likelihood


def main() -> None:
    """Fit the spreads to our published runs and write them into ``hardware_db/priors.csv``."""
    database = open_database()
    runs = read_runs()[0]
    kept = [{column: row[column] for column in TABLES["priors"]} for row in database.rows("priors", PRIOR)]
    new = [
        prior_row(PRIOR, scope, "1", sigma, len(rows), source="fit-calibration", manual="calibration", note=_NOTES[scope])
        for quantity, rows, fit in (("mfu", published(runs, database), fitted_mfu), ("step", published_steps(runs, database), fitted))
        for scope, sigma in as_scopes(fit(rows), quantity).items()
    ]
    assumed = [row for row in kept if row["scope"] not in {row["scope"] for row in new}]
    priors.write(path.join(builtin_root(), "priors.csv"), [*assumed, *new], database, replaced=(PRIOR,))


if __name__ == "__main__":
    main()
