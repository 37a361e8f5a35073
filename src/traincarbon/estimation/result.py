"""The answer: every figure with its interval, what it was made of, and what was assumed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation import server_counts
from traincarbon.estimation.facts.evidence import Given
from traincarbon.estimation.facts.facts import Facts
from traincarbon.estimation.plan import Plan
from traincarbon.quantities import unit_of
from traincarbon.uncertain import Interval, Num, Uncertain, median_of

if TYPE_CHECKING:
    import pandas as pd

    from traincarbon.estimation.layout.task import Found

Link = tuple[Callable[..., Num], Mapping[str, Num], Num]
"""A formula, what went into it, and what came out."""


class Step(NamedTuple):
    """One link of the chain, or one fact that entered it: enough to check the figure by hand."""

    name: str
    formula: str
    inputs: dict[str, Any]
    value: Any
    unit: str
    source: str


class Assumption(NamedTuple):
    """Something that the plan did not say and what stood in for it."""

    name: str
    value: Any
    reason: str


class Estimate:
    """What a plan takes; see :func:`traincarbon.estimate`.

    Attributes:
        plan: What was asked.
        facts: What the database said about its hardware, place and time.
        values: Every figure as it was computed, None where it cannot be known.
        links: The formulas in the order in which they ran.
        inputs: The facts and priors that entered the chain, by name.
        warnings: What a reader should know before relying on it.
        level: Confidence level of :attr:`results`. [1]
        fewest_accelerators: Accelerators that hold the training's state, None where unknown. [1]
        accelerators: Accelerators at work together, None where the plan does not say. [1]
    """

    __slots__ = ("_assumed", "_database", "_found", "accelerators", "facts", "fewest_accelerators", "inputs", "level", "links", "plan", "values", "warnings")

    def __init__(
        self,
        *,
        plan: Plan,
        facts: Facts,
        values: Mapping[str, Num | None],
        links: Sequence[Link],
        inputs: Mapping[str, Given],
        assumed: Sequence[Assumption],
        warnings: list[str],
        level: float,
        fewest_accelerators: Num | None,
        accelerators: Num | None,
        database: Database,
    ) -> None:
        self.plan = plan
        self.facts = facts
        self.values = values
        self.links = links
        self.inputs = inputs
        self.warnings = warnings
        self.level = level
        self.fewest_accelerators = fewest_accelerators
        self.accelerators = accelerators
        self._assumed = assumed
        self._database = database
        self._found: Found | None = None

    def __getitem__(self, name: str) -> Interval | None:
        value = self.values[name]
        return None if value is None else self.interval(value)

    def median(self, name: str) -> Any:
        """Return the median of the figure *name*.

        Raises:
            CarbonError: it cannot be known for this plan.
        """
        value = self.values[name]
        if value is None:
            raise CarbonError(f"{name} is not known for this plan", hint=" ".join(self.warnings))
        return median_of(value)

    @property
    def results(self) -> dict[str, Interval | None]:
        """Every figure with its interval at :attr:`level`; None where it cannot be known."""
        return {name: self[name] for name in self.values}

    @property
    def spread_shares(self) -> dict[str, dict[str, Any]]:
        """For each figure, the share of its spread (variance of the logarithm) by source, largest first."""
        shares = {}
        for name, value in self.values.items():
            if isinstance(value, Uncertain) and value.spreads:
                parts = value.shares()
                shares[name] = dict(sorted(parts.items(), key=lambda part: -_mean(part[1])))
        return shares

    @property
    def steps(self) -> tuple[Step, ...]:
        """The facts that entered the chain and the formulas in the order in which they ran."""
        facts = (
            Step(given.name, given.reason, {}, _number(given.value), given.unit, f"{given.source}: {given.locator}" if given.source else "")
            for given in self.inputs.values()
        )
        links = (
            Step(
                _name(formula),
                _attribute(formula, "equation"),
                {key: _number(item) for key, item in inputs.items()},
                _number(value),
                _unit(formula),
                _attribute(formula, "source"),
            )
            for formula, inputs, value in self.links
        )
        return (*facts, *links)

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """What the plan did not say and what stood in for it."""
        priors = (Assumption(given.name, _number(given.value), given.reason) for given in self.inputs.values() if given.assumed)
        step = self.facts.given("step_calibration")
        if step is None or not step.assumed or self.accelerators is None or self.layout.spread is None:
            return (*self._assumed, *priors)
        return (*self._assumed, *priors, Assumption(step.name, self.layout.spread.calibration, step.reason))

    @property
    def server_counts(self) -> list[int]:
        """Numbers of servers, or of accelerators where the hardware is no server, that are worth comparing; empty for arrays."""
        hours = self.values["accelerator_hours_h"]
        if hours is None or hasattr(median_of(hours), "shape"):
            return []
        fewest = 1.0 if self.fewest_accelerators is None else float(median_of(self.fewest_accelerators))
        return server_counts.server_counts(accelerator_hours_h=float(median_of(hours)), accelerator_count=self.facts.accelerator_count, fewest=fewest)

    @property
    def layout(self) -> "Found":
        """The fastest layout that fits over the plan's accelerators, searched when first asked for, or why there is none.

        Raises:
            OutOfRangeError: the plan fixes degrees of parallelism that no layout can have.
        """
        if self._found is None:
            from traincarbon.estimation.layout.task import find_layout

            self._found = find_layout(self.plan, self.facts, self._database, self.accelerators)
        return self._found

    def warn_of_layout(self) -> None:
        """Look at the layout that the plan states, in part or whole, and warn where it cannot be tried.

        Raises:
            OutOfRangeError: no layout can have these degrees of parallelism.
        """
        if self.layout.spread is None:
            self.warnings.append(f"tp, pp and dp do not bear on this estimate: {self.layout.why_none}")

    def missing_layout(self) -> list[str]:
        """Return the one warning that no layout is known for the accelerators of the plan; none where there is a layout, no number of them, or it was given."""
        stated = any(getattr(self.plan, degree) is not None for degree in ("tp", "pp", "dp"))
        return [] if stated or self.accelerators is None or self.layout.spread is not None else [f"no layout: {self.layout.why_none}"]

    def interval(self, value: Num) -> Interval:
        """Return *value* with its bounds at :attr:`level`."""
        return Interval.of(value, self.level)

    def to_dict(self) -> dict[str, Any]:
        """Return the estimate fit for JSON, in the schema ``traincarbon/estimate/1``."""
        return {
            "schema": "traincarbon/estimate/1",
            "plan": self.plan.to_dict(),
            "level": self.level,
            "results": {name: _json(result._asdict()) if result is not None else None for name, result in self.results.items()},
            "spread_shares": _json(self.spread_shares),
            "steps": [_json(step._asdict()) for step in self.steps],
            "layout": None if self.layout.spread is None else self.layout.spread.to_dict(),
            "assumptions": [_json(assumption._asdict()) for assumption in self.assumptions],
            "warnings": [*self.warnings, *self.missing_layout()],
        }

    def to_frame(self) -> "pd.DataFrame":
        """Return the figures as a DataFrame: a row a figure, or for arrays a row a plan with columns (figure, bound).

        Raises:
            ImportError: pandas is not installed.
        """
        import pandas as pd

        known = {name: result for name, result in self.results.items() if result is not None}
        if any(hasattr(result.median, "shape") for result in known.values()):
            return pd.DataFrame({(name, bound): value for name, result in known.items() for bound, value in result._asdict().items()})
        frame = pd.DataFrame({name: result._asdict() for name, result in known.items()}).T
        frame.insert(0, "unit", [unit_of(name) for name in frame.index])
        return frame

    def _repr_html_(self) -> str:
        from html import escape

        from traincarbon.formatting import median_and_interval

        rows = []
        for name, result in self._scalars():
            median, unit, interval = median_and_interval(result, unit_of(name))
            cells = f"<td>{median}</td><td style='text-align:left'>{escape(unit)}</td><td>{interval}</td>"
            rows.append(f"<tr><th style='text-align:left'>{escape(name)}</th>{cells}</tr>")
        title = escape(self.plan.name or f"{self.facts.hardware.name}")
        head = f"<tr><th></th><th>median</th><th></th><th>{self.level:.0%} interval</th></tr>"
        return f"<table><caption>{title}</caption>{head}{''.join(rows)}</table>"

    def __repr__(self) -> str:
        return f"Estimate({', '.join(f'{name}={result.median:.3g}' for name, result in self._scalars())})"

    def _scalars(self) -> Iterator[tuple[str, Interval]]:
        for name, result in self.results.items():
            if result is not None and not hasattr(result.median, "shape"):
                yield name, result


def _name(formula: Callable[..., Num]) -> str:
    return formula.__name__


def _unit(formula: Callable[..., Num]) -> str:
    return unit_of(formula.__name__)


def _attribute(formula: Callable[..., Num], name: str) -> str:
    return str(getattr(formula, name, ""))


def _number(value: Any) -> Any:
    return median_of(value)


def _mean(value: Any) -> float:
    return float(value.mean()) if hasattr(value, "mean") else float(value)


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    return value.tolist() if hasattr(value, "tolist") else value
