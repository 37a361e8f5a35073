"""What an estimate says, made now or saved earlier: one form for both, of which nothing is trusted that came from a file."""

import math
from typing import Any, NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.estimation.result import Estimate
from traincarbon.estimation.trace import Assumption, Step
from traincarbon.formatting import amount
from traincarbon.quantities import ESTIMATED
from traincarbon.uncertain import Interval, z_of

SCHEMA = "traincarbon/estimate/1"


class Said(NamedTuple):
    """The figures of an estimate, what they were made of and what was assumed; None is what is not known."""

    plan: dict[str, Any]
    level: float
    results: dict[str, Interval | None]
    spread_shares: dict[str, dict[str, float]]
    steps: tuple[Step, ...]
    assumptions: tuple[Assumption, ...]
    warnings: tuple[str, ...]
    hardware: str
    place: str

    @property
    def title(self) -> str:
        """What to call it: the plan's name, else the model's size and its hardware."""
        if self.plan.get("name"):
            return str(self.plan["name"])
        params = self.plan.get("params")
        size = f"{_counted(params)} parameters" if params is not None else "training"
        return f"{size} on {self.hardware}"

    def step(self, name: str) -> Step | None:
        """Return the step of that *name* nearest to the figures, None where it was not taken."""
        return next((step for step in reversed(self.steps) if step.name == name), None)

    def input(self, step: str, name: str) -> float | None:
        """Return the number *name* that went into a *step*, None where there is none."""
        found = self.step(step)
        value = found.inputs.get(name) if found is not None else None
        return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None

    def median(self, name: str) -> float | None:
        """Return the median of a figure, None where it is not known."""
        result = self.results.get(name)
        return None if result is None else float(result.median)

    def swings(self, name: str) -> list[tuple[str, float]]:
        """Return by how many times each source alone moves a figure up or down over the interval, the widest first."""
        result = self.results.get(name)
        if result is None or not 0.0 < result.low < result.high:
            return []
        reach = math.log(result.high / result.low) / 2.0
        return [(source, math.exp(reach * math.sqrt(share))) for source, share in self.spread_shares.get(name, {}).items()]


def said_by(answer: Estimate) -> Said:
    """Return what *answer* says."""
    return Said(
        plan=answer.plan.to_dict(),
        level=answer.level,
        results=answer.results,
        spread_shares=answer.spread_shares,
        steps=answer.steps,
        assumptions=answer.assumptions,
        warnings=tuple(answer.warnings),
        hardware=answer.facts.hardware.name,
        place=answer.facts.place.name if answer.facts.place is not None else "",
    )


def said_in(saved: dict[str, Any]) -> Said:
    """Return what a *saved* estimate says, in the layout of :meth:`Estimate.to_dict <traincarbon.estimation.result.Estimate.to_dict>`.

    Raises:
        CarbonError: it is of another version, or holds what no estimate can hold.
    """
    if saved.get("schema") != SCHEMA:
        raise CarbonError(f"the estimate is of schema {str(saved.get('schema'))[:60]!r}, not {SCHEMA!r}", hint="estimate its plan again with this carbon")
    plan, level = _table(saved, "plan"), saved.get("level", 0.9)
    if not isinstance(level, float) or not 0.0 < level < 1.0:
        raise _damaged("level", level)
    z_of(level)
    return Said(
        plan=plan,
        level=level,
        results={name: _interval(name, value) for name, value in _table(saved, "results").items() if name in ESTIMATED or name == "operational_market_kgco2e"},
        spread_shares={name: _shares(name, value) for name, value in _table(saved, "spread_shares").items()},
        steps=tuple(_step(entry) for entry in _list(saved, "steps")),
        assumptions=tuple(Assumption(*(_text_or_number(entry, key) for key in Assumption._fields)) for entry in _list(saved, "assumptions")),
        warnings=tuple(str(warning) for warning in _list(saved, "warnings")),
        hardware=str(plan.get("hw", "hardware that is not named")),
        place=str(plan.get("region", "")),
    )


def _table(saved: dict[str, Any], name: str) -> dict[str, Any]:
    found = saved.get(name)
    if not isinstance(found, dict):
        raise _damaged(name, found)
    return found


def _list(saved: dict[str, Any], name: str) -> list[Any]:
    found = saved.get(name, [])
    if not isinstance(found, list):
        raise _damaged(name, found)
    return found


def _interval(name: str, value: Any) -> Interval | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise _damaged(name, value)
    bounds: list[Any] = [value.get(end) for end in Interval._fields]
    if any(bound is None for bound in bounds):
        return None
    are_numbers = all(isinstance(bound, (int, float)) and not isinstance(bound, bool) and math.isfinite(bound) for bound in bounds)
    if not (are_numbers and 0.0 <= bounds[0] <= bounds[1] <= bounds[2]):
        raise _damaged(name, value)
    return Interval(*(float(bound) for bound in bounds))


def _shares(name: str, value: Any) -> dict[str, float]:
    if not isinstance(value, dict) or not all(isinstance(share, (int, float)) and 0.0 <= share <= 1.0 for share in value.values()):
        raise _damaged(f"spread_shares.{name}", value)
    return value


def _step(entry: Any) -> Step:
    if not isinstance(entry, dict) or not isinstance(entry.get("inputs", {}), dict):
        raise _damaged("steps", entry)
    name, formula, unit, source = (str(entry.get(key, "")) for key in ("name", "formula", "unit", "source"))
    return Step(name, formula, entry.get("inputs", {}), _text_or_number(entry, "value"), unit, source)


def _text_or_number(entry: Any, key: str) -> Any:
    value = entry.get(key) if isinstance(entry, dict) else None
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


def _damaged(name: str, value: Any) -> CarbonError:
    return CarbonError(f"the saved estimate cannot be: {name} is {str(value)[:60]!r}", hint="save it anew: carbon estimate --json")


def _counted(value: Any) -> str:
    return amount(float(value), "count", digits=3) if isinstance(value, (int, float)) else str(value)
