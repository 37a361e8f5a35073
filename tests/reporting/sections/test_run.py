"""A run is compared with its forecast, and shows which parts were not measured."""

import re
from dataclasses import replace

from journals import attempt_lines, lines_of
from traincarbon.ledger.record import merge
from traincarbon.quantities import EnergySource
from traincarbon.reporting.currency import USD
from traincarbon.reporting.outline import section_html
from traincarbon.reporting.run_history import RunHistory
from traincarbon.reporting.sections.forecast import forecast_of
from traincarbon.reporting.sections.run import busy_share, run_section
from traincarbon.reporting.subjects import ReportedRun

PLAN = {"params": 1e9, "tokens": 1e9, "hw": "h100-sxm5-80gb", "accelerators": 1}
FIGURES = {"facility_energy_kwh": {"low": 1.0, "median": 2.0, "high": 3.0}, "cost_usd": {"low": 1.0, "median": 5.0, "high": 9.0}}


def record_of(**fields):
    start = {"plan": PLAN, "params": 1e9, "hw": "h100-sxm5-80gb", **fields.pop("start", {})}
    return merge(lines_of(start=start, **{"figures": FIGURES, **fields}), now_s=2e9)


def page(record, database, history=None):
    return section_html(run_section(ReportedRun(record, history), forecast_of(record, database), database, USD, "r1"))


def rows(html, caption):
    (table,) = re.findall(rf"<caption>{caption}</caption>.*?</table>", html)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", table)]
    return {row[0]: row[1:] for row in cells[1:]}


def test_measured_and_modelled_energy_are_distinguished(shipped):
    assert ", all of it measured." in page(record_of(), shipped)
    assert ", all of it modelled." in page(record_of(how="modelled"), shipped)


def test_a_part_that_was_not_measured_shows_the_reason(shipped):
    found = rows(page(record_of(), shipped), "Energy at the meters, measured and modelled")
    assert found["Memory"][1:] == ["not measured", "no meter reported it"]
    assert found["Accelerators"][1:] == ["&lt;1 Wh", "measured by energy counters"]


def test_a_run_without_energy_does_not_show_zero(shipped):
    record = merge(lines_of(intervals=0, devices=()), now_s=2e9)
    html = page(record, shipped)
    assert "was not metered" in html
    assert "0 kWh" not in html


def test_the_share_of_the_plan_is_stated(shipped):
    assert "It processed 250M tokens, 25 % of its plan." in page(record_of(figures={**FIGURES, "tokens": 2.5e8}), shipped)


def test_the_cost_is_compared_with_the_estimate_that_counts_the_same(shipped):
    assert "Cost to rent" in page(record_of(cost_basis="rent"), shipped)
    assert "Cost to rent" not in page(record_of(cost_basis="of its own kind"), shipped)


def test_a_short_run_is_shown_to_the_second_and_a_long_one_to_the_minute(shipped):
    for values, begun in (([100.0], "seconds since 2026-09-21 14:13:20 UTC"), ([100.0] * 1000, "minutes since 2026-09-21 14:13 UTC")):
        html = page(record_of(), shipped, RunHistory(1.79e9, 5.0, {"gpu": values}, [None] * len(values)))
        assert begun in html


def test_a_clock_without_a_valid_date_shows_none(shipped):
    html = page(record_of(), shipped, RunHistory(1e18, 5.0, {"gpu": [100.0]}, [None]))
    assert "Power over time" in html


def test_the_sentence_says_how_it_ended_and_how_busy_it_was(shipped):
    html = page(record_of(exit_code=3), shipped)
    assert "It failed, exit code 3." in html
    assert "busy 50 % of the time and idle 50 %" in html
    assert busy_share(record_of()) == 0.5
    assert busy_share(record_of(devices=())) is None


def test_utilisation_over_time_needs_parameters_and_known_hardware(shipped):
    history = RunHistory(1.79e9, 5.0, {"gpu": [100.0, 200.0]}, [1000.0, 2000.0])
    html = page(record_of(), shipped, history)
    assert "Power over time" in html
    assert "200 W" in html
    assert "Utilisation (MFU) over time" in html
    assert f"{100 * 6 * 1e9 * 2000 / 989.5e12:.2f} %" in html
    assert "MFU) over time" not in page(record_of(start={"hw": "some box"}), shipped, history)
    assert "MFU) over time" not in page(record_of(start={"params": None}), shipped, history)


def test_names_of_a_run_are_text(shipped):
    record = record_of(start={"project": "<script>", "hw": "<b>"}, run_id="<img>")
    html = page(record, shipped)
    assert not re.search(r"<(script|b|img)>", html)


def test_a_run_shows_its_results_with_their_bounds(shipped):
    making = {"embodied_kgco2e": {"low": 1.0, "median": 2.0, "high": 3.0}, "operational_kgco2e": {"low": 1.0, "median": 2.0, "high": 3.0}}
    html = page(record_of(figures={**FIGURES, **making}), shipped)
    cards = [re.sub(r"<[^>]+>", " ", card).split() for card in re.findall(r'<li class="card">(.*?)</li>', html)]
    assert [" ".join(card) for card in cards] == [
        "Cost $5.00 $1.0 – $9.0",
        "Time 15 s wall-clock",
        "Energy 2.00 kWh 1.0 – 3.0 kWh of the facility: servers, network, cooling",
        "CO2e 4.00 kg 2.0 – 6.0 kg electricity and making the hardware",
    ]
    metered = page(record_of(figures={}), shipped)
    assert "at the meters; the facility’s is not known" in metered
    assert metered.count('class="value none">not known') == 2


def test_phases_attempts_and_waste_of_a_run_are_shown(shipped):
    first = attempt_lines(0.0, 1000.0, number=1, steps=500.0, state="killed")
    second = attempt_lines(1200.0, 1000.0, number=2, steps=600.0, start=400.0)
    second[1]["phases"] = {"<b>eval": {"duration_s": 200.0, "energy_j": 1e5, "tokens": 0.0}}
    second[-1] |= {"cost_usd": {"low": 80.0, "median": 80.0, "high": 80.0}, "cost_basis": "rent"}
    html = page(merge([*first, *second], now_s=2e9), shipped)
    assert "<li>100 steps were done twice after a restart: 56 Wh, $8</li>" in html
    assert rows(html, "Phases")["&lt;b&gt;eval"] == ["3.33 min", "10 %", "27.8 Wh", "5 %", "–"]
    assert rows(html, "Attempts") == {"1": ["killed", "16.7 min", "278 Wh", "500", "–"], "2": ["finished", "16.7 min", "278 Wh", "600", "400"]}
    plain = page(record_of(), shipped)
    assert not any(word in plain for word in ("Attempts", "Phases", "Not used"))


def test_a_part_too_small_for_the_scale_of_the_run_is_below_it(shipped):
    record = record_of()
    small = replace(record, energy_j={"gpu": 146_000.0, "cpu": 0.5}, how={"gpu": record.how["gpu"], "cpu": EnergySource.MODELLED}, by_device=())
    html = page(small, shipped)
    found = rows(html, "Energy at the meters, measured and modelled")
    assert found["Accelerators"][1] == "40.6 Wh"
    assert found["Processors"][1] == "&lt; 0.1 Wh"
    # the table has a modelled part, so not all is measured
    assert ", nearly all of it measured." in html
