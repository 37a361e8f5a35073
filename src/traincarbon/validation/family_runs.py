"""Well-known trainings of other families than language models, with their published hours and the estimate of each."""

import math
from typing import NamedTuple

from traincarbon.database.load import Database, open_database
from traincarbon.database.records import Row
from traincarbon.estimation.calibration import NONE
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.uncertain import Interval

TABLE = "family_runs"


class FamilyRun(NamedTuple):
    """A published training of another family, with its estimate.

    Attributes:
        name: What it is called.
        family: Its family, stated or implied.
        flop: FLOP that were counted. [FLOP]
        is_rate: Whether its hours follow from a published rate of its steps, so that stops are not in them.
        published_h: Its published accelerator-hours. [h]
        hours: Those of the estimate, from model, data, hardware and number of accelerators alone.
        source: The key of its source.
        note: How its published hours and its plan were derived.
    """

    name: str
    family: str
    flop: float
    is_rate: bool
    published_h: float
    hours: Interval
    source: str
    note: str

    @property
    def error_ln(self) -> float:
        """Logarithm of estimate over published."""
        return math.log(self.hours.median / self.published_h)

    @property
    def is_inside(self) -> bool:
        """Whether the published hours lie in the interval."""
        return bool(self.hours.low <= self.published_h <= self.hours.high)


def family_estimates(database: Database | None = None) -> list[FamilyRun]:
    """Return every row of ``family_runs.csv`` with its estimate.

    Raises:
        CarbonError: a row states no plan that can be estimated.
    """
    database = database if database is not None else open_database()
    return [_estimated(row, database) for row in database.all_rows(TABLE)]


def plan_of(row: Row) -> Plan:
    """Return the plan that a *row* states as fields with their values.

    Raises:
        PlanError: a field does not exist, or fields contradict each other.
    """
    return Plan.from_dict({**dict(field.split("=", 1) for field in row["plan"].split()), "calibration": NONE})


def _estimated(row: Row, database: Database) -> FamilyRun:
    answer = estimate(plan_of(row), database=database)
    hours = answer["accelerator_hours_h"]
    assert hours is not None, "a plan with work has hours"
    return FamilyRun(
        name=row["name"],
        family=answer.plan.family or "",
        flop=float(answer.median("compute_flop")),
        is_rate=row["measure"] == "rate",
        published_h=float(row["accelerator_hours"]),
        hours=hours,
        source=row["source"],
        note=row["note"],
    )
