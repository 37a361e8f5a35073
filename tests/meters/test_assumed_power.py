"""The power that is assumed of a GPU that tells nothing."""

import pytest

from traincarbon.meters.assumed_power import assumed_power


@pytest.mark.parametrize(("name", "limit_w"), [("NVIDIA H100 80GB HBM3", 700.0), ("NVIDIA A100-SXM4-40GB", 400.0), ("AMD Instinct MI300X", 750.0)])
def test_half_of_the_power_limit_is_assumed_of_a_board_that_the_database_knows(name, limit_w):
    found = assumed_power(name)
    assert (found.power_w, found.sigma_ln) == (0.5 * limit_w, 0.45)
    assert f"its power is assumed, {0.5 * limit_w:.0f} W ({0.2385 * limit_w:.0f} to {1.048 * limit_w:.0f})" in found.text


@pytest.mark.parametrize("name", ["", "NVIDIA", "GRID A100X-10C of tomorrow", "Quadro 1"])
def test_nothing_is_assumed_of_a_board_that_it_does_not_know(name):
    assert assumed_power(name) is None
