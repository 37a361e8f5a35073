"""What a disclosure is made of: the statements of its subjects, and what their reader has to be told besides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from traincarbon.disclosure.statement import RESULTS, Statement, summed
from traincarbon.uncertain import Interval

SCHEMA = "traincarbon/disclosure/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """The statements of the runs and plans of one model.

    Attributes:
        statements: The statements; runs that are given twice count once.
        model: The name of the model.
        provider: Who trained it.
        date: The day of the disclosure in ISO 8601: that of the last run, else that of the plan.
        original_flop: Compute of the model that this one modifies, None if it modifies no other. [FLOP]
        task_tokens: Tokens of the task whose inference compute is stated. [1]
        unit: What a carbon intensity of software is stated per.
        version: The version of this package.
    """

    statements: tuple[Statement, ...]
    model: str
    provider: str = ""
    date: str
    original_flop: float | None = None
    task_tokens: float = 100_000.0
    version: str

    def total(self, name: str) -> Interval | None:
        """Return the sum of an amount over all statements, None if one of them does not know it."""
        return summed(self.statements, name)

    @property
    def flop(self) -> Interval | None:
        """The compute of all statements together, None if one of them does not know it. [FLOP]."""
        counts = [statement.compute.flop for statement in self.statements]
        known = [count for count in counts if count is not None]
        return Interval(*map(sum, zip(*known, strict=True))) if known and len(known) == len(counts) else None

    @property
    def params(self) -> float | None:
        """Parameters of the model: the most that a statement has."""
        return max((each.params for each in self.statements if each.params), default=None)

    @property
    def active_params(self) -> float | None:
        """Parameters that a token of that model passes through; those of the model where no statement tells them apart."""
        return max((each.active_params for each in self.statements if each.active_params and each.params == self.params), default=self.params)

    @property
    def tokens(self) -> float | None:
        """Tokens of all statements, None if one does not know them."""
        known = [each.tokens for each in self.statements if each.tokens]
        return sum(known) if len(known) == len(self.statements) else None

    @property
    def is_estimate(self) -> bool:
        """Whether a part of it is a plan, of which nothing was measured."""
        return any(each.is_estimate for each in self.statements)

    @property
    def unfinished(self) -> str:
        """Why the figures are not those of the whole training; empty where they are."""
        is_one = len(self.statements) == 1
        return "; ".join(each.unfinished if is_one else f"{each.subject}: {each.unfinished}" for each in self.statements if each.unfinished)

    @property
    def missing(self) -> dict[str, str]:
        """What is missing, with the subject where there are several, and the reason."""
        is_one = len(self.statements) == 1
        return {what if is_one else f"{each.subject}: {what}": why for each in self.statements for what, why in each.missing.items()}

    def to_dict(self, files: Mapping[str, str]) -> dict[str, Any]:
        """Return it fit for JSON, with the text of its *files*."""
        total: dict[str, Any] = {name: None if (found := self.total(name)) is None else found.to_dict() for name in RESULTS if name != "duration_s"}
        total["compute_flop"] = None if self.flop is None else self.flop.to_dict()
        return {
            "schema": SCHEMA,
            "model": self.model,
            "provider": self.provider,
            "date": self.date,
            "is_estimate": self.is_estimate,
            "statements": [each.to_dict() for each in self.statements],
            "total": total,
            "missing": self.missing,
            "files": dict(files),
        }


def once(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """Return *statements* without those of a run that came before."""
    return tuple({(each.is_estimate, each.subject, i if each.is_estimate else 0): each for i, each in enumerate(statements)}.values())
