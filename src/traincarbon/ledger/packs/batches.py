"""Journals at rest in the groups that become packs."""

from collections.abc import Iterable, Iterator

from traincarbon.ledger.packs.resting import Resting

MOST_JOURNALS = 1000
"""Of a pack; what forgets one of its runs writes the others anew."""
MOST_B = 256_000_000
"""Of a pack of several journals. [B]"""
LARGE_B = 64_000_000
"""A journal of this size or more has a pack of its own, and is never in memory as a whole. [B]"""


def batches(resting: Iterable[Resting], *, most_b: int | None = None) -> Iterator[list[Resting]]:
    """Yield journals of the same month that become one pack.

    Args:
        resting: The journals by month.
        most_b: Stop after so many bytes of journals; None for no limit.
    """
    group: list[Resting] = []
    given_b = 0
    for each in resting:
        if most_b is not None and given_b and given_b + each.size_b > most_b:
            break
        given_b += each.size_b
        if group and not _fits(group, each):
            yield group
            group = []
        group.append(each)
    if group:
        yield group


def _fits(group: list[Resting], each: Resting) -> bool:
    if each.month != group[0].month or len(group) >= MOST_JOURNALS or max(each.size_b, group[0].size_b) >= LARGE_B:
        return False
    return sum(other.size_b for other in group) + each.size_b <= MOST_B
