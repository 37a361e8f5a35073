import math
from dataclasses import replace

import pytest

from made_runs import fitted, laid_out, record, slower
from traincarbon.calibration.fit import fit
from traincarbon.calibration.observed import from_records
from traincarbon.errors import CarbonError
from traincarbon.uncertain import Z_90

CHIP = "a100-sxm4-80gb"


def metered(shipped, factors, *, share=0.7, host_w=150.0, **options):
    """Runs with energy: a mean power of *share* of the cap of 400 W, and *host_w* for the rest of the server, an accelerator."""
    made = []
    for each in slower(shipped, factors, **options):
        hours_h = each.duration_s * each.accelerators / 3600.0
        made.append(
            record(
                each.run_id,
                params=each.params,
                tokens=each.tokens,
                duration_s=each.duration_s,
                gpu_kwh=0.4 * share * hours_h,
                other_kwh=1e-3 * host_w * hours_h,
            )
        )
    return made


def test_four_runs_that_take_a_third_longer_teach_so(shipped):
    found = fitted(slower(shipped, (1.3, 1.35, 1.3, 1.25)), shipped)
    effect = found.calibration.effect("mfu", CHIP, "", "decoder pretrain")
    assert math.exp(effect.log_factor) == pytest.approx(1.0 / 1.3, rel=0.05)
    assert effect.runs == 4


def test_own_runs_of_like_size_make_the_interval_much_narrower(shipped):
    from traincarbon.estimation.chain import estimate

    prior = estimate(params=3.2e10, tokens=6.4e11, hw="dgx-a100", servers=1, calibration="none", database=shipped).values["mfu"].sigma
    for factors, most in (((1.3,), 0.37), ((1.3, 1.35, 1.3, 1.25), 0.33)):
        effect = fitted(slower(shipped, factors), shipped).calibration.effect("mfu", CHIP, "", "decoder pretrain")
        _, sigma = effect.at(effect.centre_params)
        assert Z_90 * sigma < most
        assert sigma < 0.6 * prior


def test_errors_are_those_of_hours_predicted_over_measured(shipped):
    found = fitted(slower(shipped, (1.25, 1.25)), shipped)
    assert found.errors["hours"].before == pytest.approx([-math.log(1.25)] * 2)
    assert abs(found.errors["hours"].after).max() < 0.1
    stated = found.calibration.errors["hours"]
    assert stated["n"] == 2.0
    assert stated["before"] == pytest.approx(math.log(1.25))
    assert stated["after"] < stated["left_out"] < stated["before"]


def test_what_helps_may_be_applied_by_itself(shipped):
    calibration = fitted(slower(shipped, (1.3, 1.35, 1.3)), shipped).calibration
    assert calibration.automatic
    assert calibration.why.startswith("with each run left out in turn, the mean error of hours is 0.")


def test_what_does_not_help_may_not(shipped):
    calibration = fitted(slower(shipped, (1.3, 1.0 / 1.3)), shipped).calibration
    assert not calibration.automatic
    assert calibration.why.startswith("the other runs predict hours no better on a100-sxm4-80gb: mean error 0.")


def test_what_is_worse_than_no_calibration_may_not_however_near_both_are(shipped):
    calibration = fitted(slower(shipped, (1.0, 1.02, 0.98, 1.01)), shipped).calibration
    errors = calibration.errors["hours"]
    assert errors["before_mean"] < errors["left_out_mean"] < 0.11
    assert not calibration.automatic
    assert calibration.why.startswith("the other runs predict hours no better on a100-sxm4-80gb: mean error 0.0")


def test_the_power_of_the_rest_is_dropped_if_the_priors_know_it_better(shipped):
    def host_w(number):
        return (150.0, 60.0, 300.0)[number]

    made = metered(shipped, (1.2, 1.25, 1.22), host_w=1.0)
    runs = [
        replace(each, energy_j={**each.energy_j, "other": 3.6e3 * host_w(at) * each.duration_s * each.accelerators / 3600.0}) for at, each in enumerate(made)
    ]
    calibration = fitted(runs, shipped).calibration
    assert calibration.errors["host"]["left_out_mean"] >= calibration.errors["host"]["before_mean"]
    assert "host" not in {effect.quantity for effect in calibration.effects}
    assert any(note.startswith("the power of the rest of servers is not calibrated: the other runs predict it no better") for note in calibration.notes)
    assert calibration.automatic


