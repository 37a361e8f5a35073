"""The equation and source that every formula carries, and the check of its inputs."""

import math
from collections.abc import Callable
from operator import is_
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, cast

from traincarbon.errors import OutOfRangeError
from traincarbon.uncertain import Num, Uncertain

if TYPE_CHECKING:
    P = ParamSpec("P")
    R_co = TypeVar("R_co", covariant=True)

    class Formula(Protocol[P, R_co]):
        """A function that knows its own equation."""

        __name__: str
        equation: str
        source: str

        def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
            """Evaluate the formula."""
            ...


def equation(text: str, *, source: str) -> "Callable[[Callable[P, R_co]], Formula[P, R_co]]":
    """Attach to a formula its equation as one line of text and the key of its *source* in the bibliography."""

    def attach(function: "Callable[P, R_co]") -> "Formula[P, R_co]":
        formula = cast("Formula[P, R_co]", function)
        formula.equation = text
        formula.source = source
        return formula

    return attach


def kept_for_the_same(function: "Callable[..., Num]") -> "Callable[..., Num]":
    """Return *function* with its latest answer kept, for as long as it is asked with the very same objects: as by plans that share their facts.

    Arrays are not kept: nobody would know what holds their memory.
    It is for a part of a formula: a walk that is prepared computes a whole link once where it follows from facts alone, but not what is shared within a
    link that also depends on the plan. What is kept is at most one answer, for the life of the process, and threads replace it as a whole.
    """
    latest: tuple[tuple[Any, ...], Num] = ((), None)

    def answer(*inputs: Num) -> Num:
        nonlocal latest
        asked, found = latest
        if len(asked) == len(inputs) and all(map(is_, asked, inputs)):
            return found
        found = function(*inputs)
        if all((value.median if value.__class__ is Uncertain else value).__class__ is float for value in (found, *inputs)):
            latest = inputs, found
        return found

    return answer


def require(*, at_least: float | None = None, above: float | None = None, at_most: float = math.inf, **quantities: Num) -> None:
    """Refuse a quantity outside the bounds; NaN is always outside.

    Raises:
        OutOfRangeError: with the name and the value of the first quantity that is out.
    """
    low: Any = at_least if above is None else above
    for name, quantity in quantities.items():
        value: Any = quantity.median if quantity.__class__ is Uncertain else quantity
        if value.__class__ is float and low <= value <= at_most and value != above:
            continue
        inside = (value > above if above is not None else value >= low) & (value <= at_most)
        if not (inside if isinstance(inside, bool) else inside.all()):
            bound = f"above {above:g}" if above is not None else f"at least {at_least:g}"
            limit = "" if at_most == math.inf else f" and at most {at_most:g}"
            worst = value if isinstance(inside, bool) else value[~inside].flat[0]
            raise OutOfRangeError(f"{name} is {worst:g}", hint=f"it must be {bound}{limit}")
