"""Layers that see a window of tokens: how many a configuration has, and what they take off the attention."""

from dataclasses import replace

import pytest

from traincarbon import estimate
from traincarbon.errors import PlanError
from traincarbon.estimation.model.huggingface import read_config
from traincarbon.estimation.model.windows import attended_len

LLAMA = {
    "model_type": "mistral",
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 14336,
    "vocab_size": 32000,
    "max_position_embeddings": 32768,
}


@pytest.mark.parametrize(
    ("keys", "windowed"),
    [
        ({}, (0, 0)),
        ({"sliding_window": None}, (0, 0)),
        ({"sliding_window": 4096}, (4096, 32)),
        ({"sliding_window": 4096, "use_sliding_window": False, "model_type": "qwen2"}, (0, 0)),
        ({"sliding_window": 4096, "use_sliding_window": True, "max_window_layers": 28, "model_type": "qwen2"}, (4096, 4)),
        ({"sliding_window": 1024, "model_type": "gemma3_text"}, (1024, 27)),
        ({"sliding_window": 512, "model_type": "gemma3_text", "sliding_window_pattern": 4}, (512, 24)),
        ({"sliding_window": 4096, "model_type": "gemma2"}, (4096, 16)),
        ({"sliding_window": 4096, "model_type": "olmo3"}, (4096, 24)),
        ({"sliding_window": 128, "layer_types": ["sliding_attention", "full_attention"] * 16}, (128, 16)),
    ],
)
def test_a_configuration_says_which_layers_see_a_window(keys, windowed):
    config = read_config({**LLAMA, **keys}).config
    assert (config.window, config.windowed_layers) == windowed


def test_a_window_that_is_no_number_is_refused():
    with pytest.raises(PlanError, match="sliding_window is 'wide'"):
        read_config({**LLAMA, "sliding_window": "wide"})


def test_a_window_counts_what_tokens_see_of_it():
    config = read_config({**LLAMA, "sliding_window": 1024}).config
    assert attended_len(config, 8192.0, is_causal=False) == 1024
    # of 8,192 tokens the first 1,024 see half a window in the mean, the others a whole one
    seen = sum(min(at, 1024) for at in range(8192)) / 8192
    assert attended_len(config, 8192.0, is_causal=True) / 2 == pytest.approx(seen, rel=1e-3)
    assert attended_len(config, 1024.0, is_causal=True) == 1024
    half = replace(config, windowed_layers=16)
    assert attended_len(half, 8192.0, is_causal=False) == (1024 + 8192) / 2


def test_gemma_3_attends_to_less_than_its_context_and_says_so():
    answer = estimate(model="gemma-3-27b", tokens=1e12, seq_len=8192, hw="h100")
    attended = (52 * 1024 + 10 * 8192) / 62
    assert answer.flop_counts["parts"]["attention"] == pytest.approx(12 * 62 * 32 * 128 * attended * 1e12)
    (said,) = [each for each in answer.assumptions if each.name == "attended_len"]
    assert "52 of 62 layers see a window of 1,024 tokens" in said.reason
    short = estimate(model="gemma-3-27b", tokens=1e12, seq_len=512, hw="h100")
    assert "attended_len" not in {each.name for each in short.assumptions}


BERT = {
    "model_type": "modernbert",
    "hidden_size": 768,
    "num_hidden_layers": 22,
    "num_attention_heads": 12,
    "intermediate_size": 1152,
    "vocab_size": 50368,
    "max_position_embeddings": 8192,
}


@pytest.mark.parametrize(
    ("keys", "windowed"),
    [
        ({}, (128, 14)),
        ({"local_attention": 128, "global_attn_every_n_layers": 3}, (128, 14)),
        ({"local_attention": 256, "global_attn_every_n_layers": 4, "num_hidden_layers": 28}, (256, 21)),
        ({"local_attention": 128, "layer_types": ["full_attention", *["sliding_attention"] * 21]}, (128, 21)),
        ({"model_type": "bert"}, (0, 0)),
    ],
)
def test_a_configuration_of_an_encoder_says_which_layers_see_a_window(keys, windowed):
    config = read_config({**BERT, **keys}).config
    assert (config.window, config.windowed_layers) == windowed


@pytest.mark.parametrize(
    ("model", "layers", "hidden", "ffn", "windowed"),
    [("modernbert-base", 22, 768, 1152, 14), ("modernbert-large", 28, 1024, 2624, 18)],
)
def test_modernbert_is_counted_by_hand_with_its_windows(model, layers, hidden, ffn, windowed):
    answer = estimate(model=model, tokens=1e12, seq_len=8192, hw="h100")
    seen = windowed * 128 + (layers - windowed) * 8192  # every third layer sees all tokens, the first of them
    parts = answer.flop_counts["parts"]
    assert parts["attention"] == pytest.approx(12 * hidden * seen * 1e12)
    weights = layers * (4 * hidden**2 + 3 * hidden * ffn)
    head = 0.15 * (hidden**2 + hidden * 50368)  # of the tokens that are masked
    assert parts["model"] == pytest.approx(6 * (weights + head) * 1e12, rel=1e-3)


def test_modernbert_base_takes_1_32e21_flop_for_a_trillion_tokens_at_its_context():
    assert estimate(model="modernbert-base", tokens=1e12, seq_len=8192, hw="h100").median("compute_flop") == pytest.approx(1.32e21, rel=5e-3)


@pytest.mark.parametrize(("model", "windowed"), [("gemma-3-270m", (512, 15)), ("gemma-3-1b", (512, 22)), ("olmo-3-7b", (4096, 24))])
def test_a_known_model_sees_windows_as_its_siblings_do(model, windowed):
    (said,) = [each for each in estimate(model=model, tokens=1e12, seq_len=8192, hw="h100").assumptions if each.name == "attended_len"]
    assert f"{windowed[1]} of " in said.reason
    assert f"window of {windowed[0]:,} tokens" in said.reason
