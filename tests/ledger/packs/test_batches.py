"""Journals of a month become packs that are not too large."""

from traincarbon.ledger.packs.batches import LARGE_B, MOST_JOURNALS, batches
from traincarbon.ledger.packs.resting import Resting


def resting(name, size_b, month="2026-09"):
    return Resting("run", name, size_b, 0, "run", month)


def names(found):
    return [[each.name for each in group] for group in found]


def test_each_month_has_packs_of_its_own():
    assert names(batches([resting("a", 5), resting("b", 5), resting("c", 5, "2026-10")])) == [["a", "b"], ["c"]]


def test_a_large_journal_is_alone():
    assert names(batches([resting("a", 5), resting("b", LARGE_B), resting("c", 5)])) == [["a"], ["b"], ["c"]]


def test_a_pack_holds_no_more_than_its_limits():
    assert list(map(len, batches(resting(str(at), 1) for at in range(MOST_JOURNALS + 1)))) == [MOST_JOURNALS, 1]
    assert names(batches([resting("a", LARGE_B - 1) for _ in range(5)])) == [["a"] * 4, ["a"]]


def test_a_limit_takes_at_least_one_journal_and_then_no_more_than_it():
    assert names(batches([resting("a", 50), resting("b", 5)], most_b=10)) == [["a"]]
    assert names(batches([resting("a", 5), resting("b", 5), resting("c", 5)], most_b=10)) == [["a", "b"]]
    assert names(batches([], most_b=10)) == []
