"""Counts as people say them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.estimate.quantity import parse_quantity
from traincarbon.explore.words import spoken


@pytest.mark.parametrize(
    ("count", "text"),
    [(50.92e9, "50.9 B"), (953e9, "953 B"), (999.9e9, "1 T"), (1e12, "1 T"), (66e6, "66 M"), (1500.0, "1.5 k"), (12.0, "12"), (1e18, "1e+06 T")],
)
def test_a_count_is_said_to_three_digits(count, text):
    assert spoken(count) == text


@given(st.floats(1.0, 1e15))
def test_a_plan_can_read_what_is_said(count):
    assert parse_quantity(spoken(count)) == pytest.approx(count, rel=6e-3)
