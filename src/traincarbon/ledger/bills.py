"""What a run really cost, by the bills of its clouds: parts of charges, which a later import of the same bill replaces."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.decode import items, number, table
from traincarbon.quantities import S_PER_H

if TYPE_CHECKING:
    from traincarbon.ledger.process_summary import Process

BY_TAG, BY_RESOURCE = "tag", "resource"
"""How a charge is joined to a run."""
KIND = "bill"
"""The kind of a line of a journal that states parts of charges."""
_LONGEST = 64


class Part(NamedTuple):
    """What a run has of a charge.

    Attributes:
        key: What names the charge; a later part with the same key replaces it.
        day: Its day, ISO 8601.
        usd: What it cost. [$]
        by: How it is joined, :data:`BY_TAG` or :data:`BY_RESOURCE`.
    """

    key: str
    day: str
    usd: float
    by: str


class Billed(NamedTuple):
    """What bills say that a run cost.

    Attributes:
        usd: All of it. [$]
        by_tag_usd: What is joined by a tag. [$]
        by_resource_usd: What is joined by resource and time. [$]
        charges: The number of charges, one a resource, product and day.
        first_day: The first day of them.
        last_day: The last day of them.
    """

    usd: float
    by_tag_usd: float
    by_resource_usd: float
    charges: int
    first_day: str
    last_day: str


def billed_usd_per_h(usd: float, *, accelerators: float | None, duration_s: float) -> float | None:
    """Return what a bill comes to for an hour of an accelerator, None if their number or the time is unknown.

    Example:
        >>> billed_usd_per_h(64.0, accelerators=8, duration_s=7200.0), billed_usd_per_h(64.0, accelerators=None, duration_s=7200.0)
        (4.0, None)
    """
    return usd / (accelerators * duration_s / S_PER_H) if accelerators and duration_s > 0.0 else None


def billed_of(parts: Iterable[Part]) -> Billed | None:
    """Return what a run cost by *parts* of charges, in the order of their import; None if there are none.

    Example:
        >>> billed_of([Part("a", "2026-03-01", 2.0, BY_TAG), Part("a", "2026-03-01", 3.0, BY_TAG)]).usd
        3.0
    """
    known = {(part.key, part.by): part for part in parts}
    if not known:
        return None
    usd = {by: sum(part.usd for part in known.values() if part.by == by) for by in (BY_TAG, BY_RESOURCE)}
    days = sorted(part.day for part in known.values())
    return Billed(usd[BY_TAG] + usd[BY_RESOURCE], usd[BY_TAG], usd[BY_RESOURCE], len(known), days[0], days[-1])


def checked_billed(stated: object) -> Billed | None:
    """Return what a record states of its bills, None if it states nothing sound."""
    found = table(stated)
    amounts = [number(found.get(name)) for name in ("usd", "by_tag_usd", "by_resource_usd", "charges")]
    usd, by_tag, by_resource, charges = amounts
    if usd is None:
        return None
    days = (str(found.get(name) or "")[:_LONGEST] for name in ("first_day", "last_day"))
    return Billed(usd, by_tag or 0.0, by_resource or 0.0, int(charges or 0), *days)


def billed_in(processes: Sequence["Process"]) -> Billed | None:
    """Return what the journals of a run state of its bills, a later import after an earlier one."""
    ordered = sorted((process for process in processes if process.bill), key=lambda process: (process.first_wall_s, process.writer))
    return billed_of(part for process in ordered for part in parts_of(process.bill))


def parts_of(stated: object) -> list[Part]:
    """Return the parts that a line states, without what is not sound."""
    found = []
    for each in items(stated):
        row = items(each)
        usd = number(row[2]) if len(row) == len(Part._fields) else None
        if usd is not None and row[3] in (BY_TAG, BY_RESOURCE):
            found.append(Part(str(row[0])[:_LONGEST], str(row[1])[:_LONGEST], usd, str(row[3])))
    return found
