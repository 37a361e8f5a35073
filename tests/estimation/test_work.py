"""The work of a training: what is counted for each kind of model, and what is pointed out where few would mean it."""

import json

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
    assert not any("ignored seq_len" in warning for warning in ask(seq_len=2048, kind=kind).warnings)  # it adds attention


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


@pytest.mark.parametrize(("fields", "factor"), [({}, 6.0), ({"attention": "causal"}, 6.0), ({"attention": "full"}, 12.0), ({"family": "encoder"}, 12.0)])
def test_a_stated_context_adds_the_attention_of_the_usual_shape(ask, fields, factor):
    answer = ask(seq_len=8192, **fields)
    # 7B: 33 layers of width 4,211, by N = 12 L h² and h = 128 L
    assert answer.flop_counts["how"] == "usual_shape"
    assert answer.flop_counts["parts"] == pytest.approx({"model": 4.2e22, "attention": factor * 32.898 * 4210.9 * 8192 * 1e12}, rel=1e-4)
    assert {"layers", "attention_width"} <= names(answer)
    assert ("attention" in names(answer)) == (not fields)
    low, median, high = answer["compute_flop"].low, answer.median("compute_flop"), answer["compute_flop"].high
    assert low < median < high


def test_without_a_stated_context_six_n_d_stays(ask):
    assert ask().flop_counts == {"how": "6nd", "parts": {"model": 4.2e22}}
    assert ask()["compute_flop"].is_exact


@pytest.mark.parametrize("name", ["llama-2-7b", "llama-3-8b", "llama-3.1-405b", "olmo-1b", "qwen2.5-32b", "gpt-neox-20b"])
def test_the_attention_of_a_usual_shape_has_that_of_known_models_in_its_interval(ask, name):
    known = ask(params=None, model=name, seq_len=32768)
    guessed = ask(params=known.plan.number("params"), seq_len=32768, attention="full")
    own = known.flop_counts["parts"]["attention"]
    model = guessed.flop_counts["parts"]["model"]
    assert guessed["compute_flop"].low - model < own < guessed["compute_flop"].high - model


@pytest.mark.parametrize("fields", [{"layers": 32}, {"hidden": 4096}, {"heads": 32, "head_dim": 128}])
def test_what_is_stated_of_a_shape_is_used_for_its_attention(ask, fields):
    answer = ask(seq_len=8192, **fields)
    assert answer.flop_counts["parts"]["attention"] == pytest.approx(6 * 32 * 4096 * 8192 * 1e12, rel=0.1)
    assert not any(warning.startswith("ignored") for warning in answer.warnings)
    assert names(answer).isdisjoint(fields)


def test_a_mixture_of_experts_of_stated_shape_and_context_has_its_attention(ask):
    shape = {"layers": 32, "hidden": 4096, "seq_len": 8192}
    answer = ask(params=46.7e9, active_params=12.9e9, **shape)
    assert answer.flop_counts == {"how": "exact", "parts": pytest.approx({"model": 6 * 12.9e21, "attention": 12 * 32 * 4096 * 8192 * 1e12})}
    wide, narrow = (ask(**fields, seq_len=8192)["compute_flop"].log_spread() for fields in ({"params": 46.7e9, "active_params": 7e9}, {}))
    assert wide > 2 * narrow


@pytest.mark.parametrize(
    "fields", [{"family": "encoder-decoder", "kind": "lora"}, {"family": "multimodal"}, {"family": "encoder-decoder"}, {"model": "mamba-2.8b", "params": None}]
)
def test_a_context_adds_nothing_where_no_formula_says_what(ask, fields):
    plain, answer = ask(**fields), ask(**fields, seq_len=8192)
    assert answer.flop_counts == plain.flop_counts
    assert answer["accelerator_hours_h"] == plain["accelerator_hours_h"]


def test_arrays_of_contexts_and_sizes_have_the_flop_of_each_plan(ask):
    sizes, active, contexts = np.array([1e9, 7e9, 47e9]), np.array([1e9, 7e9, 13e9]), np.array([32768.0, 8192.0, 4096.0])
    many = ask(params=sizes, active_params=active, seq_len=contexts)
    alone = [ask(params=size, active_params=part, seq_len=context) for size, part, context in zip(sizes, active, contexts, strict=True)]
    assert many.median("compute_flop") == pytest.approx([each.median("compute_flop") for each in alone])
    assert many["compute_flop"].high == pytest.approx([each["compute_flop"].high for each in alone])


