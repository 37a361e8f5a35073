import dataclasses
import math

import numpy as np
import pytest

from made_runs import fitted, laid_out, record, slower
from traincarbon.calibration.store import save
from traincarbon.errors import NotFoundError
from traincarbon.estimation.chain import estimate
from traincarbon.uncertain import Uncertain

PLAN = {"params": 8e9, "tokens": 1.6e11, "hw": "dgx-a100", "servers": 1}


@pytest.fixture
def keep(shipped, tmp_path, monkeypatch):
    """Return a function that keeps a calibration to four slow runs in a folder of the test's own."""
    monkeypatch.setenv("CARBON_CALIBRATIONS", str(tmp_path))

    def make(name="mine", factors=(1.5, 1.45, 1.55, 1.5), **options):
        found = fitted(slower(shipped, factors, **options), shipped, name=name).calibration
        save(found)
        return found

    return make


def ask(shipped, **fields):
    return estimate(database=shipped, **{**PLAN, **fields})


def test_without_any_calibration_nothing_changes(shipped, tmp_path, monkeypatch):
    monkeypatch.setenv("CARBON_CALIBRATIONS", str(tmp_path / "nowhere"))
    answer = ask(shipped)
    assert answer.median("mfu") == ask(shipped, calibration="none").median("mfu")
    assert "mfu_calibration" not in answer.inputs


def test_the_only_one_that_fits_is_applied_by_itself_and_said_as_an_assumption(shipped, keep):
    keep()
    answer = ask(shipped)
    before = ask(shipped, calibration="none")
    assert answer.median("accelerator_hours_h") == pytest.approx(1.5 * before.median("accelerator_hours_h"), rel=0.05)
    (assumption,) = [each for each in answer.assumptions if each.name == "mfu_calibration"]
    assert assumption.reason == (
        "utilisation, measured over expected: 4 runs (a100-sxm4-80gb, decoder pretrain); "
        "applied automatically because it fits the hardware: calibration none disables it"
    )


def test_its_interval_is_at_most_half_as_wide_as_before(shipped, keep):
    keep()
    after, before = (ask(shipped, **fields).values["accelerator_hours_h"].sigma for fields in ({}, {"calibration": "none"}))
    assert after < 0.5 * before


def test_none_switches_it_off_in_any_case(shipped, keep):
    keep()
    assert "mfu_calibration" not in ask(shipped, calibration=" None ").inputs


def test_the_one_that_is_named_is_applied_without_being_assumed(shipped, keep):
    keep("a")
    keep("b", (0.8, 0.82, 0.79))
    answer = ask(shipped, calibration="b")
    assert answer.inputs["mfu_calibration"].source == "calibration b"
    assert not [each for each in answer.assumptions if each.name == "mfu_calibration"]


def test_of_two_that_fit_none_is_applied_and_both_are_named(shipped, keep):
    keep("a")
    keep("b")
    answer = ask(shipped)
    assert "mfu_calibration" not in answer.inputs
    assert "2 calibrations fit and none was used: name one of a, b, or none" in answer.warnings


def test_one_that_leave_one_out_does_not_commend_waits_to_be_named(shipped, keep):
    assert not keep(factors=(1.3, 1.0 / 1.3)).automatic
    assert "mfu_calibration" not in ask(shipped).inputs
    assert "mfu_calibration" in ask(shipped, calibration="mine").inputs


def test_other_hardware_is_left_alone_unless_asked_and_then_said(shipped, keep):
    keep()
    assert "mfu_calibration" not in ask(shipped, hw="dgx-h100").inputs
    answer = ask(shipped, hw="dgx-h100", calibration="mine")
    assert 1.0 / 1.5 < answer.inputs["mfu_calibration"].value.median < 1.0
    assert "calibration 'mine' has no run on NVIDIA H100 SXM5 80GB: it uses what its runs on other hardware have in common" in answer.warnings


def test_another_site_is_left_alone(shipped, keep):
    keep(plan={"region": "france"})
    assert "mfu_calibration" in ask(shipped, region="france").inputs
    assert "mfu_calibration" in ask(shipped).inputs
    assert "mfu_calibration" not in ask(shipped, region="germany").inputs


