"""What a training draws: accelerators, the rest of the server, and the energy of both with the network."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import NONSENSE, assert_agrees, assert_inverse, assert_linear, assert_refuses
from traincarbon.formulas.power import accelerator_power_w, calibrated_power_w, host_power_w, it_energy_kwh, unmetered_j
from traincarbon.uncertain import Uncertain

shares = st.floats(0.01, 1.0)
factors = st.floats(0.01, 100.0)
CHIP = {"board_power_w": 400.0, "reference_share": 0.75, "mfu": 0.2, "reference_mfu": 0.4, "exponent": 0.5, "idle_share": 0.15}
HOST = {"max_power_w": 6500.0, "accelerator_count": 8.0, "board_power_w": 400.0, "host_share": 0.5}
RUN = {"accelerator_hours_h": 1000.0, "accelerator_power_w": 300.0, "host_power_w": 200.0, "network_share": 0.04}
FITTED = ("reference_mfu", "exponent", "idle_share")


def test_half_the_utilisation_draws_less_than_all_and_more_than_half():
    # 400 × 0.75 × (0.2 / 0.4)^0.5 = 300 × 0.70711 = 212.13
    assert accelerator_power_w(**CHIP) == pytest.approx(212.132, rel=1e-5)


@pytest.mark.parametrize("mfu", [0.4, 0.5, 1.0])
def test_the_draw_from_the_reference_on_is_the_reference_share_of_the_cap(mfu):
    assert accelerator_power_w(**{**CHIP, "mfu": mfu}) == pytest.approx(300.0)


@given(shares)
def test_the_draw_stays_between_idle_and_the_cap(mfu):
    assert 0.15 * 400.0 <= accelerator_power_w(**{**CHIP, "mfu": mfu}) <= 400.0


def test_the_limits_are_reached():
    assert accelerator_power_w(**{**CHIP, "mfu": 1e-9}) == pytest.approx(60.0)
    assert accelerator_power_w(**{**CHIP, "mfu": 1.0, "reference_share": 1.0}) == 400.0


@given(shares, st.floats(1.0, 1.1))
def test_the_draw_rises_with_utilisation_without_a_jump(mfu, ratio):
    low, high = (accelerator_power_w(**{**CHIP, "mfu": u}) for u in (mfu, min(1.0, mfu * ratio)))
    assert low <= high <= low * ratio**0.5 * (1.0 + 1e-12)


@given(st.floats(1.0, 2000.0), factors)
def test_the_draw_is_linear_in_the_cap(board, factor):
    assert_linear(accelerator_power_w, "board_power_w", factor, **{**CHIP, "board_power_w": board})


@pytest.mark.parametrize("name", ["board_power_w", "mfu", "reference_share"])
def test_a_draw_of_nothing_is_refused(name):
    assert_refuses(accelerator_power_w, name, (0.0, *NONSENSE), **CHIP)


def test_the_draw_agrees_for_floats_arrays_and_uncertain_numbers():
    assert_agrees(accelerator_power_w, only_floats=FITTED, **CHIP)


def test_of_an_array_each_element_is_held_between_idle_and_cap():
    draw = accelerator_power_w(**{**CHIP, "mfu": np.array([1e-9, 0.2, 1.0])})
    assert draw == pytest.approx([60.0, 212.132, 300.0], rel=1e-5)


def test_the_spread_of_the_utilisation_enters_with_the_exponent():
    draw = accelerator_power_w(**{**CHIP, "mfu": Uncertain(0.2, {"mfu": 0.3})})
    assert draw.spreads == {"mfu": pytest.approx(0.15)}


def test_the_host_draws_its_share_of_what_the_nameplate_leaves():
    # 6500 / 8 = 812.5; less 400 = 412.5; × 0.5 = 206.25
    assert host_power_w(**HOST) == pytest.approx(206.25)


def test_a_nameplate_of_the_accelerators_alone_leaves_the_host_nothing():
    assert host_power_w(**{**HOST, "max_power_w": 3200.0}) == 0.0


@given(st.floats(3200.0, 20000.0), st.floats(0.0, 1000.0))
def test_a_larger_nameplate_never_draws_less(nameplate, more):
    small, large = (host_power_w(**{**HOST, "max_power_w": w}) for w in (nameplate, nameplate + more))
    assert large - small == pytest.approx(more / 8.0 * 0.5, abs=1e-9)


@pytest.mark.parametrize("name", HOST)
def test_a_host_of_nothing_is_refused(name):
    assert_refuses(host_power_w, name, (0.0, *NONSENSE), **HOST)


def test_a_nameplate_below_the_accelerators_is_refused():
    inputs = {**HOST, "max_power_w": 3100.0}
    with pytest.raises(Exception, match=r"rest_w is -12\.5"):
        host_power_w(**inputs)


def test_the_host_agrees_for_floats_arrays_and_uncertain_numbers():
    assert_agrees(host_power_w, **HOST)


def test_energy_is_hours_times_the_draw_of_all():
    # 1000 h × (300 + 200) W × 1.04 / 1000 = 520 kWh
    assert it_energy_kwh(**RUN) == pytest.approx(520.0)


def test_energy_without_host_and_network_is_that_of_the_accelerators():
    assert it_energy_kwh(**{**RUN, "host_power_w": 0.0, "network_share": 0.0}) == pytest.approx(300.0)


@given(st.floats(1e-3, 1e9), factors)
def test_energy_is_linear_in_the_hours(hours, factor):
    assert_linear(it_energy_kwh, "accelerator_hours_h", factor, **{**RUN, "accelerator_hours_h": hours})
    assert_inverse(lambda *, n: it_energy_kwh(**{**RUN, "accelerator_hours_h": 1.0 / n}), "n", factor, n=hours)


def test_energy_of_nothing_is_refused():
    for name in ("accelerator_hours_h", "accelerator_power_w"):
        assert_refuses(it_energy_kwh, name, (0.0, *NONSENSE), **RUN)
    for name in ("host_power_w", "network_share"):
        assert_refuses(it_energy_kwh, name, NONSENSE, **RUN)
    assert_agrees(it_energy_kwh, **RUN)


def test_no_infinite_share_of_the_cap_is_accepted():
    assert_refuses(accelerator_power_w, "reference_share", (math.inf,), **CHIP)


def test_a_calibrated_draw_is_the_expected_one_times_the_factor():
    assert calibrated_power_w(power_w=300.0, factor=1.25) == 375.0
    assert calibrated_power_w(power_w=0.0, factor=1.25) == 0.0
    assert calibrated_power_w(power_w=600.0, factor=1.25) == 750.0


def test_a_calibrated_draw_is_as_sure_as_its_factor():
    assert calibrated_power_w(power_w=300.0, factor=Uncertain(1.25, {"power": 0.1})).spreads == {"power": 0.1}


def test_a_factor_of_nothing_is_refused():
    assert_refuses(calibrated_power_w, "factor", (0.0, *NONSENSE), power_w=300.0, factor=1.25)
    assert_refuses(calibrated_power_w, "power_w", (-1.0, math.nan), power_w=300.0, factor=1.25)
    assert_agrees(calibrated_power_w, power_w=300.0, factor=1.25)


def test_energy_without_a_meter_is_the_rest_and_at_least_its_share():
    inputs = {"host_j": 100.0, "metered_j": 30.0, "rest_share": 0.25}
    assert unmetered_j(**inputs) == 70.0
    assert unmetered_j(**{**inputs, "metered_j": 90.0}) == 25.0
    assert unmetered_j(**{**inputs, "metered_j": 200.0}) == 25.0
    for name in inputs:
        assert_refuses(unmetered_j, name, NONSENSE, **inputs)
    assert_refuses(unmetered_j, "rest_share", (1.1,), **inputs)
