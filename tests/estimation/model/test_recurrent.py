"""Models of which no layer, or only some, is attention."""

import json
from pathlib import Path

import pytest

from traincarbon.errors import PlanError
from traincarbon.estimation.model.huggingface import read_config
from traincarbon.estimation.model.size import size_of

DATA = Path(__file__).parent / "data"


def table(name):
    return json.loads((DATA / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("name", "change", "mixers"),
    [
        ("jamba-v0.1", {}, 28),
        ("jamba-v0.1", {"attn_layer_period": 4, "attn_layer_offset": 3}, 24),
        ("jamba-v0.1", {"attn_layer_period": None, "attn_layer_offset": None}, 28),
        ("bamba-9b", {"attn_layer_indices": [9, 18, 27]}, 29),
        ("bamba-9b", {"attn_layer_indices": None}, 32),
        ("qwen3-next-80b-a3b", {}, 36),
        ("qwen3-next-80b-a3b", {"layer_types": None}, 36),
        ("qwen3-next-80b-a3b", {"layer_types": None, "full_attention_interval": 8}, 42),
        ("mamba", {}, 32),
    ],
)
def test_layers_without_attention_are_found_however_they_are_stated(name, change, mixers):
    assert read_config({**table(name), **change}).config.mixer_layers == mixers


def test_each_kind_of_layer_counts_its_own_parameters():
    fewer = {**table("jamba-v0.1"), "attn_layer_period": 16, "attn_layer_offset": 4}
    config, other = read_config(table("jamba-v0.1")).config, read_config(fewer).config
    attention = 4096 * (32 + 8) * (128 + 128)
    assert size_of(other).params - size_of(config).params == 2 * (config.mixer_params - attention)


def test_a_list_of_another_number_of_layers_is_refused():
    with pytest.raises(PlanError, match="the kinds of 48 layers are stated, and there are 24"):
        read_config({**table("qwen3-next-80b-a3b"), "num_hidden_layers": 24})


def test_a_model_in_the_table_of_a_multimodal_one_is_found():
    reading = read_config({"model_type": "qwen3_5", "text_config": table("qwen3.5-9b")})
    assert reading.config == read_config(table("qwen3.5-9b")).config
