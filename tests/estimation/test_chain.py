"""The chain from a plan to its figures: what more work takes, what was given, what contradicts itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.errors import CarbonError, OutOfRangeError, PlanError
from traincarbon.estimation import chain
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.quantities import ESTIMATED
from traincarbon.uncertain import Uncertain

GIVEN = {
    "servers": 128,
    "mfu": 0.4,
    "pue": 1.1,
    "carbon_intensity": 400,
    "electricity_price": 0.1,
    "rent_price": 2.0,
    "purchase_price": 200e3,
    "service_life": 4,
    "utilisation": 0.8,
}
"""Everything that a plan can settle for itself."""
OF_WORK = [name for name in ESTIMATED if name not in ("mfu", "purchase_usd")]
"""Figures that are in proportion to the work."""


def medians(answer):
    return {name: answer.median(name) for name in ESTIMATED if answer[name] is not None}


def names(answer):
    return {assumption.name for assumption in answer.assumptions}


def test_a_run_is_worked_by_hand(ask):
    answer = ask(**GIVEN)
    hours = 6 * 7e9 * 1e12 / (312e12 * 0.4 * 3600)
    assert answer.median("compute_flop") == pytest.approx(4.2e22)
    assert answer.median("accelerator_hours_h") == pytest.approx(hours)
    assert answer.median("duration_s") == pytest.approx(hours / 1024 * 3600)
    assert answer.median("rent_usd") == pytest.approx(hours * 2.0)
    energy = answer.median("facility_energy_kwh")
    assert energy == pytest.approx(answer.median("it_energy_kwh") * 1.1)
    assert answer.median("operational_kgco2e") == pytest.approx(energy * 0.4)
    assert answer.median("electricity_usd") == pytest.approx(energy * 0.1)
    assert answer.median("total_kgco2e") == pytest.approx(answer.median("operational_kgco2e") + answer.median("embodied_kgco2e"))
    each = answer.median("purchase_usd") / 1024
    assert answer.median("own_usd") == pytest.approx(hours * each / (4 * 8766 * 0.8) + energy * 0.1)


@given(st.floats(1e10, 1e15), st.floats(1.1, 1e3))
def test_more_tokens_take_more_of_everything(ask, tokens, factor):
    less, more = (ask(tokens=n, servers=64) for n in (tokens, tokens * factor))
    for name in OF_WORK:
        assert more.median(name) == pytest.approx(less.median(name) * factor, rel=1e-9), name
    assert more.median("purchase_usd") == less.median("purchase_usd")


@given(st.floats(1e7, 1e12), st.floats(1.1, 1e3))
def test_a_larger_model_takes_more_arithmetic_in_proportion(ask, params, factor):
    less, more = (ask(params=n, tokens=1e14) for n in (params, params * factor))
    assert more.median("compute_flop") == pytest.approx(less.median("compute_flop") * factor)
    assert more.median("accelerator_hours_h") >= less.median("accelerator_hours_h")


@given(st.floats(0.05, 0.5), st.floats(1.1, 1.9))
def test_a_better_utilisation_takes_fewer_hours_and_no_more_energy(ask, mfu, factor):
    worse, better = (ask(mfu=u) for u in (mfu, mfu * factor))
    assert better.median("accelerator_hours_h") * factor == pytest.approx(worse.median("accelerator_hours_h"))
    assert better.median("facility_energy_kwh") < worse.median("facility_energy_kwh")


def test_twice_the_servers_halve_the_duration_and_double_the_purchase(ask):
    one, two = (ask(servers=n, mfu=0.4) for n in (64, 128))
    assert two.median("duration_s") * 2 == pytest.approx(one.median("duration_s"))
    assert two.median("purchase_usd") == pytest.approx(one.median("purchase_usd") * 2)
    assert two.median("accelerator_hours_h") == one.median("accelerator_hours_h")


def test_a_thinly_spread_model_is_used_no_better_than_a_compact_one(ask):
    few, many = (ask(params=1e9, tokens=1e12, servers=n, goodput=1.0).median("mfu") for n in (1, 1000))
    assert many < few <= ask(params=1e9, tokens=1e12, goodput=1.0).median("mfu") * (1 + 1e-12)


def test_an_exact_utilisation_leaves_no_spread_of_it(ask):
    for name, shares in ask(mfu=0.4, servers=8).spread_shares.items():
        assert "mfu" not in shares, name
    assert ask(mfu=0.4).results["accelerator_hours_h"] == (ask(mfu=0.4).median("accelerator_hours_h"),) * 3


def test_an_interval_of_the_utilisation_is_that_of_the_hours_turned_over(ask):
    answer = ask(mfu="0.3..0.5")
    low, _, high = answer["accelerator_hours_h"]
    assert (low, high) == (pytest.approx(ask(mfu=0.5).median("accelerator_hours_h")), pytest.approx(ask(mfu=0.3).median("accelerator_hours_h")))


def test_goodput_takes_its_share_of_the_steps(ask):
    assert ask(mfu=0.5, goodput=0.8).median("mfu") == pytest.approx(0.4)
    assert ask(mfu=0.5, goodput=1.0).median("mfu") == ask(mfu=0.5).median("mfu")


def test_goodput_alone_moves_the_expected_utilisation_in_proportion(ask):
    half, whole = ask(goodput=0.4).median("mfu"), ask(goodput=0.8).median("mfu")
    assert half * 2 == pytest.approx(whole)
    assert half < ask().median("mfu")


def test_known_accelerator_hours_stand_in_for_tokens_and_parameters(ask):
    answer = ask(params=None, tokens=None, accelerator_hours=1e5)
    assert answer["accelerator_hours_h"] == (1e5, 1e5, 1e5)
    assert answer["compute_flop"] is answer["mfu"] is None
    assert answer.median("facility_energy_kwh") == pytest.approx(ask(params=None, tokens=None, accelerator_hours=5e4).median("facility_energy_kwh") * 2)
    assert any("params and tokens" in warning for warning in answer.warnings)


def test_known_accelerator_hours_imply_the_utilisation(ask):
    # 4.2e22 / (312e12 × 3600 × 1e5) = 0.3739
    assert ask(accelerator_hours=1e5).median("mfu") == pytest.approx(4.2e22 / (312e12 * 3600 * 1e5))


def test_accelerator_hours_too_few_for_the_work_are_a_contradiction(ask):
    with pytest.raises(PlanError, match="accelerator_hours") as caught:
        ask(accelerator_hours=10)
    assert "precision" in caught.value.hint


def test_servers_give_duration_and_purchase(ask):
    without, with_servers = ask(), ask(servers=16)
    assert without["duration_s"] is without["purchase_usd"] is None
    assert with_servers.median("duration_s") == pytest.approx(with_servers.median("accelerator_hours_h") / 128 * 3600)
    assert any("give servers or accelerators" in warning for warning in without.warnings)
    assert not any("give servers" in warning for warning in with_servers.warnings)


def test_degrees_of_parallelism_are_a_number_of_accelerators(ask):
    assert ask(tp=8, pp=4, dp=4).median("duration_s") == ask(servers=16).median("duration_s") == ask(accelerators=128).median("duration_s")
    assert ask(tp=8, pp=4, dp=4, servers=16)["duration_s"] == ask(servers=16)["duration_s"]


@pytest.mark.parametrize(
    "fields",
    [
        {"tp": 8, "pp": 4, "dp": 4, "servers": 17},
        {"tp": 8, "pp": 4, "dp": 4, "accelerators": 64},
        {"servers": 4, "accelerators": 33},
        {"servers": np.array([1.0, 2.0]), "accelerators": 9},
        {"tp": np.array([1.0, 2.0]), "pp": 1, "dp": 1, "accelerators": 9},
    ],
)
def test_counts_that_contradict_each_other_are_refused(fields, ask):
    with pytest.raises(PlanError) as caught:
        ask(**fields)
    assert caught.value.hint


def test_counts_that_agree_are_one_count(ask):
    assert ask(servers=4, accelerators=32)["duration_s"] == ask(servers=4)["duration_s"]


def test_a_layout_given_in_part_is_said_to_have_no_effect(ask):
    answer = ask(tp=8, pp=2)
    assert answer["duration_s"] is None
    assert any("tp, pp and dp" in warning for warning in answer.warnings)


def test_a_bare_chip_is_counted_in_accelerators(ask):
    assert ask(hw="a100-sxm4-80gb", accelerators=64).median("duration_s") > 0.9 * ask(hw="dgx-a100-640", servers=8).median("duration_s")
    with pytest.raises(PlanError, match="is an accelerator, not a server") as caught:
        ask(hw="a100-sxm4-80gb", servers=8)
    assert "accelerators" in caught.value.hint


def test_a_cluster_too_small_for_the_model_is_pointed_out(ask):
    assert any("does not fit" in warning for warning in ask(params=530e9, tokens=1e12, servers=1).warnings)
    assert not any("does not fit" in warning for warning in ask(servers=64).warnings)
    # 16 B × 530e9 = 8.48e12 B; frozen, it is 2 B and 1 % of 14: far fewer
    assert ask(params=530e9, kind="lora").fewest_accelerators < ask(params=530e9).fewest_accelerators / 7


def test_a_market_intensity_adds_its_own_figure(ask):
    answer = ask(market_intensity=0, carbon_intensity=400)
    assert answer.median("operational_market_kgco2e") == 0.0
    assert answer.median("operational_kgco2e") == pytest.approx(answer.median("facility_energy_kwh") * 0.4)
    assert "operational_market_kgco2e" not in ask().results


def test_fields_given_beside_a_plan_win_over_it(shipped):
    plan = Plan(params=7e9, tokens=1e12, hw="dgx-a100", mfu="0.3..0.5")
    answer = estimate(plan, database=shipped, tokens="2T")
    assert (answer.plan.tokens, answer.plan.mfu) == (2e12, "0.3..0.5")
    assert estimate(plan, database=shipped).plan is plan
    with pytest.raises(PlanError, match="token"):
        estimate(plan, database=shipped, token=1)


@pytest.mark.parametrize("level", [0.0, 1.0, 90, -1])
def test_a_level_that_is_none_is_refused(level, ask):
    with pytest.raises(OutOfRangeError, match="confidence level"):
        ask(level=level).to_dict()


def test_an_estimate_can_be_asked_of_one_s_own_database(make_root, shipped):
    from traincarbon.database.load import Database

    own = make_root({"servers/dgx-a100.toml": '[max_power_w]\nvalue = 9000\nsource = "mine"\nlocator = "l"\nkind = "measured"\n'})
    more = estimate(params=7e9, tokens=1e12, hw="dgx-a100", database=Database([*shipped.roots, own]))
    assert more.median("it_energy_kwh") > estimate(params=7e9, tokens=1e12, hw="dgx-a100", database=shipped).median("it_energy_kwh")


def test_every_shipped_thing_gives_an_estimate_or_says_what_is_missing(ask, shipped):
    silent = []
    for id in [*shipped.ids("servers"), *shipped.ids("accelerators")]:
        try:
            answer = ask(hw=id)
        except CarbonError as error:
            silent += [] if error.hint else [id]
            continue
        peak = answer.facts.value("peak_flop_per_s")
        peak = peak.median if isinstance(peak, Uncertain) else peak
        assert answer.median("accelerator_hours_h") == pytest.approx(4.2e22 / (3600 * peak * answer.median("mfu"))), id
    assert not silent


@pytest.mark.parametrize(("chosen", "stated"), [({"basis": "direct"}, {"carbon_intensity": 400}), ({"rent": "spot"}, {"rent_price": 2.0})])
def test_a_choice_among_figures_has_no_effect_where_the_figure_is_stated(ask, chosen, stated):
    (name,), (figure,) = chosen, stated
    said = f"ignored {name}: {figure} overrides it"
    assert said in ask(**chosen, **stated).warnings
    assert ask(**chosen, **stated).results == ask(**stated).results
    assert not any("ignored" in warning for fields in (chosen, stated) for warning in ask(**fields).warnings)


@pytest.mark.parametrize(("hw", "servers"), [("h100", "dgx-h100"), ("rtx-4090", "carbon db list servers")])
def test_servers_of_a_bare_chip_are_answered_with_those_that_hold_it(ask, hw, servers):
    with pytest.raises(PlanError, match="is an accelerator, not a server") as caught:
        ask(hw=hw, servers=4)
    assert servers in caught.value.hint


LONG_CONTEXT = {"params": 7e9, "tokens": 1e12, "hw": "a100-sxm4-40gb", "layers": 32, "hidden": 4096, "seq_len": 131072}


def test_activations_count_where_the_shape_is_known():
    short = estimate(**{**LONG_CONTEXT, "seq_len": 2048, "accelerators": 4})
    assert short.fits
    answer = estimate(**LONG_CONTEXT, accelerators=4)
    assert (answer.is_raised, answer.accelerators) == (True, 5.0)
    assert "the training state and one sequence of activations do not fit in the memory of 4 × NVIDIA A100" in answer.warnings[0]
    with pytest.raises(PlanError, match="one sequence of activations do not fit"):
        estimate(**LONG_CONTEXT, accelerators=4, strict=True)
    assert "the training state does not fit" in estimate(**LONG_CONTEXT, accelerators=1).warnings[0]


def test_each_plan_of_an_array_has_its_own_activations():
    many = estimate(**{**LONG_CONTEXT, "seq_len": np.array([2048.0, 131072.0]), "accelerators": 4})
    assert many.accelerators.tolist() == [estimate(**{**LONG_CONTEXT, "seq_len": n, "accelerators": 4}).accelerators for n in (2048, 131072)]


def test_hours_need_no_peak_rate_and_work_alone_does():
    xeon = {"hw": "xeon-8168", "region": "FR"}
    answer = estimate(**xeon, accelerator_hours=100)
    # 205 W is the cap of a Xeon Platinum 8168
    assert 0.0 < answer.median("it_energy_kwh") < 100 * 0.205 * 3
    with_work = estimate(**xeon, accelerator_hours=100, params=1e9, tokens=1e9)
    assert with_work.median("it_energy_kwh") == answer.median("it_energy_kwh")
    assert with_work.values["mfu"] is None
    assert any("no peak rate" in warning for warning in with_work.warnings)
    with pytest.raises(PlanError, match="no peak rate of Intel Xeon Platinum 8168 is known") as told:
        estimate(**xeon, params=1e9, tokens=1e9)
    assert "accelerator_hours" in told.value.hint


def test_what_a_short_run_leaves_out_follows_its_kind_whatever_counts_as_short(shipped, monkeypatch):
    monkeypatch.setattr(chain, "_SHORT_PRETRAINING_S", chain._SHORT_S)
    short = {"params": 1e9, "tokens": 1e6, "hw": "dgx-h100", "servers": 1}
    assert any("as long on starting and compiling" in warning for warning in estimate(database=shipped, **short).warnings)
    assert any("as long on loading and saving the model" in warning for warning in estimate(database=shipped, kind="finetune", **short).warnings)


@pytest.mark.parametrize(("stated", "missing"), [({}, "params and tokens"), ({"params": 7e9}, "tokens"), ({"tokens": 1e12}, "params")])
def test_only_what_a_plan_does_not_state_is_asked_for(shipped, stated, missing):
    answer = estimate(database=shipped, hw="h100", accelerator_hours=100, **stated)
    assert answer.gaps["compute_flop"] == f"compute and utilisation are unknown: give {missing}"