def test_a_name_that_is_not_kept_is_refused(shipped, keep):
    keep()
    with pytest.raises(NotFoundError, match="no calibration 'other'"):
        ask(shipped, calibration="other")


def test_a_damaged_calibration_is_left_out_with_a_warning(shipped, keep, tmp_path):
    keep()
    (tmp_path / "broken.toml").write_text("schema = ")
    answer = ask(shipped)
    assert "mfu_calibration" in answer.inputs
    assert any(warning.startswith("ignored calibration 'broken': ") for warning in answer.warnings)


def test_a_utilisation_that_the_plan_states_stays(shipped, keep):
    keep()
    assert ask(shipped, mfu=0.4).median("mfu") == 0.4
    assert ask(shipped, accelerator_hours=1e4).median("accelerator_hours_h") == 1e4


def test_a_plan_far_from_the_sizes_of_the_runs_is_warned_of(shipped, keep):
    keep()
    assert any("has no run nearer to 5.3e+11 parameters than 8e+09" in warning for warning in ask(shipped, params=5.3e11, servers=60).warnings)
    assert not any("nearer" in warning for warning in ask(shipped).warnings)


def test_however_far_it_is_never_less_sure_than_the_priors(shipped, keep):
    keep()
    after, before = (ask(shipped, params=1e13, servers=None, **fields).values["mfu"].sigma for fields in ({}, {"calibration": "none"}))
    assert after <= before * 1.0001


def test_arrays_of_plans_give_what_each_gives(shipped, keep):
    keep()
    sizes = np.array([1e9, 8e9, 64e9])
    answer = ask(shipped, params=sizes, tokens=20.0 * sizes, servers=None)
    for at, params in enumerate(sizes.tolist()):
        one = ask(shipped, params=params, tokens=20.0 * params, servers=None)
        assert answer.median("accelerator_hours_h")[at] == pytest.approx(one.median("accelerator_hours_h"))
        assert answer.values["accelerator_hours_h"].sigma[at] == pytest.approx(one.values["accelerator_hours_h"].sigma)


def test_a_mixture_of_experts_beside_a_dense_model_gives_what_each_gives(shipped, keep):
    keep()
    active = np.array([8e9, 2e9])
    answer = ask(shipped, params=8e9, active_params=active, tokens=2e11, servers=None)
    for at, each in enumerate(active.tolist()):
        one = ask(shipped, params=8e9, active_params=each, tokens=2e11, servers=None)
        assert answer.median("accelerator_hours_h")[at] == pytest.approx(one.median("accelerator_hours_h"))
        assert answer.values["accelerator_hours_h"].sigma[at] == pytest.approx(one.values["accelerator_hours_h"].sigma)


def test_utilisation_never_exceeds_one(shipped, keep):
    keep(factors=(0.45,) * 4)
    assert ask(shipped).median("mfu") <= 1.0


@pytest.mark.usefixtures("keep")
def test_draws_that_were_measured_replace_the_priors_of_power(shipped):
    runs = []
    for each in slower(shipped, (1.0, 1.02, 0.98, 1.01)):
        hours_h = each.duration_s * 8 / 3600.0
        runs.append(record(each.run_id, params=each.params, tokens=each.tokens, duration_s=each.duration_s, gpu_kwh=0.2 * hours_h, other_kwh=0.1 * hours_h))
    save(fitted(runs, shipped).calibration)
    answer, before = ask(shipped, calibration="mine"), ask(shipped, calibration="none")
    draw = {name: given.value for name, given in answer.inputs.items() if name.endswith("_calibration")}
    assert draw["power_calibration"].median < 1.0
    assert draw["host_calibration"].median < 1.0
    assert answer.median("it_energy_kwh") < before.median("it_energy_kwh")
    assert not isinstance(answer.inputs["power_share"].value, Uncertain)
    shares = answer.values["it_energy_kwh"].spreads
    assert set(shares) == {"mfu", "power", "host", "network"}
    assert shares["power"] < before.values["it_energy_kwh"].spreads["power"]


def test_the_factor_is_a_step_of_the_explanation(shipped, keep):
    keep()
    (step,) = [each for each in ask(shipped).steps if each.name == "calibrated_mfu"]
    assert step.value == pytest.approx(step.inputs["mfu"] * step.inputs["factor"])
    assert math.isclose(step.inputs["factor"], 1.0 / 1.5, rel_tol=0.05)


