"""What the database says about a plan's hardware, place and time, each quantity with its evidence."""

from typing import NamedTuple

from traincarbon.database.find import Place
from traincarbon.database.load import Database
from traincarbon.database.records import Fact, Product, Row
from traincarbon.database.select import prior
from traincarbon.errors import DatabaseError
from traincarbon.estimation.walk import ComputedLink
from traincarbon.uncertain import Num, Uncertain


class Given(NamedTuple):
    """A quantity that enters the chain from outside: a fact, a prior or a choice."""

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


class Setting:
    """All that the database says about a plan's hardware, place and time; what is unknown is absent."""

    __slots__ = ("accelerator", "accelerator_count", "given", "hardware", "place", "warnings")

    def __init__(self, hardware: Product, accelerator: Product, accelerator_count: float, place: Place | None) -> None:
        self.hardware = hardware
        self.accelerator = accelerator
        self.accelerator_count = accelerator_count
        self.place = place
        self.given: dict[str, Given] = {}
        self.warnings: list[str] = []

    def add(self, name: str, value: Num, unit: str, reason: str, evidence: Fact | Row | None = None, *, assumed: bool = False) -> None:
        """Note that *name* has *value*, why, and on what evidence."""
        if evidence is None:
            self.given[name] = Given(name, value, unit, reason, assumed=assumed)
        elif isinstance(evidence, Fact):
            self.given[name] = Given(name, value, unit, reason, evidence.source, evidence.locator, evidence.kind, assumed)
        else:
            self.given[name] = Given(name, value, unit, reason, evidence["source"], evidence["locator"], evidence["kind"], assumed)

    def add_prior(self, database: Database, name: str, scope: str, unit: str, reason: str, *, spread: str = "") -> None:
        """Note that the prior *name* of *scope* stands in for what the plan does not say; *spread* names its spread where that is not *name*.

        Raises:
            DatabaseError: there is no such prior.
        """
        found = prior(database, name, scope)
        if found is None:
            raise DatabaseError(f"priors.csv has no {name},{scope}", hint="carbon db check lists what is missing")
        row, value = found
        if spread and value.spreads:
            value = Uncertain(value.median, {spread: value.sigma})
        self.add(name, value if value.spreads else value.median, unit, reason, row, assumed=True)
