"""A read-only view of an estimate, fresh or loaded from JSON; loaded values are validated."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.decode import decode, interval, number, table
from traincarbon.errors import CarbonError
from traincarbon.estimation.result import Estimate
from traincarbon.estimation.walk import Assumption, Step
from traincarbon.formatting import amount
from traincarbon.quantities import QUANTITIES
from traincarbon.uncertain import Interval, z_of

SCHEMA = "traincarbon/estimate/1"


class EstimateView(NamedTuple):
    """What a report shows of an estimate: results, how they were computed and what was assumed. None means not known."""

    plan: Mapping[str, object]
    level: float
    results: Mapping[str, Interval | None]
    spread_shares: Mapping[str, Mapping[str, float]]
    steps: tuple[Step, ...]
    assumptions: tuple[Assumption, ...]
    warnings: tuple[str, ...]
    hardware: str
    region: str

    @classmethod
    def of(cls, answer: Estimate) -> "EstimateView":
        """Return the view of *answer*."""
        return cls(
            plan=answer.plan.to_dict(),
            level=answer.level,
            results=answer.results,
            spread_shares=answer.spread_shares,
            steps=answer.steps,
            assumptions=answer.assumptions,
            warnings=tuple(answer.warnings),
            hardware=answer.facts.hardware.name,
            region=answer.facts.place.name if answer.facts.place is not None else "",
        )

    @classmethod
    def from_dict(cls, stated: Mapping[str, object]) -> "EstimateView":
        """Return the view of a saved estimate, in the layout of :meth:`Estimate.to_dict <traincarbon.estimation.result.Estimate.to_dict>`.

        Raises:
            CarbonError: it has another schema, or a value that no estimate can hold.
        """
        if stated.get("schema") != SCHEMA:
            raise CarbonError(f"the estimate is of schema {str(stated.get('schema'))[:60]!r}, not {SCHEMA!r}", hint="estimate its plan again with this carbon")
        try:
            saved = decode(_Saved, stated, where="estimate")
        except CarbonError as error:
            raise CarbonError(f"the saved estimate is damaged: {error}", hint=_HINT) from error
        if not 0.0 < saved.level < 1.0:
            raise _damaged("level", saved.level)
        z_of(saved.level)
        for name, shares in saved.spread_shares.items():
            if not all(0.0 <= share <= 1.0 for share in shares.values()):
                raise _damaged(f"spread_shares.{name}", shares)
        return cls(
            plan=saved.plan,
            level=saved.level,
            results={name: _interval(name, value) for name, value in saved.results.items() if name in QUANTITIES},
            spread_shares=saved.spread_shares,
            steps=saved.steps,
            assumptions=saved.assumptions,
            warnings=saved.warnings,
            hardware=str(saved.plan.get("hw", "unnamed hardware")),
            region=str(saved.plan.get("region", "")),
        )

    @property
    def title(self) -> str:
        """The name of the plan, else the size of the model and its hardware."""
        if self.plan.get("name"):
            return str(self.plan["name"])
        params = self.plan.get("params")
        size = f"{count_text(params)} parameters" if params is not None else "training"
        return f"{size} on {self.hardware}"

    def step(self, name: str) -> Step | None:
        """Return the last step called *name*, None where there is none."""
        return next((step for step in reversed(self.steps) if step.name == name), None)

    def input(self, step: str, name: str) -> float | None:
        """Return the number *name* among the inputs of a *step*, None where there is none."""
        found = self.step(step)
        return None if found is None else number(found.inputs.get(name))

    def median(self, name: str) -> float | None:
        """Return the median of a quantity, None where it is not known."""
        result = self.results.get(name)
        return None if result is None else float(result.median)

    def swings(self, name: str) -> list[tuple[str, float]]:
        """Return for each source of uncertainty the factor by which it alone moves a quantity up or down over its interval, the largest first."""
        result = self.results.get(name)
        if result is None or not 0.0 < result.low < result.high:
            return []
        reach = math.log(result.high / result.low) / 2.0
        return [(source, math.exp(reach * math.sqrt(share))) for source, share in self.spread_shares.get(name, {}).items()]


def count_text(value: object) -> str:
    """Return a count as a reader writes it, or what else a plan states in its place.

    Example:
        >>> count_text(7e9), count_text("6e9..8e9")
        ('7B', '6e9..8e9')
    """
    return amount(float(value), "count", digits=3) if isinstance(value, (int, float)) else str(value)


class _Saved(NamedTuple):
    """The layout of a saved estimate, as far as a report reads it."""

    plan: Mapping[str, object]
    results: Mapping[str, object]
    spread_shares: Mapping[str, Mapping[str, float]]
    level: float = 0.9
    steps: tuple[Step, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    warnings: tuple[str, ...] = ()


_HINT = "save it again: carbon estimate PLAN.toml --json > ESTIMATE.json"


def _interval(name: str, value: object) -> Interval | None:
    """Return the interval of a quantity, None where it is not known: JSON has null for what is not finite."""
    found = interval(value)
    if found is not None and found.low >= 0.0:
        return found
    if value is None or (isinstance(value, Mapping) and None in map(table(value).get, Interval._fields)):
        return None
    raise _damaged(name, value)


def _damaged(name: str, value: object) -> CarbonError:
    return CarbonError(f"the saved estimate is damaged: {name} is {str(value)[:60]!r}", hint=_HINT)
