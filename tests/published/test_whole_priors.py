"""The priors of whole runs: how they depend on the family and on what is trained."""

import math

import pytest

from traincarbon.published import whole_priors, whole_runs
from traincarbon.published.runs_file import read_runs

RUNS = read_runs()[0]


@pytest.fixture(scope="module")
def rows(shipped):
    return whole_runs.whole_rows(RUNS, shipped)


@pytest.fixture(scope="module")
def found(rows):
    return whole_runs.fit_whole(rows, {"ampere": 0.45, "hopper": 0.4})


@pytest.fixture(scope="module")
def write(shipped):
    """Return a function that fits these rows and returns the priors by name and scope."""
    return lambda rows, found=None: {
        (row["prior"], row["scope"]): row for row in whole_priors.whole_priors(found or whole_runs.fit_whole(rows, {}), rows, shipped)
    }


@pytest.fixture(scope="module")
def written(write, rows, found):
    return write(rows, found)


def number(row, column="median"):
    return float(row[column] or 0.0)


def test_the_priors_say_how_utilisation_falls_with_the_parameters_that_a_token_leaves_out(write, rows, written):
    assert 0.1 < number(written["mfu_sparse_exponent", "*"]) < 0.25
    assert written["mfu_factor", "family=moe-lm"]["median"] == "1"
    assert "mfu_sparse_exponent" not in {prior for prior, _ in write([row for row in rows if "sparsity" not in row.effects])}


def test_the_priors_say_how_utilisation_falls_with_the_work_for_an_image(write, rows, written):
    assert 0.3 < number(written["mfu_light_exponent", "*"]) < 0.9
    assert number(written["mfu_ample_image_s", "*"]) == 1e-3
    assert int(written["mfu_light_exponent", "*"]["n"]) == sum("light" in row.effects for row in rows)
    assert "mfu_light_exponent" not in {prior for prior, _ in write([row for row in rows if "light" not in row.effects])}


def test_every_name_that_is_written_is_said_to_be(written):
    assert {prior for prior, _ in written} == set(whole_priors.FITTED)


def test_an_estimate_from_the_priors_is_the_prediction_of_the_fit(found, written):
    level, factor = written["mfu", "generation=volta"], written["mfu_factor", "family=vision;generation=volta"]
    mean, sigma = found.predict({"all": 1.0, "generation=volta": 1.0, "medium=image": 1.0, "family=vision": 1.0}, "image")
    assert number(level) * number(factor) == pytest.approx(0.275 * math.exp(mean), rel=1e-3)
    dense = found.width["generation=volta"] * found.width["family=dense-lm"]
    usual = found.apart("run", "family=dense-lm")
    of_generation = number(level, "sigma_ln") ** 2 - dense * found.scatter["run"] ** 2 - found.fit.sigmas["group:run"] ** 2 + usual
    assert math.sqrt(of_generation + number(factor, "sigma_ln") ** 2) == pytest.approx(sigma, abs=2e-3)


def test_separable_convolutions_use_less_of_the_peak_than_other_families_of_images(written):
    separable, vision = (number(written["mfu_factor", f"family={name}"]) for name in ("separable-convolution", "vision"))
    assert separable < 0.5 * vision


def test_runs_of_images_say_nothing_about_the_level_of_language_models(write, rows, written):
    tokens = write([row for row in rows if row.scatter not in ("image", "sound")], None)
    without = {scope: row["n"] for (prior, scope), row in tokens.items() if prior == "mfu"}
    assert without == {scope: row["n"] for (prior, scope), row in written.items() if prior == "mfu"}
