"""Exported values are those of the package, and the formulas of ownership give its total and follow their inputs."""

import csv
import io
import re

import pytest

from journals import lines_of
from traincarbon.estimation.plan import Plan
from traincarbon.explore.advise import advise
from traincarbon.ledger.record import merge
from traincarbon.reporting.currency import Currency
from traincarbon.reporting.decision.unit_costs import Worth
from traincarbon.reporting.exports.values import ownership_sheet, sheets_of, value_rows, values_csv
from traincarbon.reporting.exports.workbook import Formula, cell_name
from traincarbon.reporting.subjects import ReportedRun, Subjects, reported_plan
from traincarbon.reporting.view import EstimateView

FIELDS = {"params": 7e9, "tokens": 1e12, "hw": "dgx-a100", "servers": 64, "region": "france"}


def computed(sheet):
    """The value of each formula of a sheet, computed anew from its cells, by the label beside it."""
    cells = {cell_name(at, column): cell for at, row in enumerate(sheet.rows) for column, cell in enumerate(row)}

    def value(cell):
        if not isinstance(cell, Formula):
            return cell
        begin, end = re.fullmatch(r"SUM\(B(\d+):B(\d+)\)", cell.text).groups() if cell.text.startswith("SUM") else (0, 0)
        if begin:
            return sum(value(cells[f"B{at}"]) for at in range(int(begin), int(end) + 1))
        return eval(re.sub(r"B\d+", lambda found: repr(value(cells[found[0]])), cell.text.replace("^", "**")))

    return {row[0]: value(row[1]) for row in sheet.rows if len(row) > 1 and isinstance(row[1], Formula)}


def test_the_formulas_of_ownership_give_the_total_of_the_estimate(ask):
    answer = ask(servers=64, region="france")
    found = computed(ownership_sheet(EstimateView.of(answer), "Ownership"))
    assert found["Total cost of ownership"] == pytest.approx(answer.median("tco_usd"), rel=1e-9)
    assert found["Electricity"] == pytest.approx(answer.median("electricity_usd"), rel=1e-9)


def test_a_changed_input_gives_the_estimate_of_that_input(ask):
    sheet = ownership_sheet(EstimateView.of(ask(servers=64, region="france")), "Ownership")
    rows = [(row[0], 0.4) if row and row[0] == "utilisation" else row for row in sheet.rows]
    assert computed(sheet._replace(rows=rows))["Total cost of ownership"] == pytest.approx(ask(servers=64, region="france", utilisation=0.4).median("tco_usd"))


def test_each_result_is_a_row_and_what_is_not_known_is_empty(shipped):
    plan = reported_plan(Plan(**{**FIELDS, "servers": None, "name": "=x"}), shipped)
    rows = list(csv.DictReader(io.StringIO(values_csv(Subjects([plan], [])))))
    by_name = {row["quantity"]: row for row in rows}
    assert float(by_name["rent_usd"]["median"]) == pytest.approx(plan.view.results["rent_usd"].median)
    assert by_name["duration_s"]["median"] == ""
    assert not any(row["subject"].startswith("=") for row in rows)


def test_runs_are_rows_too():
    run = ReportedRun(merge(lines_of(), now_s=2e9))
    head, *rows = value_rows(Subjects([], [run]))
    assert head[0] == "subject"
    assert {row[0] for row in rows} == {run.record.run_id}


def test_money_stands_in_the_currency_of_the_report_too(shipped):
    plan = reported_plan(Plan(**FIELDS), shipped)
    rows = list(csv.DictReader(io.StringIO(values_csv(Subjects([plan], []), Currency("EUR", 0.5)))))
    by_name = {row["quantity"]: row for row in rows}
    assert float(by_name["rent_usd"]["median_EUR"]) == pytest.approx(0.5 * plan.view.results["rent_usd"].median)
    assert by_name["water_l"]["median_EUR"] == ""
    assert "median_EUR" not in values_csv(Subjects([plan], []))


def test_a_workbook_has_results_ownership_and_assumptions_of_each_plan(shipped):
    plans = [reported_plan(Plan(**FIELDS), shipped), reported_plan(Plan(**{**FIELDS, "tokens": 2e12}), shipped)]
    names = [sheet.name for sheet in sheets_of(Subjects(plans, []), [None, None], shipped)]
    assert names == ["Results", "Ownership 1", "Unit costs 1", "Assumptions 1", "Ownership 2", "Unit costs 2", "Assumptions 2"]


def test_all_money_of_a_workbook_stands_in_the_currency_of_the_report_too(shipped):
    plan = reported_plan(Plan(**FIELDS), shipped)
    advice = advise(plan.answer.plan, database=shipped)
    sheets = {sheet.name: sheet.rows for sheet in sheets_of(Subjects([plan], []), [advice], shipped, worth=Worth(value_usd=1e8), currency=Currency("EUR", 0.5))}
    (owned,) = [row for row in sheets["Ownership"] if row and row[0] == "Total cost of ownership"]
    assert owned[3].value == pytest.approx(0.5 * plan.view.results["tco_usd"].median)
    heads = {name: [row for row in rows if any(str(cell).endswith(", EUR") for cell in row)] for name, rows in sheets.items()}
    assert {name: [sum(str(cell).endswith(", EUR") for cell in head) for head in found] for name, found in heads.items() if found} == {
        "Ownership": [1],
        "Unit costs": [3, 3],
        "Alternatives": [3],
    }
    (cheapest, *_) = sheets["Alternatives"][1:]
    assert cheapest[8].value == pytest.approx(0.5 * cheapest[2])
