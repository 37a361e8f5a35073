"""Runs together: every row adds up to its total, and what is not known is in no sum."""

import re

import pytest

from traincarbon.ledger.run import Run
from traincarbon.ledger.run_energy import DeviceUse
from traincarbon.ledger.shared_boards import counted_once
from traincarbon.quantities import EnergySource
from traincarbon.reporting.currency import USD, Currency
from traincarbon.reporting.outline import section_html
from traincarbon.reporting.sections.portfolio import MOST_LISTED, grouped, portfolio_section, sums_of

FIGURE = {"low": 1.0, "median": 2.0, "high": 3.0}


def record_of(run_id="a", *, energy_j=3.6e6, **fields):
    blank = {
        "state": "finished",
        "started_at": "2026-09-21T14:13:20.0Z",
        "duration_s": 3600.0,
        "how": {},
        "missing": {},
        "versions": {},
        "counts": {},
        "accelerators": 8,
    }
    figure = {"low": 1.0, "median": 2.0, "high": 3.0}
    return Run(**{**blank, "run_id": run_id, "energy_j": {"gpu": energy_j}, "operational_kgco2e": figure, "cost_usd": figure, **fields})


def column(html, caption, at):
    (table,) = re.findall(rf"<caption>{caption}</caption>.*?</table>", html)
    body, foot = table.split("<tfoot>")
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row)[at] for row in re.findall(r"<tr><th.*?</tr>", body.split("<tbody>")[1])]
    return cells, re.findall(r"<td[^>]*>(.*?)</td>", foot)[at]


def test_every_table_adds_up_to_one_total():
    records = [
        record_of(
            str(at),
            project=f"p{at % 3}",
            hw=f"h{at % 2}",
            energy_j=1.234e6 * (at + 1),
            state=("finished", "failed")[at % 2],
            started_at=f"2026-0{at % 4 + 1}-02T00:00:00Z",
        )
        for at in range(20)
    ]
    html = section_html(portfolio_section(records, USD))
    totals = set()
    for caption in ("By project", "By hardware", "By month of start", "By outcome", "By run, the largest first"):
        cells, total = column(html, caption, 3)
        assert sum(float(cell.replace(",", "")) for cell in cells) == pytest.approx(float(total.replace(",", "")), abs=1e-9)
        totals.add(total)
    assert len(totals) == 1


def test_unknown_values_are_in_no_total_and_are_listed():
    html = section_html(portfolio_section([record_of("a"), record_of("b", energy_j=None, project="dark")], USD))
    cells, total = column(html, "By project", 3)
    assert (cells, total) == (["1.000", "not known"], "1.000")
    assert "Not known and in no total: Energy (1 run)." in html


def test_the_energy_is_the_facilitys_where_it_is_known():
    figure = {"low": 1.0, "median": 2.0, "high": 3.0}
    assert sums_of("", [record_of(facility_energy_kwh=figure)]).totals["facility_energy_kwh"] == 2.0
    assert sums_of("", [record_of()]).totals["facility_energy_kwh"] == pytest.approx(1.0)


def test_the_share_of_unfinished_runs_is_that_of_their_energy():
    html = section_html(portfolio_section([record_of("a", energy_j=9e6), record_of("b", energy_j=1e6, state="killed")], USD))
    assert "1 run did not finish (failed, killed or lost), with 10.0 % of the energy, and $2." in html


def test_the_sentence_states_totals_and_what_is_not_known():
    dark = {"energy_j": None, "operational_kgco2e": None}
    html = section_html(portfolio_section([record_of("a"), record_of("b", state="failed"), record_of("c", state="lost", **dark)], USD))
    assert "of CO2e and <strong>$6.00</strong> " in html
    assert "($3.0 – $9.0)</span>. 2 runs did not finish" in html
    assert "Not known and in no total: Energy (1 run) and CO2e (1 run)." in html


def test_the_totals_have_the_sums_of_both_ends_of_the_intervals():
    shown = section_html(portfolio_section([record_of("a"), record_of("b")], USD))
    assert '<strong>$4.00</strong> <span class="range">($2.0 – $6.0)</span>' in shown
    assert "they lie in the brackets if all runs err alike" in shown


def test_bars_are_scaled_to_the_groups_and_not_to_the_others():
    records = [record_of(str(at), project=f"p{at}", energy_j=1e6 + at) for at in range(100)]
    (table,) = re.findall(r"<caption>By project</caption>.*?</table>", section_html(portfolio_section(records, USD)))
    widths = [float(width) for width in re.findall(r'<rect class="c0" x="0" y="1" width="([\d.]+)"', table)]
    assert widths[0] == 100.0
    assert min(widths) > 99.0


def test_each_month_is_drawn_by_project_and_the_spending_with_its_budget():
    records = [record_of(str(at), project=f"p{at % 3}", started_at=f"2026-{at % 6 + 1:02d}-02T00:00:00Z") for at in range(24)]
    html = section_html(portfolio_section(records, USD, budget_usd=80.0))
    assert "Cost by month and project" in html
    assert "Spent so far: $48; $96 by the end of 2026 at this pace" in html
    assert "budget $80" in html
    assert "Spent so far" not in section_html(portfolio_section([record_of("a"), record_of("b")], USD))


