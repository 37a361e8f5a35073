"""Savings of uncertain values, compared with a hundred thousand draws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.explore.advice.saving import saving_of, with_independent
from traincarbon.uncertain import Uncertain

spreads = st.dictionaries(st.sampled_from("abc"), st.floats(-0.8, 0.8), max_size=3)
medians = st.floats(1e-3, 1e9)
CASES = [
    (Uncertain(100.0, {"a": 0.4, "b": 0.5}), Uncertain(60.0, {"a": 0.4, "c": 0.3}), ()),
    (Uncertain(100.0, {"a": 0.4, "b": 0.5}), Uncertain(90.0, {"a": 0.4, "b": 0.3}), ("b",)),
    (Uncertain(100.0, {"a": 0.4}), Uncertain(120.0, {"a": 0.2}), ()),
    (Uncertain(5.0, {"a": 0.1}), Uncertain(3.0, {"b": 0.9}), ()),
]


def drawn(value, rng, independent=(), seen=None):
    normal = seen if seen is not None else {}
    total = np.zeros(100_000)
    for name, spread in value.spreads.items():
        key = f"{name}'" if name in independent else name
        total += spread * normal.setdefault(key, rng.standard_normal(100_000))
    return value.median * np.exp(total)


@pytest.mark.parametrize(("old", "new", "apart"), CASES)
def test_the_bounds_are_those_of_a_hundred_thousand_draws(old, new, apart):
    rng, seen = np.random.default_rng(7), {}
    before, after = drawn(old, rng, seen=seen), drawn(new, rng, apart, seen=seen)
    found = saving_of(old, new, independent=apart)
    low, high = np.quantile(before - after, [0.05, 0.95])
    scale = high - low
    assert found.low == pytest.approx(low, abs=0.02 * scale)
    assert found.high == pytest.approx(high, abs=0.02 * scale)
    assert [found.share_low, found.share_high] == pytest.approx(np.quantile(1.0 - after / before, [0.05, 0.95]), abs=0.02)
    assert found.chance == pytest.approx((before > after).mean(), abs=0.01)


def test_what_is_uncertain_together_is_saved_for_certain():
    old, new = Uncertain(100.0, {"mfu": 0.3}), Uncertain(25.0, {"mfu": 0.3})
    found = saving_of(old, new)
    assert (found.share_low, found.share, found.share_high, found.chance) == (0.75, 0.75, 0.75, 1.0)
    assert [found.low, found.high] == pytest.approx([0.75 * bound for bound in old.interval(0.9)])


def test_exact_figures_save_exactly():
    assert saving_of(10.0, 4.0) == (6.0, 6.0, 6.0, 0.6, 0.6, 0.6, 1.0)
    assert saving_of(4.0, 10.0)[:3] == (-6.0, -6.0, -6.0)


def test_what_takes_nothing_saves_all():
    old = Uncertain(100.0, {"mfu": 0.3})
    found = saving_of(old, 0.0)
    assert (found.low, found.high) == old.interval(0.9)
    assert (found.share, found.chance) == (1.0, 1.0)


def test_what_cost_nothing_can_only_cost_more():
    found = saving_of(0.0, Uncertain(5.0, {"mfu": 0.1}))
    assert found.median == -5.0
    assert found.share == -math.inf
    assert found.chance == 0.0
    assert saving_of(0.0, 0.0).share == 0.0


@given(medians, spreads, medians, spreads, st.sampled_from([1e-6, 0.1, 0.5, 0.9, 0.9999999]))
def test_a_saving_is_within_its_bounds_and_its_median_the_difference(old, old_spreads, new, new_spreads, level):
    found = saving_of(Uncertain(old, old_spreads), Uncertain(new, new_spreads), level=level)
    assert found.median == old - new
    assert found.low <= found.median <= found.high
    assert found.share_low <= found.share <= found.share_high <= 1.0
    assert found.share == pytest.approx(1.0 - new / old)
    assert 0.0 <= found.chance <= 1.0


@given(medians, spreads, st.floats(0.01, 100.0))
def test_the_unit_does_not_matter(old, shape, factor):
    one = saving_of(Uncertain(old, shape), Uncertain(0.7 * old, {"c": 0.3}))
    other = saving_of(Uncertain(old * factor, shape), Uncertain(0.7 * old * factor, {"c": 0.3}))
    assert other.low == pytest.approx(one.low * factor, rel=1e-6, abs=1e-6 * old * factor)
    assert other.share_low == pytest.approx(one.share_low)


def test_spreads_that_are_set_apart_do_not_cancel():
    old, new = Uncertain(100.0, {"mfu": 0.3}), Uncertain(50.0, {"mfu": 0.3})
    assert saving_of(old, new, independent=("mfu",)).share_low < 0.1
    assert with_independent(new, ("mfu",)).spreads == {"mfu of the alternative": 0.3}


def test_a_wider_level_has_wider_bounds():
    old, new = Uncertain(100.0, {"a": 0.3}), Uncertain(50.0, {"b": 0.3})
    narrow, wide = saving_of(old, new, level=0.5), saving_of(old, new, level=0.95)
    assert wide.low < narrow.low < narrow.high < wide.high
    assert wide.share_low < narrow.share_low < narrow.share_high < wide.share_high
