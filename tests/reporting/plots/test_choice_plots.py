"""Charts of options name the best, show the others, and escape hostile names."""

import pytest

from traincarbon.estimation.plan import Plan
from traincarbon.explore.compare import compare
from traincarbon.explore.optimise import optimise
from traincarbon.reporting.plots.choice_plots import comparison_charts, optimum_charts, shared, winners

WORK = {"params": 70e9, "tokens": 2e12}


@pytest.fixture(scope="module")
def compared(shipped):
    return compare(hw=["p4d", "p5", "b200"], region=["us-east-1", "sweden"], accelerators=1024, database=shipped, **WORK)


def test_money_is_drawn_against_carbon_and_time_and_each_by_option(compared):
    ids = [chart.id for chart in comparison_charts(compared)]
    assert ids == ["chart-cost-usd-total-kgco2e", "chart-cost-usd-duration-s", "chart-cost-usd", "chart-duration-s", "chart-total-kgco2e"]


def test_the_best_are_named_in_the_title_and_before_the_charts(compared):
    charts = {chart.id: chart for chart in comparison_charts(compared)}
    cleanest = min(compared.options, key=lambda option: option.results["total_kgco2e"].median)
    name = cleanest.where.among([option.where for option in compared.options])
    assert f"{name} has the least" in charts["chart-total-kgco2e"].title
    assert charts["chart-total-kgco2e"].rows[0][0] == name
    assert f"Cleanest: {name} (" in winners(compared)
    assert " not beaten" in charts["chart-cost-usd-total-kgco2e"].title
    assert ">not beaten</text>" in charts["chart-cost-usd-total-kgco2e"].draw(520.0)


def test_every_option_is_a_row_with_its_intervals(compared):
    scatter = comparison_charts(compared)[0]
    assert len(scatter.rows) == len(compared.options)
    assert all("(" in cell for row in scatter.rows for cell in row[1:])


def test_what_is_the_same_for_all_is_said_once_and_not_drawn_against(shipped):
    found = compare(hw="dgx-a100", rent=["on_demand", "spot"], database=shipped, **WORK)
    charts = {chart.id: chart for chart in comparison_charts(found)}
    assert "chart-cost-usd-total-kgco2e" not in charts
    assert charts["chart-total-kgco2e"].title.endswith(" for all")
    assert charts["chart-cost-usd"].title.startswith("Cost to rent: spot has the least")
    assert winners(found).startswith("Cheapest: spot (")
    assert "Cleanest" not in winners(found)


def test_without_durations_there_is_no_chart_of_time_and_without_prices_none_of_cost(shipped):
    assert "chart-duration-s" not in [chart.id for chart in comparison_charts(compare(hw=["p4d", "p5"], database=shipped, **WORK))]
    assert [chart.id for chart in comparison_charts(compare(hw="h800", region=["france", "poland"], money="rent", database=shipped, **WORK))] == [
        "chart-total-kgco2e"
    ]


def test_one_option_has_no_winner_and_what_all_share_is_named(shipped):
    found = compare(hw="dgx-a100", region="france", database=shipped, **WORK)
    assert winners(found) == ""
    assert shared(found) == "All: dgx-a100 · france."


def test_a_hostile_name_is_text(shipped):
    evil = "<script>alert(1)</script>\x1b" * 100
    plans = [Plan(name=evil, hw="h100", **WORK), Plan(name="good", hw="dgx-h200", **WORK)]
    drawn = "".join(chart.draw(520.0) for chart in comparison_charts(compare(*plans, database=shipped)))
    assert "<script>" not in drawn
    assert "\x1b" not in drawn


def test_the_frontier_is_drawn_with_its_budget(shipped):
    found = optimise(hw="dgx-h100", servers=32, budget_usd=1e6, database=shipped)
    money, carbon, time = optimum_charts(found)
    assert len(money.rows) == len(found.frontier)
    assert "budget $1M" in money.draw(520.0)
    assert 'class="ch-line s0"' in money.draw(520.0)
    assert "ch-limit" not in carbon.draw(520.0) + time.draw(520.0)


def test_without_servers_a_frontier_has_no_time(shipped):
    assert [chart.title for chart in optimum_charts(optimise(hw="dgx-h100", target_loss=2.1, database=shipped))] == ["Loss and cost", "Loss and CO2e"]
