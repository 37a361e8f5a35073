"""The random order of very many places."""

import numpy as np
import pytest

from traincarbon.explore.sweeps.permutation import Permutation


@pytest.mark.parametrize("count", [1, 2, 3, 7, 100, 101, 1024, 65_537])
def test_every_place_is_hit_once(count):
    assert np.array_equal(np.sort(Permutation(count, "seed")(np.arange(count))), np.arange(count))


def test_any_part_can_be_computed_without_the_rest():
    order = Permutation(100_003, "seed")
    whole = order(np.arange(100_003))
    assert np.array_equal(order(np.arange(70_000, 70_100)), whole[70_000:70_100])


def test_ten_billion_places_need_no_memory_and_stay_in_range():
    found = Permutation(10**10, "seed")(np.arange(10**10 - 5, 10**10))
    assert len(set(found.tolist())) == 5
    assert (found >= 0).all()
    assert (found < 10**10).all()


def test_seeds_give_orders_that_do_not_go_together():
    places = np.arange(10_000)
    one, other = Permutation(10_000, "one")(places), Permutation(10_000, "other")(places)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.05
    assert abs(np.corrcoef(one, places)[0, 1]) < 0.05
