"""Reading config.json: keys of every architecture, what is left unsaid, and hostile files."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from traincarbon.errors import PlanError
from traincarbon.estimation.model.huggingface import MOST_BYTES, read_bytes, read_config, read_file
from traincarbon.estimation.model.size import size_of

DATA = Path(__file__).parent / "data"
LLAMA = json.loads((DATA / "llama-3.1-8b.json").read_text("utf-8"))


def without(table, *names):
    return {name: value for name, value in table.items() if name not in names}


def test_a_folder_is_that_of_its_configuration(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(LLAMA), "utf-8")
    assert read_file(tmp_path).config == read_file(DATA / "llama-3.1-8b.json").config


def test_a_byte_order_mark_is_ignored():
    assert read_bytes(b"\xef\xbb\xbf" + json.dumps(LLAMA).encode(), where="x").config.layers == 32


def test_only_the_language_model_of_several_is_counted_and_that_is_said():
    reading = read_config({"model_type": "mistral3", "text_config": {**LLAMA, "model_type": "mistral"}, "vision_config": {"hidden_size": 1024}})
    assert reading.config == replace(read_config(LLAMA).config, architecture="mistral")
    assert "only its language model" in reading.warnings[0]


def test_the_vision_tower_of_gemma_3_counts():
    text = {"model_type": "gemma3_text", "hidden_size": 2560, "num_hidden_layers": 34, "intermediate_size": 10240}
    tower = {"hidden_size": 1152, "image_size": 896, "intermediate_size": 4304, "num_attention_heads": 16, "num_hidden_layers": 27, "patch_size": 14}
    reading = read_config({"model_type": "gemma3", "text_config": text, "vision_config": tower})
    assert reading.config.heads == 8  # left out, so the architecture's own
    assert size_of(reading.config).params == 4300079472  # KerasHub 71453d0, preset medgemma_4b
    assert reading.warnings == ()


def test_the_keys_of_chatglm_and_dbrx_mean_the_same():
    glm = {"model_type": "chatglm", "add_qkv_bias": True, "ffn_hidden_size": 13696, "hidden_size": 4096, "kv_channels": 128, "multi_query_group_num": 2}
    glm |= {"num_attention_heads": 32, "num_layers": 40, "padded_vocab_size": 151552, "seq_length": 131072}
    assert size_of(read_config(glm).config).params == 9399951360  # transformers 5.24.0, the default configuration of GLM
    experts = {"ffn_hidden_size": 10752, "moe_num_experts": 16, "moe_top_k": 4}
    dbrx = {"model_type": "dbrx", "attn_config": {"kv_n_heads": 8}, "ffn_config": experts, "d_model": 6144, "n_heads": 48, "n_layers": 40}
    size = size_of(read_config({**dbrx, "vocab_size": 100352}).config)
    assert size.params == pytest.approx(132e9, rel=0.005)  # Databricks 2024, announcement of DBRX: 132B, of which 36B are active
    assert size.active_params == pytest.approx(36e9, rel=0.02)


@pytest.mark.parametrize(("activation", "matrices"), [("silu", 3), ("gelu", 2), (None, 3)])
def test_an_unknown_architecture_is_counted_like_a_known_one_and_that_is_said(activation, matrices):
    reading = read_config({**LLAMA, "model_type": "brandnew", "hidden_act": activation})
    assert reading.config.ffn_matrices == matrices
    assert "brandnew is not known" in reading.warnings[0]


def test_the_architecture_of_a_file_that_names_none_follows_from_its_class_or_its_keys():
    assert read_config(without(LLAMA, "model_type")).config.architecture == "llama"
    assert read_file(DATA / "roberta-base.json").config.architecture == "bert"


@pytest.mark.parametrize("kind", ["rwkv7", "zamba2", "kimi_linear", "nemotron_h"])
def test_layers_that_are_not_attention_are_refused(kind):
    with pytest.raises(PlanError, match="cannot be counted") as caught:
        read_config({**LLAMA, "model_type": kind})
    assert "params" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b'"text"', b"null", b"\xff\xfe", b"PK\x03\x04", b"[" * 100_000])
def test_what_is_no_configuration_is_refused_with_its_name(content):
    with pytest.raises(PlanError, match="^model.json ") as caught:
        read_bytes(content, where="model.json")
    assert caught.value.hint


def test_a_file_of_weights_is_refused_by_its_size(tmp_path):
    file = tmp_path / "model.json"
    file.write_bytes(b" " * (MOST_BYTES + 1))
    with pytest.raises(PlanError, match="larger than 4 MiB"):
        read_file(file)


@pytest.mark.parametrize("name", ["nowhere.json", "", "a\0b.json"])
def test_a_file_that_cannot_be_read_is_named(name, tmp_path):
    with pytest.raises(PlanError, match="cannot read"):
        read_file(f"{tmp_path}/{name}" if name else tmp_path)
