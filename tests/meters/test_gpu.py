"""Which answers of a GPU are possible."""

import pytest

from traincarbon.meters.gpu import is_limit, is_possible


@pytest.mark.parametrize(("power_w", "possible"), [(0.0, False), (-1.0, False), (1.0, True), (1400.0, True), (1401.0, False), (4294967.295, False)])
def test_a_power_is_possible_up_to_twice_the_limit(power_w, possible):
    assert is_possible(power_w, limit_w=700.0) is possible


@pytest.mark.parametrize(("power_w", "possible"), [(0.0, False), (1.0, False), (10.0, True), (700.0, True), (4294967.295, False)])
def test_a_limit_is_neither_nothing_nor_a_word_of_ones(power_w, possible):
    assert is_limit(power_w) is possible
