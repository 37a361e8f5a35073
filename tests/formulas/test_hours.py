"""From wall-clock time to GPU-hours, and from one attempt to all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import NONSENSE, assert_agrees, assert_linear, assert_refuses
from traincarbon.formulas.hours import attempted_hours_h, occupied_hours_h, sampled_hours_h
from traincarbon.formulas.throughput import duration_s

RUN = {"wall_clock_h": 72.0, "accelerators": 8.0}
SAMPLED = {"seconds_per_sample": 0.36, "samples": 1e6, "epochs": 10.0}
TRIED = {"accelerator_hours_h": 100.0, "attempts": 2.5}


def test_hours_are_the_time_of_every_gpu():
    # 72 × 8
    assert occupied_hours_h(**RUN) == 576.0
    assert duration_s(accelerator_hours_h=576.0, accelerators=8.0) == 72 * 3600


def test_attempts_multiply_hours_and_one_changes_nothing():
    assert attempted_hours_h(**TRIED) == 250.0
    assert attempted_hours_h(accelerator_hours_h=100.0, attempts=1.0) == 100.0


@given(st.floats(0.01, 100.0))
def test_both_are_linear(factor):
    for name in RUN:
        assert_linear(occupied_hours_h, name, factor, **RUN)
    assert_linear(attempted_hours_h, "accelerator_hours_h", factor, **TRIED)


def test_impossible_numbers_are_refused_and_arrays_agree():
    for name in RUN:
        assert_refuses(occupied_hours_h, name, (0.0, *NONSENSE), **RUN)
    assert_refuses(attempted_hours_h, "attempts", (0.0, 0.99, *NONSENSE), **TRIED)
    assert_refuses(attempted_hours_h, "accelerator_hours_h", NONSENSE, **TRIED)
    assert_agrees(occupied_hours_h, **RUN)
    assert_agrees(attempted_hours_h, **TRIED)


@pytest.mark.parametrize("attempts", [1.0, 1.3, 20.0])
def test_more_attempts_never_take_less(attempts):
    assert attempted_hours_h(accelerator_hours_h=10.0, attempts=attempts) >= 10.0


def test_measured_samples_are_hours():
    # 0.36 s × 10^6 × 10 / 3600
    assert sampled_hours_h(**SAMPLED) == 1000.0
    for name in SAMPLED:
        assert_linear(sampled_hours_h, name, 7.0, **SAMPLED)
        assert_refuses(sampled_hours_h, name, (0.0, *NONSENSE), **SAMPLED)
    assert_agrees(sampled_hours_h, **SAMPLED)
