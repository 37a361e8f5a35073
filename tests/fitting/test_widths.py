"""Groups of rows scatter as much as all rows unless they have many that say otherwise."""

import pytest

from traincarbon.fitting.widths import factors

GROUPS = ["wide"] * 20 + ["usual"] * 20
SQUARES = [4.0] * 20 + [1.0] * 20


def test_a_group_that_scatters_more_is_wider_and_the_fewer_its_rows_the_less():
    many = factors(GROUPS, SQUARES, rows=10.0)
    # (10 × 2.5 + 20 × 4) / (30 × 2.5)
    assert many["wide"] == pytest.approx(1.4)
    assert many["usual"] == pytest.approx(0.6)
    few = factors(["wide", *GROUPS[20:]], [4.0, *SQUARES[20:]], rows=10.0)
    assert 1.0 < few["wide"] < many["wide"]


def test_equal_scatter_changes_nothing():
    assert factors(GROUPS, [0.7] * 40, rows=5.0) == {"wide": pytest.approx(1.0), "usual": pytest.approx(1.0)}


def test_one_row_far_away_counts_as_one_at_three_widths():
    assert factors(["a", "b"], [1e6, 9.0], rows=1.0) == {"a": 1.0, "b": 1.0}


def test_without_rows_or_errors_there_are_no_factors():
    assert factors([], [], rows=5.0) == {}
    assert factors(["a"], [0.0], rows=5.0) == {}
