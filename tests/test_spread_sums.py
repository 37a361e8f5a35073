"""The log-spreads of sums: those of arrays, worked out a part at a time, are those of every element alone."""

import copy
import pickle
import threading

import numpy as np
import pytest

from traincarbon.spread_sums import TOGETHER, SpreadsOfSum, share_of, weighted
from traincarbon.uncertain import Z_90, Uncertain

COUNT = 2 * TOGETHER + 3
"""Elements that end in the midst of a part."""
random = np.random.default_rng(0)
FIRST, SECOND, THIRD = (random.uniform(1.0, 9.0, COUNT) for _ in range(3))
WIDE = random.uniform(0.1, 0.4, COUNT)
SUM = Uncertain(FIRST, {"a": 0.3}) + Uncertain(SECOND, {"b": 0.2})


def element(value, at):
    """Return the element *at* of an uncertain array, as an uncertain number."""
    return Uncertain(float(value.median[at]), {name: float(np.broadcast_to(s, COUNT)[at]) for name, s in value.spreads.items()})


def test_a_spread_is_weighted_by_the_share_of_its_term():
    assert weighted(0.25, {"a": 0.4, "b": 0.2}, {"b": 0.2, "c": 0.8}) == {"a": 0.1, "b": 0.2, "c": pytest.approx(0.6)}
    assert weighted(0.25, {"a": 0.4}, {"a": 0.8}) == {"a": pytest.approx(0.7)}


@pytest.mark.parametrize(
    "terms",
    [
        (Uncertain(FIRST, {"a": 0.3, "b": 0.1}), Uncertain(SECOND, {"b": 0.2, "c": 0.5})),
        (Uncertain(FIRST, {"a": WIDE}), Uncertain(SECOND, {"a": WIDE, "b": 0.2})),
        (Uncertain(FIRST, {"a": 0.3}), Uncertain(2.0, {"a": 0.1, "b": 0.2})),
        (Uncertain(FIRST, {"a": 0.3}), Uncertain(SECOND, {"b": 0.2}), Uncertain(THIRD, {"a": 0.2, "c": WIDE})),
        (SUM, SUM * 2.0, SUM * THIRD),
        (Uncertain(FIRST - FIRST, {"a": 0.3}), Uncertain(SECOND - SECOND, {"b": 0.2})),
    ],
    ids=["two", "of one array of spreads", "with a number", "three", "of one sum", "of nothing"],
)
def test_the_reach_of_a_sum_of_arrays_is_that_of_each_element_before_and_after_its_spreads_are_read(terms):
    def total():
        return sum(terms[1:], terms[0])

    reach, read = total().reach(), total()
    assert isinstance(read.spreads, SpreadsOfSum)
    assert list(read.spreads) == list(dict.fromkeys(name for term in terms for name in term.spreads))
    assert read.reach().tolist() == reach.tolist() == Uncertain(read.median, read.spreads).reach().tolist()
    for at in (0, TOGETHER - 1, TOGETHER, COUNT - 1):
        alone = sum((element(term, at) for term in terms[1:] if hasattr(term.median, "shape")), element(terms[0], at))
        alone = sum((term for term in terms[1:] if not hasattr(term.median, "shape")), alone)
        assert reach[at] == pytest.approx(alone.reach(), rel=1e-14)
        assert {name: np.broadcast_to(s, COUNT)[at] for name, s in read.spreads.items()} == pytest.approx(alone.spreads, rel=1e-14)


def test_a_source_that_all_terms_share_stays_one_number():
    total = Uncertain(FIRST, {"a": 0.3}) + Uncertain(SECOND, {"a": 0.3})
    assert total.reach() == Uncertain(1.0, {"a": 0.3}).reach()
    assert dict(total.spreads) == {"a": 0.3}


def test_the_parts_of_a_reach_make_up_the_whole():
    spreads = (Uncertain(FIRST, {"a": 0.3}) + Uncertain(SECOND, {"b": WIDE})).spreads
    parts = list(spreads.reaches(Z_90))
    assert [len(reach) for _, reach in parts] == [TOGETHER, TOGETHER, 3]
    assert np.concatenate([reach for _, reach in parts]).tolist() == spreads.reach(Z_90).tolist()


def test_rows_of_one_and_tables_are_sums_as_well():
    row, one = Uncertain(FIRST, {"a": 0.3}), Uncertain(np.array([2.0]), {"b": np.array([0.2])})
    added = row + one + one
    assert added.reach().tolist() == (row + Uncertain(2.0, {"b": 0.2}) + Uncertain(2.0, {"b": 0.2})).reach().tolist()
    table = Uncertain(FIRST[:6].reshape(2, 3), {"a": 0.3}) + Uncertain(SECOND[:3], {"b": 0.2})
    assert table.reach()[1].tolist() == (Uncertain(FIRST[3:6], {"a": 0.3}) + Uncertain(SECOND[:3], {"b": 0.2})).reach().tolist()


def test_the_spreads_of_a_sum_can_be_copied_shown_and_pickled():
    total = Uncertain(FIRST, {"a": 0.3}) + Uncertain(SECOND, {"b": 0.2})
    share = FIRST / (FIRST + SECOND)
    for spreads in (total.spreads.copy(), copy.copy(total).spreads, copy.deepcopy(total).spreads, pickle.loads(pickle.dumps(total)).spreads):
        assert spreads["a"].tolist() == (share * 0.3).tolist()
    assert pickle.loads(pickle.dumps(total)) == total
    assert repr(total.spreads) == repr(dict(total.spreads))
    assert len(total.spreads) == 2


def test_a_term_that_is_changed_in_place_leaves_the_spreads_of_its_sum():
    first, second = Uncertain(FIRST.copy(), {"a": 0.3}), Uncertain(SECOND.copy(), {"b": 0.2})
    total, expected = first + second, (Uncertain(FIRST, {"a": 0.3}) + Uncertain(SECOND, {"b": 0.2})).reach()
    for median in (first.median, second.median, total.median):
        median[:] = 0.5
    assert total.reach().tolist() == expected.tolist()
    assert total.spreads["a"].tolist() == (FIRST / (FIRST + SECOND) * 0.3).tolist()


def test_the_share_of_nothing_is_nothing():
    share = share_of(np.array([0.0, 1.0, -1.0]), np.array([0.0, 4.0, 2.0]))
    assert share.tolist() == [0.0, 0.25, -0.5]
    assert share_of(np.zeros(0), np.zeros(0)).tolist() == []
    assert [share_of(1, 4), share_of(0, 0)] == [0.25, 0.0]


class ReadByOthers(SpreadsOfSum):
    """A sum whose spreads of all another thread has read after every look at what it holds."""

    __slots__ = ()

    @property
    def _held(self):
        held = SpreadsOfSum._held.__get__(self)
        if not isinstance(held, dict):
            share, ours, theirs = held
            other = threading.Thread(target=SpreadsOfSum._held.__set__, args=(self, weighted(share, ours, theirs)))
            other.start()
            other.join()
        return held

    @_held.setter
    def _held(self, held):
        SpreadsOfSum._held.__set__(self, held)


@pytest.mark.parametrize("read", [lambda spreads: spreads.reach(Z_90).tolist(), lambda spreads: spreads["a"].tolist(), repr])
def test_a_sum_may_be_read_while_another_thread_reads_it(read):
    terms = FIRST / (FIRST + SECOND), {"a": 0.3}, {"b": WIDE}
    assert read(ReadByOthers(*terms)) == read(SpreadsOfSum(*terms))
