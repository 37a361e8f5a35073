"""Advice: true, ranked, honest about what it leaves out, and refusing what cannot be."""

import math
import subprocess
import sys

import numpy as np
import pytest

import traincarbon
from explore.plans import MEGATRON, TUNED
from traincarbon.errors import CarbonError, OutOfRangeError, PlanError, QuantityError
from traincarbon.estimation.chain import estimate
from traincarbon.explore.advice.alternative import GROUPS
from traincarbon.explore.advise import advise
from traincarbon.explore.compare import compare
from traincarbon.quantities import RANKED


@pytest.fixture(scope="module")
def megatron_advice(shipped):
    return advise(MEGATRON, database=shipped)


@pytest.fixture(scope="module")
def tuned_advice(shipped):
    return advise(TUNED, database=shipped)


def ids(advice):
    return {each.id for each in advice.alternatives}


def test_for_megatron_530b_it_names_what_the_years_after_taught(megatron_advice):
    assert {"compute-optimal", "smaller", "moe", "fuse", "spot", "t0", "lora", "finetune"} <= ids(megatron_advice)
    best = next(each for each in megatron_advice.alternatives if each.id == "compute-optimal")
    assert 0.5 < best.savings["cost_usd"].share < 0.7
    assert megatron_advice.loss.median == pytest.approx(1.995, abs=1e-3)


def test_for_a_fine_tuning_it_names_adapters_eight_bits_and_cleaner_regions(tuned_advice):
    assert {"lora", "qlora", "fp8", "spot", "region-aws:ca-central-1"} <= ids(tuned_advice)
    assert ids(tuned_advice).isdisjoint({"compute-optimal", "moe", "reuse", "t0", "finetune", "own"})


@pytest.mark.parametrize("by", RANKED)
def test_alternatives_are_ranked_within_their_group(shipped, by):
    advice = advise(MEGATRON, by=by, database=shipped)
    assert advice.by == RANKED[by]
    for group in GROUPS:
        shares = [round(each.savings[RANKED[by]].share, 2) for each in advice.in_group(group)]
        assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize("by", RANKED)
def test_across_groups_the_largest_saving_of_what_was_asked_for_comes_first(shipped, by):
    advice = advise(MEGATRON, by=by, database=shipped)
    saved = [each.savings[RANKED[by]].median for each in advice.ranked]
    assert saved == sorted(saved, reverse=True)
    assert advice.to_dict()["ranking"] == [each.id for each in advice.ranked]


@pytest.mark.parametrize("plan", [MEGATRON, TUNED])
@pytest.mark.parametrize("purchase", ["spot", "reserved_1y", "reserved_3y"])
def test_the_same_choice_has_the_same_price_in_estimate_compare_and_advice(shipped, plan, purchase):
    found = {each.id: each for each in advise(plan, database=shipped).alternatives}.get(purchase.replace("_", "-"))
    priced = estimate(plan, rent=purchase, database=shipped)
    compared = compare(plan, rent=["on_demand", purchase], database=shipped)
    for option in compared.options:
        assert option.results["cost_usd"] == (priced if option.where.rent == purchase else estimate(plan, rent="on_demand", database=shipped))["rent_usd"]
    if found is not None:
        assert found.results["cost_usd"] == priced["rent_usd"]


@pytest.mark.parametrize(
    "fields",
    [
        {"params": 7e9, "tokens": 1e9, "kind": "finetune", "hw": "h100"},
        {"params": 7e9, "tokens": 1e9, "kind": "finetune", "hw": "h100", "accelerators": 8},
        {"accelerator_hours": 500, "hw": "a100", "region": "us-east-1"},
        {"params": 530e9, "tokens": 270e9, "hw": "dgx-a100", "servers": 280},
        {"params": 7e9, "tokens": 1e10, "hw": "p5"},
    ],
)
def test_nothing_is_bought_or_reserved_for_a_job_that_uses_less_than_a_twentieth_of_it(shipped, fields):
    advice = advise(database=shipped, **fields)
    years = {"own": 5.0, "reserved-1y": 1.0, "reserved-3y": 3.0}
    hours, n = estimate(database=shipped, **fields).median("accelerator_hours_h"), fields.get("accelerators") or 8 * fields.get("servers", 1.0)
    for id in years.keys() & ids(advice):
        assert hours >= 0.05 * years[id] * 8766.0 * n * 0.1, id
    assert "own" not in ids(advice)


