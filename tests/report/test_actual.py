"""A run is held against what was expected of it, and shows what was not measured as such."""

import re

import pytest

from journals import lines_of
from traincarbon.ledger.record import merge
from traincarbon.report.actual import Actual, actual_of, busy_share, forecast_of, run_section
from traincarbon.report.currency import USD
from traincarbon.report.trace import Trace

PLAN = {"params": 1e9, "tokens": 1e9, "hw": "h100-sxm5-80gb", "accelerators": 1}
FIGURES = {"facility_energy_kwh": {"low": 1.0, "median": 2.0, "high": 3.0}, "cost_usd": {"low": 1.0, "median": 5.0, "high": 9.0}}


def record_of(**fields):
    start = {"plan": PLAN, "params": 1e9, "hw": "h100-sxm5-80gb", **fields.pop("start", {})}
    return merge(lines_of(start=start, **{"figures": FIGURES, **fields}), now_s=2e9)


def page(record, database, trace=None):
    return run_section(Actual(record, forecast_of(record, database), trace), database, USD, "r1")


def rows(html, caption):
    (table,) = re.findall(rf"<caption>{caption}</caption>.*?</table>", html)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", table)]
    return {row[0]: row[1:] for row in cells[1:]}


def test_the_forecast_is_what_was_estimated_when_the_run_began(shipped):
    recorded = {**PLAN, "facility_energy_kwh": {"low": 2.5, "median": 4.0, "high": 6.0}, "electricity_usd": {"low": 1.0, "median": 4.0, "high": 6.0}}
    record = record_of(start={"plan": recorded})
    trace = Trace(1.79e9, 5.0, {"gpu": [100.0]}, [None], "electricity alone")
    html = page(record, shipped, trace)
    assert "The forecast was made when it began." in html
    found = rows(html, "Forecast against actual")
    assert found["Energy of the facility"] == ["4 kWh", "2.5 – 6 kWh", "2 kWh", "0.50 ×", "below it"]
    assert found["Cost of electricity"] == ["4 $", "1 – 6 $", "5 $", "1.2 ×", "inside"]


def test_of_a_plan_without_its_estimate_it_is_made_now(shipped):
    expected = forecast_of(record_of(), shipped).results["facility_energy_kwh"]
    html = page(record_of(), shipped)
    assert "made now, from the plan that the run carries" in html
    found = rows(html, "Forecast against actual")["Energy of the facility"]
    assert found[2] == "2 kWh"
    assert found[4] == ("inside" if expected.low <= 2.0 <= expected.high else "below it" if expected.low > 2.0 else "above it")
    assert rows(html, "Forecast against actual")["Cost, as it was tracked"] == ["not known", "", "5 $", "", ""]


def test_a_run_that_did_a_part_of_its_plan_is_not_taken_for_the_whole(shipped):
    html = page(record_of(figures={**FIGURES, "tokens": 2.5e8}), shipped)
    assert "It saw 250 M tokens, 25 % of its plan." in html
    assert "of the whole plan, of which the run did a part" in html
    assert "did a part" not in page(record_of(figures={**FIGURES, "tokens": 1e9}), shipped)


def test_what_was_measured_is_told_from_what_was_modelled(shipped):
    assert ", all of it measured." in page(record_of(), shipped)
    assert ", all of it modelled." in page(record_of(how="modelled"), shipped)


@pytest.mark.parametrize("plan", [None, {"hw": "no such thing", "params": 1e9, "tokens": 1e9}, {"unknown": 5}])
def test_without_a_plan_that_can_be_estimated_there_is_no_forecast(shipped, plan):
    record = record_of(start={"plan": plan})
    assert forecast_of(record, shipped) is None
    assert "no forecast to hold it against" in page(record, shipped)


def test_what_was_not_measured_says_so_with_its_reason(shipped):
    found = rows(page(record_of(), shipped), "Energy, measured and modelled")
    assert found["Memory"][1:] == ["not measured", "no meter reported it"]
    assert found["Accelerators"][1:] == ["0.417 Wh", "measured, by energy counters"]


def test_a_run_without_energy_is_no_run_of_zero(shipped):
    record = merge(lines_of(intervals=0, devices=()), now_s=2e9)
    html = page(record, shipped)
    assert "was not metered" in html
    assert "0 kWh" not in html


def test_the_sentence_says_how_it_ended_and_how_busy_it_was(shipped):
    html = page(record_of(exit_code=3), shipped)
    assert "It failed, exit code 3." in html
    assert "at work 50 % of the time and idle 50 %" in html
    assert busy_share(record_of()) == 0.5
    assert busy_share(record_of(devices=())) is None


def test_what_the_run_states_is_its_actual_figure():
    record = record_of()
    assert actual_of(record, "cost_usd").median == 5.0
    assert actual_of(record, "duration_s").median == 15.0
    assert actual_of(record, "mfu") is None
    assert actual_of(record, "water_l") is None


def test_utilisation_over_time_needs_parameters_and_known_hardware(shipped):
    trace = Trace(1.79e9, 5.0, {"gpu": [100.0, 200.0]}, [1000.0, 2000.0])
    html = page(record_of(), shipped, trace)
    assert "Power over time" in html
    assert "200 W" in html
    assert "Utilisation (MFU) over time" in html
    assert f"{100 * 6 * 1e9 * 2000 / 989.5e12:.2f} %" in html
    assert "MFU) over time" not in page(record_of(start={"hw": "some box"}), shipped, trace)
    assert "MFU) over time" not in page(record_of(start={"params": None}), shipped, trace)


def test_names_of_a_run_are_text(shipped):
    record = record_of(start={"project": "<script>", "hw": "<b>"}, run_id="<img>")
    html = page(record, shipped)
    assert not re.search(r"<(script|b|img)>", html)


def test_a_run_has_its_figures_with_their_bounds(shipped):
    making = {"embodied_kgco2e": {"low": 1.0, "median": 2.0, "high": 3.0}, "operational_kgco2e": {"low": 1.0, "median": 2.0, "high": 3.0}}
    html = page(record_of(figures={**FIGURES, **making}), shipped)
    cards = [re.sub(r"<[^>]+>", " ", card).split() for card in re.findall(r'<li class="card">(.*?)</li>', html)]
    assert [" ".join(card) for card in cards] == [
        "Cost 5 $ 1 – 9 $",
        "Time 15 s wall-clock",
        "Energy 2 kWh 1 – 3 kWh servers, network, cooling",
        "Carbon 4 kg 2 – 6 kg electricity and the hardware’s making",
    ]
    metered = page(record_of(figures={}), shipped)
    assert "at the meters; the facility’s is not known" in metered
    assert metered.count('class="value none">not known') == 2
