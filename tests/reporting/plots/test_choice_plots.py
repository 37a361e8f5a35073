"""Plots of options show the best by symbol and colour, with intervals, and escape hostile names."""

import json

import pytest

from traincarbon.estimation.plan import Plan
from traincarbon.explore.compare import compare
from traincarbon.explore.optimise import optimise
from traincarbon.reporting.plots.choice_plots import comparison_panels, optimum_panels

WORK = {"params": 70e9, "tokens": 2e12}


@pytest.fixture(scope="module")
def compared(shipped):
    return compare(hw=["p4d", "p5", "b200"], region=["us-east-1", "sweden"], accelerators=1024, database=shipped, **WORK)


def test_money_is_drawn_against_carbon_and_time(compared):
    panels = comparison_panels(compared)
    assert [panel.title for panel in panels] == ["Cost and CO2e", "Cost and time"]
    assert sum(len(trace["x"]) for trace in panels[0].figure["data"]) == len(compared.options)
    assert {trace["marker"]["symbol"] for trace in panels[0].figure["data"]} == {"circle", "diamond"}


def test_points_are_medians_with_their_intervals(compared):
    traces = comparison_panels(compared)[0].figure["data"]
    drawn = {
        (x, x - low, x + high) for trace in traces for x, low, high in zip(trace["x"], trace["error_x"]["arrayminus"], trace["error_x"]["array"], strict=True)
    }
    costs = [option.results["cost_usd"] for option in compared.options]
    millions = {(cost.median / 1e6, cost.low / 1e6, cost.high / 1e6) for cost in costs}  # regions may cost the same
    assert sorted(drawn) == [pytest.approx(each) for each in sorted(millions)]


def test_without_durations_there_is_no_panel_of_time_and_without_prices_none_at_all(shipped):
    assert [panel.title for panel in comparison_panels(compare(hw=["p4d", "p5"], database=shipped, **WORK))] == ["Cost and CO2e"]
    assert comparison_panels(compare(hw="h800", database=shipped, **WORK)) == []


def test_a_hostile_name_is_text(shipped):
    evil = "<script>alert(1)</script>\x1b" * 100
    plans = [Plan(name=evil, hw="h100", **WORK), Plan(name="good", hw="h100", **WORK)]
    text = json.dumps([panel.figure for panel in comparison_panels(compare(*plans, database=shipped))])
    assert "<script>" not in text
    assert "\\u001b" not in text


def test_the_frontier_is_drawn_with_its_budget(shipped):
    found = optimise(hw="dgx-h100", servers=32, budget_usd=1e6, database=shipped)
    money, carbon, time = optimum_panels(found)
    line, limit = money.figure["data"]
    assert line["y"] == [point.loss.median for point in found.frontier]
    assert money.figure["layout"]["xaxis"]["title"]["text"] == "cost to rent [$M]"
    assert limit["x"] == [1.0, 1.0]
    assert len(carbon.figure["data"]) == len(time.figure["data"]) == 1


def test_without_servers_a_frontier_has_no_time(shipped):
    assert [panel.title for panel in optimum_panels(optimise(hw="dgx-h100", target_loss=2.1, database=shipped))] == ["Loss and cost", "Loss and CO2e"]
