import math
import os

import pytest

from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.estimation.calibration import Calibration, Effect, file_of, is_name, job_family, names, read

ENTRY = """
[[effect]]
quantity = "mfu"
hardware = "chip"
site = ""
family = ""
runs = 4
log_factor = 0.2
log_factor_sigma = 0.1
log_slope = 0.05
log_slope_sigma = 0.04
correlation = 0.0
scatter = 0.1
centre_params = 4e9
least_params = 1e9
most_params = 8e9
"""
HEAD = """\
schema = "traincarbon/calibration/1"
made = "2026-11-25T00:00:00Z"
version = "0.1.0"
automatic = true
why = "because"
[runs]
count = 4
used = ["a", "b", "c", "d"]
"""


def effect(**fields):
    given = {
        "quantity": "mfu", "hardware": "chip", "site": "", "family": "", "runs": 4, "log_factor": 0.2, "log_factor_sigma": 0.1, "log_slope": 0.05,
        "log_slope_sigma": 0.04, "correlation": 0.0, "scatter": 0.1, "centre_params": 4e9, "least_params": 1e9, "most_params": 8e9,
    }  # fmt: skip
    return Effect(**{**given, **fields})


def calibration(*effects):
    return Calibration(name="x", made="", version="", automatic=True, why="", effects=effects, errors={})


@pytest.fixture
def folder(tmp_path):
    def write(text, name="x"):
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
        return str(tmp_path)

    return write


def test_at_the_centre_the_factor_and_the_scatter_add_up():
    assert effect().at(4e9) == (pytest.approx(0.2), pytest.approx(math.hypot(0.1, 0.1)))
    assert effect().at(None) == (0.2, pytest.approx(math.hypot(0.1, 0.1)))


def test_the_trend_is_followed_by_the_logarithm_of_the_size():
    mean, sigma = effect().at(4e9 * math.e)
    assert mean == pytest.approx(0.25)
    assert sigma == pytest.approx(math.sqrt(0.01 + 0.0016 + 0.01))


def test_the_trend_is_followed_four_times_beyond_the_sizes_of_the_runs_and_no_further():
    assert effect().at(32e9)[0] == pytest.approx(effect().at(1e15)[0])
    assert effect().at(31e9)[0] < effect().at(32e9)[0]
    assert effect().at(0.25e9)[0] == pytest.approx(effect().at(1.0)[0])


@pytest.mark.parametrize(("away", "correlation", "variance"), [(1.0, 0.5, 0.0256), (1.0, -0.5, 0.0176), (-1.0, 0.5, 0.0176)])
def test_factor_and_slope_that_vary_together_widen_one_side_and_narrow_the_other(away, correlation, variance):
    # 0.1² of the factor + 0.04² of the slope + 0.1² of the scatter = 0.0216, ± 2 × 0.5 × 0.1 × 0.04 = 0.004
    assert effect(correlation=correlation).at(4e9 * math.exp(away))[1] == pytest.approx(math.sqrt(variance))


def test_far_from_the_runs_it_is_less_sure():
    sigmas = [effect().at(size)[1] for size in (4e9, 4e10, 4e11, 4e12)]
    assert sigmas == sorted(sigmas)


def test_arrays_of_sizes_give_what_each_gives():
    import numpy as np

    sizes = np.array([1e8, 4e9, 1e13])
    means, sigmas = effect(correlation=0.3).at(sizes)
    for at, size in enumerate(sizes.tolist()):
        assert (means[at], sigmas[at]) == pytest.approx(effect(correlation=0.3).at(size))


def test_the_narrowest_scope_that_holds_a_job_is_taken():
    wide, chip, site, job = effect(hardware=""), effect(), effect(site="FR"), effect(site="FR", family="decoder pretrain")
    found = calibration(wide, chip, site, effect(site="DE", family="decoder pretrain"), job)
    assert found.effect("mfu", "chip", "FR", "decoder pretrain") is job
    assert found.effect("mfu", "chip", "FR", "encoder pretrain") is site
    assert found.effect("mfu", "chip", "US", "decoder pretrain") is chip
    assert found.effect("mfu", "other", "FR", "decoder pretrain") is wide
    assert found.effect("power", "chip", "FR", "decoder pretrain") is None


def test_a_site_that_is_not_said_is_the_only_one_known():
    job = effect(site="FR", family="decoder pretrain")
    assert calibration(effect(), effect(site="FR"), job).effect("mfu", "chip", "", "decoder pretrain") is job
    unnamed = effect(family="decoder pretrain")
    assert calibration(effect(), unnamed).effect("mfu", "chip", "FR", "decoder pretrain") is unnamed


