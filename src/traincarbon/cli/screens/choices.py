"""What the screens of ``carbon advise``, ``carbon compare`` and ``carbon optimise`` share."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from traincarbon.cli import output
from traincarbon.explore.comparison import MARKS, Where
from traincarbon.quantities import QUANTITIES

if TYPE_CHECKING:
    from traincarbon.uncertain import Interval

SHOWN = ("cost_usd", "duration_s", "facility_energy_kwh", "total_kgco2e")
"""The quantities that a table shows of each choice."""


_MOST_SHOWN = 0.995


def heading(name: str, money: str) -> str:
    """Return what the head of a column calls a quantity; the cost by whether it is the cost to rent or to own.

    Example:
        >>> heading("cost_usd", "rent"), heading("cost_usd", "own"), heading("total_kgco2e", "rent")
        ('Rent', 'Ownership', 'CO2e')
    """
    return QUANTITIES[f"{money}_usd" if name == "cost_usd" else name].short


def word(name: str, money: str = "") -> str:
    """Return what a quantity is called within a line.

    Example:
        >>> word("duration_s"), word("total_kgco2e"), word("cost_usd", "rent")
        ('time', 'CO2e', 'rent')
    """
    short = heading(name, money) if money else QUANTITIES[name].short
    return short if short[:2].isupper() else short[0].lower() + short[1:]


def amount(name: str, value: float, *, digits: int = 2) -> str:
    """Return a value of a quantity with its unit."""
    return output.amount(value, QUANTITIES[name].unit, digits=digits)


def share(value: float) -> str:
    """Return a share that is saved.

    Example:
        >>> share(0.421), share(-0.04), share(0.999)
        ('42%', '−4%', '>99%')
    """
    if _MOST_SHOWN < value < 1.0:
        return ">99%"
    if value == -math.inf:
        return "more"
    return f"{100.0 * value + 0.0:.0f}%".replace("-0%", "0%").replace("-", "−")


def intervals_of(results: "Mapping[str, Interval | None]") -> str:
    """Return the intervals of those shown quantities that are uncertain."""
    known = [(name, interval) for name in SHOWN if (interval := results[name]) is not None and interval.median > 0.0 and not interval.is_exact]
    return ", ".join(f"{word(name)} {amount(name, interval.low)} – {amount(name, interval.high)}" for name, interval in known)


def letters(marks: Iterable[str]) -> str:
    """Return the letters of *marks*."""
    return "".join(MARKS[mark].letter for mark in marks if mark in MARKS)


def label(where: Where, others: Sequence[Where], hardware: str) -> str:
    """Return what distinguishes a combination from the others, or its hardware where nothing does."""
    return output.clean(where.among(others) or hardware)
