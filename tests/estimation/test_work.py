"""The work of a training: what is counted for each kind of model, and what is pointed out where few would mean it."""

import numpy as np
import pytest

from traincarbon.errors import PlanError


def names(answer):
    return {assumption.name for assumption in answer.assumptions}


def test_adapters_take_four_for_the_backbone_and_six_for_themselves(ask):
    answer = ask(kind="lora", trainable_params=2e7)
    assert answer.median("compute_flop") == pytest.approx((4 * 7e9 + 6 * 2e7) * 1e12)
    assert "trainable_share" not in names(answer)


def test_adapters_of_unknown_size_are_an_assumption(ask):
    answer = ask(kind="lora")
    assert answer.median("compute_flop") == pytest.approx((4 * 7e9 + 6 * 7e7) * 1e12)
    assert "trainable_share" in names(answer)
    assert ask(kind="lora", params=None, layers=32, hidden=4096).median("compute_flop") == pytest.approx(answer.median("compute_flop"), rel=0.1)


def test_an_encoder_decoder_takes_half(ask):
    assert ask(family="encoder-decoder").median("compute_flop") == pytest.approx(ask().median("compute_flop") / 2)


def test_of_a_mixture_only_the_parameters_that_a_token_visits_count(ask):
    assert ask(params=671e9, active_params=37e9).median("compute_flop") == pytest.approx(6 * 37e9 * 1e12)


def test_a_shape_gives_a_count_close_to_six_n_d(ask):
    # GPT-3: 12 L h² = 174e9; its attention adds s / (6 h) = 2048 / (6 × 12288) = 2.8 %
    shape = {"layers": 96, "hidden": 12288, "heads": 96, "ffn": 49152, "vocab": 50257, "seq_len": 2048}
    exact, plain = ask(params=175e9, tokens=300e9, **shape), ask(params=175e9, tokens=300e9)
    assert exact.median("compute_flop") == pytest.approx(plain.median("compute_flop") * 1.028, rel=0.005)
    assert ask(params=None, tokens=300e9, **shape).median("compute_flop") == exact.median("compute_flop")


def test_a_gated_shape_with_grouped_queries_is_counted_as_published(ask):
    # Llama 2 7B: 6.74e9 parameters, of which the embedding 0.13e9 multiplies nothing
    shape = {"layers": 32, "hidden": 4096, "heads": 32, "ffn": 11008, "vocab": 32000, "seq_len": 4096}
    answer = ask(params=None, tokens=1e12, **shape)
    attention = 12 * 32 * 4096 * 4096
    assert answer.median("compute_flop") == pytest.approx((6 * (6.738e9 - 32000 * 4096) + attention) * 1e12, rel=1e-3)
    assert "ffn_matrices" in names(answer)


def test_what_a_shape_leaves_open_is_an_assumption(ask):
    assert {"ffn_over_hidden", "vocab", "seq_len"} <= names(ask(layers=32, hidden=4096))


@pytest.mark.parametrize("fields", [{"tokens": None}, {"params": None}, {"hw": None}, {"params": None, "layers": 32}])
def test_a_plan_without_its_essentials_is_told_what_to_give(fields, ask):
    with pytest.raises(PlanError) as caught:
        ask(**fields)
    assert "give " in caught.value.hint


def test_fewer_tokens_than_parameters_are_pointed_out(ask):
    assert any("fewer tokens than parameters" in warning for warning in ask(tokens=1e9).warnings)
    assert not any("fewer tokens" in warning for warning in ask().warnings)
    assert not any("fewer tokens" in warning for warning in ask(tokens=1e9, kind="finetune").warnings)


def test_full_recomputation_shows_what_the_hardware_executes_and_leaves_the_hours(ask):
    plain, again = ask(), ask(recompute="full")
    (step,) = [step for step in again.steps if step.name == "hardware_flop"]
    assert step.value == pytest.approx(again.median("compute_flop") * 4 / 3)
    assert again["accelerator_hours_h"] == plain["accelerator_hours_h"]


