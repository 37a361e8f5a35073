"""The file of budgets: what is written is read, and what is wrong in it is said."""

import pytest

from traincarbon.budgets.budget import Budget, Budgets, StartPolicy
from traincarbon.budgets.budget_file import checked_limits, read_budgets, write_budgets
from traincarbon.errors import CarbonError


def test_what_is_written_is_read(budget_file):
    budgets = Budgets(
        (
            Budget('a "b" \\ ü*', {"kwh": 1.5, "usd": 2.0, "kgco2e": 3.0}, StartPolicy.REFUSE, "2026-12", is_shared=True),
            Budget("", {"usd": 1e6}),
        ),
        "Europe/Paris",
        str(budget_file),
    )
    write_budgets(budgets)
    assert read_budgets() == budgets


def test_limits_may_have_units(budget_file):
    budget_file.write_text('[[budget]]\nproject = "a"\nmax_kwh = "20 MWh"\nmax_usd = "$5k"\nmax_kgco2e = "1.5 t"\n', encoding="utf-8")
    assert read_budgets().every[0].limits == {"kwh": 20000.0, "usd": 5000.0, "kgco2e": 1500.0}


def test_no_file_is_no_budget(monkeypatch):
    monkeypatch.delenv("CARBON_BUDGET_FILE")
    assert read_budgets().every == ()


def test_a_file_that_is_named_and_not_there_is_said():
    with pytest.raises(CarbonError, match="does not exist"):
        read_budgets()
    assert read_budgets(is_new=True).every == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("budget = 5", "states no list of budgets"),
        ("[budget]\na = 1", "states no list of budgets"),
        ("time_zone = 5", "states no list of budgets"),
        ('time_zone = "Mars"', "unknown time zone 'Mars'"),
        ("budgets = []", "unknown key 'budgets'"),
        ('[[budget]]\nproject = "a"', "has no limit"),
        ("[[budget]]\nmax_usd = 5", "does not say whose it is"),
        ('[[budget]]\nproject = "a"\nmax_usd = 0', "max_usd is 0"),
        ('[[budget]]\nproject = "a"\nmax_usd = inf', "max_usd is inf"),
        ('[[budget]]\nproject = "a"\nmax_usd = true', "max_usd is not a number"),
        ('[[budget]]\nproject = "a"\nmax_usd = 5\nmax_dollar = 5', "unknown key 'max_dollar'"),
        ('[[budget]]\nproject = "a"\nmax_usd = 5\non_budget = "stop"', "on_budget is 'stop'"),
        ('[[budget]]\nproject = "a"\nmax_usd = 5\nmonth = "2026-13"', "month is '2026-13'"),
        ('[[budget]]\nproject = "a"\nmax_usd = 5\nshared = "yes"', "shared is 'yes'"),
        ('[[budget]]\nproject = "a"\nmax_usd = 5\n[[budget]]\nproject = "a"\nmax_usd = 6', "two budgets of 'a'"),
        ('[[budget]]\nproject = "a"\nmax_usd = 5\nmonth = 2026-12-01', "month is 2026-12-01, and no text"),
        ("[[budget]]\nproject = 5\nmax_usd = 5", "budget 1: project is 5, and no text"),
        ('[[budget]]\nproject = "a"\nmax_usd = 5\n[[budget]]\nproject = "b"\nmax_kwh = "5 kg"', "budget 2 ('b'): max_kwh is not a number"),
        ("[[budget]", "is not TOML"),
    ],
)
def test_what_is_no_budget_is_refused_with_its_file(budget_file, text, said):
    budget_file.write_text(text, encoding="utf-8")
    with pytest.raises(CarbonError) as caught:
        read_budgets()
    assert said in str(caught.value)
    assert str(budget_file) in str(caught.value)
    assert caught.value.hint


def test_a_file_that_is_no_text_is_refused(budget_file):
    budget_file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CarbonError, match="is not TOML"):
        read_budgets()
    budget_file.unlink()
    budget_file.mkdir()
    with pytest.raises(CarbonError, match="cannot be read"):
        read_budgets()


def test_none_is_no_limit():
    assert checked_limits({"max_kwh": None, "max_usd": 5}) == {"usd": 5.0}
