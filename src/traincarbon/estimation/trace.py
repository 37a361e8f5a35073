"""A chain of formulas as data, and the memory of one walk along it: what was computed, looked up and assumed."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from traincarbon.estimation.plan import NUMBERS
from traincarbon.uncertain import Num

if TYPE_CHECKING:
    from traincarbon.estimation.facts.evidence import Given
    from traincarbon.estimation.facts.facts import Facts
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

    __slots__ = ("constants", "formula", "inputs", "name", "names", "refines", "sources", "unless")

    def __init__(self, name: str, formula: "Formula[..., Num]", /, *, unless: tuple[str, ...] = (), **inputs: Source) -> None:
        self.name = name
        self.formula = formula
        self.unless = unless
        self.inputs = {parameter: source if isinstance(source, tuple) else (source,) for parameter, source in inputs.items()}
        self.constants = {parameter: source for parameter, source in inputs.items() if isinstance(source, float)}
        self.sources = tuple((parameter, str(source[0]), source[1:]) for parameter, source in self.inputs.items() if parameter not in self.constants)
        self.names = tuple(choice for source in self.inputs.values() for choice in source if isinstance(choice, str))
        self.refines = (name,) in self.inputs.values()

    def __repr__(self) -> str:
        return f"Link({self.name!r}, {self.formula.__name__}, {self.inputs})"


ComputedLink: TypeAlias = "tuple[Link, dict[str, Num], Num | None]"
"""A link, its inputs, and its value, None where an input is unknown."""


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


def walk(links: Iterable[Link], values: dict[str, Num | None], stated: frozenset[str] = frozenset()) -> list[ComputedLink]:
    """Compute *links* in their order into *values*; a value with an unknown input is None. Return the links with their inputs and values.

    Args:
        links: The rows of the chain.
        values: What is known beforehand; receives the value of each link.
        stated: Fields that the plan states.
    """
    computed = []
    get = values.get
    for link in links:
        name, refines = link.name, link.refines
        if not refines and get(name) is not None:
            continue
        if link.unless and not stated.isdisjoint(link.unless):
            continue
        inputs: dict[str, Num] = link.constants.copy()
        is_complete = True
        for parameter, source, others in link.sources:
            value = get(source)
            if value is None:
                value = next((found for other in others if (found := get(other) if isinstance(other, str) else other) is not None), None)
                if value is None:
                    is_complete = False
                    if refines:
                        break
            inputs[parameter] = value
        if is_complete:
            values[name] = value = link.formula(**inputs)
            computed.append((link, inputs, value))
        elif not refines:
            values[name] = None
            computed.append((link, inputs, None))
    return computed


class Trace:
    """The values of one plan by name, whether stated, facts or computed, and a memory of what was used, computed and assumed."""

    __slots__ = ("_history", "assumed", "facts", "plan", "values", "warnings")

    def __init__(self, plan: "Plan", facts: "Facts") -> None:
        self.plan = plan
        self.facts = facts
        self.values: dict[str, Num | None] = facts.values.copy()
        self.values["accelerator_count"] = facts.accelerator_count
        for name in NUMBERS:
            if getattr(plan, name) is not None:
                self.values[name] = plan.number(name)
        self.assumed: list[Assumption] = []
        self.warnings: list[str] = list(facts.warnings)
        self._history: list[str | ComputedLink] = []

    def walk(self, links: Iterable[Link], *, stated: frozenset[str] = frozenset()) -> None:
        """Compute *links* and remember each."""
        self._history += walk(links, self.values, stated)

    def known(self, name: str) -> Num | None:
        """Return the value of *name*, None where it is unknown, and remember its use."""
        self._history.append(name)
        return self.values.get(name)

    @property
    def links(self) -> list[ComputedLink]:
        """The links that were computed, in their order."""
        return [entry for entry in self._history if not isinstance(entry, str) and entry[2] is not None]

    @property
    def used(self) -> "dict[str, Given]":
        """The facts that entered the chain, by name, in the order of their first use."""
        used: dict[str, Given] = {}
        computed: set[str] = set()
        for entry in self._history:
            names = (entry,) if isinstance(entry, str) else tuple(source for source in entry[0].names if source not in computed)
            for name in names:
                given = self.facts.known.get(name)
                if given is not None and getattr(self.plan, name, None) is None:
                    used[name] = given
            if not isinstance(entry, str):
                computed.add(entry[0].name)
        return used

    def default(self, name: str, value: float, reason: str) -> None:
        """Assume *value* for *name* where the plan does not state it."""
        if self.plan.number(name) is None:
            self.values[name] = self.assume(name, value, reason)

    def assume(self, name: str, value: float, reason: str) -> float:
        """Remember that *value* is assumed for *name*, and return it."""
        self.assumed.append(Assumption(name, value, reason))
        return value
