import pytest

from traincarbon.reporting.calculator_page.kept import UNKNOWN, Kept, Numbers
from traincarbon.uncertain import Uncertain


def test_a_value_is_held_once_in_the_order_of_its_first_use():
    kept = Kept[dict[str, int]]()
    assert [kept.place({"a": 1}), kept.place({"b": 2}), kept.place({"a": 1})] == [0, 1, 0]
    assert kept.values == [{"a": 1}, {"b": 2}]


def test_numbers_that_differ_in_their_spreads_are_two_and_share_equal_spreads():
    numbers = Numbers()
    assert [numbers.place(2.0), numbers.place(Uncertain(2.0, {"mfu": 0.5})), numbers.place(Uncertain(3.0, {"mfu": 0.5})), numbers.place(2)] == [0, 1, 2, 0]
    assert numbers.spreads.values == [{"mfu": 0.5}]


def test_what_is_not_known_has_no_place():
    numbers = Numbers()
    assert numbers.place(None) == UNKNOWN
    assert numbers.pool.values == []


def test_numbers_keep_twelve_digits():
    numbers = Numbers()
    numbers.place(Uncertain(1.0 / 3.0, {"mfu": 2.0 / 3.0}))
    assert numbers.pool.values[0][0] == pytest.approx(1.0 / 3.0, rel=1e-11)
    assert len(str(numbers.pool.values[0][0])) == len("0.333333333333")
