"""The lines of the total cost of ownership."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.errors import CarbonError
from traincarbon.formulas.cost import tco_usd
from traincarbon.formulas.ownership import OWNERSHIP_LINES, ownership_usd

INPUTS = {
    "electricity_usd": 1000.0,
    "accelerator_hours_h": 8766.0,
    "utilisation": 0.5,
    "accelerator_purchase_usd": 10e3,
    "service_life_h": 4 * 8766.0,
    "resale_share": 0.4,
    "support_share": 0.05,
    "staff_share": 0.03,
    "spares_share": 0.02,
    "capital_share": 0.1,
    "disposal_share": 0.04,
    "it_energy_kwh": 8766.0,
    "colocation_usd_per_kw_month": 100.0,
}


def test_each_line_is_worked_by_hand():
    # two years' worth of 10,000: 0.6 / 4 of it is lost, 0.05, 0.03 and 0.02 a year, 0.1 on a mean of 0.7, 0.04 / 4 at the end; 2 kW-years × 1,200
    assert ownership_usd(INPUTS) == pytest.approx(
        {
            "hardware_usd": 3000.0,
            "electricity_usd": 1000.0,
            "building_usd": 2400.0,
            "support_usd": 1000.0,
            "staff_usd": 600.0,
            "spares_usd": 400.0,
            "capital_usd": 1400.0,
            "disposal_usd": 200.0,
        }
    )


@given(st.lists(st.floats(0.01, 1.0), min_size=len(INPUTS), max_size=len(INPUTS)))
def test_the_lines_add_up_to_the_total_whatever_the_inputs(shares):
    scales = {name: 1.0 if name.endswith("_share") or name == "utilisation" else value for name, value in INPUTS.items()}
    inputs = {name: share * scales[name] for name, share in zip(scales, shares, strict=True)}
    assert sum(ownership_usd(inputs).values()) == pytest.approx(tco_usd(**inputs))


def test_every_line_has_a_name_and_a_label_of_its_own():
    assert len({line.name for line in OWNERSHIP_LINES}) == len({line.label for line in OWNERSHIP_LINES}) == 8


def test_a_line_without_an_input_is_refused():
    with pytest.raises(CarbonError, match="no value of staff_share"):
        ownership_usd({name: value for name, value in INPUTS.items() if name != "staff_share"})
