"""Accuracy: published trainings, and own runs over their plans."""

from traincarbon.reporting.decision.provenance import coverage
from traincarbon.webapp.accuracy_page import judge
from webapp.made_store import add_ended, add_running

BOUNDS = {"low": 10.0, "median": 15.0, "high": 20.0}


def test_the_coverage_of_published_trainings_is_that_of_the_package(client):
    page = client.get("/accuracy").text.replace("\u00a0", " ")
    hours = coverage()["accelerator_hours_h"]
    assert f"{hours.published:,}" in page
    assert f"{100.0 * hours.inside / hours.published:.0f} %" in page
    assert "None of the latest 200 runs had a plan" in page


def test_own_runs_are_judged_by_their_plans(client, store):
    add_ended(store, "good", start={"plan": {"duration_s": BOUNDS}})
    add_ended(store, "<script>alert(1)</script>", begin_s=100.0, start={"plan": {"duration_s": {name: bound * 10.0 for name, bound in BOUNDS.items()}}})
    page = client.get("/accuracy").text.replace("\u00a0", " ")
    assert "Your runs over their plans" in page
    assert "Outside the interval, the furthest first" in page
    assert "<script>alert" not in page


def test_a_run_without_a_plan_or_that_runs_is_not_judged(make_client, store, shipped):
    from traincarbon.ledger.store import Ledger

    add_ended(store, "no plan")
    add_running(store, "now")
    with Ledger(str(store)) as ledger:
        assert judge(ledger.runs(), shipped) == []
    assert make_client().get("/accuracy").status_code == 200
