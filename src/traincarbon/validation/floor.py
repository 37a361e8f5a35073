"""How near any rule can come to the hours of published runs that knows what a plan states: teams differ with the same inputs."""

import math
from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.fitting.solve import quantile
from traincarbon.published.prior_rows import usable_mfu
from traincarbon.published.reported_runs import PublishedRun, chip_of

_SAME_SIZE = math.log(1.65)
"""Models of the same size: apart by this at most, as a logarithm of parameters."""


class Floor(NamedTuple):
    """The median error of the best rule, and from how many pairs of runs it follows.

    Attributes:
        median_abs_ln: Median absolute logarithm of predicted over published, for normal errors: that of the pairs over the square root of two.
    """

    median_abs_ln: float
    pairs: int


def floor_of(runs: Iterable[PublishedRun], database: Database) -> Floor | None:
    """Return the floor of whole *runs*: how far those of two organisations with one chip, family, kind and size are apart; None without such pairs."""
    alike: dict[tuple[str, str, bool], list[tuple[str, float, float]]] = {}
    for run in runs:
        if run.is_steady or not run.kind.is_training or run.params is None:
            continue
        try:
            chip = chip_of(run, database)
        except CarbonError:
            continue
        mfu = usable_mfu(run, chip)
        if mfu is not None:
            alike.setdefault((chip.generation, run.family, run.kind.is_finetuning), []).append((run.group, math.log(run.params), math.log(mfu)))
    apart = sorted(
        abs(one[2] - other[2])
        for group in alike.values()
        for one, other in combinations(group, 2)
        if one[0] != other[0] and abs(one[1] - other[1]) <= _SAME_SIZE
    )
    return Floor(quantile(apart, 0.5) / math.sqrt(2.0), len(apart)) if apart else None
