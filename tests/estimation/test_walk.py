"""Links are computed in order, refine what is known, and show their steps."""

from traincarbon.estimation.walk import Link, steps_of, walk
from traincarbon.formulas.facility import facility_energy_kwh
from traincarbon.formulas.power import calibrated_power_w
from traincarbon.uncertain import Uncertain

FACILITY = Link("facility_energy_kwh", facility_energy_kwh, it_energy_kwh="it_energy_kwh", pue="pue")
CALIBRATED = Link("power_w", calibrated_power_w, unless=("mfu",), power_w="power_w", factor="factor")


def walked(links, values, stated=()):
    computed = walk(links, values, frozenset(stated))
    return values, computed


def test_a_link_with_an_unknown_input_yields_none():
    values, computed = walked([FACILITY], {"it_energy_kwh": None, "pue": 1.2})
    assert values["facility_energy_kwh"] is computed[0][2] is None


def test_a_value_known_beforehand_is_not_computed_again():
    values, computed = walked([FACILITY], {"it_energy_kwh": 100.0, "pue": 1.2, "facility_energy_kwh": 7.0})
    assert (values["facility_energy_kwh"], computed) == (7.0, [])


def test_a_link_that_refines_its_value_leaves_it_without_all_inputs():
    assert walked([CALIBRATED], {"power_w": 300.0})[0] == {"power_w": 300.0}
    assert walked([CALIBRATED], {"power_w": 300.0, "factor": 0.5})[0]["power_w"] == 150.0


def test_a_stated_field_makes_a_link_needless():
    assert walked([CALIBRATED], {"power_w": 300.0, "factor": 0.5}, stated=["mfu"])[0]["power_w"] == 300.0
    assert walked([CALIBRATED], {"power_w": 300.0, "factor": 0.5}, stated=["pue"])[0]["power_w"] == 150.0


def test_the_first_known_source_counts_and_a_number_stands_for_itself():
    link = Link("facility_energy_kwh", facility_energy_kwh, it_energy_kwh=("metered_kwh", "it_energy_kwh"), pue=("pue", 2.0))
    assert walked([link], {"it_energy_kwh": 100.0})[0]["facility_energy_kwh"] == 200.0
    assert walked([link], {"it_energy_kwh": 100.0, "metered_kwh": 50.0, "pue": 1.0})[0]["facility_energy_kwh"] == 50.0


def test_the_steps_of_links_hold_medians_units_and_sources():
    (step,) = steps_of(walked([FACILITY], {"it_energy_kwh": Uncertain(100.0, {"mfu": 0.2}), "pue": 1.2})[1])
    assert step == ("facility_energy_kwh", "it_energy_kwh × pue", {"it_energy_kwh": 100.0, "pue": 1.2}, 120.0, "kWh", "iso-2016-30134-2")
