"""What is out of date: things whose newest value is old."""

from datetime import date

import pytest

from acme import WORLD, line
from traincarbon.database.load import Database
from traincarbon.database.stale import months_since, stale

TODAY = date(2026, 11, 29)


@pytest.mark.parametrize(("dated", "months"), [("2024", 22), ("2023", 34), ("2026", 0), ("2026-05", 6), ("2026-04-30", 7), ("2026-11-29", 0)])
def test_a_year_is_as_old_as_its_end_and_a_month_as_itself(dated, months):
    assert months_since(dated, TODAY) == months


def test_the_newest_value_of_each_thing_counts(make_root):
    prices = "".join(line("prices", "chip", "box", "acme", "acme:paris-1", how, dated, 8, 20) for how, dated in (("on_demand", "2024-01"), ("on_demand", "2026-09"), ("spot", "2026-01")))  # fmt: skip
    found = {each.limit.table: each for each in stale(Database([make_root({**WORLD, "prices.csv": prices})]), TODAY)}
    assert found["prices"].old == (("box acme spot", "2026-01"),)
    assert found["prices"].known == 2
    assert found["grid"].old == (("US-VA", "2023"),)
    assert found["electricity"].known == 0
