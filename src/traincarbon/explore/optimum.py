"""What an optimum is made of: ways to it, each a training that can be estimated, and the frontier of the best one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from traincarbon.estimation.plan import Plan
from traincarbon.explore.compare import SetAside, Where
from traincarbon.explore.compared_results import FIGURES, plain
from traincarbon.explore.scaling_law import FittedLaw, Size
from traincarbon.uncertain import Interval

if TYPE_CHECKING:
    import pandas as pd


class Point(NamedTuple):
    """One model on the frontier: what it reaches and what it takes."""

    params: float
    tokens: float
    loss: Interval
    figures: Mapping[str, Interval | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The answer on one hardware, in one region, at one price.

    Attributes:
        where: Hardware, region, price and start, as asked for.
        plan: The training, as a plan that can be estimated.
        hardware: Full name of the hardware.
        size: Parameters and tokens.
        loss: Predicted loss with its interval. [nat/token]
        figures: What the training takes.
        binding: The figure whose budget is used up, empty where a loss was asked for.
        over: Figures that break their budget, with by what factor.
        marks: ``lowest loss``; or ``cheapest``, ``fastest``, ``cleanest``, where a loss was asked for.
        notes: What a reader should know.
    """

    where: Where
    plan: Plan
    hardware: str
    size: Size
    loss: Interval
    figures: Mapping[str, Interval | None]
    binding: str
    over: Mapping[str, float]
    marks: tuple[str, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the way fit for JSON."""
        return {
            **{name: value for name, value in self.where._asdict().items() if name != "plan"},
            "hardware": self.hardware,
            "params": self.size.params,
            "tokens": self.size.tokens,
            "compute_flop": self.size.compute_flop,
            "loss": self.loss._asdict(),
            "figures": plain(self.figures),
            "binding": self.binding,
            "over": dict(self.over),
            "marks": list(self.marks),
            "notes": list(self.notes),
            "fields": self.plan.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimum:
    """The best that can be had, way by way, best first; see :func:`traincarbon.optimise`.

    Attributes:
        question: ``lowest loss`` within a budget, or ``target loss``.
        target_loss: The loss asked for, None where there was none. [nat/token]
        bounds: Figure to the most that it may be.
        sure: Probability with which each bound is to hold. [1]
        money: Whether ``cost_usd`` is that of renting (``rent``) or of owning (``own``).
        ways: The answers, best first.
        set_aside: Combinations that cannot be, each with its reason.
        frontier: What the best way reaches with less and more arithmetic.
        law: What the loss is predicted by.
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

    def to_dict(self) -> dict[str, Any]:
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
            "frontier": [{**point._asdict(), "loss": point.loss._asdict(), "figures": plain(point.figures)} for point in self.frontier],
            "set_aside": [{**aside.where._asdict(), "reason": aside.reason} for aside in self.set_aside],
        }

    def to_frame(self) -> "pd.DataFrame":
        """Return the frontier, a row a model: parameters, tokens, loss and the medians of its figures.

        Raises:
            ImportError: pandas is not installed.
        """
        import pandas as pd

        rows = []
        for point in self.frontier:
            medians = {name: None if (interval := point.figures[name]) is None else interval.median for name in FIGURES}
            rows.append({"params": point.params, "tokens": point.tokens, "loss": point.loss.median, **medians})
        return pd.DataFrame(rows)
