"""Compute as the guidelines on general-purpose AI count it: by architecture and by hardware."""

import pytest

from traincarbon.disclosure.compute import compute_by_hardware
from traincarbon.formulas.compute import training_flop
from traincarbon.formulas.throughput import hardware_based_flop


def test_the_worked_models_of_the_guidelines_by_architecture():
    assert f"{training_flop(active_params=3.8e9, tokens=3.3e12):.1e}" == "7.5e+22"


@pytest.mark.parametrize(("hours", "peak", "share", "expected"), [(200_000.0, 300e12, 0.5, "1.1e+23"), (370_000.0, 989e12, 0.5, "6.6e+23")])
def test_the_worked_models_of_the_guidelines_by_hardware(hours, peak, share, expected):
    assert f"{hardware_based_flop(accelerator_hours_h=hours, peak_flop_per_s=peak, mfu=share):.1e}" == expected


def test_the_count_by_hardware_is_that_of_published_utilisation(ask, shipped):
    counted, utilisation = compute_by_hardware(hw="dgx-a100", params=7e9, precision=None, accelerator_hours_h=1000.0, level=0.9, database=shipped)
    assert utilisation == pytest.approx(ask().median("mfu"))
    assert counted.median == pytest.approx(1000.0 * 3600.0 * 312e12 * utilisation)
    assert counted.low < counted.median < counted.high


@pytest.mark.parametrize("hw", [None, "", "no-such-hardware"])
def test_unknown_hardware_counts_nothing(hw, shipped):
    assert compute_by_hardware(hw=hw, params=None, precision=None, accelerator_hours_h=1.0, level=0.9, database=shipped) == (None, None)
