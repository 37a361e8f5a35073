"""What is shown adds up, on one scale."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.reporting.currency import USD, Currency
from traincarbon.reporting.rounding import adding_up, column


@given(st.lists(st.floats(0.0, 1e9), min_size=1, max_size=50), st.integers(0, 3))
def test_rounded_rows_add_up_to_their_rounded_sum(values, decimals):
    rounded = adding_up(values, decimals)
    assert sum(rounded) == pytest.approx(round(sum(values), decimals), abs=2 * 10.0**-decimals * 1e-3 + 1e-6 * max(values) + 10.0**-decimals / 2)
    assert all(abs(one - other) <= 10.0**-decimals for one, other in zip(rounded, values, strict=True))


def test_parts_have_the_scale_and_the_decimals_of_their_total():
    assert column([763e3, 1.22e6, 64e3], 2.047e6, "h", USD, digits=3) == (["0.76M", "1.22M", "0.07M", "2.05M"], "GPU-hours")
    assert column([429e3, 4279e3], 4708e3, "L", USD, digits=3) == (["430", "4,280", "4,710"], "m³")
    assert column([1.0, 2.0], 3.0, "$", Currency("EUR", 2.0)) == (["EUR 2.000", "EUR 4.000", "EUR 6.000"], "")


def test_nothing_is_nothing():
    assert column([0.0, 0.0], 0.0, "kWh", USD) == (["0", "0", "0"], "kWh")
    assert column([], 0.0, "kWh", USD)[0] == ["0"]
