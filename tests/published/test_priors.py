"""The fitted priors follow from the published runs, and the file that holds them is never stale."""

import math
from dataclasses import replace

import pytest

from traincarbon.database.records import TABLES
from traincarbon.published import power_rows, priors, whole_runs
from traincarbon.published.reported_runs import chip_of
from traincarbon.published.run_kinds import Unusable
from traincarbon.published.runs_file import read_measured_power, read_runs

RUNS, METERED = read_runs()[0], read_measured_power()
BY_ID = {run.id: run for run in RUNS}
MEDIA = tuple(f"family={name};" for name in ("vision", "convolution", "separable-convolution", "self-distillation", "diffusion", "speech"))
"""Families whose rows say nothing about the level of language models."""


@pytest.fixture(scope="module")
def fitted(shipped):
    return {(row["prior"], row["scope"]): row for row in priors.fitted_priors(RUNS, METERED, shipped)}


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


def test_the_steps_of_a_chip_at_twice_the_rate_need_twice_the_parameters_to_stay_busy(shipped):
    run = BY_ID["mlperf40-smc-gpt3-64n"]
    chip = chip_of(run, shipped)
    expected = math.log(175e9 / 512 / (1.5e8 * chip.peak_flop_per_s / 312e12))
    assert priors.step_effects(run, chip)["thin"] == pytest.approx(expected)
    assert priors.step_effects(run, chip._replace(peak_flop_per_s=chip.peak_flop_per_s / 4.0))["thin"] == 0.0


UNUSABLE = {
    "anygpt-7b": Unusable.UNRELIABLE,
    "aurora-1.3b": Unusable.OTHER_OPERATIONS,
    "spark-convnext-b": Unusable.OTHER_OPERATIONS,
    "dailymae-b16-800": Unusable.OTHER_OPERATIONS,
    "dinov3-7b": Unusable.OTHER_OPERATIONS,
    "arabert-base": Unusable.UNRELIABLE,
    "gshard-dense-2.3b": Unusable.UNRELIABLE,
    "hyenadna-1m": Unusable.OTHER_OPERATIONS,
    "llama3.2-1b": Unusable.OTHER_OPERATIONS,
    "llama3.2-3b": Unusable.OTHER_OPERATIONS,
    "albert-xxlarge": Unusable.SHARED_PARAMETERS,
    "codefuse-13b": Unusable.UNRELIABLE,
    "cpm-large": Unusable.EPOCHS_UNKNOWN,
    "idefics-80b": Unusable.FROZEN,
    "idefics-9b": Unusable.FROZEN,
    "pangu-sigma": Unusable.ACTIVE_PARAMS_UNKNOWN,
    "phi-1.5": Unusable.UNRELIABLE,
    "phi-2": Unusable.UNRELIABLE,
    "refact-1.6b": Unusable.UNRELIABLE,
    "strubell-bert-base-v100": Unusable.SAME_TRAINING,
    "strubell-transformer-base": Unusable.CIRCULAR,
    "strubell-transformer-big": Unusable.CIRCULAR,
}


def test_exactly_these_rows_are_unusable():
    assert {run.id: run.unusable for run in RUNS if run.unusable is not None} == UNUSABLE


@pytest.mark.parametrize("id", UNUSABLE)
def test_nothing_is_fitted_to_an_unusable_row(shipped, id):
    run = BY_ID[id]
    assert whole_runs.whole_rows([run], shipped) == []
    assert power_rows.of_runs([run], [], shipped) == [] or run.unusable is Unusable.SAME_TRAINING


def test_a_training_that_another_row_has_too_counts_its_hours_once_and_keeps_its_measured_power(shipped):
    twice, once = BY_ID["strubell-bert-base-v100"], BY_ID["megatron-bert-large-v100"]
    assert [row.id for row in power_rows.of_runs([twice, once], [], shipped)] == ["strubell-bert-base-v100"]
    assert len(whole_runs.whole_rows([twice, once], shipped)) == 1


def test_only_the_column_makes_a_row_unusable(shipped):
    usable = replace(BY_ID["phi-2"], unusable=None, tokens=BY_ID["phi-2"].tokens / 2.0)
    assert "suspiciously" in usable.note
    assert len(whole_runs.whole_rows([usable], shipped)) == 1