def test_cash_is_that_of_the_whole_commitment_and_marked_where_it_is_much(shipped):
    advice = advise(params=530e9, tokens=270e9, hw="dgx-a100", servers=280, start="2021", database=shipped)
    for each in advice.alternatives:
        assert each.is_much_cash == (each.cash_usd is not None and each.cash_usd > 10.0 * advice.results["cost_usd"].median), each.id
    reserved = next(each for each in advice.alternatives if each.id == "reserved-1y")
    hours = estimate(advice.plan, database=shipped).median("accelerator_hours_h")
    per_hour = reserved.results["cost_usd"].median / hours
    assert reserved.cash_usd == pytest.approx(2240 * 8766 * per_hour, rel=1e-3)


def test_other_hardware_of_an_owner_is_bought_alone_or_in_a_combination(shipped):
    advice = advise(params=7e9, tokens=1e11, hw="a100", accelerators=8, money="own", database=shipped)
    bought = [each for each in advice.alternatives if each.change == "hardware" or "gb200" in each.name]
    assert {"together"} < {each.id for each in bought}
    assert all(each.is_much_cash for each in bought)


def test_a_home_gpu_is_offered_neither_a_building_nor_a_rack(shipped):
    for region in (None, "germany"):
        advice = advise(params=7e9, tokens=5e7, kind="lora", hw="rtx-4090", accelerators=1, region=region, database=shipped)
        assert "pue" not in ids(advice)
        assert not [each for each in advice.alternatives if "gb200" in each.id and each.effort == "low"]
        assert any(left.id == "pue" and "no data centre" in left.reason for left in advice.not_offered)


@pytest.mark.parametrize("advice", ["megatron_advice", "tuned_advice"])
def test_savings_add_up_against_two_estimates(advice, shipped, request):
    """Estimating plan and alternative side by side gives the saving that the advice states."""
    found = request.getfixturevalue(advice)
    before = estimate(found.plan, database=shipped)
    checked = 0
    for each in found.alternatives:
        if each.plan is None or each.id == "distil":
            continue
        after = estimate(each.plan, database=shipped)
        for figure in ("facility_energy_kwh", "total_kgco2e", "accelerator_hours_h"):
            assert each.savings[figure].median == pytest.approx(before.median(figure) - after.median(figure), rel=1e-9, abs=1e-6), each.id
        checked += 1
    assert checked >= 4


def test_what_is_left_out_has_its_reason(megatron_advice, tuned_advice):
    for advice in (megatron_advice, tuned_advice):
        assert advice.not_offered
        assert all(left.reason and left.name for left in advice.not_offered)
        assert ids(advice).isdisjoint(left.id for left in advice.not_offered)


def test_nothing_is_offered_that_is_not_likely_to_save_anything(megatron_advice, tuned_advice):
    for advice in (megatron_advice, tuned_advice):
        for each in advice.alternatives:
            assert any(saved.share >= 0.02 and saved.chance >= 0.6 for saved in each.savings.values() if saved is not None), each.id


def test_a_saving_of_less_than_two_per_cent_is_not_offered(shipped):
    advice = advise(params=7e9, tokens=1e12, hw="h100", pue=1.16, database=shipped)
    (building,) = [each for each in advice.not_offered if each.id == "pue"]
    assert building.reason == "it is not likely to save 2 % of cost, energy, CO2e or GPU-hours"


@pytest.mark.parametrize(
    ("fields", "absent"), [({"precision": "fp8"}, "fp8"), ({"kind": "lora"}, "lora"), ({"rent": "spot"}, "spot"), ({"active_params": 10e9}, "moe")]
)
def test_what_the_plan_does_already_is_not_offered_again(shipped, fields, absent):
    assert absent not in ids(advise(params=70e9, tokens=1e12, hw="h100", database=shipped, **fields))


def test_requests_add_a_lifetime(shipped, megatron_advice):
    advice = advise(MEGATRON, requests="1B", tokens_per_request=1000, database=shipped)
    assert {"quantise", "prune", "lifetime-size"} <= ids(advice)
    assert advice.lifetime["cost_usd"].median > advice.results["cost_usd"].median
    assert megatron_advice.lifetime is None


def test_a_stated_loss_is_the_one_to_be_reached(shipped):
    advice = advise(MEGATRON, loss=2.1, database=shipped)
    smaller = next(each for each in advice.alternatives if each.id == "compute-optimal")
    assert smaller.savings["cost_usd"].share > 0.9
    assert not any("not 2.1" in note for note in advice.notes)


def test_a_loss_that_the_plan_does_not_reach_is_said(shipped):
    assert any("not 1.95" in note for note in advise(MEGATRON, loss=1.95, database=shipped).notes)


