"""What the links of a chain share: the plan, what the database says beside it, and the memory of every step and assumption."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from traincarbon.estimation.facts.facts import ATTRIBUTES, Facts
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.result import Assumption, Link
from traincarbon.uncertain import Num

if TYPE_CHECKING:
    from traincarbon.estimation.facts.evidence import Given


class Links:
    """Quantities by name, from the plan or else from the database; each use and each formula is remembered, so that every figure can explain itself."""

    def __init__(self, plan: Plan, facts: Facts) -> None:
        self.plan = plan
        self.facts = facts
        self.links: list[Link] = []
        self.used: dict[str, Given] = {}
        self.assumed: list[Assumption] = []
        self.warnings: list[str] = list(facts.warnings)

    def link(self, formula: Callable[..., Num], **inputs: Num | None) -> Num | None:
        """Return *formula* of *inputs* and remember it; None where an input is not known."""
        for value in inputs.values():
            if value is None:
                return None
        value = formula(**inputs)
        self.links.append((formula, inputs, value))
        return value

    def calibrated(self, factor: str, formula: Callable[..., Num], **expected: Num | None) -> Num | None:
        """Return the one quantity that is *expected*, brought by the *factor* to what runs of the user's own showed; as it is where there are none."""
        if self.facts.given(factor) is None:
            return next(iter(expected.values()))
        return self.link(formula, **expected, factor=self.known(factor))

    def known(self, name: str) -> Num:
        """Return what the plan says of *name*, else what the database does, else None."""
        stated = getattr(self.plan, name, None)
        if stated is not None:
            return self.plan.number(name)
        given = self.facts.given(name) if name in ATTRIBUTES or not hasattr(self.plan, name) else None
        if given is None:
            return None
        self.used[name] = given
        return given.value

    def stated_or(self, name: str, value: float, reason: str) -> Num:
        """Return what the plan says of *name*, or *value* as an assumption."""
        stated = self.plan.number(name)
        return self.assume(name, value, reason) if stated is None else stated

    def assume(self, name: str, value: float, reason: str) -> float:
        """Note that *value* stands in for *name*, which the plan does not say, and return it."""
        self.assumed.append(Assumption(name, value, reason))
        return value
