"""Results respond to a 10 % higher input as the formulas say."""

import pytest

from traincarbon.reporting.outline import section_html
from traincarbon.reporting.sections.sensitivity import responses, sensitivity_section

FIGURE = {"rent": 0, "own": 1, "time": 2, "energy": 3, "carbon": 4, "water": 5}


def changes(answer, database):
    return {response.field: response.changes for response in responses(answer, database)}


def test_proportional_results_rise_by_ten_percent(ask, shipped):
    found = changes(ask(servers=64), shipped)
    assert found["tokens"] == pytest.approx((0.1,) * 6)
    assert found["rent_price"] == pytest.approx((0.1, 0, 0, 0, 0, 0))
    assert found["pue"][FIGURE["energy"]] == pytest.approx(0.1)
    assert found["carbon_intensity"][FIGURE["carbon"]] == pytest.approx(0.1, abs=0.03)


def test_a_better_utilisation_shortens_and_saves(ask, shipped):
    found = changes(ask(servers=64), shipped)["mfu"]
    assert found[FIGURE["time"]] == pytest.approx(1 / 1.1 - 1, rel=1e-6)
    assert found[FIGURE["rent"]] == pytest.approx(1 / 1.1 - 1, rel=1e-6)


def test_an_unknown_result_has_no_response(ask, shipped):
    assert changes(ask(), shipped)["tokens"][FIGURE["time"]] is None
    assert "–" in section_html(sensitivity_section(ask(), shipped, "p1"))


def test_an_input_that_cannot_be_higher_is_left_out(ask, shipped):
    assert "utilisation" not in changes(ask(utilisation=0.95), shipped)


def test_stated_hours_answer_for_the_work(ask, shipped):
    found = changes(ask(accelerator_hours=1e5, servers=8), shipped)
    assert "tokens" not in found
    assert found["accelerator_hours"] == pytest.approx((0.1, 0.1, 0.1, 0.1, 0.1, 0.1), abs=0.02)
