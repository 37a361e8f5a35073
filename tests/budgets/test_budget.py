"""Which budgets a project has: the one that names it best, and those that it shares."""

import pytest

from traincarbon.budgets.budget import Budget, Budgets, StartPolicy
from traincarbon.errors import CarbonError

ALL = Budgets(
    (
        Budget("*", {"usd": 1.0}),
        Budget("vision-*", {"usd": 2.0}),
        Budget("vision-large", {"usd": 3.0}),
        Budget("vision-large", {"usd": 4.0}, month="2026-12"),
        Budget("team-*", {"usd": 5.0}, is_shared=True),
        Budget("*-secret", {"kwh": 6.0}, StartPolicy.REFUSE, is_shared=True),
    )
)


@pytest.mark.parametrize(
    ("project", "month", "limits"),
    [
        ("speech", "2026-11", [1.0]),
        ("", "2026-11", [1.0]),
        ("vision-small", "2026-11", [2.0]),
        ("vision-large", "2026-11", [3.0]),
        ("vision-large", "2026-12", [4.0]),
        ("Vision-large", "2026-12", [1.0]),
        ("team-a", "2026-11", [1.0, 5.0]),
        ("team-secret", "2026-11", [1.0, 5.0, 6.0]),
    ],
)
def test_a_project_has_the_budget_that_names_it_best_and_all_that_it_shares(project, month, limits):
    assert [next(iter(budget.limits.values())) for budget in ALL.of_project(project, month)] == limits


def test_a_month_of_its_own_replaces_every_month():
    assert [budget.limits["usd"] for budget in ALL.of_month("2026-12") if budget.project == "vision-large"] == [4.0]


def test_a_budget_replaces_that_of_the_same_project_and_month():
    changed = ALL.with_budget(Budget("vision-large", {"usd": 9.0}))
    assert len(changed.every) == len(ALL.every)
    assert changed.stated("vision-large") == Budget("vision-large", {"usd": 9.0})
    assert changed.stated("vision-large", "2026-12") == ALL.stated("vision-large", "2026-12")


def test_a_budget_that_is_not_there_cannot_be_removed():
    assert ALL.without("vision-large").stated("vision-large") is None
    with pytest.raises(CarbonError, match="'speech' has no budget"):
        ALL.without("speech")
    with pytest.raises(CarbonError, match="no budget for 2026-01"):
        ALL.without("vision-large", "2026-01")


def test_a_name_with_the_letters_of_a_pattern_is_itself():
    assert Budgets((Budget("a[1]", {"usd": 1.0}),)).of_project("a[1]", "2026-01")