def test_the_step_is_as_efficient_as_runs_of_known_layout_were_and_the_hours_stay(shipped, tmp_path, monkeypatch):
    monkeypatch.setenv("CARBON_CALIBRATIONS", str(tmp_path))
    kept = fitted(laid_out(shipped, (0.8, 0.82, 0.8, 0.78)), shipped).calibration
    save(kept)
    plan = {"params": 13e9, "tokens": 2.6e11, "servers": 8, "tp": 2, "pp": 1}
    after, before = ask(shipped, **plan), ask(shipped, **plan, calibration="none")
    factor = math.exp(kept.effect("step", "a100-sxm4-80gb", "", "decoder pretrain").log_factor)
    assert after.layout.spread.mfu == pytest.approx(factor * before.layout.spread.mfu)
    assert after.layout.spread.step.total_s == pytest.approx(before.layout.spread.step.total_s / factor)
    assert after.layout.spread.layout == before.layout.spread.layout
    (assumption,) = [each for each in after.assumptions if each.name == "step_calibration"]
    assert assumption.value == pytest.approx(factor)
    assert assumption.reason.startswith("efficiency of a step on its layout, measured over expected: 4 runs (a100-sxm4-80gb, decoder pretrain); applied auto")
    save(dataclasses.replace(kept, effects=tuple(effect for effect in kept.effects if effect.quantity != "step")))
    without_step = ask(shipped, **plan)
    assert without_step.results == after.results
    assert not [each for each in without_step.assumptions if each.name == "step_calibration"]


def test_a_step_is_not_assumed_where_no_layout_is_looked_for(shipped, tmp_path, monkeypatch):
    monkeypatch.setenv("CARBON_CALIBRATIONS", str(tmp_path))
    save(fitted(laid_out(shipped, (0.8, 0.82, 0.8, 0.78)), shipped).calibration)
    assert "step_calibration" not in {each.name for each in ask(shipped, servers=None).assumptions}


def test_the_step_follows_the_calibration_where_the_plan_states_the_utilisation(shipped, tmp_path, monkeypatch):
    monkeypatch.setenv("CARBON_CALIBRATIONS", str(tmp_path))
    save(fitted(laid_out(shipped, (0.8, 0.82, 0.8, 0.78)), shipped).calibration)
    answer = ask(shipped, mfu=0.4)
    assert answer.layout.spread.calibration == pytest.approx(0.8, rel=0.02)
    assert "mfu_calibration" not in answer.inputs


def test_own_runs_on_a_machine_of_unsure_peak_replace_its_spread_too(shipped, tmp_path, monkeypatch):
    monkeypatch.setenv("CARBON_CALIBRATIONS", str(tmp_path))
    plan = {"params": 1e7, "tokens": 2e8, "hw": "cpu", "accelerators": 1, "database": shipped}
    before = estimate(**plan, calibration="none")["accelerator_hours_h"]
    runs = [record(f"run-{at}", params=1e7, tokens=2e8, hours_h=before.median * slower, accelerators=1, hw="cpu") for at, slower in enumerate((1.5, 1.6))]
    save(fitted(runs, shipped).calibration)
    after = estimate(**plan, calibration="mine")["accelerator_hours_h"]
    assert before.high / before.low > 10.0
    assert after.high / after.low < 2.2
    assert after.low < 1.55 * before.median < after.high


def test_own_runs_are_like_the_plan_though_no_published_run_is(shipped, keep):
    # MI300X has no published runs of dense models: the priors alone are a guess
    plan = {"hw": "mi300x", "accelerators": 8, "servers": None}

    def guessed(**fields):
        return any(warning.startswith("no published run is like") for warning in ask(shipped, **plan, **fields).warnings)

    keep(hw="mi300x")
    assert guessed(calibration="none")
    assert not guessed(calibration="mine")
    assert guessed(calibration="mine", params=7e11, tokens=1e13)  # too far from them


def test_own_runs_on_other_hardware_leave_the_guess_a_guess(shipped, keep):
    keep()
    warnings = ask(shipped, hw="mi300x", accelerators=8, servers=None, calibration="mine").warnings
    assert any(warning.startswith("no published run is like") for warning in warnings)
