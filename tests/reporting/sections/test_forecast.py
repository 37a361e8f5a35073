"""The forecast of a run is shown beside what the run took, with when it was made."""

import dataclasses
import re

import pytest

from journals import lines_of
from traincarbon.ledger.record import merge
from traincarbon.reporting.currency import USD
from traincarbon.reporting.sections.forecast import Forecast, actual_result, forecast_chart, forecast_of, forecast_table, share_done
from traincarbon.uncertain import Interval

PLAN = {"params": 1e9, "tokens": 1e9, "hw": "h100-sxm5-80gb", "accelerators": 1}
FIGURES = {"facility_energy_kwh": {"low": 1.0, "median": 2.0, "high": 3.0}, "cost_usd": {"low": 1.0, "median": 5.0, "high": 9.0}}


def record_of(**fields):
    start = {"plan": PLAN, "params": 1e9, "hw": "h100-sxm5-80gb", **fields.pop("start", {})}
    return merge(lines_of(start=start, **{"figures": FIGURES, **fields}), now_s=2e9)


def page(record, database):
    return forecast_table(record, forecast_of(record, database), USD)


def rows(html, caption):
    (table,) = re.findall(rf"<caption>{caption}</caption>.*?</table>", html)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", table)]
    return {row[0]: row[1:] for row in cells[1:]}


def test_the_forecast_is_what_was_estimated_when_the_run_began(shipped):
    recorded = {**PLAN, "facility_energy_kwh": {"low": 2.5, "median": 4.0, "high": 6.0}, "electricity_usd": {"low": 1.0, "median": 4.0, "high": 6.0}}
    record = record_of(start={"plan": recorded}, cost_basis="electricity alone")
    html = page(record, shipped)
    assert "The forecast was made when the run began." in html
    found = rows(html, "Forecast compared with actual")
    assert found["Energy, facility"] == ["4.00 kWh", "2.5 – 6.0 kWh", "2 kWh", "0.50 ×", "below"]
    assert found["Electricity"] == ["$4.00", "$1.0 – $6.0", "$5", "1.2 ×", "inside"]


def test_a_plan_without_an_estimate_is_estimated_now(shipped):
    expected = forecast_of(record_of(), shipped).results["facility_energy_kwh"]
    html = page(record_of(), shipped)
    assert "made now, from the plan in the run’s record" in html
    found = rows(html, "Forecast compared with actual")["Energy, facility"]
    assert found[2] == "2 kWh"
    assert found[4] == ("inside" if expected.low <= 2.0 <= expected.high else "below" if expected.low > 2.0 else "above")
    assert rows(html, "Forecast compared with actual")["Cost"] == ["not known", "", "$5", "", ""]


def test_a_run_that_completed_part_of_its_plan_is_compared_pro_rata(shipped):
    record = record_of(figures={**FIGURES, "tokens": 2.5e8})
    html = page(record, shipped)
    assert share_done(record) == 0.25
    assert "It is scaled to the tokens of this run, 25 % of those planned." in html
    assert "completed part" not in page(record_of(figures={**FIGURES, "tokens": 1e9}), shipped)


@pytest.mark.parametrize("plan", [None, {"hw": "no such thing", "params": 1e9, "tokens": 1e9}, {"unknown": 5}])
def test_without_a_plan_that_can_be_estimated_there_is_no_forecast(shipped, plan):
    record = record_of(start={"plan": plan})
    assert forecast_of(record, shipped) is None
    assert "no forecast to compare it with" in page(record, shipped)


def test_the_actual_result_is_what_the_run_states():
    record = record_of()
    assert actual_result(record, "cost_usd").median == 5.0
    assert actual_result(record, "duration_s").median == 15.0
    assert actual_result(record, "mfu") is None
    assert actual_result(record, "water_l") is None


def chart(record, results, tokens=None):
    return forecast_chart(record, Forecast(results, 0.9, "made now", tokens), USD, "r1")


def test_the_chart_shows_the_run_on_the_interval_of_its_forecast():
    record = record_of()
    found = chart(record, {"duration_s": Interval(record.duration_s / 4.0, record.duration_s / 2.0, record.duration_s)})
    assert found.title == "Actual compared with the forecast: 1 of 1 inside the interval"
    assert "· 2 ×" in found.draw(320.0)
    assert found.rows[0][3:] == ("2 ×", "inside")
    assert forecast_chart(record, None, USD, "r1") is None
    assert chart(record, {"duration_s": None}) is None


def test_the_plan_of_the_report_counts_for_as_many_tokens_as_the_run_processed():
    record = dataclasses.replace(record_of(), plan=None, tokens=5e5)
    half = {"duration_s": Interval.of(2.0 * record.duration_s)}
    assert chart(record, half, tokens=1e6).rows[0][3:] == ("1 ×", "inside")
    assert chart(record, half).rows[0][3:] == ("0.50 ×", "below")