@pytest.mark.parametrize("fields", [{"seq_len": 8192}, {"trainable_params": 1e7}])
def test_a_range_of_parameters_can_be_written_as_json(ask, fields):
    assert "Uncertain" not in str(ask(params="6e9..8e9", **fields).to_dict()["assumptions"])


ELECTRA = {
    "bert-base": (6.4e19, 30522, 256 * 512 * 1e6),
    "bert-large": (1.9e20, 30522, 256 * 512 * 1e6),
    "roberta-large": (3.2e21, 50265, 8000 * 512 * 5e5),
}
"""Training FLOP, vocabulary and tokens of Clark et al. 2020, tables 1 and 2 and flops_computation.py of its code."""


@pytest.mark.parametrize("model", ELECTRA)
def test_encoders_take_what_the_paper_of_electra_counts(ask, model):
    # It takes the backward pass as one forward pass, not two, and multiplies with the table of words instead of looking them up.
    published, vocab, tokens = ELECTRA[model]
    answer = ask(params=None, model=model, tokens=tokens, seq_len=512)
    looked_up = 4 * vocab * answer.plan.number("hidden") * tokens
    assert answer.median("compute_flop") * 2 / 3 + looked_up == pytest.approx(published, rel=0.02)


def test_an_encoder_of_many_words_predicts_the_masked_ones_only(ask):
    # XLM-R base: 12 layers of width 768, and 250,002 words
    layers, head = 12 * 12 * 768**2, 768 * 250002
    answer = ask(params=None, model="xlm-roberta-base", seq_len=512)
    assert answer.flop_counts["parts"]["model"] == pytest.approx(6 * (layers + 0.15 * head) * 1e12)
    stated = ask(params=None, family="encoder", layers=12, hidden=768, vocab=250002, seq_len=512)
    assert stated.flop_counts == answer.flop_counts
    assert not any("layers and hidden" in warning for warning in answer.warnings)  # they have 278M, with all that is looked up
    tuned = ask(params=None, model="xlm-roberta-base", seq_len=512, kind="finetune")
    assert tuned.flop_counts["parts"]["model"] == pytest.approx(6 * layers * 1e12)
    assert "head_share" in names(answer) & names(stated) & names(tuned)
    decoder = ask(params=None, layers=12, hidden=768, vocab=250002, seq_len=512)
    assert decoder.flop_counts["parts"]["model"] == pytest.approx(6 * (layers + head) * 1e12)


@pytest.mark.parametrize(("name", "share"), [("ElectraForPreTraining", 0.0), ("ElectraForMaskedLM", 0.15)])
def test_a_discriminator_has_no_words_to_predict_and_narrow_embeddings_a_narrow_output(ask, tmp_path, name, share):
    shape = {"vocab_size": 30522, "embedding_size": 128, "hidden_size": 256, "num_hidden_layers": 12, "num_attention_heads": 4, "intermediate_size": 1024}
    file = tmp_path / "electra.json"
    file.write_text(json.dumps({"model_type": "electra", "architectures": [name], "max_position_embeddings": 512, **shape}), "utf-8")
    answer = ask(params=None, model=str(file), seq_len=128)
    assert answer.flop_counts["parts"]["model"] == pytest.approx(6 * (12 * 12 * 256**2 + share * 128 * 30522) * 1e12)


@pytest.mark.parametrize("hidden", [2048.0, 3072.0])
@pytest.mark.parametrize("whole", [None, 47e9])
def test_a_stated_width_leaves_the_depth_uncertain(ask, hidden, whole):
    fields = {"params": 2.5e9, "seq_len": 8192} if whole is None else {"params": whole, "active_params": 2.5e9, "seq_len": 8192}
    alone, beside = ask(**fields), ask(**fields, hidden=hidden)
    assert "layers" in names(beside)
    assert beside["compute_flop"].log_spread() > 0.5 * alone["compute_flop"].log_spread() > 0.0


def test_a_stated_width_is_taken_between_the_usual_depth_and_what_the_parameters_leave(ask):
    # Gemma 2B: 2.5e9 parameters of width 2,048 would have 50 layers, were they not in its words and feed-forward part; it has 18
    (layers,) = [each.value for each in ask(params=2.5e9, hidden=2048, seq_len=8192).assumptions if each.name == "layers"]
    assert layers == pytest.approx((23.34 * 49.67) ** 0.5, rel=1e-3)