def test_a_goal_that_nobody_knows_is_said_and_leaves_nothing_out(shipped, megatron_advice):
    advice = advise(MEGATRON, goal="xyzzy <script>", database=shipped)
    assert any("no evidence on that goal" in note for note in advice.notes)
    assert ids(megatron_advice) <= ids(advice)


def test_money_may_be_that_of_owning(shipped):
    advice = advise(MEGATRON, money="own", database=shipped)
    assert advice.money == "own"
    assert ids(advice).isdisjoint({"own", "spot", "reserved-1y"})


def test_hardware_without_any_price_is_ranked_by_carbon(shipped):
    advice = advise(params=7e9, tokens=1e12, hw="h800", database=shipped)
    assert advice.by == "total_kgco2e"
    assert all(each.savings["cost_usd"] is None for each in advice.alternatives if each.group == "size")


def test_hours_alone_are_enough_for_what_does_not_touch_the_work(shipped):
    advice = advise(hw="h100", accelerator_hours=1e5, database=shipped)
    assert {"spot", "power-cap"} <= ids(advice)
    assert any("hours but no params" in left.reason for left in advice.not_offered)


def test_a_stated_utilisation_is_kept(shipped):
    advice = advise(params=7e9, tokens=1e12, hw="h100", mfu=0.5, database=shipped)
    narrow = next(each for each in advice.alternatives if each.id == "fp8")
    assert 0.1 < narrow.savings["accelerator_hours_h"].share <= 1.0 - 989.4 / 1978.9  # no more than the peak is higher


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"by": "joy"}, PlanError, "by is 'joy'"),
        ({"money": "lease"}, PlanError, "'lease'"),
        ({"goal": ""}, PlanError, "goal is empty"),
        ({"requests": 1e9}, PlanError, "tokens_per_request is not given"),
        ({"tokens_per_request": 1e3}, PlanError, "requests is not given"),
        ({"requests": -1, "tokens_per_request": 1e3}, OutOfRangeError, "requests is -1"),
        ({"requests": math.nan, "tokens_per_request": 1e3}, OutOfRangeError, "requests is nan"),
        ({"requests": "many", "tokens_per_request": 1e3}, QuantityError, "not a number: 'many'"),
        ({"requests": "1e400", "tokens_per_request": 1e3}, QuantityError, "requests is no finite number"),
        ({"requests": 1e9, "tokens_per_request": "nan"}, QuantityError, "tokens_per_request is not a number"),
        ({"finetune_tokens": 0}, OutOfRangeError, "finetune_tokens is 0"),
        ({"loss": 1.5}, OutOfRangeError, "the loss 1.5 is not above 1.8172"),
        ({"loss": math.nan}, OutOfRangeError, "the loss nan is not above"),
        ({"loss": math.inf}, OutOfRangeError, "the loss inf is not above"),
        ({"loss": 50.0}, OutOfRangeError, "the loss 50 takes no training"),
        ({"loss": 2.0, "kind": "lora"}, PlanError, "does not cover this plan"),
        ({"level": 1.0}, OutOfRangeError, "confidence level"),
        ({"params": np.array([1e9, 2e9])}, PlanError, "many plans"),
        ({"hw": "nothing"}, CarbonError, "no hardware 'nothing'"),
    ],
)
def test_what_cannot_be_is_refused_with_the_value_and_a_hint(shipped, arguments, error, match):
    with pytest.raises(error, match=match) as caught:
        advise(**{"params": 7e9, "tokens": 1e12, "hw": "h100", "database": shipped, **arguments})
    assert caught.value.hint


def test_the_public_function_is_this_one():
    assert traincarbon.advise is advise


def test_advice_loads_neither_numbers_nor_tables_nor_figures():
    code = "import traincarbon; traincarbon.advise(params=7e9, tokens=1e12, hw='dgx-a100').to_dict(); import sys; print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert {"numpy", "pandas", "click"}.isdisjoint(shown.split())


def test_of_a_toy_no_loss_is_predicted_and_no_size_is_offered(shipped):
    advice = advise(params=125e3, tokens=1e5, hw="dgx-a100", database=shipped)
    assert advice.loss is None
    assert advice.in_group("size") == ()
    assert any(note.startswith("no loss is predicted") for note in advice.notes)
    with pytest.raises(PlanError, match="does not cover this plan"):
        advise(params=125e3, tokens=1e5, hw="dgx-a100", loss=2.0, database=shipped)
