"""The fit recovers what made synthetic rows, shrinks where there are few, and knows how uncertain it is."""

import numpy as np
import pytest

from traincarbon.fitting.regression import Observation, fit

FIXED = {"all": 3.0, "colour": 0.5, "group:run": 0.1, "scatter:run": 0.2}


def rows(n, *, seed=0, group=0.1, scatter=0.2, effects=(("red", 0.4), ("blue", -0.4))):
    random = np.random.default_rng(seed)
    made = []
    for at in range(n):
        colour, effect = effects[at % len(effects)]
        offset = float(np.random.default_rng(1000 * seed + at // 4).normal(0.0, group))
        made.append(Observation(1.0 + effect + offset + float(random.normal(0.0, scatter)), {"all": 1.0, f"colour={colour}": 1.0}, f"source {at // 4}", "run"))
    return made


def test_effects_that_made_the_rows_are_recovered():
    found = fit(rows(400), start={}, fixed=FIXED)
    mean, _ = found.predict({"all": 1.0, "colour=red": 1.0}, "run")
    assert mean == pytest.approx(1.4, abs=0.05)
    assert found.effect("colour=red")[0] - found.effect("colour=blue")[0] == pytest.approx(0.8, abs=0.06)


def test_the_scatter_is_found_from_the_rows():
    found = fit(rows(400), start={"scatter:run": 0.5, "group:run": 0.5}, fixed={"all": 3.0, "colour": 0.5})
    assert found.sigmas["scatter:run"] == pytest.approx(0.2, abs=0.02)
    assert found.sigmas["group:run"] == pytest.approx(0.1, abs=0.04)


def test_an_effect_with_one_row_stays_nearer_to_zero_than_the_row():
    lone = Observation(3.0, {"all": 1.0, "colour=green": 1.0}, "its own", "run")
    found = fit([*rows(100), lone], start={}, fixed=FIXED)
    assert 0.5 * (3.0 - 1.0) < found.effect("colour=green")[0] < 3.0 - 1.0


def test_an_effect_never_seen_is_zero_but_widens_the_spread():
    found = fit(rows(100), start={}, fixed=FIXED)
    seen, unseen = found.predict({"all": 1.0, "colour=red": 1.0}, "run"), found.predict({"all": 1.0, "colour=mauve": 1.0}, "run")
    assert unseen[0] == pytest.approx(found.effect("all")[0])
    assert unseen[1] > np.hypot(seen[1], 0.4)


def test_the_spread_of_a_prediction_covers_90_percent_of_new_rows():
    found = fit(rows(80), start={}, fixed=FIXED)
    inside = 0
    for at in range(500):
        row = rows(1, seed=at + 1)[0]
        mean, sigma = found.predict(row.effects, "run")
        inside += abs(row.y - mean) <= 1.645 * sigma
    assert 0.86 <= inside / 500 <= 0.94


def test_rows_of_one_source_weigh_less_than_independent_ones():
    together = [Observation(2.0, {"all": 1.0}, "one", "run") for _ in range(20)]
    apart = [Observation(2.0, {"all": 1.0}, f"source {at}", "run") for at in range(20)]
    fixed = {**FIXED, "group:run": 0.5}
    assert fit(together, start={}, fixed=fixed).effect("all")[1] > 2.0 * fit(apart, start={}, fixed=fixed).effect("all")[1]


def test_a_heavy_tailed_scatter_lets_a_row_far_out_weigh_less():
    wild = Observation(9.0, {"all": 1.0, "colour=red": 1.0}, "its own", "run")
    start = {"scatter:run": 0.2}
    fixed = {"all": 3.0, "colour": 0.5, "group:run": 0.1}
    normal, heavy = (fit([*rows(40), wild], start=start, fixed=fixed, heavy_tailed=tail) for tail in (False, True))
    assert heavy.sigmas["scatter:run"] < 0.5 * normal.sigmas["scatter:run"]
    seen = {"all": 1.0, "colour=red": 1.0}
    assert abs(heavy.predict(seen, "run")[0] - 1.4) < abs(normal.predict(seen, "run")[0] - 1.4)


def test_the_interval_of_a_heavy_tailed_scatter_covers_90_percent_too():
    random = np.random.default_rng(7)
    drawn = [Observation(1.0 + 0.2 * float(random.standard_t(4)), {"all": 1.0}, f"source {at}", "run") for at in range(1500)]
    found = fit(drawn[:500], start={"scatter:run": 0.3}, fixed={"all": 3.0, "group:run": 0.01}, heavy_tailed=True)
    mean, sigma = found.predict({"all": 1.0}, "run")
    inside = sum(abs(row.y - mean) <= 1.645 * sigma for row in drawn[500:])
    assert 0.87 <= inside / 1000 <= 0.93
