"""Groups of rows scatter as much as all rows unless they have many that say otherwise, and are less certain the fewer they have."""

import pytest

from traincarbon.fitting.solve import t_over_normal
from traincarbon.fitting.widths import factors

GROUPS = ["wide"] * 20 + ["usual"] * 20
SQUARES = [4.0] * 20 + [1.0] * 20


def test_a_group_that_scatters_more_is_wider_and_the_fewer_its_rows_the_less():
    many = factors(GROUPS, SQUARES, rows=10.0)
    # (10 × 2.5 + 20 × 4) / (30 × 2.5), by Student's t of 30 degrees of freedom, 1.0317 times a normal
    assert many["wide"] == pytest.approx(1.4 * 1.0317**2, rel=1e-3)
    assert many["usual"] == pytest.approx(0.6 * 1.0317**2, rel=1e-3)
    few = factors(["wide", *GROUPS[20:]], [4.0, *SQUARES[20:]], rows=10.0)
    assert 1.0 < few["wide"] < many["wide"]


def test_a_group_of_the_usual_scatter_is_wider_the_fewer_its_rows():
    found = factors(["few"] * 2 + ["many"] * 100, [0.7] * 102, rows=5.0)
    assert found == {"few": pytest.approx(t_over_normal(7.0) ** 2), "many": pytest.approx(t_over_normal(105.0) ** 2)}
    assert found["few"] > found["many"] > 1.0


def test_one_row_far_away_counts_as_one_at_three_widths():
    found = factors(["a", "b"], [1e6, 9.0], rows=10.0)
    assert found["a"] == found["b"] == pytest.approx(t_over_normal(11.0) ** 2)


def test_without_rows_or_errors_there_are_no_factors():
    assert factors([], [], rows=5.0) == {}
    assert factors(["a"], [0.0], rows=5.0) == {}