def test_each_of_the_largest_runs_shows_its_outcome():
    html = section_html(portfolio_section([record_of("a", energy_j=9e6), record_of("b", state="killed")], USD))
    assert column(html, "By run, the largest first", 1) == (["finished", "killed"], "2 runs")
    assert '<th scope="col">Outcome</th>' in html


def test_small_groups_are_put_together_where_there_are_many():
    records = [record_of(str(at), project=f"p{at}", energy_j=1e6 + at) for at in range(100)]
    found = grouped(records, lambda record: record.project)
    assert len(found) == 40
    assert (found[-1].label, found[-1].runs) == ("61 others", 61)
    assert sum(sums.runs for sums in found) == 100


def test_the_largest_runs_are_listed_and_the_rest_summed():
    html = section_html(portfolio_section([record_of(f"run-{at}", energy_j=1e6 + at) for at in range(MOST_LISTED + 5)], USD))
    assert "5 smaller runs" in html
    assert f"run-{MOST_LISTED + 4} " in html
    assert "run-0 " not in html


def test_the_idle_share_is_weighed_by_accelerator_hours():
    def used(run_id, utilisation, **fields):
        return record_of(run_id, by_device=(DeviceUse(1, "gpu:0", "gpu", "counter", 1.0, None, utilisation, None),), **fields)

    html = section_html(portfolio_section([used("a", 1.0), used("b", 0.5, duration_s=10800.0), record_of("c")], USD))
    assert "Accelerators were idle 38 % of the time in the 2 runs that measured it, $1 of their cost." in html
    assert "stood idle" not in section_html(portfolio_section([record_of("a"), record_of("b")], USD))


def test_each_month_has_a_row_and_more_than_ten_years_are_quarters():
    records = [record_of(str(at), started_at=f"{2020 + at // 12}-{at % 12 + 1:02d}-15T00:00:00Z") for at in range(48)]
    html = section_html(portfolio_section(records, USD))
    assert column(html, "By month of start", 1)[0] == ["1"] * 48
    far = section_html(portfolio_section([*records, record_of("old", started_at="2012-05-15T00:00:00Z"), record_of("undated", started_at="")], USD))
    assert column(far, "By quarter of start", 1)[0] == ["1", *["3"] * 16, "1"]
    assert "quarter not known" in far


def test_money_is_in_the_readers_currency():
    html = section_html(portfolio_section([record_of("a"), record_of("b")], Currency("EUR", 0.5)))
    assert "<strong>EUR 2.00</strong>" in html


def test_runs_that_state_nothing_do_not_show_zero():
    html = section_html(
        portfolio_section([record_of(str(at), energy_j=None, accelerators=None, operational_kgco2e=None, cost_usd=None, started_at="") for at in range(2)], USD)
    )
    assert "do not state what they took" in html
    assert "0 kWh" not in html


def test_names_are_text():
    html = section_html(portfolio_section([record_of("<script>", project="<script>", hw="<script>"), record_of("b")], USD))
    assert "<script>" not in html


def test_a_board_that_several_runs_metered_counts_once_in_every_table():
    def shared(run_id, begin_s, seconds, **fields):
        span = (begin_s, begin_s + seconds, 1000.0 * seconds)
        use = DeviceUse(1, "gpu:0", "gpu", EnergySource.COUNTER, span[2], None, None, None, host="a1", spans=(span,))
        return record_of(run_id, energy_j=span[2], by_device=(use,), accelerators=1, duration_s=seconds, embodied_kgco2e=FIGURE, **fields)

    records = [shared("outer", 0.0, 7200.0, project="p"), shared("inner", 1800.0, 3600.0, project="q"), shared("later", 5400.0, 3600.0, project="p")]
    total = sums_of("", records, counted_once(records)).totals
    assert (total["accelerator_hours_h"], total["facility_energy_kwh"]) == pytest.approx((2.5, 2.5))
    assert (total["cost_usd"], total["total_kgco2e"]) == pytest.approx((2.0 * 1.5, 4.0 * 1.5))
    html = section_html(portfolio_section(records, USD))
    for caption in ("By project", "By run, the largest first"):
        cells, shown = column(html, caption, 3)
        assert sum(float(cell.replace(",", "")) for cell in cells) == pytest.approx(float(shown.replace(",", "")), abs=1e-9)
        assert float(shown) == pytest.approx(2.5)
    assert "inner, later and outer shared boards at the same time." in html
    assert "shared boards" not in section_html(portfolio_section([records[0], record_of("else")], USD))


def test_gpus_that_runs_shared_are_counted_once_and_the_runs_are_named():
    use = DeviceUse(1, "gpu:0", "gpu", EnergySource.COUNTER, 3.6e6, None, None, None)
    one, other = (record_of(run_id, by_device=(use,), shared_with=(named,)) for run_id, named in (("one", "other"), ("other", "one")))
    html = section_html(portfolio_section([one, other], USD))
    cells, total = column(html, "By run, the largest first", 3)
    assert (cells, total) == (["1.000", "0.000"], "1.000")
    assert "one and other shared boards at the same time." in html
    assert "By project" not in html, "one group alone is the total"


def test_no_sentence_on_the_runs_is_cut():
    html = section_html(portfolio_section([record_of("a"), record_of("b", state="failed")], USD))
    assert "else that at its meters." in html
    assert "…" not in html
