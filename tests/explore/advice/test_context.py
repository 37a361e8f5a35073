"""What advice is given on."""

import pytest

from traincarbon.errors import PlanError
from traincarbon.explore.advice.alternative import Change, Effort, Group
from traincarbon.explore.advice.context import Service, goal_of
from traincarbon.uncertain import Uncertain


@pytest.mark.parametrize(
    ("text", "is_understanding", "is_generation"),
    [
        ("classification", True, False),
        ("Sentiment of reviews", True, False),
        ("chat", False, True),
        ("search, then answer", True, True),
        ("xyzzy", False, False),
    ],
)
def test_a_goal_is_to_understand_to_write_or_both(text, is_understanding, is_generation):
    assert goal_of(text) == (text, is_understanding, is_generation)


def test_no_goal_is_none_and_an_empty_one_is_refused():
    assert goal_of(None) is None
    with pytest.raises(PlanError, match="goal is empty"):
        goal_of("  ")


def test_served_tokens_are_requests_times_tokens_and_may_be_uncertain():
    assert Service(1e9, 1000.0).tokens == 1e12
    assert Service(Uncertain(1e9, {"requests": 0.5}), 1000.0).tokens == Uncertain(1e12, {"requests": 0.5})


def test_a_plan_is_read_with_its_defaults(tuned, megatron):
    assert (megatron.kind, tuned.kind) == ("pretrain", "finetune")
    assert megatron.precision == "bf16"
    assert megatron.number("params") == 530e9
    assert megatron.number("layers") is None


def test_an_alternative_is_compared_with_the_plan_quantity_by_quantity(megatron):
    half = {name: None if value is None else 0.5 * value for name, value in megatron.results.items()}
    found = megatron.alternative(
        "half", Group.SAME, Change.POWER, "Half", half, lost="", effort=Effort.LOW, not_when="", how="", evidence=megatron.support("amp")
    )
    assert all(saved.share == pytest.approx(0.5) for saved in found.savings.values())
    assert found.results["cost_usd"].median == pytest.approx(0.5 * megatron.base.median("rent_usd"))
    assert found.is_verified


def test_support_does_not_make_figures_unverified_but_a_basis_does(megatron):
    assert [piece.is_basis for piece in (*megatron.evidence("switch-moe"), *megatron.support("glam-moe", "no-such"))] == [True, False]


def test_what_is_set_apart_is_not_known_together(megatron):
    texts = {"lost": "", "effort": Effort.LOW, "not_when": "", "how": "", "evidence": ()}
    together = megatron.alternative("a", Group.SAME, Change.POWER, "A", megatron.base, **texts)
    apart = megatron.alternative("a", Group.SAME, Change.POWER, "A", megatron.base, independent=("mfu",), **texts)
    assert together.savings["facility_energy_kwh"].share_low == 0.0
    assert apart.savings["facility_energy_kwh"].share_low < -0.5