def test_one_run_teaches_but_is_not_applied_by_itself(shipped):
    found = fitted(slower(shipped, (1.5,)), shipped)
    assert found.calibration.effect("mfu", CHIP, "", "decoder pretrain").log_factor < -0.2
    assert not found.calibration.automatic
    assert found.calibration.why == "there is only one run, so it cannot be tested"
    assert found.errors["hours"].left_out == pytest.approx(found.errors["hours"].before)


def test_runs_all_the_same_leave_a_scatter(shipped):
    records = slower(shipped, (1.3, 1.3, 1.3), sizes=(1e9, 1e9, 1e9), gpu_kwh=None)
    records = [record(f"r{at}", params=1e9, tokens=2e10, duration_s=each.duration_s + at) for at, each in enumerate(records)]
    effect = fitted(records, shipped).calibration.effect("mfu", CHIP, "", "decoder pretrain")
    assert effect.scatter > 0.08
    assert effect.log_slope == pytest.approx(0.0, abs=1e-9)
    assert effect.log_slope_sigma > 0.05


def test_no_run_at_all_is_refused(shipped):
    with pytest.raises(CarbonError, match="no run can be used; there are none"):
        fitted([], shipped)


def test_no_usable_run_is_refused_with_the_first_reason(shipped):
    with pytest.raises(CarbonError, match="no run can be used; 'bad': aborted: its state is killed"):
        fitted([record("bad", state="killed")], shipped)


def test_the_draw_of_accelerators_and_of_the_rest_is_learned(shipped):
    found = fitted(metered(shipped, (1.0, 1.05, 0.95), share=0.6, host_w=120.0), shipped)
    power = found.calibration.effect("power", CHIP, "", "decoder pretrain")
    host = found.calibration.effect("host", CHIP, "", "decoder pretrain")
    assert -0.3 < power.log_factor < -0.05
    assert -0.6 < host.log_factor < -0.2
    assert host.log_slope_sigma == 0.0
    assert found.calibration.errors["energy"]["left_out"] < found.calibration.errors["energy"]["before"]
    assert found.calibration.errors["host"]["left_out"] < found.calibration.errors["host"]["before"]


def test_runs_without_energy_teach_hours_alone(shipped):
    found = fitted(slower(shipped, (1.3, 1.2)), shipped)
    assert set(found.errors) == {"hours"}
    assert {effect.quantity for effect in found.calibration.effects} == {"mfu"}


def test_a_site_with_few_runs_shrinks_towards_its_hardware(shipped):
    many = slower(shipped, (1.5,) * 4, plan={"region": "france"})
    few = slower(shipped, (1.0,), plan={"region": "germany"}, prefix="few")
    calibration = fitted([*many, *few], shipped).calibration
    france, germany, both = (calibration.effect("mfu", CHIP, site, "").log_factor for site in ("FR", "DE", "elsewhere"))
    assert france < both < germany < 0.0


def test_what_the_hardware_shows_is_less_sure_of_another_site_than_of_its_own(shipped):
    calibration = fitted(slower(shipped, (1.5,) * 4, plan={"region": "france"}), shipped).calibration
    effects = {effect.scope: effect for effect in calibration.effects}
    wall_sigmas = [effects[scope].log_factor_sigma for scope in ((CHIP, "FR", "decoder pretrain"), (CHIP, "FR", ""), (CHIP, "", ""), ("", "", ""))]
    assert wall_sigmas == sorted(wall_sigmas)
    assert wall_sigmas[0] < wall_sigmas[3] / 2.0


def test_another_chip_learns_from_what_a_team_has_in_common(shipped):
    calibration = fitted(slower(shipped, (1.5,) * 4), shipped).calibration
    team = calibration.effect("mfu", "h100-sxm5-80gb", "", "decoder pretrain")
    own = calibration.effect("mfu", CHIP, "", "decoder pretrain")
    assert team.scope == ("", "", "")
    assert own.log_factor < team.log_factor < 0.0
    assert calibration.effect("power", "h100-sxm5-80gb", "", "decoder pretrain") is None


def test_kinds_of_training_have_their_own_effects(shipped):
    slow = slower(shipped, (1.8,) * 3, plan={"kind": "finetune"}, prefix="tune")
    calibration = fitted([*slower(shipped, (1.1,) * 3), *slow], shipped).calibration
    pretrain, finetune = (calibration.effect("mfu", CHIP, "", f"decoder {kind}").log_factor for kind in ("pretrain", "finetune"))
    assert finetune < pretrain