def test_a_calibration_fits_hardware_that_it_has_runs_on_and_sites_that_it_does_not_contradict():
    found = calibration(effect(hardware=""), effect(), effect(site="FR"))
    assert found.fits("chip", "FR")
    assert found.fits("chip", "")
    assert not found.fits("chip", "DE")
    assert not found.fits("other", "FR")
    assert calibration(effect()).fits("chip", "DE")


def test_a_job_family_names_the_kind_of_model_and_of_training():
    assert job_family(None, "lora", is_moe=True) == "moe decoder lora"


def test_a_file_is_read(folder):
    found = read("x", folder(HEAD + ENTRY))
    assert found.effects == (effect(),)
    assert (found.n_runs, found.runs, found.automatic) == (4, ("a", "b", "c", "d"), True)


def test_a_file_that_changed_is_read_anew(folder):
    place = folder(HEAD + ENTRY)
    read("x", place)
    folder((HEAD + ENTRY).replace("because", "because it changed"))
    assert read("x", place).why == "because it changed"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[:120], "is no calibration"),
        (lambda text: text.replace("calibration/1", "calibration/9"), "its schema is 'traincarbon/calibration/9'"),
        (lambda text: text.replace("scatter = 0.1\n", ""), "no calibration: it.effect.0. has no scatter"),
        (lambda text: text.replace("scatter = 0.1\n", "scatter = -1.0\n"), "an effect on 'mfu' with spreads"),
        (lambda text: text.replace("scatter = 0.1\n", "scatter = nan\n"), "scatter is 'nan', not a number"),
        (lambda text: text.replace("log_factor = 0.2", "log_factor = 1e300"), "an effect on mfu of 1e"),
        (lambda text: text.replace('"mfu"', '"speed"'), "an effect on 'speed'"),
        (lambda text: text.replace("least_params = 1e9", "least_params = 0"), "models of"),
        (lambda text: text.replace("log_factor = 0.2", 'log_factor = "much"'), "log_factor is 'much', not a number"),
        (lambda text: text.replace("[runs]", "[[runs]]"), "is no calibration"),
        (lambda text: text.replace("because", "\\u001b[2J"), "it holds control characters"),
        (lambda text: text.replace('site = ""', 'site = "\\u202e"'), "a scope holds control characters"),
        (lambda _: "", "it has no schema"),
    ],
)
def test_a_damaged_file_is_no_calibration(folder, damage, message):
    with pytest.raises(CarbonError, match=message):
        read("x", folder(damage(HEAD + ENTRY)))


def test_a_calibration_that_is_not_there_lists_those_that_are(folder):
    with pytest.raises(NotFoundError, match="no calibration 'y'") as caught:
        read("y", folder(HEAD + ENTRY))
    assert caught.value.hint == "known are x, and none"


def test_only_files_that_can_be_calibrations_are_listed(folder):
    place = folder(HEAD + ENTRY)
    for other in ("none.toml", "notes.txt", ".x.part"):
        with open(os.path.join(place, other), "w", encoding="utf-8"):
            pass
    assert names(place) == ["x"]
    assert names(os.path.join(place, "nowhere")) == []


def test_a_folder_that_is_a_file_is_an_error(folder):
    place = folder(HEAD + ENTRY)
    with pytest.raises(CarbonError, match="cannot read"):
        names(os.path.join(place, "x.toml"))


def test_names_stay_in_their_folder():
    assert is_name("cluster-a_2.0")
    assert not any(map(is_name, ("", "none", "NONE", "..", "../x", "a/b", "a\\b", "-" * 3, "a\n", "x" * 65)))
    with pytest.raises(CarbonError):
        file_of("../x")


def test_runs_say_less_about_a_model_the_further_its_size_is():
    one = Effect("mfu", "a100", "", "", 1, -0.3, 0.13, 0.0, 0.25, 0.0, 0.18, 7e9, 7e9, 7e9)
    near = [one.nearness(7e9 * factor, 0.43) for factor in (1.0, 2.0, 4.0, 10.0, 100.0)]
    assert near[0] == 1.0
    assert near == sorted(near, reverse=True)
    assert near[1] > 0.85
    assert near[-1] < 0.05
    assert one.nearness(70e9, 0.43) == pytest.approx(one.nearness(0.7e9, 0.43))
    many = one._replace(log_slope_sigma=0.05)
    assert many.nearness(70e9, 0.43) > 0.9
    assert one.nearness(None, 0.43) == one._replace(log_slope_sigma=0.0).nearness(70e9, 0.43) == 1.0
