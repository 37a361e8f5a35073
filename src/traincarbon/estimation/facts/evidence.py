"""A quantity that the database brings into an estimate, with its evidence."""

from typing import Any, ClassVar, NamedTuple, dataclass_transform

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


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Frozen:
    """A frozen dataclass without generated code: the fields are the annotations of the subclasses, with their defaults.

    Type checkers see the fields; a name that is none is refused when an instance is made.
    Ten classes with generated code would cost a sixth of the start-up of an estimate.
    """

    FIELDS: ClassVar[dict[str, object]] = {}
    """Every field of the class with its type, those of its base classes first."""

    def __init_subclass__(cls) -> None:
        inherited = {name: kind for base in cls.__bases__ if issubclass(base, Frozen) for name, kind in base.FIELDS.items()}
        cls.FIELDS = inherited | cls.__annotations__

    def __init__(self, **stated: object) -> None:
        unknown = stated.keys() - self.FIELDS.keys()
        if unknown:
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}")
        self.__dict__.update(stated)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: cannot assign {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: cannot delete {name}")

    def stated(self) -> dict[str, Any]:
        """Return the fields that were stated, without the defaults."""
        return {name: value for name, value in self.__dict__.items() if name in self.FIELDS}


class Part(Frozen):
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
