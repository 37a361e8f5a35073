"""Budgets that cannot be metered are named before the training starts."""

import pytest

from traincarbon.meters.base import Unavailable
from traincarbon.meters.coverage import Coverage
from traincarbon.quantities import Part
from traincarbon.tracking.options import settings_from
from traincarbon.tracking.sidecar import budget_check as module
from traincarbon.tracking.sidecar.budget_check import check_budgets
from traincarbon.tracking.sidecar.first_reading import EarlyReadings

UNREAD = Unavailable("nvml", "the bindings are missing", "pip install x", is_there=True)


@pytest.fixture
def answer(monkeypatch):
    """Return a function that checks budgets on a machine with that coverage."""

    def check(parts, unread_gpu=None, **limits):
        found = Coverage(frozenset(parts), unread_gpu, (Unavailable("rapl", "hidden", ""),))
        monkeypatch.setattr(module, "coverage", lambda **_: found)
        return check_budgets(settings_from(argv=["x"], store="/nowhere", on_budget="stop", **limits), EarlyReadings({}, ()))

    return check


def test_what_is_metered_can_have_a_budget(answer):
    assert answer({Part.CPU}, max_kwh=5).problem == ""


@pytest.mark.parametrize(("limit", "text"), [({"max_kwh": 5}, "5 kWh"), ({"max_usd": 100}, "$100"), ({"max_kgco2e": 2, "max_hours": 1}, "2 kg")])
def test_a_gpu_that_is_there_and_unread_refuses_every_budget_but_that_of_time(answer, limit, text):
    found = answer({Part.CPU}, UNREAD, **limit)
    assert found.problem.startswith(f"the budget of {text}")
    assert "cannot be metered: a GPU is here, but the bindings are missing" in found.problem
    assert found.hint == "pip install x; to start all the same and only be warned: --on-budget warn"


def test_nothing_metered_at_all_is_a_reason_too(answer):
    assert "no meter can be read here (rapl: hidden)" in answer((), max_kwh=5).problem


def test_a_login_node_meters_nothing_so_that_it_cannot_watch_a_budget():
    settings = settings_from(argv=["x"], store="/nowhere", on_budget="stop", max_kwh=5)._replace(is_outside=True)
    found = check_budgets(settings, EarlyReadings({}, ()))
    assert found.problem == "the budget of 5 kWh cannot be metered: this machine is not a node of the job, so it is not metered"
    assert found.hint.startswith("start the tracker in the batch script")


@pytest.mark.parametrize(
    ("options", "needs"),
    [
        ({"max_kwh": 1, "on_budget": "stop"}, True),
        ({"max_usd": 1, "on_budget": "signal"}, True),
        ({"max_kwh": 1}, True),
        ({"max_kwh": 1, "on_budget": "warn"}, False),
        ({"max_hours": 1}, False),
        ({"max_hours": 1, "on_budget": "stop"}, False),
        ({"on_budget": "stop"}, False),
    ],
)
def test_budgets_of_what_is_metered_need_meters_unless_a_warning_is_asked_for(options, needs):
    assert settings_from(argv=["x"], store="/nowhere", **options).needs_meters is needs
