"""The result of an optimisation: a training on each of the hardware given, and the frontier of the best one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.estimation.plan import Plan
from traincarbon.explore.compared_results import plain
from traincarbon.explore.comparison import Results, SetAside, Where
from traincarbon.explore.scaling_law import FittedLaw, Size
from traincarbon.extras import data_frame
from traincarbon.uncertain import Interval

if TYPE_CHECKING:
    import pandas as pd


class Point(NamedTuple):
    """One model on the frontier.

    Attributes:
        params: Parameters. [1]
        tokens: Tokens. [1]
        loss: Predicted loss. [nat/token]
        results: What the training takes.
    """

    params: float
    tokens: float
    loss: Interval
    results: Results

    def to_dict(self) -> dict[str, object]:
        """Return the point fit for JSON."""
        return {"params": self.params, "tokens": self.tokens, "loss": self.loss.to_dict(), "figures": plain(self.results)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The answer on one hardware, in one region, at one price.

    Attributes:
        where: Hardware, region, price model and start, as asked for.
        plan: The training, as a plan that can be estimated.
        hardware: Full name of the hardware.
        size: Parameters and tokens.
        loss: Predicted loss. [nat/token]
        results: What the training takes; None where unknown.
        binding: The quantity whose budget is used up, empty where a loss was asked for.
        over: The quantities that exceed their budget, and by which factor.
        marks: ``lowest loss``; or ``cheapest``, ``fastest``, ``cleanest`` where a loss was asked for.
        notes: What a reader should know.
    """

    where: Where
    plan: Plan
    hardware: str
    size: Size
    loss: Interval
    results: Results
    binding: str
    over: Mapping[str, float]
    marks: tuple[str, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the way fit for JSON."""
        return {
            **{name: value for name, value in self.where._asdict().items() if name != "plan"},
            "hardware": self.hardware,
            "params": self.size.params,
            "tokens": self.size.tokens,
            "compute_flop": self.size.compute_flop,
            "loss": self.loss.to_dict(),
            "figures": plain(self.results),
            "binding": self.binding,
            "over": dict(self.over),
            "marks": list(self.marks),
            "notes": list(self.notes),
            "fields": self.plan.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimum:
    """The best training on each of the hardware given, the best first; see :func:`traincarbon.optimise`.

    Attributes:
        question: ``lowest loss`` within a budget, or ``target loss``.
        target_loss: The loss asked for, None where none was. [nat/token]
        bounds: The most that each bounded quantity may be.
        sure: Probability of staying within each bound. [1]
        money: Whether ``cost_usd`` is the cost to rent (``rent``) or to own (``own``).
        ways: The answers, the best first.
        set_aside: The combinations that cannot be answered, each with its reason.
        frontier: What the best way reaches with less and more compute.
        law: The scaling law that predicts the loss.
        level: Confidence level of the intervals. [1]
    """

    question: str
    target_loss: float | None
    bounds: Mapping[str, float]
    sure: float
    money: str
    ways: tuple[Way, ...]
    set_aside: tuple[SetAside, ...]
    frontier: tuple[Point, ...]
    law: FittedLaw
    level: float

    @property
    def best(self) -> Way:
        """The first of the ways."""
        return self.ways[0]

    def to_dict(self) -> dict[str, object]:
        """Return the optimum fit for JSON, in the schema ``traincarbon/optimum/1``."""
        return {
            "schema": "traincarbon/optimum/1",
            "question": self.question,
            "target_loss": self.target_loss,
            "bounds": dict(self.bounds),
            "sure": self.sure,
            "money": self.money,
            "level": self.level,
            "law": self.law.evidence.to_dict(),
            "ways": [way.to_dict() for way in self.ways],
            "frontier": [point.to_dict() for point in self.frontier],
            "set_aside": [each.to_dict() for each in self.set_aside],
        }

    def to_frame(self) -> "pd.DataFrame":
        """Return the frontier, a row a model: parameters, tokens, loss and the median of each quantity.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        rows = []
        for point in self.frontier:
            medians = {name: None if interval is None else interval.median for name, interval in point.results.items()}
            rows.append({"params": point.params, "tokens": point.tokens, "loss": point.loss.median, **medians})
        return data_frame(rows)
