"""Charts of a run over time show the plan's power for as many accelerators, on the part that meters saw."""

import dataclasses

from journals import lines_of
from traincarbon.formatting import amount
from traincarbon.ledger.record import merge
from traincarbon.reporting.run_history import RunHistory
from traincarbon.reporting.sections.forecast import Forecast, PlannedPower, forecast_of
from traincarbon.reporting.sections.run_charts import history_charts
from traincarbon.uncertain import Interval

PLAN = {"params": 1e9, "tokens": 1e9, "hw": "h100-sxm5-80gb", "accelerators": 2}
HISTORY = RunHistory(0.0, 60.0, {"gpu": [700.0, 800.0, None], "cpu": [100.0, 100.0, 100.0]}, [None, None, None])


def record_of(plan=None):
    start = {"accelerators": 2, "hw": "h100-sxm5-80gb", **({} if plan is None else {"plan": plan})}
    return merge(lines_of(devices=("gpu:0", "gpu:1"), start=start), now_s=2e9)


def power(forecast, database, history=HISTORY):
    (chart,) = history_charts(record_of(), history, forecast, database, "r1")
    return chart


def forecast(part="gpu"):
    return Forecast({}, 0.9, "made now", power=PlannedPower(part, Interval(300.0, 400.0, 500.0)))


def test_the_band_is_the_power_of_the_plan_for_the_accelerators_of_the_run(shipped):
    chart = power(forecast(), shipped)
    assert chart.note == "Shaded: the plan’s power of the accelerators, 600 W to 1 kW."
    drawn = chart.draw(520.0)
    assert "plan 800 W" in drawn
    assert drawn.count("ch-area") == 1


def test_without_a_plan_or_a_meter_of_that_part_there_is_no_band(shipped):
    for chart in (power(None, shipped), power(forecast("cpu"), shipped, HISTORY._replace(power_w={"gpu": [1.0]}, tokens_per_s=[None]))):
        assert "ch-area" not in chart.draw(520.0)
        assert chart.note == ""


def test_a_run_that_counts_no_accelerators_has_as_many_as_its_plan(shipped):
    record = dataclasses.replace(record_of(), accelerators=None)
    planned = Forecast({}, 0.9, "made now", power=PlannedPower("cpu", Interval(50.0, 60.0, 70.0), 2.0))
    (chart,) = history_charts(record, HISTORY, planned, shipped, "r1")
    assert chart.note == "Shaded: the plan’s power of the processors, 100 W to 140 W."


def test_a_recorded_forecast_has_the_power_of_its_plan(shipped):
    plan = PLAN | {"facility_energy_kwh": {"low": 1.0, "median": 2.0, "high": 3.0}}
    found = forecast_of(record_of(plan), shipped)
    assert found.made == "made when the run began"
    assert found.power.part == "gpu"
    assert 100.0 < found.power.each_w.low < found.power.each_w.median < found.power.each_w.high <= 800.0


def test_a_part_that_would_lie_on_the_axis_is_said_and_not_drawn(shipped):
    history = HISTORY._replace(power_w={"gpu": [700.0, 800.0, None], "dram": [12.0, 14.0, 10.0]})
    chart = power(forecast(), shipped, history)
    assert chart.note == "Shaded: the plan’s power of the accelerators, 600 W to 1 kW. Too little to draw: memory, at most 14 W."
    assert 'data-name="Memory"' not in chart.draw(520.0)
    assert chart.head[1:] == ("Accelerators", "Memory"), "the table has every part"


def test_the_title_states_the_energy(shipped):
    record = merge(lines_of(power_w=1e4), now_s=2e9)
    (chart,) = history_charts(record, HISTORY, None, shipped, "r1")
    assert chart.title == f"Power over time: {amount(record.metered_kwh, 'kWh', digits=3)} at its meters"
    assert power(None, shipped).title == "Power over time", "less than a watt-hour is no figure"


def test_without_power_there_is_no_chart(shipped):
    assert history_charts(record_of(), HISTORY._replace(power_w={"gpu": [None]}, tokens_per_s=[None]), None, shipped, "r1") == []
