"""A quantity that the database brings into an estimate, with its evidence."""

from dataclasses import dataclass
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import Fact, Row
from traincarbon.database.select import need_prior
from traincarbon.estimation.walk import ComputedLink
from traincarbon.uncertain import Num, Uncertain


class Given(NamedTuple):
    """A fact, a prior or a default choice that enters an estimate."""

    name: str
    value: Num
    unit: str
    reason: str
    source: str = ""
    locator: str = ""
    kind: str = ""
    assumed: bool = False
    derivation: tuple[ComputedLink, ...] = ()
    """The links that gave the value."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """Some of the facts about a plan, gathered together; None where a fact is unknown.

    Attributes:
        warnings: What a reader should know of them.
    """

    warnings: tuple[str, ...] = ()


def given(name: str, value: Num, unit: str, reason: str, evidence: Fact | Row, *, assumed: bool = False) -> Given:
    """Return the *value* of *name*, with the *evidence* that it rests on."""
    if isinstance(evidence, Fact):
        return Given(name, value, unit, reason, evidence.source, evidence.locator, evidence.kind, assumed)
    return Given(name, value, unit, reason, evidence["source"], evidence["locator"], evidence["kind"], assumed)


def from_prior(database: Database, name: str, scope: str, unit: str, reason: str, *, spread: str = "") -> Given:
    """Return the prior *name* of *scope*, which is used where the plan states nothing; its spread is called *spread*, by default *name*.

    Raises:
        DatabaseError: there is no such prior.
    """
    row, value = need_prior(database, name, scope)
    if spread and value.spreads:
        value = Uncertain(value.median, {spread: value.sigma})
    return given(name, value if value.spreads else value.median, unit, reason, row, assumed=True)
