"""Published steps of known layout: how far off the prediction is, and the fit."""

import pytest

from traincarbon.calibrate import priors
from traincarbon.calibrate import steps as calibrate
from traincarbon.database.load import builtin_root


@pytest.fixture(scope="module")
def errors(published, shipped):
    return {error.set: error for error in calibrate.report(published[0], shipped)}


@pytest.mark.parametrize(
    ("name", "n", "most"),
    [
        ("Narayanan 2021 T1", 10, 0.025),
        ("Narayanan 2021 T2", 6, 0.02),
        ("Korthikanti 2022", 8, 0.055),
        ("MT-NLG 530B", 3, 0.20),
        ("MosaicML FSDP A100", 37, 0.055),
        ("Megatron-Core H100", 7, 0.06),
        ("MegaScale A100", 6, 0.05),
        ("torchtitan A100", 4, 0.07),
        ("torchtitan H100", 9, 0.10),
        ("MaxText TPU v5e", 3, 0.08),
        ("MaxText TPU v5p", 4, 0.10),
        ("NeMo 24.12 H100 fp8", 7, 0.06),
        ("Megatron-Bridge", 9, 0.13),
        ("Megatron-Bridge MoE", 9, 0.36),
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


def test_the_shipped_efficiencies_are_those_that_the_fit_gives(published, shipped):
    written = {row["scope"]: row["median"] for row in shipped.rows("priors", "gemm_efficiency")}
    assert {row["scope"]: row["median"] for row in calibrate.fitted_priors(published[0], shipped)} == written


def test_writing_replaces_the_fitted_rows_only(tmp_path, published, shipped):
    file = tmp_path / "priors.csv"
    priors.write(str(file), calibrate.fitted_priors(published[0], shipped), shipped, replaced=calibrate.FITTED)
    with open(f"{builtin_root()}/priors.csv", encoding="utf-8") as stream:
        assert file.read_text(encoding="utf-8") == stream.read()
