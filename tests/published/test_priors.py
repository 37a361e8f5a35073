"""The fitted priors follow from the published runs, and the file that holds them is never stale."""

import math

import pytest

from traincarbon.database.records import TABLES
from traincarbon.published import priors
from traincarbon.published.runs_file import read_runs

RUNS = read_runs()[0]
BY_ID = {run.id: run for run in RUNS}


@pytest.fixture(scope="module")
def fitted(shipped):
    return {(row["prior"], row["scope"]): row for row in priors.fitted_priors(RUNS, shipped)}


def test_the_shipped_file_holds_a_fresh_fit_to_the_third_digit(shipped, fitted):
    written = {(row["prior"], row["scope"]): row for row in shipped.all_rows("priors") if row["prior"] in priors.FITTED}
    assert written.keys() == fitted.keys()
    for key, row in fitted.items():
        assert float(written[key]["median"]) == pytest.approx(float(row["median"]), rel=2e-3), key
        assert float(written[key]["sigma_ln"] or 0) == pytest.approx(float(row["sigma_ln"] or 0), abs=2e-3), key
        assert written[key]["n"] == row["n"], key


def test_writing_the_fit_changes_only_the_fitted_rows(shipped, fitted, tmp_path):
    file = tmp_path / "priors.csv"
    priors.write(str(file), list(fitted.values()), shipped)
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines[0] == ",".join(TABLES["priors"])
    assert len(lines) == 1 + len(shipped.all_rows("priors"))
    assert lines[1:] == sorted(lines[1:], key=lambda line: tuple(line.split(",")[:2]))


def test_a_published_run_becomes_one_observation_with_its_effects(shipped):
    (row,) = priors.mfu_rows([BY_ID["llama1-65b"]], shipped)
    # of 0.35 an A100, whose matrix products reach 0.869 where the usual is 0.8, and 2,048 of which are interrupted: / (1 + 2048 × 2e-5 × 0.25)
    assert math.exp(row.y) * 0.35 * 0.869 / 0.8 / 1.01024 == pytest.approx(0.4769, abs=1e-4)
    assert row.effects == {"all": 1.0, "generation=ampere": 1.0, "family=dense-lm": 1.0, "whole": 1.0, "thin": min(0.0, math.log(65.2e9 / 2048 / 1.5e8))}
    assert (row.group, row.scatter) == (BY_ID["llama1-65b"]["organisation"], "run")


def test_a_chip_at_twice_the_rate_needs_twice_the_parameters_to_stay_busy(shipped):
    run = BY_ID["mlperf40-smc-gpt3-64n"]
    chip, precision, peak = priors.peak_of(run, shipped)
    expected = math.log(175e9 / 512 / (1.5e8 * peak / 312e12))
    assert priors.mfu_effects(run, chip, precision, peak)["thin"] == pytest.approx(expected)
    assert priors.mfu_effects(run, chip, precision, peak / 4.0)["thin"] == 0.0


@pytest.mark.parametrize(
    ("id", "reason"),
    [
        ("idefics-80b", "part of the model is frozen"),
        ("albert-xxlarge", "layers share their parameters"),
        ("codefuse-13b", "tokens seen are not known"),
        ("pangu-sigma", "active parameters are not known"),
        ("phi-2", ""),
        ("llama1-65b", ""),
    ],
)
def test_a_note_says_where_parameters_and_tokens_do_not_give_the_work(id, reason):
    assert priors.unlike(BY_ID[id]) == reason


@pytest.mark.parametrize("id", ["idefics-80b", "phi-2", "cpm-large", "strubell-transformer-big"])
def test_rows_known_to_mean_something_else_teach_nothing(shipped, id):
    assert priors.mfu_rows([BY_ID[id]], shipped) == []


@pytest.mark.parametrize("id", ["llama1-7b", "llama1-65b", "opt-175b"])
def test_power_cap_times_hours_is_no_measurement(shipped, id):
    chip = priors.peak_of(BY_ID[id], shipped)[0]
    assert priors.is_nominal(BY_ID[id], chip)
    assert priors.power_rows([BY_ID[id]], shipped) == []


def test_the_hosts_part_is_taken_off_a_servers_draw(shipped):
    # 415.489 kWh / 485.2857 h = 856.2 W a GPU; / 1.05 for the network; less 0.45 of a host's nameplate of 0.82 x 700 W
    run = BY_ID["mlperf40-smc-gpt3-64n"]
    chip = priors.peak_of(run, shipped)[0]
    assert priors.accelerator_draw_w(run, chip, shipped) == pytest.approx(415_489 / 485.2857 / 1.05 - 0.45 * 0.82 * 700, rel=1e-4)


def test_hardware_without_published_runs_is_less_certain(fitted):
    assert float(fitted["mfu", "generation=*"]["sigma_ln"]) > float(fitted["mfu", "generation=ampere"]["sigma_ln"])


def test_a_family_without_published_runs_is_wider_than_any_with_them(fitted):
    families = [
        float(row["sigma_ln"])
        for (prior, scope), row in fitted.items()
        if prior == "mfu_factor" and scope.startswith("family=") and row["n"] != "0" and row["sigma_ln"]
    ]
    assert float(fitted["mfu_factor", "family=*"]["sigma_ln"]) > max(families)


def test_whole_runs_are_used_no_more_than_their_steps_and_scatter_more(fitted):
    assert 0.8 < float(fitted["goodput", "*"]["median"]) <= 1.0
    assert float(fitted["goodput", "*"]["sigma_ln"]) >= 0.1


def test_a_number_format_is_worth_about_what_the_share_of_the_step_that_it_shortens_says(fitted):
    for precision in ("fp8", "fp4"):
        assert 0.8 < float(fitted["mfu_factor", f"precision={precision}"]["median"]) < 1.25


def test_hardware_without_published_runs_is_at_least_a_third_wide(fitted):
    assert float(fitted["mfu", "generation=*"]["sigma_ln"]) >= 0.35


def test_an_estimate_can_rest_on_priors_fitted_to_other_runs(shipped):
    fewer = [run for run in RUNS if run.organisation != "Meta"]
    other = priors.with_priors(shipped, priors.fitted_priors(fewer, shipped))
    (mine,) = [row for row in other.rows("priors", "mfu") if row["scope"] == "generation=ampere"]
    (theirs,) = [row for row in shipped.rows("priors", "mfu") if row["scope"] == "generation=ampere"]
    assert mine["median"] != theirs["median"]
    assert other.rows("priors", "service_life") == shipped.rows("priors", "service_life")
