import math

import numpy as np
import pytest

from traincarbon.calibrate.spreads import LEVELS, PRIOR, Published, as_scopes, fitted, published, spreads_of
from traincarbon.errors import DatabaseError


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
    from traincarbon.calibrate.runs import read_runs

    believed = spreads_of(shipped)
    for scope, value in as_scopes(fitted(published(read_runs()[0], shipped))).items():
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
