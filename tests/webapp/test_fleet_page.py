"""All runs together: by month and project, what was wasted, and a budget and a target; nothing unknown is 0."""

import re

import pytest

from traincarbon.errors import CarbonError
from traincarbon.ledger.listed_runs import SUMMED, MonthSums
from traincarbon.webapp.fleet_page import Limits, fleet_html, limits_of
from webapp.made_store import add_ended, add_evil


def sums(month, project="p", *, runs=1, **known):
    return MonthSums(month, project, runs, {name: known.get(name, 0.0) for name in SUMMED}, {name: int(name in known) for name in SUMMED})


def test_the_fleet_is_shown_by_month_and_project_with_budget_and_target():
    found = fleet_html([sums("2026-01", cost_usd=1e6, co2e_kg=2e4, gpu_h=10.0), sums("2026-02", "q", cost_usd=5e5, co2e_kg=1e4, gpu_h=5.0)], Limits(2e6, 1e5))
    assert "<strong>30 t</strong> of CO2e and <strong>$1.50M</strong>." in found
    assert "budget $2M" in found
    assert "30 % of the target" in found
    assert 'id="fleet-chart-months"' in found
    assert 'id="fleet-chart-spending"' in found


def test_waste_is_stated_with_its_share_and_what_is_not_known_is_said():
    found = fleet_html([sums("2026-01", cost_usd=1000.0, unfinished_usd=100.0, unfinished_runs=1.0, idle_h=2.0, judged_h=8.0)], Limits())
    waste = found.partition("Waste")[2]
    assert "$100" in waste
    assert "10.0 %" in waste
    assert "25 % of 8" in waste
    assert waste.partition("</table>")[0].count("not known") == 2


def test_where_every_run_finished_nothing_was_lost_and_where_one_did_not_its_cost_may_be_unknown():
    for known, words in (({}, "none"), ({"unfinished_runs": 1.0}, "not known")):
        found = fleet_html([sums("2026-01", cost_usd=1000.0, **known)], Limits())
        assert re.search(r"Runs that failed, were killed or lost</th><td class=\"n\">([^<]+)<", found)[1] == words


def test_a_limit_that_no_run_can_be_compared_with_is_said():
    assert "No run states its CO2e, so nothing can be compared with the target." in fleet_html([sums("2026-01", cost_usd=1.0)], Limits(2e6, 1e5))
    assert "No run states its cost" in fleet_html([sums("2026-01", co2e_kg=1.0)], Limits(2e6, 1e5))
    assert "No run states" not in fleet_html([sums("2026-01")], Limits())


def test_runs_without_figures_are_said_and_not_summed_as_0():
    found = fleet_html([sums("2026-01", runs=3, energy_kwh=5.0)], Limits())
    assert "Not known and in no total: GPU-hours (3 runs), Energy (2 runs), CO2e (3 runs), Cost (3 runs)." in found
    assert "$0" not in found


def test_runs_that_shared_their_gpus_are_said():
    assert "shared GPUs with another one" in fleet_html([sums("2026-01", cost_usd=1.0, shared_runs=1.0)], Limits())


def test_an_empty_fleet_has_no_figures(client):
    assert fleet_html([], Limits()) == "<p>No run matches.</p>"
    assert "No run matches." in client.get("/fleet").text


def test_a_column_of_projects_has_one_scale_so_that_it_can_be_sorted():
    found = fleet_html([sums("2026-01", "large", energy_kwh=1.2e6), sums("2026-01", "small", energy_kwh=900.0), sums("2026-01", "unknown")], Limits())
    table = found.partition("By project")[2]
    assert re.findall(r'<td class="n">([\d.,]+)</td>', table)[:4] == ["1", "1.200", "1", "0.001"]
    assert "Energy <small>GWh</small>" in table
    assert "not known" in table


@pytest.mark.parametrize("typed", ["x", "-1", "0", "nan", "1e400", "<script>"])
def test_a_limit_that_is_not_a_positive_number_is_refused(client, typed):
    with pytest.raises(CarbonError):
        limits_of(typed, "")
    with pytest.raises(CarbonError):
        limits_of("", typed)
    page = client.get("/fleet", params={"budget": typed})
    assert page.status_code == 200
    assert 'class="alert"' in page.text
    assert "<script>" not in page.text.replace("<script src", "")


def test_the_page_filters_by_project_and_no_name_changes_it(client, store):
    add_ended(store, "a", start={"project": "p0"})
    add_evil(store)
    page = client.get("/fleet").text
    assert "6 runs took" in page
    assert "<script>alert" not in page
    assert "<img" not in page
    part = client.get("/fleet?project=p0", headers={"hx-request": "true"}).text
    assert "<html" not in part
    assert "1 run took" in part
