import math

import numpy as np
import pytest

from made_runs import slower
from traincarbon.calibration.effects import chips_of, effects_of, groups
from traincarbon.calibration.expected import expect
from traincarbon.calibration.observed import from_records
from traincarbon.published.spreads import spreads_of


def effects(shipped, *records, quantity="mfu"):
    observed, _ = from_records(records, shipped)
    expected = expect(observed, shipped)
    y = np.log(expected.reached_mfu / expected.mfu)
    return {effect.scope: effect for effect in effects_of(quantity, observed, expected, y, spreads_of(shipped))[1]}


def test_each_scope_comes_once_from_the_team_to_the_job(shipped):
    found = effects(shipped, *slower(shipped, (1.2, 1.3), plan={"region": "france"}), *slower(shipped, (1.1,), hw="dgx-h100", prefix="h"))
    a100, h100 = "a100-sxm4-80gb", "h100-sxm5-80gb"
    assert list(found) == [
        ("", "", ""),
        (a100, "", ""),
        (h100, "", ""),
        (a100, "FR", ""),
        (a100, "FR", "decoder pretrain"),
        (h100, "", "decoder pretrain"),
    ]
    assert [effect.runs for effect in found.values()] == [3, 2, 1, 2, 2, 1]


def test_sizes_are_those_of_the_runs_of_a_scope_around_the_mean_of_all(shipped):
    found = effects(shipped, *slower(shipped, (1.0, 1.0), sizes=(1e9, 4e9)), *slower(shipped, (1.0,), sizes=(2e9,), hw="dgx-h100", prefix="h"))
    everything, h100 = found["", "", ""], found["h100-sxm5-80gb", "", ""]
    assert everything.centre_params == pytest.approx(2e9)
    assert (everything.least_params, everything.most_params) == pytest.approx((1e9, 4e9))
    assert h100.least_params <= h100.centre_params <= h100.most_params


def test_powers_have_no_trend_and_no_effect_on_other_chips(shipped):
    found = effects(shipped, *slower(shipped, (1.2, 1.3)), quantity="power")
    assert ("", "", "") not in found
    assert all(effect.log_slope == effect.log_slope_sigma == effect.correlation == 0.0 for effect in found.values())


def test_a_trend_with_size_has_its_sign(shipped):
    sizes = tuple(1e9 * 2.0**at for at in range(8))
    found = effects(shipped, *slower(shipped, [math.exp(-0.05 * at) for at in range(8)], sizes=sizes))
    assert found["a100-sxm4-80gb", "", "decoder pretrain"].log_slope == pytest.approx(0.05 / math.log(2.0), rel=0.35)


def test_combinations_are_counted_from_zero():
    assert groups(np.array([5, 5, 7, 5]), np.array([0, 1, 0, 0])).tolist() == [0, 1, 2, 0]


def test_a_server_and_its_chip_are_one_hardware(shipped):
    observed, _ = from_records([*slower(shipped, (1.0,)), *slower(shipped, (1.0,), hw="a100-sxm4-80gb", prefix="chip")], shipped)
    assert chips_of(observed, expect(observed, shipped)).tolist() == [0, 0]


def test_the_step_of_a_team_goes_with_it_to_another_chip(shipped):
    found = effects(shipped, *slower(shipped, (1.2, 1.3)), quantity="step")
    assert ("", "", "") in found
    assert all(effect.log_slope_sigma == 0.0 for effect in found.values())


def test_other_sites_and_kinds_are_less_certain_by_the_spread_between_them(shipped):
    found = effects(shipped, *slower(shipped, [1.2] * 12, sizes=[1e9 * 1.2**at for at in range(12)]))
    spreads = spreads_of(shipped)
    hardware, job = found["a100-sxm4-80gb", "", ""], found["a100-sxm4-80gb", "", "decoder pretrain"]
    elsewhere = math.hypot(spreads.between("mfu", "site", 1)[0], spreads.between("mfu", "family", 1)[0])
    assert job.log_factor_sigma < elsewhere <= hardware.log_factor_sigma
    assert hardware.log_factor_sigma < found["", "", ""].log_factor_sigma


def test_an_effect_is_most_certain_near_the_sizes_of_its_runs(shipped):
    large, small = (8e10, 1e11, 1.2e11), (1e8, 1.2e8, 1.5e8)
    found = effects(shipped, *slower(shipped, [1.2] * 3, sizes=large), *slower(shipped, [1.2] * 3, sizes=small, hw="dgx-h100", prefix="h"))
    effect = found["a100-sxm4-80gb", "", "decoder pretrain"]
    assert effect.correlation < 0.0
    assert effect.at(1e11)[1] < effect.at(effect.centre_params)[1] < effect.at(1e8)[1]