def test_a_hardware_that_the_calibration_makes_worse_keeps_it_from_being_applied(shipped):
    good = slower(shipped, (1.6,) * 4)
    bad = slower(shipped, (0.7, 1.35), hw="dgx-h100", prefix="h100")
    calibration = fitted([*good, *bad], shipped).calibration
    assert not calibration.automatic
    assert calibration.why.startswith("the other runs predict hours no better on h100-sxm5-80gb")


def test_runs_drawn_from_the_prior_lie_inside_the_interval_nine_times_in_ten(shipped):
    import numpy as np

    rng = np.random.default_rng(11)
    inside = []
    for _ in range(12):
        team, trend = rng.normal(0.0, 0.3), rng.normal(0.0, 0.05)
        sizes = [1e9 * 2.0**at for at in range(6)]
        logs = [team + trend * math.log(size / 4e9) + rng.normal(0.0, 0.14) for size in sizes]
        records = slower(shipped, np.exp(logs).tolist(), sizes=sizes)
        found = fitted(records[:4], shipped)
        for each, log in zip(records[4:], logs[4:], strict=True):
            mean, sigma = found.calibration.effect("mfu", CHIP, "", "decoder pretrain").at(each.params)
            inside.append(abs(-log - mean) <= Z_90 * sigma)
    assert 0.8 <= sum(inside) / len(inside) <= 1.0


def test_a_calibration_keeps_the_first_of_very_many_runs_and_their_number(shipped):
    records = [record(f"r{at}", params=1e9, tokens=2e10, hours_h=240.0 + at) for at in range(1200)]
    calibration = fitted(records, shipped).calibration
    assert (len(calibration.runs), calibration.n_runs) == (1000, 1200)


def test_an_energy_that_was_only_modelled_is_followed_but_no_surer_than_its_model(shipped):
    measured = metered(shipped, (1.0, 1.05, 0.95), share=0.5)
    modelled = [record(each.run_id, **{**_fields(each), "how": {"gpu": "modelled"}}) for each in measured]
    found = fitted(modelled, shipped).calibration
    effects = [calibration.effect("power", CHIP, "", "decoder pretrain") for calibration in (fitted(measured, shipped).calibration, found)]
    assert effects[0].log_factor == pytest.approx(effects[1].log_factor)
    assert effects[1].log_factor_sigma > 0.5 > effects[0].log_factor_sigma
    assert found.notes[0].startswith("the power of the accelerators was modelled")


def test_what_was_modelled_gives_way_to_what_was_measured(shipped):
    measured = metered(shipped, (1.0, 1.05), share=0.5)
    other = metered(shipped, (1.1,), share=0.9, prefix="modelled")
    both = [*measured, record("modelled", **{**_fields(other[0]), "how": {"gpu": "modelled"}})]
    found = fitted(both, shipped)
    assert found.calibration.effect("power", CHIP, "", "").runs == 2
    assert not found.calibration.notes


def _fields(each):
    return {"params": each.params, "tokens": each.tokens, "duration_s": each.duration_s, "energy_j": each.energy_j}


def test_runs_of_known_layout_teach_the_efficiency_of_a_step(shipped):
    found = fitted(laid_out(shipped, (0.8, 0.82, 0.8, 0.78)), shipped)
    effect = found.calibration.effect("step", CHIP, "", "decoder pretrain")
    assert math.exp(effect.log_factor) == pytest.approx(0.8, rel=0.02)
    assert (effect.runs, effect.log_slope, effect.log_slope_sigma) == (4, 0.0, 0.0)
    assert found.errors["step"].before == pytest.approx([math.log(factor) for factor in (0.8, 0.82, 0.8, 0.78)])
    stated = found.calibration.errors["step"]
    assert stated["left_out"] < 0.03 < stated["before"]
    assert found.calibration.notes == ()


def test_the_step_shrinks_towards_what_is_published_and_is_more_certain_with_more_runs(shipped):
    wall_sigmas = []
    for factors in ((0.8, 0.8), (0.8, 0.8, 0.8, 0.8)):
        effect = fitted(laid_out(shipped, factors), shipped).calibration.effect("step", CHIP, "", "decoder pretrain")
        assert math.log(0.8) < effect.log_factor < 0.7 * math.log(0.8)
        wall_sigmas.append(effect.at(1e10)[1])
    assert wall_sigmas[1] < wall_sigmas[0]


