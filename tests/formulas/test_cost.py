"""What a run costs: rent, electricity, purchase and ownership."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import NONSENSE, assert_agrees, assert_inverse, assert_linear, assert_refuses
from traincarbon.formulas.cost import accelerator_purchase_usd, electricity_usd, own_usd, purchase_usd, rent_usd, resale_share, service_life_h, tco_usd

amounts = st.floats(0.0, 1e12)
factors = st.floats(0.01, 100.0)
RENT = {"accelerator_hours_h": 1000.0, "rent_usd_per_h": 2.5}
POWER = {"facility_energy_kwh": 1000.0, "electricity_usd_per_kwh": 0.08}
SERVER = {"server_usd": 160e3, "accelerator_count": 8.0, "interconnect_share": 0.2}
CLUSTER = {"accelerators": 4480.0, "accelerator_purchase_usd": 25e3}
OWN = {"accelerator_hours_h": 8766.0, "accelerator_purchase_usd": 30e3, "service_life_h": 4 * 8766.0, "utilisation": 0.75, "electricity_usd": 500.0}

TCO = {
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
    "it_energy_kwh": 0.99 * 8766.0,
    "colocation_usd_per_kw_month": 100.0,
}


def test_rent_is_hours_times_the_price_of_one():
    # 1000 × 2.5
    assert rent_usd(**RENT) == 2500.0
    assert rent_usd(accelerator_hours_h=1000.0, rent_usd_per_h=0.0) == 0.0


def test_electricity_is_energy_times_its_price():
    # 1000 × 0.08
    assert electricity_usd(**POWER) == 80.0
    assert electricity_usd(facility_energy_kwh=0.0, electricity_usd_per_kwh=0.08) == 0.0


@given(amounts, st.floats(0.0, 100.0), factors)
def test_rent_and_electricity_are_linear_in_both_inputs(amount, price, factor):
    for formula, names in ((rent_usd, RENT), (electricity_usd, POWER)):
        inputs = dict(zip(names, (amount, price), strict=True))
        for name in names:
            assert_linear(formula, name, factor, **inputs)


@pytest.mark.parametrize(("formula", "inputs"), [(rent_usd, RENT), (electricity_usd, POWER)])
def test_negative_amounts_and_prices_are_refused(formula, inputs):
    for name in inputs:
        assert_refuses(formula, name, NONSENSE, **inputs)
    assert_agrees(formula, **inputs)


def test_an_accelerator_costs_its_part_of_the_server_and_of_the_network():
    # 160,000 / 8 = 20,000; the network is 20 % of the whole: 20,000 / 0.8 = 25,000
    assert accelerator_purchase_usd(**SERVER) == pytest.approx(25_000.0)


def test_without_a_network_it_costs_its_part_of_the_server():
    assert accelerator_purchase_usd(**{**SERVER, "interconnect_share": 0.0}) == 20_000.0


@given(st.floats(1.0, 1e7), st.floats(0.0, 0.9), factors)
def test_a_dearer_server_costs_in_proportion_and_a_network_never_less(server, share, factor):
    inputs = {"server_usd": server, "accelerator_count": 8.0, "interconnect_share": share}
    assert_linear(accelerator_purchase_usd, "server_usd", factor, **inputs)
    assert_inverse(accelerator_purchase_usd, "accelerator_count", factor, **inputs)
    assert accelerator_purchase_usd(**inputs) >= server / 8.0


def test_a_server_of_nothing_and_a_cluster_of_network_only_are_refused():
    for name in ("server_usd", "accelerator_count"):
        assert_refuses(accelerator_purchase_usd, name, (0.0, *NONSENSE), **SERVER)
    assert_refuses(accelerator_purchase_usd, "interconnect_share", (0.91, 1.0, math.inf, *NONSENSE), **SERVER)
    assert_agrees(accelerator_purchase_usd, **SERVER)


def test_a_cluster_costs_its_accelerators():
    # 4480 × 25,000
    assert purchase_usd(**CLUSTER) == 112e6
    assert purchase_usd(accelerators=1.0, accelerator_purchase_usd=25e3) == 25e3


@given(st.floats(1.0, 1e6), factors)
def test_a_cluster_is_linear_in_its_size(n, factor):
    assert_linear(purchase_usd, "accelerators", factor, accelerators=n, accelerator_purchase_usd=25e3)


@pytest.mark.parametrize("name", CLUSTER)
def test_a_cluster_of_nothing_is_refused(name):
    assert_refuses(purchase_usd, name, (0.0, *NONSENSE), **CLUSTER)
    assert_agrees(purchase_usd, **CLUSTER)


def test_ownership_is_the_run_s_share_of_the_useful_life_and_the_electricity():
    # 1 year of 4 × 0.75 = 3 useful ones: 30,000 / 3 = 10,000; + 500
    assert own_usd(**OWN) == pytest.approx(10_500.0)


def test_hardware_used_for_all_of_its_life_is_paid_in_full():
    assert own_usd(**{**OWN, "accelerator_hours_h": 35064.0, "utilisation": 1.0, "electricity_usd": 0.0}) == pytest.approx(30_000.0)


@given(st.floats(1.0, 1e9), amounts)
def test_ownership_less_its_electricity_is_linear_in_the_hours(hours, electricity):
    inputs = {**OWN, "accelerator_hours_h": hours, "electricity_usd": 0.0}
    assert_linear(own_usd, "accelerator_hours_h", 3.0, **inputs)
    assert_inverse(own_usd, "service_life_h", 3.0, **inputs)
    assert own_usd(**{**inputs, "electricity_usd": electricity}) == pytest.approx(own_usd(**inputs) + electricity)


def test_ownership_of_nothing_is_refused():
    for name in ("accelerator_hours_h", "accelerator_purchase_usd", "service_life_h", "utilisation"):
        assert_refuses(own_usd, name, (0.0, *NONSENSE), **OWN)
    assert_refuses(own_usd, "utilisation", (1.01, math.inf), **OWN)
    assert_refuses(own_usd, "electricity_usd", NONSENSE, **OWN)
    assert_agrees(own_usd, **OWN)


def test_a_service_life_is_counted_in_years_of_365_and_a_quarter_days():
    assert service_life_h(service_life=4.0) == 4 * 365.25 * 24
    assert_refuses(service_life_h, "service_life", (0.0, *NONSENSE), service_life=4.0)
    assert_agrees(service_life_h, service_life=4.0)


def test_total_ownership_adds_a_year_of_upkeep_and_of_the_building_by_the_hours_in_use():
    # a year used by half is two years' worth: 10,000 × ((1 - 0.4 + 0.04) / 4 + 0.05 + 0.03 + 0.02 + 0.1 × 1.4 / 2) and 0.99 kW × 12 × 100
    assert tco_usd(**TCO) == pytest.approx(1000.0 + 2.0 * (3300.0 + 1188.0))


def test_total_ownership_without_upkeep_and_resale_is_ownership():
    nothing = {name: 0.0 for name in TCO if name.endswith("_share")} | {"colocation_usd_per_kw_month": 0.0}
    of_own = {name: TCO[name] for name in OWN}
    assert tco_usd(**{**TCO, **nothing}) == pytest.approx(own_usd(**of_own))


def test_what_is_sold_for_its_price_costs_interest_and_upkeep_alone():
    kept = {**TCO, "resale_share": 1.0, "disposal_share": 0.0, "support_share": 0.0, "staff_share": 0.0, "spares_share": 0.0}
    assert tco_usd(**kept) == pytest.approx(1000.0 + 2.0 * (1000.0 + 1188.0))


def test_a_resale_is_what_is_kept_in_a_year_to_the_power_of_the_years():
    # 0.8^4
    assert resale_share(value_retained=0.8, service_life=4.0) == pytest.approx(0.4096)
    assert resale_share(value_retained=1.0, service_life=9.0) == 1.0
    assert_refuses(resale_share, "value_retained", (0.0, 1.01, *NONSENSE), value_retained=0.8, service_life=4.0)
    assert_refuses(resale_share, "service_life", (0.0, *NONSENSE), value_retained=0.8, service_life=4.0)
    assert_agrees(resale_share, value_retained=0.8, service_life=4.0)


def test_a_discount_comes_off_the_rent():
    assert rent_usd(**RENT, discount=0.2) == pytest.approx(2000.0)
    assert_refuses(rent_usd, "discount", (-0.1, 1.01, math.inf), **RENT, discount=0.0)


def test_total_ownership_refuses_what_cannot_be_and_takes_arrays():
    for name in (
        "support_share",
        "staff_share",
        "spares_share",
        "capital_share",
        "disposal_share",
        "colocation_usd_per_kw_month",
        "electricity_usd",
        "it_energy_kwh",
    ):
        assert_refuses(tco_usd, name, NONSENSE, **TCO)
    assert_refuses(tco_usd, "utilisation", (0.0, 1.01, math.inf), **TCO)
    assert_refuses(tco_usd, "resale_share", (-0.1, 1.01, math.inf), **TCO)
    assert_agrees(tco_usd, **TCO)
