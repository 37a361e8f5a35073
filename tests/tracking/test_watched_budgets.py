"""A budget that is to stop a training and that nobody watches refuses to start, also within another tracker."""

import pytest

from traincarbon.errors import CarbonError
from traincarbon.tracking.options import settings_from
from traincarbon.tracking.watched_budgets import acting, environment_of_budgets, refuse_unwatched, watched_outside


def settings(**options):
    return settings_from(argv=["x"], store="/nowhere", **options)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"max_usd": 5, "max_hours": 1, "on_budget": "stop"}, ("usd", "hours")),
        ({"max_kwh": 5, "on_budget": "signal"}, ("kwh",)),
        ({"max_kwh": 5}, ()),
        ({"on_budget": "stop"}, ()),
    ],
)
def test_budgets_that_act_are_told_to_the_processes_of_the_training(options, names, monkeypatch):
    assert acting(settings(**options)) == names
    for name, value in environment_of_budgets(settings(**options)).items():
        monkeypatch.setenv(name, value)
    assert watched_outside() == names
    assert environment_of_budgets(settings()) == ({"CARBON_BUDGETS": ""} if names else {})


def test_a_budget_that_nobody_watches_is_refused_and_one_that_is_watched_is_not():
    wanted = settings(max_usd=5, max_hours=2, on_budget="stop")
    refuse_unwatched(wanted, "why", watched=("usd", "hours", "kwh"))
    refuse_unwatched(settings(max_usd=5), "why", watched=())
    with pytest.raises(CarbonError, match=r"^the budget of \$5 is not watched: why$") as refused:
        refuse_unwatched(wanted, "why", watched=("hours",))
    assert 'on_budget="warn"' in refused.value.hint
