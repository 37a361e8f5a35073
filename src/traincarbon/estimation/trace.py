"""A chain of formulas as data, and the memory of one walk along it: what was computed, looked up and assumed."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from traincarbon.estimation.fields import FIELDS
from traincarbon.uncertain import Num

if TYPE_CHECKING:
    from traincarbon.estimation.facts.types import Given, Setting
    from traincarbon.estimation.plan import Plan
    from traincarbon.formulas.equation import Formula

Source: TypeAlias = "str | float | tuple[str | float, ...]"
"""Where an input of a link comes from: the name of a value, or several of which the first known one counts; a number stands for itself."""


class Link:
    """One row of the chain: the value it yields, the formula, and where each input of the formula comes from.

    A link computes nothing where its value is known beforehand, or where the plan states a field of *unless*.
    A link that names its own value among its inputs refines that value; without all of its inputs it leaves the value as it was.

    Args:
        name: The value it yields.
        formula: The formula.
        unless: Fields of a plan that make the link needless.
        **inputs: Parameter of the formula to its source: an earlier value, a field of the plan or a fact.
    """

    __slots__ = ("constants", "formula", "inputs", "name", "refines", "sources", "unless")

    def __init__(self, name: str, formula: "Formula[..., Num]", /, *, unless: tuple[str, ...] = (), **inputs: Source) -> None:
        self.name = name
        self.formula = formula
        self.unless = unless
        self.inputs = {parameter: source if isinstance(source, tuple) else (source,) for parameter, source in inputs.items()}
        self.constants = {parameter: source for parameter, source in inputs.items() if isinstance(source, float)}
        self.sources = tuple((parameter, str(source[0]), source[1:]) for parameter, source in self.inputs.items() if parameter not in self.constants)
        self.refines = (name,) in self.inputs.values()

    def __repr__(self) -> str:
        return f"Link({self.name!r}, {self.formula.__name__}, {self.inputs})"


ComputedLink: TypeAlias = "tuple[Formula[..., Num], dict[str, Num], Num]"
"""A formula, its inputs, and its value."""


class Step(NamedTuple):
    """One link of the chain, or one fact that entered it: enough to check the result by hand."""

    name: str
    formula: str
    inputs: dict[str, Any]
    value: Any
    unit: str
    source: str


class Assumption(NamedTuple):
    """A value assumed for something that the plan leaves open."""

    name: str
    value: Any
    reason: str


def walk(links: Iterable[Link], values: dict[str, Num | None], look_up: Callable[[str], Num | None], stated: frozenset[str] = frozenset()) -> list[ComputedLink]:
    """Compute *links* in their order into *values*; a value with an unknown input is None. Return what was computed.

    Args:
        links: The rows of the chain.
        values: What is known beforehand; receives the value of each link.
        look_up: Returns a value that is not among them, None where it is unknown.
        stated: Fields that the plan states.
    """
    computed = []
    for link in links:
        name, refines = link.name, link.refines
        if not refines and values.get(name) is not None:
            continue
        if link.unless and not stated.isdisjoint(link.unless):
            continue
        inputs: dict[str, Num] = link.constants.copy()
        is_complete = True
        for parameter, source, others in link.sources:
            value = values[source] if source in values else look_up(source)
            if value is None:
                value = _first_known(others, values, look_up) if others else None
                if value is None:
                    is_complete = False
                    if refines:
                        break
            inputs[parameter] = value
        if is_complete:
            formula = link.formula
            values[name] = value = formula(**inputs)
            computed.append((formula, inputs, value))
        elif not refines:
            values[name] = None
    return computed


def _first_known(sources: tuple[str | float, ...], values: dict[str, Num | None], look_up: Callable[[str], Num | None]) -> Num | None:
    for source in sources:
        value = source if isinstance(source, float) else values[source] if source in values else look_up(source)
        if value is not None:
            return value
    return None


class Trace:
    """The values of one plan by name, whether stated, looked up or computed, and a memory of each fact, formula and assumption, so that every result can explain itself."""

    __slots__ = ("_given", "assumed", "links", "plan", "setting", "used", "values", "warnings")

    def __init__(self, plan: "Plan", setting: "Setting") -> None:
        self.plan = plan
        self.setting = setting
        self.values: dict[str, Num | None] = {"accelerator_count": setting.accelerator_count}
        self._given = setting.given
        self.links: list[ComputedLink] = []
        self.used: dict[str, Given] = {}
        self.assumed: list[Assumption] = []
        self.warnings: list[str] = list(setting.warnings)

    def walk(self, links: Iterable[Link], *, stated: frozenset[str] = frozenset()) -> None:
        """Compute *links* and remember each."""
        self.links += walk(links, self.values, self._look_up, stated)

    def known(self, name: str) -> Num | None:
        """Return the computed value of *name*, else what the plan states, else the fact, else None; the use of a fact is remembered."""
        return self.values[name] if name in self.values else self._look_up(name)

    def _look_up(self, name: str) -> Num | None:
        given = self._given.get(name)
        if name in FIELDS and getattr(self.plan, name) is not None:
            value = self.plan.number(name)
        elif given is not None:
            self.used[name] = given
            value = given.value
        else:
            return None
        self.values[name] = value
        return value

    def default(self, name: str, value: float, reason: str) -> None:
        """Assume *value* for *name* where the plan does not state it."""
        if self.plan.number(name) is None:
            self.values[name] = self.assume(name, value, reason)

    def assume(self, name: str, value: float, reason: str) -> float:
        """Remember that *value* is assumed for *name*, and return it."""
        self.assumed.append(Assumption(name, value, reason))
        return value
