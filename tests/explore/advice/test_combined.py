"""Several alternatives combined: estimated together, at most one for each change, and only where the result fits and is on offer."""

import dataclasses
import math

import pytest

from explore.plans import MEGATRON, TUNED
from traincarbon.estimation.chain import estimate
from traincarbon.explore.advice.alternative import Change, Effort, Group
from traincarbon.explore.advice.combined import combined
from traincarbon.explore.advice.reuse import adapter_spread
from traincarbon.explore.advice.same_training import format_spread
from traincarbon.explore.advise import advise
from traincarbon.uncertain import Z_90


def joined(shipped, plan=None, **arguments):
    found = advise(plan, database=shipped, **arguments)
    return found, next((each for each in found.alternatives if each.id == "together"), None)


@pytest.mark.parametrize("by", ["usd", "kgco2e"])
def test_together_they_save_more_than_any_part_and_are_one_estimate(shipped, by):
    advice, both = joined(shipped, params=530e9, tokens=270e9, hw="dgx-a100", servers=280, by=by)
    parts = [each for each in advice.alternatives if each.id.startswith(("compute-optimal", "hardware-", "region-")) and each.name in both.how]
    assert len(parts) > 1
    assert both.savings[advice.by].share > max(part.savings[advice.by].share for part in parts)
    assert both.results["total_kgco2e"].median == pytest.approx(estimate(both.plan, database=shipped).median("total_kgco2e"))


def test_a_chip_and_a_region_where_nobody_rents_it_out_are_not_put_together(shipped):
    _, both = joined(shipped, MEGATRON, by="kgco2e")
    rows = shipped.rows("prices", "tpu-v4") if both.plan.hw == "tpu-v4" else shipped.rows("prices", "a100-sxm4-80gb")
    assert both.plan.region in {row["region"] for row in rows}


def test_a_tuning_is_joined_by_adapters_and_a_narrower_format(shipped):
    _, both = joined(shipped, TUNED)
    assert both.plan.kind == "lora"
    assert "LoRA" in both.name
    assert both.plan.params == TUNED.params


def test_what_is_lost_and_what_it_rests_on_is_that_of_all_parts(shipped):
    advice, both = joined(shipped, TUNED)
    parts = [each for each in advice.alternatives if each.name in both.how and each is not both]
    assert all(part.lost in both.lost for part in parts)
    assert {piece.fact for part in parts for piece in part.evidence} <= {piece.fact for piece in both.evidence}


def part(context, id, change, *, is_combinable=True, **fields):
    texts = {"lost": id, "effort": Effort.LOW, "not_when": "", "how": "", "evidence": ()}
    return context.alternative(id, Group.SAME, change, id, context.estimate(**fields), is_combinable=is_combinable, **texts)


def test_of_two_alternatives_that_change_the_same_only_the_larger_saving_is_taken(tuned):
    region, building = part(tuned, "region", Change.PLACE, region="eu-north-1"), part(tuned, "building", Change.PLACE, pue=1.0)
    tokens = part(tuned, "tokens", Change.SIZE, tokens=5e8)
    (found,) = combined(tuned, [building, tokens, region], "total_kgco2e")
    assert found.name == "region, tokens"
    (other,) = combined(tuned, [part(tuned, "building", Change.HARDWARE, pue=1.0), tokens, region], "total_kgco2e")
    assert other.name == "region, tokens, building"


def test_an_alternative_that_is_not_for_combining_is_left_out(tuned):
    parts = [part(tuned, "region", Change.PLACE, region="eu-north-1"), part(tuned, "tokens", Change.SIZE, is_combinable=False, tokens=5e8)]
    assert list(combined(tuned, parts, "total_kgco2e")) == []


def test_a_combination_takes_the_effort_of_its_hardest_part_and_names_all_losses(tuned):
    parts = [part(tuned, "region", Change.PLACE, region="eu-north-1"), part(tuned, "tokens", Change.SIZE, tokens=5e8)]
    parts[1] = dataclasses.replace(parts[1], effort=Effort.HIGH)
    (found,) = combined(tuned, parts, "total_kgco2e")
    assert (found.effort, found.lost) == (Effort.HIGH, "region; tokens")


def test_what_does_not_fit_in_memory_is_not_combined(shipped):
    plan = {"params": 75e9, "tokens": 320e9, "hw": "dgx-h100", "kind": "finetune"}
    _, small = joined(shipped, **plan, accelerators=8)
    _, large = joined(shipped, **plan, accelerators=64)
    assert small is None or estimate(small.plan, database=shipped).fits
    assert large.plan.kind == "lora"


def test_a_combination_carries_the_spreads_of_its_format_and_adapters(shipped, tuned):
    _, both = joined(shipped, TUNED)
    assert {"fp8", "LoRA"} <= set(both.name.split(", "))
    spread = format_spread(tuned, "fp8").sigma ** 2 + adapter_spread(tuned).sigma ** 2
    alone = estimate(both.plan, database=shipped).values["accelerator_hours_h"].sigma
    hours = both.results["accelerator_hours_h"]
    assert (math.log(hours.high / hours.low) / (2.0 * Z_90)) ** 2 == pytest.approx(alone**2 + spread)


def test_a_single_alternative_is_nothing_to_put_together(shipped):
    _, both = joined(shipped, params=7e9, tokens=1e12, hw="h800", by="hours")
    assert both is None or "," in both.name