def test_the_attention_of_a_mixture_is_wider_than_its_stated_width(ask):
    mixture = {"params": 671e9, "active_params": 37e9, "seq_len": 8192}
    answer = ask(**mixture, hidden=7168)
    (width,) = [each.value for each in answer.assumptions if each.name == "attention_width"]
    assert width == pytest.approx(7168 * (0.75 * 4.3) ** 0.5)
    low, high = (answer["compute_flop"].low, answer["compute_flop"].high)
    own = 6 * 37e21 + 6 * 61 * 20480 * 8192 * 1e12  # DeepSeek-V3
    assert low < own < high


@pytest.mark.parametrize(
    ("fields", "ignored"),
    [
        ({"heads": 32}, "heads"),
        ({"head_dim": 128}, "head_dim"),
        ({"heads": 32, "active_params": 3e9, "layers": 32, "hidden": 4096}, "heads"),
        ({"head_dim": 128, "layers": 32, "hidden": 4096}, "head_dim"),
        ({"heads": 32, "head_dim": 128}, None),
    ],
)
def test_heads_or_their_width_alone_are_named_as_ignored(ask, fields, ignored):
    found = [warning for warning in ask(seq_len=8192, **fields).warnings if warning.startswith("ignored")]
    assert found == ([] if ignored is None else [f"ignored {ignored}: no effect on this estimate"])


@pytest.mark.parametrize("attention", ["causal", "full"])
def test_selective_recomputation_repeats_the_attention_of_a_usual_shape(ask, attention):
    answer = ask(seq_len=8192, attention=attention, recompute="selective")
    (step,) = [step for step in answer.steps if step.name == "hardware_flop"]
    assert step.value - answer.median("compute_flop") == pytest.approx(answer.flop_counts["parts"]["attention"] / 3)
    assert not any("computed again" in warning for warning in answer.warnings)


FULL_TUNINGS = [
    {"params": None, "model": "xlm-roberta-base"},
    {"params": None, "model": "gpt2"},
    {"params": None, "model": "olmoe-1b-7b"},
    {"params": 1e9, "seq_len": 32768},
    {"params": 1e9, "seq_len": 32768, "attention": "full"},
    {"params": None, "family": "encoder", "layers": 12, "hidden": 768, "vocab": 250002, "seq_len": 512},
    {"params": 47e9, "active_params": 13e9, "seq_len": 8192},
    {"params": 7e9},
    {"params": 11e9, "family": "encoder-decoder"},
]


@pytest.mark.parametrize("fields", FULL_TUNINGS)
def test_adapters_save_a_third_of_what_is_multiplied_and_nothing_of_the_attention(ask, fields):
    whole, adapters = (ask(**fields, kind=kind, tokens=1e9).flop_counts for kind in ("finetune", "lora"))
    assert adapters["how"] == whole["how"]
    assert adapters["parts"]["frozen"] == pytest.approx(whole["parts"]["model"] * 4 / 6)
    assert adapters["parts"]["adapters"] == pytest.approx(whole["parts"]["model"] / 100)
    assert adapters["parts"].get("attention") == pytest.approx(whole["parts"].get("attention"))


def test_adapters_of_an_encoder_of_many_words_are_counted_by_its_layers(ask):
    answer = ask(params=None, model="xlm-roberta-base", kind="lora", tokens=1e9)
    layers, attention = 12 * 12 * 768**2, 12 * 12 * 768 * 514  # as many FLOP as full tuning takes, less a third of those of the layers
    assert answer.median("compute_flop") == pytest.approx(((4 + 0.06) * layers + attention) * 1e9)


def test_arrays_of_tunings_have_the_flop_of_each_plan(ask):
    sizes, active, contexts = np.array([1e9, 7e9, 47e9]), np.array([1e9, 7e9, 13e9]), np.array([32768.0, 8192.0, 4096.0])
    for more in (
        {"kind": "lora"},
        {"kind": "dpo", "hidden": 2048.0},
        {"kind": "rl", "recompute": "selective"},
        {"heads": 32.0, "head_dim": 96.0},
        {"frozen_params": 9e8},
    ):
        many = ask(params=sizes, active_params=active, seq_len=contexts, **more)
        alone = [ask(params=size, active_params=part, seq_len=context, **more) for size, part, context in zip(sizes, active, contexts, strict=True)]
        assert many.median("compute_flop") == pytest.approx([each.median("compute_flop") for each in alone]), more
        assert many["compute_flop"].high == pytest.approx([each["compute_flop"].high for each in alone]), more
