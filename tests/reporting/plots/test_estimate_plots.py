from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.reporting.plots.estimate_plots import answer_words, estimate_charts

WORK = {"params": 7e9, "tokens": 1e12}


def test_an_estimate_has_its_amounts_its_places_its_payments_and_what_moves_each_result(shipped):
    charts = estimate_charts(estimate(Plan(**WORK, hw="dgx-a100", servers=64), database=shipped), shipped)
    ids = [chart.id.removeprefix("estimate-chart-") for chart in charts]
    assert ids[:3] == ["amount", "places", "payments"]
    assert {"swings-rent_usd", "swings-total_kgco2e"} <= set(ids)
    assert all("<svg" in chart.draw(width) for chart in charts for width in (320.0, 520.0))


def test_a_plan_without_prices_has_the_charts_that_are_known(shipped):
    ids = [chart.id for chart in estimate_charts(estimate(Plan(**WORK, hw="h800"), database=shipped), shipped)]
    assert ids
    assert "estimate-chart-payments" not in ids


def test_the_answer_states_five_results_with_their_intervals(shipped):
    words = answer_words(estimate(Plan(**WORK, hw="dgx-a100", servers=64), database=shipped))
    assert words.startswith("Cost to rent: $")
    assert words.count(" – ") == 5
    assert words.endswith("In brackets: 90 % intervals.")
