"""Runs are summed by the shortest period of which there are not too many."""

import pytest

from traincarbon.reporting.sections.periods import PERIODS, is_month, months_between, period_for, sums_so_far

MONTH, QUARTER, YEAR = PERIODS


def test_what_is_not_a_month_is_none():
    assert not any(map(is_month, ["", "2026", "2026-1", "2026-00", "20a6-01", "month not known"]))
    assert months_between([]) == []
    assert sums_so_far({"": 5.0, "soon": 1.0}) == []


@pytest.mark.parametrize(("month", "quarter"), [("2026-01", "2026 Q1"), ("2026-03", "2026 Q1"), ("2026-04", "2026 Q2"), ("2026-12", "2026 Q4")])
def test_a_quarter_has_three_months(month, quarter):
    assert QUARTER.of(month) == quarter
    assert (MONTH.of(month), YEAR.of(month)) == (month, "2026")


@pytest.mark.parametrize(
    ("last", "period"), [("2023-12", MONTH), ("2024-01", QUARTER), ("2029-12", QUARTER), ("2030-01", YEAR), ("2056-12", YEAR), ("2057-01", None)]
)
def test_the_shortest_period_that_fits_is_taken(last, period):
    assert period_for(["2021-01", last], most=36) == period


def test_periods_have_no_hole_and_are_in_order():
    assert YEAR.between(["2026-05", "2023-01"]) == ["2023", "2024", "2025", "2026"]
    assert len(QUARTER.between(["2020-02", "2026-11"])) == 28