def test_the_step_of_one_run_alone_is_not_kept(shipped):
    calibration = fitted([*laid_out(shipped, (0.8,)), *slower(shipped, (1.3, 1.3))], shipped).calibration
    assert calibration.effect("step", CHIP, "", "decoder pretrain") is None
    assert calibration.notes == ("steps are not calibrated: only one run has a known layout",)


def test_steps_that_the_others_do_not_foretell_are_not_kept_and_hours_are(shipped):
    records = laid_out(shipped, (1.2, 0.8), layouts=((13e9, 2, 1), (13e9, 8, 1)))
    found = fitted([*records, *slower(shipped, (1.3,), sizes=(13e9,))], shipped)
    assert not [effect for effect in found.calibration.effects if effect.quantity == "step"]
    assert found.calibration.effect("mfu", CHIP, "", "decoder pretrain") is not None
    (note,) = found.calibration.notes
    assert note.startswith("steps are not calibrated: the other runs predict them no better on a100-sxm4-80gb: mean error 0.")
    assert found.errors["step"].summary()["n"] == 2.0


def test_runs_of_unknown_layout_have_no_part_in_the_step(shipped):
    alone, among = (fitted([*laid_out(shipped, (0.8, 0.8, 0.8)), *more], shipped) for more in ([], slower(shipped, (1.5, 1.5))))
    assert among.calibration.errors["step"] == pytest.approx(alone.calibration.errors["step"])
    assert "step" not in fitted(slower(shipped, (1.5, 1.5)), shipped).calibration.errors


def test_a_step_unlike_the_others_is_left_out_and_its_hours_are_not(shipped):
    """The odd one is as fast as similar runs, but states a layout on which a step of two sequences takes four times as long per token."""
    like = laid_out(shipped, (0.8, 0.8, 0.8, 0.8), layouts=((13e9, 2, 1), (13e9, 4, 1), (13e9, 8, 1), (13e9, 2, 2)))
    said = {"tp": 8.0, "pp": 8.0, "seq_len": 2048.0, "batch_tokens": 8192.0, "recompute": "full"}
    odd = record("odd", params=13e9, tokens=2.6e11, accelerators=64, duration_s=1.01 * like[0].duration_s, plan=said)
    found = fitted([*like, odd], shipped)
    assert found.used.ids[-1] == "odd"
    assert found.errors["step"].rows.tolist() == [0, 1, 2, 3]
    (aside,) = found.set_aside
    assert (aside.id, aside.reason) == ("odd", "only its step: it was 5.6 times as fast on its layout as similar runs")


def test_the_error_bar_of_a_meter_at_the_wall_widens_the_rest_of_the_server_and_nothing_else(shipped):
    """Servers of 430 W an accelerator, 150 W of them the rest: an error of 4 % of the whole is one of 11.5 % of the rest, however many runs there are."""
    records = metered(shipped, (1.0, 1.1, 0.9, 1.05, 1.0))
    found = {}
    for sigma in (0.0, 0.04):
        observed, _ = from_records(records, shipped, wall_sigma={each.run_id: sigma for each in records})
        found[sigma] = fit(observed, shipped, name="mine", made="2026-11-25T00:00:00Z", version="0.1.0").calibration
    for plain, widened in zip(found[0.0].effects, found[0.04].effects, strict=True):
        if plain.quantity == "host":
            assert widened.log_factor_sigma == pytest.approx(math.hypot(plain.log_factor_sigma, 0.04 * 430.0 / 150.0))
            assert widened.log_factor == plain.log_factor
        else:
            assert widened == plain
    assert "host" in {effect.quantity for effect in found[0.04].effects}


def test_errors_of_energy_follow_those_of_hours(shipped):
    # half as fast as expected at the expected power: without calibration half of the energy is planned, with it about all
    hours_only = fitted(metered(shipped, (2.0, 2.0, 2.0, 2.0), share=0.65), shipped)
    energy, expected_ln = hours_only.errors["energy"], -math.log(2.0)
    power = hours_only.calibration.effect("power", CHIP, "", "decoder pretrain")
    assert energy.before.mean() == pytest.approx(expected_ln, abs=0.35)
    assert abs(energy.after).mean() < 0.25 * abs(energy.before).mean()
    assert abs(energy.left_out).mean() < 0.5 * abs(energy.before).mean()
    # the power effect alone explains no more than its own size
    assert abs(energy.after - energy.before).min() > 2.0 * abs(power.log_factor)
