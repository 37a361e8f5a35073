"""Published steps of known layout: how far off the prediction is, and the fit."""

import math

import pytest

from traincarbon.database.load import builtin_root
from traincarbon.database.select import sigma_of
from traincarbon.estimation.layout import machine
from traincarbon.published import priors, step_efficiency
from traincarbon.uncertain import Z_90


@pytest.fixture(scope="module")
def errors(published_steps, shipped):
    return {error.set: error for error in step_efficiency.errors_by_set(published_steps[0], shipped)}


@pytest.mark.parametrize(
    ("name", "n", "most"),
    [
        ("Narayanan 2021 T1", 10, 0.025),
        ("Narayanan 2021 T2", 6, 0.02),
        ("Narayanan 2021 T2 ZeRO-3", 6, 0.13),
        ("Korthikanti 2022", 8, 0.05),
        ("MT-NLG 530B", 3, 0.17),
        ("MosaicML FSDP A100", 37, 0.055),
        ("Megatron-Core H100", 7, 0.08),
        ("MegaScale A100", 6, 0.05),
        ("MegaScale's Megatron-LM A100", 6, 0.08),
        ("torchtitan A100", 4, 0.07),
        ("torchtitan H100", 9, 0.10),
        ("MaxText TPU v5e", 6, 0.05),
        ("MaxText TPU v5p", 4, 0.10),
        ("NeMo 24.12 H100 fp8", 7, 0.06),
        ("Megatron-Bridge", 9, 0.09),
        ("Megatron-Bridge MoE", 9, 0.11),
        ("MosaicML FSDP H100", 77, 0.07),
        ("vTrain, 64 to 512 A100", 102, 0.10),
        ("vTrain, 2 to 8 A100", 85, 0.10),
        ("all that nothing was fitted on", 250, 0.09),
    ],
)
def test_published_steps_are_met_within_the_band_that_we_claim(errors, name, n, most):
    assert errors[name].n == n
    assert errors[name].mean <= most


def test_a_set_is_held_out_or_said_to_be_fitted_on(errors):
    assert errors["Narayanan 2021 T1"].is_fitted
    assert not errors["Korthikanti 2022"].is_fitted
    assert errors["Korthikanti 2022"].mean_left_out == pytest.approx(errors["Korthikanti 2022"].mean, abs=0.002)


def test_leaving_a_source_out_leaves_all_its_sets_out(errors):
    # both generations below have one source only: what is left is the mean of the other generations
    assert errors["MaxText TPU v5p"].mean_left_out > 2 * errors["MaxText TPU v5p"].mean
    assert errors["MaxText TPU v5e"].mean_left_out > 2 * errors["MaxText TPU v5e"].mean


@pytest.mark.parametrize("name", step_efficiency.FITTED)
def test_the_shipped_rows_are_those_that_the_fit_gives(published_steps, shipped, name):
    written = {row["scope"]: (row["median"], row["sigma_ln"]) for row in shipped.rows("priors", name)}
    assert {
        row["scope"]: (row["median"], row["sigma_ln"]) for row in step_efficiency.fitted_priors(published_steps[0], shipped) if row["prior"] == name
    } == written


@pytest.mark.parametrize("scope", ["dense", "moe"])
def test_the_spread_holds_most_steps_of_left_out_sources(published_steps, shipped, scope):
    reach = Z_90 * sigma_of(shipped, "step_time_spread", scope)
    left = step_efficiency.without_own_publisher(published_steps[0], published_steps[0], shipped)
    logs = [math.log(seconds_s / step.published_s) for step, seconds_s in left if step.is_mixture == (scope == "moe")]
    assert 0.8 <= sum(abs(log) <= reach for log in logs) / len(logs) <= 0.97


def test_all_publishers_weigh_the_same_in_a_spread(published_steps):
    small, large = (next(step for step in published_steps[0] if step.set.publisher == name) for name in ("torchtitan", "Narayanan"))
    alike = [(large, large.published_s * math.exp(0.01))] * 99
    # nine tenths of the weight lie within the errors of the small source, which has half of it
    apart = [(small, small.published_s * math.exp(error)) for error in (0.1, 0.2, 0.3, 0.4, 0.5)]
    assert step_efficiency.spread_of(alike + apart) == pytest.approx(0.4 / Z_90)


def test_chips_and_precisions_scale_the_efficiency_of_their_generation(published_steps, shipped):
    by_id = {step.id: step for step in published_steps[0]}
    base = step_efficiency.sustained_of(by_id["mbridge-20"], shipped).gemm_efficiency
    assert step_efficiency.sustained_of(by_id["mbridge-3"], shipped).gemm_efficiency == pytest.approx(0.983 * base)
    assert step_efficiency.sustained_of(by_id["mbridge-1"], shipped).gemm_efficiency == pytest.approx(1.2 * 0.983 * base)


def test_the_loss_of_grouped_products_is_that_of_the_precision(published_steps, shipped):
    by_id = {step.id: step for step in published_steps[0]}
    assert step_efficiency.sustained_of(by_id["mbridge-18"], shipped).grouped_factor == 0.352
    assert step_efficiency.sustained_of(by_id["mbridge-20"], shipped).grouped_factor == 0.452


def test_writing_replaces_the_fitted_rows_only(tmp_path, published_steps, shipped):
    file = tmp_path / "priors.csv"
    priors.write(str(file), step_efficiency.fitted_priors(published_steps[0], shipped), shipped, replaced=step_efficiency.FITTED)
    with open(f"{builtin_root()}/priors.csv", encoding="utf-8") as stream:
        assert file.read_text(encoding="utf-8") == stream.read()


def test_facts_with_other_efficiencies_predict_with_those(shipped):
    facts = step_efficiency.with_efficiencies(shipped, {"generation=ampere": 0.5, "generation=*": 0.6})
    found = {generation: machine.constant(facts, "gemm_efficiency", f"generation={generation}", "generation=*") for generation in ("ampere", "hopper")}
    assert found == {"ampere": 0.5, "hopper": 0.6}
    assert machine.constant(facts, "half_width", "*") == machine.constant(shipped, "half_width", "*")
