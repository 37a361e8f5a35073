"""Parts add up to their wholes."""

import re

import pytest

from traincarbon.reporting.currency import USD
from traincarbon.reporting.outline import section_html
from traincarbon.reporting.sections.breakdown import parts_section, wholes
from traincarbon.reporting.view import EstimateView


@pytest.mark.parametrize("fields", [{}, {"servers": 64}, {"goodput": 0.8, "mfu": 0.4}, {"mfu": 0.4}, {"accelerator_hours": 1e5}, {"hw": "h100-sxm5-80gb"}])
def test_the_parts_of_every_figure_add_up_to_its_median(ask, fields):
    view = EstimateView.of(ask(**fields))
    found = wholes(view)
    assert len(found) >= 5
    for whole in found:
        assert sum(part.value for part in whole.parts) == pytest.approx(view.median(whole.name)), whole.name
        assert all(part.value >= 0.0 for part in whole.parts)


def test_the_energy_of_a_run_is_worked_by_hand(ask):
    view = EstimateView.of(ask(mfu=0.4, pue=1.5))
    (energy,) = [whole for whole in wholes(view) if whole.name == "facility_energy_kwh"]
    assert energy.parts[-1].value == pytest.approx(view.median("facility_energy_kwh") / 3.0)
    hours_kh = view.median("accelerator_hours_h") / 1000.0
    assert energy.parts[1].value == pytest.approx(hours_kh * (6500.0 / 8 - 400.0) * view.input("host_power_w", "host_share"))


def test_a_figure_that_is_not_known_has_no_parts(ask):
    view = EstimateView.of(ask())
    none = view._replace(results=dict.fromkeys(view.results))
    assert wholes(none) == []
    assert section_html(parts_section(none, USD, "p1")) == ""


def test_each_figure_is_drawn_and_summed(ask):
    html = section_html(parts_section(EstimateView.of(ask(servers=64)), USD, "p1"))
    assert html.count('class="stack"') == html.count(">Total<") == 6
    assert re.search(r'<a href="#p1-facility_energy_kwh">Energy, facility</a>', html)
