"""Leaving groups out in closed form gives what fits without them give, and the scatter that follows holds as many rows as it should."""

import random

import pytest

from traincarbon.fitting.left_out import LeftOut, honest_scatter, left_out
from traincarbon.fitting.regression import Observation, fit
from traincarbon.uncertain import Z_90

SPREADS = {"all": 1.0, "kind": 0.4, "group:run": 0.2, "scatter:run": 0.3}


def rows(seed=1):
    chance = random.Random(seed)
    made = []
    for group in range(12):
        offset = chance.gauss(0.0, 0.2)
        for _ in range(1 + group % 3):
            kind = chance.choice("ab")
            made.append(Observation(0.5 * (kind == "a") + offset + chance.gauss(0.0, 0.3), {"all": 1.0, f"kind={kind}": 1.0}, f"g{group}", "run"))
    return made


def test_a_group_left_out_is_predicted_as_by_a_fit_without_it():
    everything = rows()
    found = left_out(everything, fit(everything, start={}, fixed=SPREADS))
    for group in ("g0", "g5", "g11"):
        others = fit([row for row in everything if row.group != group], start={}, fixed=SPREADS)
        for row, left in zip(everything, found, strict=True):
            if row.group == group:
                mean, sigma = others.predict(row.effects, "run")
                assert left.error == pytest.approx(row.y - mean)
                assert left.variance + 0.3**2 == pytest.approx(sigma**2)


def test_the_scatter_of_normal_errors_is_about_their_own():
    chance = random.Random(3)
    errors = [LeftOut(chance.gauss(0.0, 0.5), 0.09) for _ in range(4000)]
    # 91 % are within 1.6954 × 0.5, which is Z_90 × 0.515; less the 0.3 that the predictions have themselves
    assert honest_scatter(errors, groups=4000) == pytest.approx((0.515**2 - 0.09) ** 0.5, rel=0.05)


def test_the_intervals_hold_the_share_of_rows_that_they_are_made_for():
    errors = [LeftOut(0.01 * number, 0.0) for number in range(1, 101)]
    for covered in (0.8, 0.91, 0.95):
        sigma = honest_scatter(errors, groups=100_000, covered=covered)
        assert sum(abs(each.error) <= Z_90 * sigma for each in errors) == pytest.approx(100 * covered)


def test_predictions_that_are_wide_enough_need_no_scatter():
    assert honest_scatter([LeftOut(0.1, 1.0), LeftOut(-0.2, 1.0)], groups=2) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("groups", "student"), [(7, 1.9432), (21, 1.7247), (41, 1.6839)])
def test_the_scatter_of_few_groups_is_wider(groups, student):
    errors = [LeftOut(0.01 * number, 0.0) for number in range(1, 101)]
    # the 95th percentile of Student's t of 6, 20 and 40 degrees of freedom over that of a normal, and the mean of the groups is uncertain too
    wider = student / 1.6449 * (1.0 + 1.0 / groups) ** 0.5
    assert honest_scatter(errors, groups=groups) == pytest.approx(wider * honest_scatter(errors, groups=1), rel=2e-4)
    assert honest_scatter(errors, groups=2) > 2.0 * honest_scatter(errors, groups=1)
