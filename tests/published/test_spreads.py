import math

import numpy as np
import pytest

from traincarbon.errors import DatabaseError
from traincarbon.published.spreads import LEVELS, PRIOR, Published, as_scopes, fitted, fitted_mfu, published, published_steps, spreads_of
from traincarbon.uncertain import Z_90


def drawn(*, organisation, source, hardware, run, size, seed=0):
    """Rows of twenty-five organisations with two sources on two chips, drawn with those spreads."""
    rng = np.random.default_rng(seed)
    rows = []
    for team in range(25):
        of_team = rng.normal(0.0, organisation)
        for table in range(2):
            of_table = of_team + rng.normal(0.0, source)
            for chip in range(2):
                of_chip, trend = of_table + rng.normal(0.0, hardware), rng.normal(0.0, size)
                rows += [Published(of_chip + trend * at + rng.normal(0.0, run), at, f"{team}", f"{table}", f"{chip}") for at in (-1.5, -0.5, 0.5, 1.5)]
    return rows


def test_spreads_that_rows_were_drawn_with_are_found_again():
    given = {"organisation": 0.2, "source": 0.15, "hardware": 0.1, "run": 0.1, "size": 0.08}
    found = fitted(drawn(**given))
    for name, value in given.items():
        assert found[name] == pytest.approx(value, rel=0.45), name


def test_a_team_differs_by_organisation_and_source():
    found = as_scopes({"organisation": 0.3, "source": 0.4, "hardware": 0.1, "run": 0.1, "size": 0.05})
    assert found["mfu:team"] == pytest.approx(0.5)


def test_the_shipped_spreads_are_those_of_the_shipped_runs(shipped):
    from traincarbon.published.runs_file import read_runs

    believed = spreads_of(shipped)
    runs = read_runs()[0]
    found = as_scopes(fitted_mfu(published(runs, shipped))) | as_scopes(fitted(published_steps(runs, shipped)), "step")
    for scope, value in found.items():
        assert believed.by_scope[scope] == pytest.approx(value, abs=6e-4), scope


def test_the_whole_is_the_root_of_the_summed_squares(shipped):
    believed = spreads_of(shipped)
    parts = [believed.between("power", level, 1)[0] for level in LEVELS] + [believed.run("power")]
    assert believed.whole("power") == pytest.approx(math.sqrt(sum(part * part for part in parts)))


def test_the_trend_with_size_is_shared_over_the_levels_without_loss(shipped):
    believed = spreads_of(shipped)
    slopes = [believed.between("mfu", level, 2)[1] for level in LEVELS]
    assert math.sqrt(sum(slope * slope for slope in slopes)) == pytest.approx(believed.by_scope["mfu:size"], rel=0.01)


def test_a_missing_spread_is_named(shipped):
    rows = [row for row in shipped.all_rows("priors") if (row["prior"], row["scope"]) != (PRIOR, "mfu:size")]
    with pytest.raises(DatabaseError, match="calibration_spread,mfu:size"):
        spreads_of(shipped.replace("priors", rows))


def test_what_sets_teams_apart_in_steps_has_no_trend_with_size():
    found = as_scopes({"organisation": 0.3, "source": 0.4, "hardware": 0.1, "run": 0.07, "size": 0.05}, "step")
    assert found == pytest.approx({"step:team": 0.5, "step:hardware": 0.1, "step:run": 0.07})


def test_published_steps_are_better_predicted_by_the_others_of_their_source_than_without_calibration(shipped):
    """Each published step of known layout by the others of its source; without, no row of the source had a part in the constants."""
    from traincarbon.calibration.effects import groups
    from traincarbon.fitting.shrinkage import Level, shrink
    from traincarbon.published.runs_file import read_runs

    rows, believed = published_steps(read_runs()[0], shipped), spreads_of(shipped)
    before, after, inside = [], [], []
    for source in dict.fromkeys(row.source for row in rows):
        mine = [row for row in rows if row.source == source]
        if len(mine) < 2:
            continue
        y = np.array([row.y for row in mine])
        chips = groups(np.unique([row.chip for row in mine], return_inverse=True)[1])
        scopes = (np.zeros_like(chips), chips, chips, chips)
        levels = [Level(scope, believed.between("step", level, 1)) for scope, level in zip(scopes, LEVELS, strict=True)]
        shrunk = shrink(y, np.ones((len(y), 1)), levels, scatter=believed.run("step"))
        assert np.abs(shrunk.left_out).mean() < np.abs(y).mean(), source
        before += np.abs(y).tolist()
        after += np.abs(shrunk.left_out).tolist()
        inside += (np.abs(shrunk.left_out) <= Z_90 * shrunk.left_out_sigma).tolist()
    assert len(before) == 144
    assert (np.median(before), np.median(after)) == pytest.approx((0.054, 0.017), abs=6e-4)
    assert np.mean(inside) == pytest.approx(0.912, abs=6e-3)
