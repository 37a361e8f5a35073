"""Several alternatives at once: estimated together, of one kind only one, and only where they can be."""

import pytest

from explore.plans import MEGATRON, TUNED
from traincarbon.estimation.chain import estimate
from traincarbon.explore.advise import advise


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


def test_a_single_alternative_is_nothing_to_put_together(shipped):
    _, both = joined(shipped, params=7e9, tokens=1e12, hw="h800", by="hours")
    assert both is None or "," in both.name
