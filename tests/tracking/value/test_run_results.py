"""What metered joules mean, worked by hand, and what is said of those that nobody metered."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.tracking.value.run_results import Coefficients, Part, mfu_of, run_results, uncertain_from
from traincarbon.uncertain import Interval, Uncertain

KNOWN = Coefficients(
    pue=Uncertain(1.2, {"pue": 0.1}),
    carbon_intensity=Uncertain(400.0, {"carbon_intensity": 0.15}),
    embodied_kgco2e_per_h=Uncertain(0.02, {"embodied": 0.5}),
    electricity_usd_per_kwh=Uncertain(0.1),
    wue_l_per_kwh=Uncertain(0.5),
    grid_water_l_per_kwh=Uncertain(2.0),
    host_w=Uncertain(200.0, {"host": 0.2}),
    host_rest_share=Uncertain(0.25, {"host_rest_share": 0.5}),
)
KWH = 3.6e6


def medians(parts, hours=10.0, known=KNOWN):
    return {name: value.median for name, value in run_results(parts, accelerator_hours_h=hours, coefficients=known).values.items()}


def test_a_run_by_hand():
    # 10 accelerator-hours: 4 kWh of boards, and 10 h × 200 W = 2 kWh of host that nobody metered
    found = run_results({"gpu": Part(4.0 * KWH)}, accelerator_hours_h=10.0, coefficients=KNOWN)
    assert {name: value.median for name, value in found.values.items()} == pytest.approx(
        {
            "it_energy_kwh": 6.0,
            "facility_energy_kwh": 7.2,
            "operational_kgco2e": 2.88,
            "embodied_kgco2e": 0.2,
            "total_kgco2e": 3.08,
            "water_l": 6.0 * 0.5 + 7.2 * 2.0,
            "electricity_usd": 0.72,
            "cost_usd": 0.72,
        }
    )
    assert found.sources_kwh == pytest.approx({"measured": 4.0, "modelled": 0.0, "assumed": 2.0})
    assert found.cost_basis == "electricity alone"
    assert found.notes == ()
    # a third of the energy has the host's spread
    assert found.values["it_energy_kwh"].spreads == pytest.approx({"host": 0.2 / 3.0})


def test_what_is_metered_of_the_host_is_not_assumed_again():
    # of 2 kWh of host, 0.5 + 0.3 are metered: 1.2 are left, whose spread is that of the 2
    parts = {"gpu": Part(4.0 * KWH), "cpu": Part(0.5 * KWH), "dram": Part(0.3 * KWH)}
    found = run_results(parts, accelerator_hours_h=10.0, coefficients=KNOWN)
    assert found.values["it_energy_kwh"].median == pytest.approx(6.0)
    assert found.sources_kwh == pytest.approx({"measured": 4.8, "modelled": 0.0, "assumed": 1.2})
    assert found.values["it_energy_kwh"].spreads == pytest.approx({"host": 0.2 * 2.0 / 6.0})


def test_a_busy_processor_still_leaves_fans_and_conversion():
    # 3 kWh of processors exceed the host of 2: at least a quarter of that, 0.5, is left
    assert medians({"gpu": Part(4.0 * KWH), "cpu": Part(3.0 * KWH)})["it_energy_kwh"] == pytest.approx(7.5)


def test_nearly_all_of_the_host_metered_still_leaves_fans_and_conversion():
    # of 2 kWh of host 1.9 are metered: not 0.1 but a quarter of the 2 is left
    assert medians({"gpu": Part(4.0 * KWH), "cpu": Part(1.9 * KWH)})["it_energy_kwh"] == pytest.approx(4.0 + 1.9 + 0.5)


def test_nearly_all_metered_leaves_a_rest_no_surer_than_its_order_of_magnitude():
    known = KNOWN._replace(host_rest_share=None)
    found = run_results({"cpu": Part(1.99 * KWH)}, accelerator_hours_h=10.0, coefficients=known)
    assert found.values["it_energy_kwh"].spreads == pytest.approx({"host": 0.01 / 2.0})


def test_a_metered_server_stands_for_all_that_is_in_it():
    parts = {"server": Part(9.0 * KWH, "power"), "gpu": Part(4.0 * KWH), "cpu": Part(1.0 * KWH, "modelled", 0.4), "other": Part(5.0 * KWH)}
    found = run_results(parts, accelerator_hours_h=10.0, coefficients=KNOWN)
    assert found.values["it_energy_kwh"].median == pytest.approx(9.0)
    assert found.sources_kwh == pytest.approx({"measured": 9.0, "modelled": 0.0, "assumed": 0.0})


def test_a_server_s_meter_that_shows_less_than_its_parts_is_not_believed():
    found = run_results({"server": Part(1.0 * KWH), "gpu": Part(4.0 * KWH)}, accelerator_hours_h=10.0, coefficients=KNOWN)
    assert found.values["it_energy_kwh"].median == pytest.approx(6.0)
    assert found.notes == ("ignored the meter of the server: it shows less than its parts",)


def test_what_no_meter_covers_on_unknown_hardware_is_said_and_not_0():
    found = run_results({"gpu": Part(4.0 * KWH), "cpu": Part(1.0 * KWH)}, accelerator_hours_h=10.0, coefficients=KNOWN._replace(host_w=None))
    assert found.values["it_energy_kwh"].median == pytest.approx(5.0)
    assert found.notes == ("the energy of dram, fans, disks and power supply is unknown on this machine and not included",)


def test_energy_of_which_nothing_is_known_is_not_0():
    found = run_results({}, accelerator_hours_h=0.0, coefficients=KNOWN._replace(host_w=None))
    assert found.values == {}
    assert medians({}, hours=10.0)["it_energy_kwh"] == pytest.approx(2.0)  # of known hardware the host is assumed


def test_a_modelled_processor_holds_its_share_of_the_server():
    found = run_results({"cpu": Part(1.0 * KWH, "modelled", 0.4)}, accelerator_hours_h=0.0, coefficients=KNOWN)
    assert found.values["it_energy_kwh"].spreads == {"cpu model": 0.4}
    assert found.sources_kwh == pytest.approx({"measured": 0.0, "modelled": 1.0, "assumed": 0.0})
    assert found.notes == ("the embodied emissions of this hardware are unknown: CO2e covers electricity only",)


def test_what_a_meter_says_has_the_spread_of_meters_and_of_its_own():
    known = KNOWN._replace(host_w=None, meter=Uncertain(1.0, {"meter": 0.03}))
    parts = {"gpu": Part(3.0 * KWH, "counter"), "dram": Part(1.0 * KWH, "power", 0.08), "cpu": Part(4.0 * KWH, "modelled", 0.4)}
    spreads = run_results(parts, accelerator_hours_h=1.0, coefficients=known).values["it_energy_kwh"].spreads
    assert spreads == pytest.approx({"meter": 0.03 / 2.0, "dram meter": 0.01, "cpu model": 0.2})


def test_switches_add_their_share_where_several_servers_work():
    assert medians({"server": Part(4.0 * KWH)}, known=KNOWN._replace(network_share=Uncertain(0.05)))["it_energy_kwh"] == pytest.approx(4.2)


def test_rented_hardware_costs_its_rent_and_bought_its_share_and_electricity():
    rented = run_results(
        {"gpu": Part(KWH)}, accelerator_hours_h=10.0, coefficients=KNOWN._replace(rent_usd_per_h=Uncertain(2.5), purchase_usd_per_h=Uncertain(1.0))
    )
    assert (rented.values["cost_usd"].median, rented.cost_basis) == (25.0, "rent")
    bought = run_results({"server": Part(10.0 * KWH)}, accelerator_hours_h=10.0, coefficients=KNOWN._replace(purchase_usd_per_h=Uncertain(1.0)))
    assert bought.values["cost_usd"].median == pytest.approx(10.0 + 10.0 * 1.2 * 0.1)
    assert bought.cost_basis == "electricity and a share of the purchase"


def test_what_is_not_known_is_left_out():
    assert set(medians({"server": Part(KWH)}, known=Coefficients())) == {"it_energy_kwh"}
    assert set(medians({"server": Part(KWH)}, known=Coefficients(pue=Uncertain(1.2)))) == {"it_energy_kwh", "facility_energy_kwh"}
    found = run_results({}, accelerator_hours_h=0.0, coefficients=Coefficients())
    assert (found.values, found.cost_basis) == ({}, "")


@given(st.floats(1.0, 1e12), st.floats(0.01, 1e6), st.floats(0.5, 100.0))
def test_figures_grow_in_proportion_to_energy_and_hours(energy_j, hours, factor):
    one = medians({"gpu": Part(energy_j)}, hours)
    many = medians({"gpu": Part(energy_j * factor)}, hours * factor)
    assert many == pytest.approx({name: value * factor for name, value in one.items()})


def test_an_interval_is_read_back_as_it_was():
    figure = Uncertain(100.0, {"a": 0.3, "b": -0.4})
    back = uncertain_from(Interval.of(figure).to_dict(), name="earlier")
    assert back.median == 100.0
    assert back.spreads == pytest.approx({"earlier": 0.5})
    assert uncertain_from({"low": 0.0, "median": 0.0, "high": 0.0}, name="earlier") == Uncertain(0.0)


def test_the_utilisation_by_hand():
    # 1e9 tokens of 6e9 FLOP in one hour of a chip of 1e16 FLOP/s: 6e18 / 3.6e19
    assert mfu_of(tokens=1e9, flop_per_token=6e9, accelerator_hours_h=1.0, peak_flop_per_s=Uncertain(1e16)) == pytest.approx(1.0 / 6.0)


@pytest.mark.parametrize("changed", [{"tokens": 0.0}, {"accelerator_hours_h": 0.0}, {"peak_flop_per_s": 0.0}, {"tokens": math.nan}])
def test_nothing_done_has_no_utilisation(changed):
    assert mfu_of(**{"tokens": 1e9, "flop_per_token": 6e9, "accelerator_hours_h": 1.0, "peak_flop_per_s": 1e16, **changed}) is None


def test_energy_without_the_gpu_that_is_there_is_no_total():
    found = run_results({"cpu": Part(4.0 * KWH, "modelled", 0.4)}, accelerator_hours_h=10.0, coefficients=KNOWN, has_unread_gpu=True)
    assert (found.values, found.sources_kwh, found.cost_basis) == ({}, {}, "")


def test_processors_that_are_the_accelerators_count_for_their_making_and_not_for_unmetered_power():
    known = Coefficients(pue=Uncertain(1.0), carbon_intensity=Uncertain(100.0), embodied_kgco2e_per_h=Uncertain(0.5), host_w=Uncertain(1000.0))
    parts = {"cpu": Part(3.6e6, "modelled", 0.0)}
    found = run_results(parts, accelerator_hours_h=0.0, processor_hours_h=2.0, coefficients=known)
    assert found.values["it_energy_kwh"].median == pytest.approx(1.0)
    assert found.values["embodied_kgco2e"].median == pytest.approx(1.0)
    assert found.values["total_kgco2e"].median == pytest.approx(1.1)
    without = run_results(parts, accelerator_hours_h=0.0, coefficients=known)
    assert "embodied_kgco2e" not in without.values
    gpus = run_results(parts, accelerator_hours_h=3.0, processor_hours_h=2.0, coefficients=known)
    assert gpus.values["embodied_kgco2e"].median == pytest.approx(1.5)
