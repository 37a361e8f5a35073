"""Which row fits: the nearest in time, and the prior of a scope."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acme import WORLD, line, row
from conftest import ACCELERATOR, SERVER
from traincarbon.database.load import Database
from traincarbon.database.select import nearest, prior, sigma_of, time_of, year_of
from traincarbon.errors import DatabaseError
from traincarbon.uncertain import Uncertain


def yearly(*years):
    return [row("grid", "FR", year, 50, "lifecycle", "production") for year in years]


def dated(*dates):
    return [row("prices", "acme-one-40gb", "acme-box", "acme", "", "on_demand", date, 8, 16) for date in dates]


@pytest.mark.parametrize(
    ("start", "year"), [("2015", "2018"), ("2018", "2018"), ("2020-01", "2020"), ("2022-08", "2023"), ("2030", "2023"), ("2019-03", "2020"), (None, "2023")]
)
def test_the_year_nearest_to_the_start_is_taken_and_the_newest_without_one(start, year):
    # 2019-03 is 1.17 years after 2018 and 0.83 before 2020.
    found = nearest(yearly(2018, 2023, 2020), start)
    assert found is not None
    assert found["year"] == year


@pytest.mark.parametrize(("start", "date"), [("2024", "2023-09"), ("2025-05", "2026-07"), ("2025-01", "2023-09"), (None, "2026-07"), ("2026-06-30", "2026-07")])
def test_a_table_with_dates_is_chosen_from_by_date(start, date):
    # From 2025-05 it is 20 months back to 2023-09 and 14 ahead to 2026-07; from 2025-01 it is 16 and 18.
    found = nearest(dated("2026-07", "2023-09", "2020"), start)
    assert found is not None
    assert found["date"] == date


def test_of_two_equally_near_the_newer_is_taken():
    for rows in (yearly(2019, 2021), yearly(2021, 2019)):
        found = nearest(rows, "2020")
        assert found is not None
        assert found["year"] == "2021"


def test_of_two_rows_of_one_date_the_first_is_taken():
    rows = yearly(2020, 2022, 2022)
    for start in (None, "2022", "2030"):
        assert nearest(rows, start) is rows[1]


@pytest.mark.parametrize(("start", "date"), [(None, "2027-01-25"), ("2027-01-30", "2027-01-25"), ("2027-01-08", "2027-01-05"), ("2027", "2027-01-05")])
def test_days_of_one_month_are_told_apart(start, date):
    for dates in (("2027-01-05", "2027-01-25"), ("2027-01-25", "2027-01-05")):
        found = nearest(dated(*dates), start)
        assert found is not None
        assert found["date"] == date


def test_of_no_rows_none_is_the_nearest():
    assert nearest([], "2020") is None
    assert nearest(iter(()), None) is None


@given(st.lists(st.integers(1990, 2100), min_size=1, max_size=8), st.integers(2000, 2100), st.randoms(use_true_random=False))
def test_no_row_is_nearer_than_the_nearest_whatever_their_order(years, start, random):
    found = nearest(yearly(*years), str(start))
    assert found is not None
    assert abs(int(found["year"]) - start) == min(abs(year - start) for year in years)
    random.shuffle(years)
    again = nearest(yearly(*years), str(start))
    assert again is not None
    assert again["year"] == found["year"]


def test_the_user_s_own_row_wins_where_the_dates_are_the_same_only(make_root):
    ours = make_root(
        {"grid.csv": line("grid", "FR", 2020, 50, "lifecycle", "production") + line("grid", "FR", 2024, 40, "lifecycle", "production")}, folder="ours"
    )
    own = make_root({"grid.csv": line("grid", "FR", 2020, 7, "lifecycle", "production")}, folder="own")
    rows = Database([ours, own]).rows("grid", "FR")
    chosen = [nearest(rows, start) for start in ("2020", "2024", None)]
    assert [row["intensity_gco2e_per_kwh"] for row in chosen if row is not None] == ["7", "40", "40"]


def test_a_date_is_a_number_of_years():
    assert (time_of("2020"), time_of("2020-01"), time_of("2020-07")) == (2020.0, 2020.0, 2020.5)
    assert time_of("2020-04-01") == pytest.approx(2020.25, abs=0.01)


@given(st.integers(1990, 2100), st.integers(1, 12))
def test_months_follow_one_another_within_their_year(year, month):
    here, ahead = time_of(f"{year}-{month:02}"), time_of(f"{year}-{month + 1:02}" if month < 12 else f"{year + 1}-01")
    assert ahead - here == pytest.approx(1 / 12)
    assert year <= here < year + 1


@given(st.integers(1990, 2100), st.integers(1, 12), st.integers(1, 30))
def test_days_follow_one_another_within_their_month(year, month, day):
    here, next_day = time_of(f"{year}-{month:02}-{day:02}"), time_of(f"{year}-{month:02}-{day + 1:02}")
    assert next_day - here == pytest.approx(1 / 365, rel=0.02)
    assert next_day < time_of(f"{year}-{month:02}") + 1 / 12


@pytest.mark.parametrize("date", ["2020", "2020-12", "2020-12-31"])
def test_the_year_of_a_date_is_its_first_part(date):
    assert year_of(date) == 2020


@pytest.fixture
def small(make_root):
    return Database([make_root({**WORLD, "accelerators/acme-one-40gb.toml": ACCELERATOR, "servers/acme-box.toml": SERVER})])


def test_a_prior_is_that_of_its_scope_and_its_spread_bears_its_name(small):
    for scope, expected in (("generation=acme", Uncertain(0.32, {"mfu": 0.3})), ("generation=*", Uncertain(0.24, {"mfu": 0.5}))):
        found = prior(small, "mfu", scope)
        assert found is not None
        assert found[1] == expected
        assert found[0]["scope"] == scope


def test_a_prior_without_a_spread_is_certain(small):
    found = prior(small, "idle_share", "*")
    assert found is not None
    assert found[1] == Uncertain(0.15)
    assert sigma_of(small, "idle_share", "*") == 0.0


def test_a_scope_that_no_prior_has_gives_none(small):
    assert prior(small, "mfu", "generation=nobody") is None
    assert prior(small, "nothing", "*") is None


def test_the_spread_of_a_prior_is_had_by_itself(small):
    assert sigma_of(small, "rent_price", "scope=quoted") == pytest.approx(0.4, rel=1e-15)


def test_a_spread_that_is_missing_is_refused_with_its_name(small):
    with pytest.raises(DatabaseError, match=r"^priors\.csv has no rent_price,scope=never$") as caught:
        sigma_of(small, "rent_price", "scope=never")
    assert caught.value.hint == "carbon db check lists what is missing"


def test_a_prior_of_one_s_own_wins_over_the_shipped_one(shipped, make_root):
    own = make_root({"priors.csv": line("priors", "pue", "scope=*", 2, 0.5)}, folder="own")
    found = prior(Database([*shipped.roots, own]), "pue", "scope=*")
    assert found is not None
    assert found[1] == Uncertain(2.0, {"pue": 0.5})


def test_the_small_world_of_the_tests_has_priors_of_the_shipped_names_only(small, shipped):
    assert {row["prior"] for row in small.all_rows("priors")} <= {row["prior"] for row in shipped.all_rows("priors")}
