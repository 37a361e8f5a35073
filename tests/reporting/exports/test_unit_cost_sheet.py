"""The formulas of unit costs and returns give the figures of the page, and follow their inputs and the sheet of ownership."""

import math
import re

import pytest

from traincarbon.reporting.decision.amounts import chance_within
from traincarbon.reporting.decision.unit_costs import Worth, point_of_loss
from traincarbon.reporting.exports.unit_cost_sheet import unit_cost_sheet
from traincarbon.reporting.exports.values import ownership_sheet
from traincarbon.reporting.exports.workbook import Formula, cell_name
from traincarbon.reporting.view import EstimateView
from traincarbon.uncertain import Interval

WORTH = Worth(value_usd=1e6, requests=2e9)
FUNCTIONS = {"LN": math.log, "NORMSDIST": lambda z: 0.5 * math.erfc(-z / math.sqrt(2.0))}


@pytest.fixture
def answer(ask):
    return ask(servers=64, region="france")


def sheets(answer, database, worth=WORTH):
    view = EstimateView.of(answer)
    owned = ownership_sheet(view, "Ownership")
    total = f"'Ownership'!{cell_name(len(owned.rows) - 1, 1)}"
    return owned, unit_cost_sheet(view, answer, database, worth, "Unit costs", total_of_ownership=total)


def computed(*found):
    """The value of every cell of sheets, computed anew: by sheet and cell."""
    cells = {(sheet.name, cell_name(at, column)): cell for sheet in found for at, row in enumerate(sheet.rows) for column, cell in enumerate(row)}

    def value(sheet, name):
        cell = cells[sheet, name]
        if not isinstance(cell, Formula):
            return cell
        total = re.fullmatch(r"SUM\(B(\d+):B(\d+)\)", cell.text)
        if total:
            return sum(value(sheet, f"B{at}") for at in range(int(total[1]), int(total[2]) + 1))
        text = re.sub(r"(?:'([^']+)'!)?\b([A-Z]\d+)\b", lambda part: repr(value(part[1] or sheet, part[2])), cell.text)
        return eval(text.replace("^", "**"), FUNCTIONS)

    return {(sheet, cells[sheet, f"A{name[1:]}"], name[0]): value(sheet, name) for sheet, name in cells if cells[sheet, name] is not None}


def test_the_formulas_give_what_was_computed_here(answer, shipped):
    owned, costs = sheets(answer, shipped)
    found = computed(owned, costs)
    formulas = [(row[0], "ABCDEF"[column], cell.value) for row in costs.rows for column, cell in enumerate(row) if isinstance(cell, Formula)]
    assert len(formulas) > 30
    for label, column, here in formulas:
        assert found["Unit costs", label, column] == pytest.approx(here, rel=1e-9), (label, column)


def test_the_figures_are_those_of_the_estimate(answer, shipped):
    found = computed(*sheets(answer, shipped))
    point = point_of_loss(answer, shipped)
    hour = answer.values["rent_usd"] / answer.values["accelerator_hours_h"]
    for label, expected in (
        ("GPU-hour, rented", hour),
        ("Billion tokens, owned", answer.values["tco_usd"] * (1e9 / answer.plan.number("tokens"))),
        ("Thousand of 2B requests, owned", answer.values["tco_usd"] * (1000.0 / 2e9)),
        (f"{point.words}, rented", point.cost(answer.values["rent_usd"])),
    ):
        low, median, high = Interval.of(expected, answer.level)
        assert [found["Unit costs", label, column] for column in "CBD"] == pytest.approx([low, median, high], rel=1e-9), label


def test_a_return_has_the_interval_and_the_chance_of_the_page(answer, shipped):
    found = computed(*sheets(answer, shipped))
    rent = answer["rent_usd"]
    assert [found["Unit costs", "Rent", column] for column in "CBD"] == pytest.approx([1e6 - rent.high, 1e6 - rent.median, 1e6 - rent.low])
    assert found["Unit costs", "Rent", "E"] == pytest.approx(1e6 / rent.median - 1.0)
    assert found["Unit costs", "Rent", "F"] == pytest.approx(chance_within(rent, 1e6, level=answer.level))


def test_a_changed_input_changes_the_lines_also_one_on_the_sheet_of_ownership(answer, shipped):
    owned, costs = sheets(answer, shipped)
    before = computed(owned, costs)
    dearer = costs._replace(rows=[(row[0], 2.0 * row[1]) if row and row[0] == "rent_usd_per_h" else row for row in costs.rows])
    idle = owned._replace(rows=[(row[0], 0.4) if row and row[0] == "utilisation" else row for row in owned.rows])
    after = computed(idle, dearer)
    label = "Billion tokens, rented"
    assert after["Unit costs", label, "B"] == pytest.approx(2.0 * before["Unit costs", label, "B"])
    assert after["Unit costs", label.replace("rented", "owned"), "B"] > before["Unit costs", label.replace("rented", "owned"), "B"] * 1.3


def test_without_a_worth_there_is_no_return_and_without_a_cost_no_sheet(answer, shipped):
    view = EstimateView.of(answer)
    plain = unit_cost_sheet(view, answer, shipped, Worth(), "Unit costs")
    assert not any(row and row[0] in ("Way", "Rent") for row in plain.rows)
    assert unit_cost_sheet(view._replace(results=dict.fromkeys(view.results)), None, shipped, WORTH, "Unit costs") is None


def test_a_formula_of_a_saved_estimate_stays_out_of_the_sheet(answer, shipped):
    view = EstimateView.of(answer)
    steps = tuple(step._replace(formula='HYPERLINK("http://evil","x")') for step in view.steps)
    sheet = unit_cost_sheet(view._replace(steps=steps), None, shipped, WORTH, "Unit costs")
    assert [cell.text for row in sheet.rows for cell in row if isinstance(cell, Formula)]
    assert not [cell for row in sheet.rows for cell in row if isinstance(cell, Formula) and "HYPERLINK" in cell.text]


def test_what_costs_nothing_has_no_return_over_its_cost(ask, shipped):
    owned, costs = sheets(ask(servers=64, rent_price=0.0), shipped)
    (rented,) = [row for row in costs.rows if row and row[0] == "Rent"][-1:]
    assert computed(owned, costs)["Unit costs", "Rent", "B"] == WORTH.value_usd
    assert rented[4] is None
