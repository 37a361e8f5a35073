"""From arithmetic to time: utilisation, accelerator-hours and wall-clock."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import NONSENSE, assert_agrees, assert_inverse, assert_linear, assert_refuses
from traincarbon.formulas.throughput import (
    accelerator_hours_h,
    calibrated_mfu,
    duration_s,
    end_to_end_mfu,
    expected_mfu,
    implied_mfu,
    narrowed_mfu,
    scaled_mfu,
    sparse_mfu,
    thinned_mfu,
)
from traincarbon.uncertain import Uncertain

shares = st.floats(0.01, 1.0)
factors = st.floats(0.01, 100.0)
RUN = {"compute_flop": 3.15e23, "peak_flop_per_s": 312e12, "mfu": 0.4}
NARROW = {"mfu": 0.4, "speed_up": 2.0, "narrow_share": 0.7}
SPARSE = {"mfu": 0.4, "params_per_active": 16.0, "exponent": 0.25}
THIN = {"mfu": 0.4, "active_params": 1e9, "accelerators": 64.0, "ample_params": 5e7, "exponent": 0.15}


def test_goodput_takes_its_share_of_the_utilisation():
    # 0.5 × 0.9
    assert end_to_end_mfu(step_mfu=0.5, goodput=0.9) == pytest.approx(0.45)
    assert end_to_end_mfu(step_mfu=0.5, goodput=1.0) == 0.5


@given(shares, shares)
def test_utilisation_end_to_end_never_exceeds_that_of_the_steps(mfu, goodput):
    assert end_to_end_mfu(step_mfu=mfu, goodput=goodput) <= min(mfu, goodput)


@pytest.mark.parametrize("name", ["step_mfu", "goodput"])
def test_a_share_outside_zero_to_one_is_refused(name):
    assert_refuses(end_to_end_mfu, name, (0.0, 1.01, math.inf, *NONSENSE), step_mfu=0.5, goodput=0.9)
    assert_agrees(end_to_end_mfu, step_mfu=0.5, goodput=0.9)


def test_gpt_3_on_a100_at_forty_per_cent_takes_seven_hundred_thousand_hours():
    # 3.15e23 / (312e12 × 0.4) = 2.524e9 s = 701,122 h
    assert accelerator_hours_h(**RUN) == pytest.approx(3.15e23 / (312e12 * 0.4) / 3600)
    assert accelerator_hours_h(**RUN) == pytest.approx(701_122, rel=1e-6)


@given(st.floats(1e15, 1e26), shares, factors)
def test_hours_rise_with_work_and_fall_with_speed(flop, mfu, factor):
    run = {"compute_flop": flop, "peak_flop_per_s": 312e12, "mfu": mfu}
    assert_linear(accelerator_hours_h, "compute_flop", factor, **run)
    assert_inverse(accelerator_hours_h, "peak_flop_per_s", factor, **run)
    assert_inverse(accelerator_hours_h, "mfu", 0.5, **run)


def test_hours_without_work_speed_or_a_possible_utilisation_are_refused():
    for name in ("compute_flop", "peak_flop_per_s", "mfu"):
        assert_refuses(accelerator_hours_h, name, (0.0, *NONSENSE), **RUN)
    assert_refuses(accelerator_hours_h, "mfu", (1.01, math.inf), **RUN)
    assert_agrees(accelerator_hours_h, **RUN)


@given(st.floats(1e15, 1e26), shares)
def test_the_utilisation_implied_by_the_hours_is_the_one_that_gave_them(flop, mfu):
    hours = accelerator_hours_h(compute_flop=flop, peak_flop_per_s=312e12, mfu=mfu)
    assert implied_mfu(compute_flop=flop, peak_flop_per_s=312e12, accelerator_hours_h=hours) == pytest.approx(mfu)


def test_llama_65b_reached_almost_half_of_the_peak():
    # 6 × 65.2e9 × 1.4e12 = 5.477e23 FLOP in 1,022,362 h: 5.477e23 / (312e12 × 3600 × 1022362) = 0.477
    run = {"compute_flop": 6 * 65.2e9 * 1.4e12, "peak_flop_per_s": 312e12, "accelerator_hours_h": 1022362.0}
    assert implied_mfu(**run) == pytest.approx(0.477, abs=0.0005)
    for name in run:
        assert_refuses(implied_mfu, name, (0.0, *NONSENSE), **run)
    assert_agrees(implied_mfu, **run)


def test_hours_that_contradict_the_peak_imply_more_than_all_of_it():
    assert implied_mfu(compute_flop=7.2e18, peak_flop_per_s=1e15, accelerator_hours_h=1.0) == pytest.approx(2.0)


def test_a_model_spread_thinly_is_used_less():
    # 1e9 / 64 / 5e7 = 0.3125; 0.3125 ^ 0.15 = e^(0.15 × −1.16315) = 0.8399
    assert thinned_mfu(**THIN) == pytest.approx(0.4 * 0.8399, rel=1e-4)


@given(st.floats(1.0, 20.0))
def test_a_model_with_ample_work_on_each_accelerator_is_used_in_full(accelerators):
    assert thinned_mfu(**{**THIN, "accelerators": accelerators}) == 0.4


@given(st.floats(1.0, 1e5), st.floats(1.0, 2.0))
def test_more_accelerators_never_raise_utilisation_and_it_falls_without_a_jump(accelerators, ratio):
    fewer, more = (thinned_mfu(**{**THIN, "accelerators": n}) for n in (accelerators, accelerators * ratio))
    assert fewer * ratio**-0.15 * (1.0 - 1e-12) <= more <= fewer * (1.0 + 1e-12)


@pytest.mark.parametrize("name", THIN)
def test_thinning_of_nothing_is_refused(name):
    assert_refuses(thinned_mfu, name, (0.0, *NONSENSE), **THIN) if name not in ("ample_params", "exponent") else None
    assert_agrees(thinned_mfu, only_floats=("ample_params", "exponent"), **THIN)


def test_a_mixture_with_a_sixteenth_of_its_parameters_active_reaches_half_at_an_exponent_of_a_quarter():
    assert sparse_mfu(**SPARSE) == 0.2
    assert sparse_mfu(**{**SPARSE, "params_per_active": 1.0}) == 0.4


@pytest.mark.parametrize("name", SPARSE)
def test_the_sparsity_of_nothing_is_refused(name):
    assert_refuses(sparse_mfu, name, (0.0, *NONSENSE), **SPARSE) if name in ("mfu", "params_per_active") else None
    assert_agrees(sparse_mfu, only_floats=("exponent",), **SPARSE)


def test_as_many_accelerators_as_accelerator_hours_take_one_hour():
    # 2240 h / 2240 = 1 h = 3600 s
    assert duration_s(accelerator_hours_h=2240.0, accelerators=2240.0) == 3600.0


@given(st.floats(1e-3, 1e9), st.floats(1.0, 1e5), factors)
def test_the_wall_clock_is_linear_in_hours_and_falls_with_accelerators(hours, n, factor):
    assert_linear(duration_s, "accelerator_hours_h", factor, accelerator_hours_h=hours, accelerators=n)
    assert_inverse(duration_s, "accelerators", factor, accelerator_hours_h=hours, accelerators=n)


@pytest.mark.parametrize("name", ["accelerator_hours_h", "accelerators"])
def test_a_wall_clock_of_nothing_is_refused(name):
    assert_refuses(duration_s, name, (0.0, *NONSENSE), accelerator_hours_h=1000.0, accelerators=8.0)
    assert_agrees(duration_s, accelerator_hours_h=1000.0, accelerators=8.0)


def test_a_format_of_twice_the_rate_is_used_less_of_it_but_is_no_slower():
    # 0.7 of the time in half, 0.3 as before: 0.65 of the time at twice the peak, 0.4 / 1.3
    assert narrowed_mfu(**NARROW) == pytest.approx(0.4 / 1.3)
    assert narrowed_mfu(**{**NARROW, "speed_up": 1.0}) == pytest.approx(0.4)
    assert narrowed_mfu(**{**NARROW, "narrow_share": 1.0}) == 0.4


@given(st.floats(1.0, 16.0), st.floats(1.0, 2.0))
def test_a_narrower_format_never_slows_the_step(speed_up, ratio):
    slower, faster = (narrowed_mfu(**{**NARROW, "speed_up": r}) * r for r in (speed_up, speed_up * ratio))
    assert slower * (1.0 - 1e-12) <= faster <= slower * ratio


def test_narrowing_of_nothing_is_refused():
    assert_refuses(narrowed_mfu, "mfu", (0.0, 1.01, *NONSENSE), **NARROW)
    assert_refuses(narrowed_mfu, "speed_up", (0.0, *NONSENSE), **NARROW)
    assert_refuses(narrowed_mfu, "narrow_share", (-0.1, 1.1, math.nan), **NARROW)
    assert_agrees(narrowed_mfu, only_floats=("narrow_share",), **NARROW)


def test_a_calibrated_utilisation_is_the_expected_one_times_the_factor_and_never_above_one():
    assert calibrated_mfu(mfu=0.4, factor=0.5) == 0.2
    assert calibrated_mfu(mfu=0.4, factor=1.0) == 0.4
    assert calibrated_mfu(mfu=0.8, factor=2.0) == 1.0


def test_a_calibrated_utilisation_is_as_sure_as_its_factor():
    assert calibrated_mfu(mfu=0.4, factor=Uncertain(0.5, {"mfu": 0.1})).spreads == {"mfu": 0.1}


def test_calibrating_nothing_is_refused():
    assert_refuses(calibrated_mfu, "mfu", (0.0, *NONSENSE), mfu=0.4, factor=0.5)
    assert_refuses(calibrated_mfu, "factor", (0.0, *NONSENSE), mfu=0.4, factor=0.5)
    assert_agrees(calibrated_mfu, mfu=0.4, factor=0.5)


def test_better_matrix_products_raise_the_utilisation_to_a_limit():
    assert scaled_mfu(mfu=0.4, ceiling=0.9, usual_ceiling=0.6) == pytest.approx(0.6)
    assert scaled_mfu(mfu=0.8, ceiling=0.9, usual_ceiling=0.6) == 0.95
    for name in ("mfu", "ceiling", "usual_ceiling"):
        assert_refuses(scaled_mfu, name, (0.0, *NONSENSE), mfu=0.4, ceiling=0.9, usual_ceiling=0.6)


def test_factors_of_a_training_multiply_to_a_limit():
    inputs = {"mfu": 0.4, "family_factor": 0.5, "kind_factor": 0.5, "precision_factor": 2.0}
    assert expected_mfu(**inputs) == pytest.approx(0.2)
    assert expected_mfu(**{**inputs, "mfu": 0.9, "family_factor": 3.0}) == 0.95
    for name in inputs:
        assert_refuses(expected_mfu, name, (0.0, *NONSENSE), **inputs)
