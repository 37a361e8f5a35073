"""Cells hold numbers as people write amounts; an ending where a column holds no amount is a slip."""

import pytest

from traincarbon.errors import DatabaseError
from traincarbon.published.cell_numbers import number_of


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("total_params", "7b", 7e9),
        ("tokens", "1t", 1e12),
        ("tokens", "1.4 trillion", 1.4e12),
        ("active_params", "13bn", 13e9),
        ("batch_tokens", "512K", 512e3),
        ("samples", "300 million", 300e6),
        ("training_flops", "3.1 x 10^23", 3.1e23),
        ("accelerator_hours", "1.02M", 1.02e6),
        ("seq_len", "4k", 4e3),
        ("tokens", "1.4e12", 1.4e12),
    ],
)
def test_an_amount_is_read_as_a_plan_reads_it(column, text, value):
    assert number_of(column, text) == pytest.approx(value)


@pytest.mark.parametrize(
    ("column", "text"),
    [("year", "2.024k"), ("layers", "0.08k"), ("wallclock_days", "0.02k"), ("iter_time_s", "5m"), ("tp", "1k"), ("pue", "1.1%"), ("heads", "1b")],
)
def test_an_ending_is_refused_where_a_column_holds_no_amount(column, text):
    with pytest.raises(DatabaseError, match=f"^column {column}: '{text}' is not a number; it holds "):
        number_of(column, text)


@pytest.mark.parametrize("text", ["1,022", "1 022 000", "1'022'000", "1,022M", "7b params", "b", "~7b", "7..8b"])
def test_what_has_two_readings_or_none_is_refused_in_amounts_too(text):
    with pytest.raises(DatabaseError, match="^column accelerator_hours: .* is not a number"):
        number_of("accelerator_hours", text)


def test_bounds_are_those_of_the_unit_of_the_column():
    assert number_of("wallclock_days", "700000", 1 / 24) == pytest.approx(700000 / 24)
    with pytest.raises(DatabaseError, match="^column wallclock_days: 2.4e7, which is 1e\\+06 in its unit, is not possible; it holds days"):
        number_of("wallclock_days", "2.4e7", 1 / 24)


def test_shares_may_be_in_percent_and_only_they():
    assert (number_of("mfu", "45 %"), number_of("hfu", "52.1%")) == pytest.approx((0.45, 0.521))
    with pytest.raises(DatabaseError, match="is not a number"):
        number_of("tokens", "40%")
