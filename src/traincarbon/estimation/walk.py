"""A chain of formulas as data: its links, the walk along them, and what an estimate shows of it."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from traincarbon.quantities import unit_of
from traincarbon.uncertain import Num, median_of

if TYPE_CHECKING:
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


def steps_of(computed: "Iterable[ComputedLink]") -> Iterator[Step]:
    """Yield the step of each computed link."""
    for link, inputs, value in computed:
        formula = link.formula
        medians = {name: median_of(quantity) for name, quantity in inputs.items()}
        yield Step(formula.__name__, formula.equation, medians, median_of(value), unit_of(formula.__name__), formula.source)


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
                for other in others:
                    value = get(other) if other.__class__ is str else other
                    if value is not None:
                        break
                else:
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