def test_selective_recomputation_repeats_the_forward_pass_of_attention(ask):
    shape = {"params": None, "layers": 32, "hidden": 4096, "heads": 32, "ffn": 16384, "vocab": 50000, "seq_len": 2048, "tokens": 1e12}
    answer = ask(**shape, recompute="selective")
    (step,) = [step for step in answer.steps if step.name == "hardware_flop"]
    assert step.value - answer.median("compute_flop") == pytest.approx(4 * 32 * 4096 * 2048 * 1e12)
    assert any("give layers, hidden and seq_len" in warning for warning in ask(recompute="selective").warnings)


def test_what_a_plan_says_to_no_effect_is_named(ask):
    assert any(warning == "ignored heads, batch_tokens: no effect on this estimate" for warning in ask(heads=32, batch_tokens=4e6).warnings)
    assert any(warning == "ignored batch_tokens: no effect on this estimate" for warning in ask(batch_tokens=4e6).warnings)


@pytest.mark.parametrize("kind", ["pretrain", "lora", "qlora", "dpo"])
def test_a_context_that_gives_the_tokens_of_samples_is_not_said_to_have_no_effect(ask, kind):
    answer = ask(tokens=None, samples=1e6, seq_len=2048, kind=kind)
    assert answer.plan.number("tokens") == 2048e6
    assert not any("ignored" in warning for warning in answer.warnings)
    assert any(warning == "ignored seq_len: no effect on this estimate" for warning in ask(seq_len=2048, kind=kind).warnings)


@pytest.mark.parametrize("kind", ["pretrain", "finetune"])
def test_what_is_not_trained_is_frozen_where_the_trainable_parameters_are_stated(ask, kind):
    whole, answer = ask(kind=kind), ask(kind=kind, trainable_params=1e7)
    params = whole.plan.number("params")
    frozen = ask(kind=kind, frozen_params=params - 1e7)
    assert answer.flop_counts == frozen.flop_counts
    assert answer.median("compute_flop") == pytest.approx(whole.median("compute_flop") - 2 * (params - 1e7) * whole.plan.number("tokens"))
    assert "frozen_params" in {each.name for each in answer.assumptions}
    assert ask(kind=kind, trainable_params=params).flop_counts == whole.flop_counts


@pytest.mark.parametrize(
    ("fields", "ignored"),
    [
        ({"family": "encoder-decoder", "trainable_params": 1e7}, "trainable_params"),
        ({"reference_params": 7e9}, "reference_params"),
        ({"generated_tokens": 1e9}, "generated_tokens"),
        ({"kind": "dpo", "generation_ratio": 0.1}, "generation_ratio"),
    ],
)
def test_a_field_without_effect_is_named(ask, fields, ignored):
    assert any(warning == f"ignored {ignored}: no effect on this estimate" for warning in ask(**fields).warnings)
    assert not any("ignored" in warning for warning in ask(kind="rl", generated_tokens=1e9, generation_ratio=0.1, reference_params=7e9).warnings)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"params": 530, "tokens": 270}, "params and tokens below 1,000"),
        ({"params": 530}, "params below 1,000"),
        ({"tokens": np.array([1e12, 270.0])}, "tokens below 1,000"),
        ({"params": 1e30}, "params above 1e+14"),
        ({"params": 2e14}, "params above 1e+14"),
        ({"tokens": np.array([1e12, 2e17])}, "tokens above 1e+17"),
        ({"params": 1000, "tokens": 1000}, ""),
    ],
)
def test_a_number_whose_ending_was_forgotten_is_pointed_out(ask, fields, said):
    found = [warning for warning in ask(**fields).warnings if "is a suffix" in warning]
    assert [warning.partition(":")[0] for warning in found] == ([said] if said else [])


@pytest.mark.parametrize(("hidden", "said"), [(4096, False), (2048, True), (8192, True), ([4096, 40960], True)])
def test_a_shape_of_another_size_than_params_is_pointed_out(ask, hidden, said):
    # 12 L h² = 6.4e9 of 7e9 at a width of 4096, a quarter and four times as many at half and twice that
    answer = ask(layers=32, hidden=np.array(hidden) if isinstance(hidden, list) else hidden)
    assert any("do not give the stated number of params" in warning for warning in answer.warnings) == said


@pytest.mark.parametrize(("heads", "said"), [(32, False), (33, True)])
def test_heads_that_do_not_divide_the_width_are_pointed_out(ask, heads, said):
    assert any("heads do not divide hidden" in warning for warning in ask(layers=32, hidden=4096, heads=heads).warnings) == said