@pytest.mark.parametrize("id", ["llama1-7b", "llama1-65b", "opt-175b"])
def test_power_cap_times_hours_is_no_measurement(shipped, id):
    chip = chip_of(BY_ID[id], shipped)
    assert power_rows.is_nominal(BY_ID[id], chip)
    assert power_rows.of_runs([BY_ID[id]], [], shipped) == []


def test_the_power_of_the_host_is_subtracted_from_that_of_the_server(shipped):
    # 415.489 kWh / 485.2857 h = 856.2 W a GPU; / 1.05 for the network; less 0.45 of a host's nameplate of 0.82 x 700 W
    run = BY_ID["mlperf40-smc-gpt3-64n"]
    chip = chip_of(run, shipped)
    assert power_rows.accelerator_power_w(run, chip, shipped) == pytest.approx(415_489 / 485.2857 / 1.05 - 0.45 * 0.82 * 700, rel=1e-4)


def test_the_rows_behind_a_utilisation_are_counted_apart_and_together(shipped):
    rows = {row["scope"]: int(row["n"]) for row in shipped.rows("priors", "mfu_rows")}
    together = {scope: n for scope, n in rows.items() if scope.startswith("generation=") and ";" in scope}
    for scope, n in rows.items():
        if scope not in together:
            ends = scope if scope.startswith("family=") else ""
            starts = "" if ends else f"{scope};"
            assert n == sum(count for each, count in together.items() if each.endswith(ends) and each.startswith(starts)), scope
    of_media = sum(n for scope, n in together.items() if scope.startswith("generation=ampere;") and scope.partition(";")[2].startswith(MEDIA))
    assert rows["generation=ampere"] - of_media == int(next(row["n"] for row in shipped.rows("priors", "mfu", "generation=ampere")))
    assert rows["family=encoder;kind=pretrain"] > rows["generation=ampere;family=encoder;kind=pretrain"] > 0


def test_hardware_without_published_runs_is_less_certain(fitted):
    assert float(fitted["mfu", "generation=*"]["sigma_ln"]) > float(fitted["mfu", "generation=ampere"]["sigma_ln"])


def test_a_family_without_published_runs_is_wider_than_any_with_them(fitted):
    families = [
        float(row["sigma_ln"])
        for (prior, scope), row in fitted.items()
        if prior == "mfu_factor" and scope.startswith("family=") and row["n"] not in ("0", "1", "2", "3") and row["sigma_ln"]
    ]
    assert float(fitted["mfu_factor", "family=*"]["sigma_ln"]) > max(families)


def test_whole_runs_use_less_of_the_peak_than_their_steps(fitted):
    for generation in ("ampere", "hopper"):
        whole, steps = (float(fitted[prior, f"generation={generation}"]["median"]) for prior in ("mfu", "step_mfu"))
        assert 0.4 * steps < whole < 0.9 * steps


def test_hardware_without_runs_is_not_above_its_neighbours(fitted):
    levels = {scope.partition("=")[2]: float(row["median"]) for (prior, scope), row in fitted.items() if prior == "mfu"}
    assert levels["ada"] <= min(levels["ampere"], levels["hopper"], levels["blackwell"])
    assert levels["pascal"] <= levels["volta"]
    assert levels["tpu-v6"] <= min(levels["tpu-v5"], levels["tpu-v7"])


def test_a_number_format_is_worth_about_what_the_share_of_the_step_that_it_shortens_says(fitted):
    for precision in ("fp8", "fp4"):
        assert 0.8 < float(fitted["step_mfu_factor", f"precision={precision}"]["median"]) < 1.25


def test_hardware_without_published_runs_is_at_least_a_third_wide(fitted):
    assert float(fitted["mfu", "generation=*"]["sigma_ln"]) >= 0.35


def test_an_estimate_can_rest_on_priors_fitted_to_other_runs(shipped):
    fewer = [run for run in RUNS if run.organisation != "Meta"]
    other = priors.with_priors(shipped, priors.fitted_priors(fewer, METERED, shipped))
    (mine,) = [row for row in other.rows("priors", "mfu") if row["scope"] == "generation=ampere"]
    (theirs,) = [row for row in shipped.rows("priors", "mfu") if row["scope"] == "generation=ampere"]
    assert mine["median"] != theirs["median"]
    assert other.rows("priors", "service_life") == shipped.rows("priors", "service_life")
