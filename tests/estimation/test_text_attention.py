"""The attention of tokens that pass forward only, and of a shape that a plan does not state."""

import pytest

FORWARD = {"params": 1e9, "tokens": 1e9, "seq_len": 32768}
ATTENTION = 6 * 17.198 * 2201.3 * 32768
"""FLOP of a token of the usual 1B: 7.4e9, beside 6e9."""


@pytest.mark.parametrize("attention", ["causal", "full"])
def test_a_reference_has_a_third_of_the_attention(ask, attention):
    parts = ask(**FORWARD, kind="dpo", attention=attention).flop_counts["parts"]
    assert parts["reference"] == pytest.approx((parts["model"] + parts["attention"]) / 3)
    assert parts["attention"] == pytest.approx(ATTENTION * 1e9 * (2 if attention == "full" else 1), rel=1e-3)
    assert ask(**FORWARD, kind="dpo", reference_params=0).flop_counts["parts"]["reference"] == 0.0


def test_rollouts_evaluation_and_a_teacher_have_theirs(ask):
    parts = ask(**FORWARD, kind="rl", generated_tokens=4e9, evaluation_tokens=1e8, teacher_params=8e9).flop_counts["parts"]
    third = (2e9 + ATTENTION / 3) * 1e9
    assert parts["generation"] == pytest.approx(4 * third, rel=1e-3)
    assert parts["evaluation"] == pytest.approx(third / 10, rel=1e-3)
    assert parts["teacher"] == pytest.approx((16e9 + 4 * ATTENTION / 3) * 1e9, rel=1e-3)  # twice the layers of twice the width


def test_generation_is_as_slow_with_its_attention_as_without(ask):
    # the share of the FLOP that generates is the same where all passes have their attention
    with_attention, without = (ask(**fields, kind="rl", hw="8xh100") for fields in (FORWARD, {"params": 1e9, "tokens": 1e9}))
    assert with_attention.median("mfu") == pytest.approx(without.median("mfu"))


def test_without_a_stated_context_forward_passes_have_no_attention(ask):
    assert ask(params=1e9, tokens=1e9, kind="dpo").flop_counts["parts"] == pytest.approx({"model": 6e18, "reference": 2e18})
