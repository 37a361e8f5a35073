"""The values of one plan along the chain, and a memory of each fact, link and assumption."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from traincarbon.estimation.facts.evidence import Given
from traincarbon.estimation.facts.facts import Facts
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import NUMBERS
from traincarbon.estimation.walk import Assumption, ComputedLink, Link, walk
from traincarbon.uncertain import Num, median_of


class FlopCounts(NamedTuple):
    """How the FLOP of a training were counted.

    Attributes:
        how: ``6nd`` from parameters and tokens, ``exact`` from the shape of the model, ``usual_shape`` from parameters and tokens with the attention of
            a usual shape, ``stated``, or ``per_sample`` from the FLOP of a sample.
        parts: What the FLOP consist of; the parts add up to them.
    """

    how: str
    parts: dict[str, Num]


class Trace:
    """The values of one plan by name, whether stated, facts or computed, and a memory of what was used, computed and assumed.

    Args:
        plan: The plan, completed.
        facts: What the database knows about it.
        stated: The plan as the user stated it.
        earlier: The links that completed it.
        assumed: What was assumed for that.
        sample_parts: What the FLOP of a sample consist of, where they were counted by sample.
    """

    __slots__ = ("_history", "assumed", "facts", "flop_counts", "gaps", "plan", "sample_parts", "slips", "stated", "values", "warnings")

    def __init__(
        self,
        plan: Plan,
        facts: Facts,
        *,
        stated: Plan | None = None,
        earlier: Sequence[ComputedLink] = (),
        assumed: Sequence[Assumption] = (),
        sample_parts: Mapping[str, Num] | None = None,
    ) -> None:
        self.plan = plan
        self.sample_parts = sample_parts or {}
        self.stated = plan if stated is None else stated
        self.flop_counts: FlopCounts | None = None
        self.facts = facts
        self.values: dict[str, Num | None] = facts.values.copy()
        self.values["accelerator_count"] = facts.accelerator_count
        for name in NUMBERS & vars(plan).keys():
            self.values[name] = plan.number(name)
        self.assumed: list[Assumption] = list(assumed)
        self.slips: list[str] = []
        self.warnings: list[str] = list(facts.warnings)
        self.gaps: dict[str, str] = {}
        self._history: list[str | ComputedLink] = list(earlier)

    def walk(self, links: Iterable[Link], *, stated: frozenset[str] = frozenset()) -> None:
        """Compute *links* and remember each."""
        self._history += walk(links, self.values, stated)

    def walk_chain(self, *, stated: frozenset[str]) -> None:
        """Compute every link after the work and remember each; the plan states the fields *stated*, which make some of them needless."""
        self._history += self.facts.chain.walk(self.values, stated)

    def known(self, name: str) -> Num | None:
        """Return the value of *name*, None where it is unknown, and remember its use."""
        self._history.append(name)
        return self.values.get(name)

    @property
    def links(self) -> list[ComputedLink]:
        """The links that were computed, in their order."""
        return [entry for entry in self._history if not isinstance(entry, str) and entry[2] is not None]

    @property
    def used(self) -> dict[str, Given]:
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

    def assume(self, name: str, value: Num, reason: str) -> Num:
        """Remember that *value* is assumed for *name*, of an uncertain one its median, and return it."""
        self.assumed.append(Assumption(name, median_of(value), reason))
        return value
