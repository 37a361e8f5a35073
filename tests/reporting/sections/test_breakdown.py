"""Parts add up to their wholes."""

import re

import pytest

from traincarbon.reporting.currency import USD
from traincarbon.reporting.outline import section_html
from traincarbon.reporting.sections.breakdown import parts_section, wholes
from traincarbon.reporting.view import EstimateView
from traincarbon.uncertain import Interval

ALL = {"rent_usd", "accelerator_hours_h", "tco_usd", "purchase_usd", "facility_energy_kwh", "total_kgco2e", "water_l"}


@pytest.mark.parametrize("fields", [{}, {"servers": 64}, {"goodput": 0.8, "mfu": 0.4}, {"mfu": 0.4}, {"accelerator_hours": 1e5}, {"hw": "h100-sxm5-80gb"}])
def test_the_parts_of_every_result_add_up_to_its_median(ask, fields):
    view = EstimateView.of(ask(**fields))
    found = wholes(view)
    # of parts that do not add up there is no breakdown
    assert {whole.name for whole in found} == {name for name in ALL if view.results[name] is not None}
    for whole in found:
        assert sum(part.value for part in whole.parts) == pytest.approx(view.median(whole.name)), whole.name
        assert all(part.value > 0.0 for part in whole.parts)


def split_of(view, name):
    (found,) = [whole for whole in wholes(view) if whole.name == name]
    return {part.label.partition(":")[0]: part.value for part in found.parts}


def test_the_hours_of_a_run_are_worked_by_hand(ask):
    view = EstimateView.of(ask(mfu=0.4, goodput=0.8))
    hours = view.median("accelerator_hours_h")
    # steps run in 0.8 of the time, at 0.4 of the peak: 0.32 are compute, 0.48 are lost in steps, 0.2 between them
    assert split_of(view, "accelerator_hours_h") == pytest.approx(
        {"Compute at the peak rate": 0.32 * hours, "Steps slower than the peak rate": 0.48 * hours, "Between steps": 0.2 * hours}
    )
    assert list(split_of(EstimateView.of(ask(mfu=0.4)), "accelerator_hours_h").values()) == pytest.approx([0.4 * hours * 0.8, 0.6 * hours * 0.8])


def test_the_costs_and_the_water_of_a_run_are_worked_by_hand(ask):
    view = EstimateView.of(ask(servers=16, pue=1.5, mfu=0.4, purchase_price=160e3, service_life=4, utilisation=0.8, electricity_price=0.1))
    network = view.input("accelerator_purchase_usd", "interconnect_share")
    assert split_of(view, "purchase_usd") == pytest.approx({"Servers": 16 * 160e3, "Network between them": 16 * 160e3 * network / (1 - network)})
    each = 160e3 / 8 / (1 - network)
    parts, share = split_of(view, "tco_usd"), {name: view.input("tco_usd", name) for name in ("resale_share", "capital_share", "colocation_usd_per_kw_month")}
    a_year = view.median("accelerator_hours_h") * each / 0.8 / 8766
    assert parts["Hardware, less its resale"] == pytest.approx(a_year * (1 - share["resale_share"]) / 4)
    assert parts["Capital"] == pytest.approx(a_year * share["capital_share"] * (1 + share["resale_share"]) / 2)
    assert parts["Building"] == pytest.approx(view.median("it_energy_kwh") / 0.8 * share["colocation_usd_per_kw_month"] * 12 / 8766)
    assert parts["Electricity"] == pytest.approx(view.median("electricity_usd"))
    assert len(parts) == 8
    on_site = view.median("it_energy_kwh") * view.input("water_l", "wue_l_per_kwh")
    assert split_of(view, "water_l")["Cooling at the site"] == pytest.approx(on_site)


def test_parts_that_do_not_add_up_are_not_shown(ask):
    view = EstimateView.of(ask(servers=16))
    higher = {**view.results, "water_l": Interval(*(2.0 * bound for bound in view.results["water_l"]))}
    assert {whole.name for whole in wholes(view._replace(results=higher))} == ALL - {"water_l"}


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
    assert parts_section(none, USD, "p1") is None


def test_each_figure_is_drawn_and_summed(ask):
    html = section_html(parts_section(EstimateView.of(ask(servers=64)), USD, "p1"))
    assert html.count('class="stack"') == html.count(">Total<") == len(ALL)
    assert re.search(r'<a href="#p1-facility_energy_kwh">Energy, facility</a>', html)


def test_the_rent_is_the_hours_at_the_price(ask):
    view = EstimateView.of(ask(mfu=0.4, goodput=0.8, rent_price=2.0))
    hours = split_of(view, "accelerator_hours_h")
    assert list(split_of(view, "rent_usd").values()) == pytest.approx([2.0 * part for part in hours.values()])
