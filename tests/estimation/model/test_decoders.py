"""Decoders are read from keys that every architecture names its own way."""

import json
from pathlib import Path

import pytest

from traincarbon.errors import PlanError
from traincarbon.estimation.model.huggingface import read_config, read_file

DATA = Path(__file__).parent / "data"
LLAMA = json.loads((DATA / "llama-3.1-8b.json").read_text("utf-8"))


def without(table, *names):
    return {name: value for name, value in table.items() if name not in names}


def test_a_decoder_is_read_as_it_states_itself():
    reading = read_file(DATA / "llama-3.1-8b.json")
    config = reading.config
    assert (config.layers, config.hidden, config.heads, config.kv_heads, config.head_dim) == (32, 4096, 32, 8, 128)
    assert (config.ffn, config.ffn_matrices, config.vocab, config.is_tied) == (14336, 3, 128256, False)
    assert reading.warnings == ()


def test_a_context_that_was_stretched_counts_as_it_was_before():
    assert read_file(DATA / "llama-3.1-8b.json").config.context == 8192
    assert read_config(without(LLAMA, "rope_scaling")).config.context == 131072


def test_the_width_of_a_head_follows_from_the_heads_unless_it_is_stated():
    assert read_config({**LLAMA, "head_dim": None}).config.head_dim == 128
    assert read_config({**LLAMA, "head_dim": 64}).config.head_dim == 64


def test_the_keys_of_gpt_2_mean_the_same():
    config = read_file(DATA / "gpt2.json").config
    assert (config.layers, config.hidden, config.heads, config.ffn, config.positions) == (12, 768, 12, 3072, 1024)


def test_one_falcon_shares_its_keys_and_values_and_another_groups_them():
    table = {"model_type": "falcon", "hidden_size": 4544, "num_hidden_layers": 32, "num_attention_heads": 71, "vocab_size": 65024}
    assert read_config(table).config.kv_heads == 1
    assert read_config(table).config.norms == 1
    grouped = {**table, "hidden_size": 8192, "num_attention_heads": 128, "num_kv_heads": 8, "new_decoder_architecture": True}
    assert read_config(grouped).config.kv_heads == 8
    assert read_config(grouped).config.norms == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_attention_heads": 30, "num_key_value_heads": 30}, "does not divide by 30"),
        ({"num_key_value_heads": 5}, "do not divide by 5"),
        ({"num_key_value_heads": 64}, "do not divide by 64"),
    ],
)
def test_contradictions_are_refused(change, message):
    with pytest.raises(PlanError, match=message):
        read_config({**LLAMA, **change})
