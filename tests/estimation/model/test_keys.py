"""Keys are read with their types and bounds."""

import json
from pathlib import Path

import pytest

from traincarbon.errors import PlanError
from traincarbon.estimation.model.huggingface import read_config

DATA = Path(__file__).parent / "data"
LLAMA = json.loads((DATA / "llama-3.1-8b.json").read_text("utf-8"))


def without(table, *names):
    return {name: value for name, value in table.items() if name not in names}


@pytest.mark.parametrize("missing", ["hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size"])
def test_a_missing_key_is_named(missing):
    with pytest.raises(PlanError, match=f"config.json has no {missing}") as caught:
        read_config(without(LLAMA, missing))
    assert "config.json" in caught.value.hint


@pytest.mark.parametrize("value", ["32", 0, -1, 1.5, True, [32], {"a": 1}, 10**30, float("inf"), float("nan")])
def test_a_value_of_another_kind_is_refused_with_its_key(value):
    with pytest.raises(PlanError, match="num_hidden_layers is") as caught:
        read_config({**LLAMA, "num_hidden_layers": value})
    assert "whole number" in caught.value.hint


def test_a_whole_number_may_be_written_with_a_point():
    assert read_config({**LLAMA, "num_hidden_layers": 32.0}).config.layers == 32


def test_a_truth_is_not_text():
    with pytest.raises(PlanError, match="tie_word_embeddings is 'yes'"):
        read_config({**LLAMA, "tie_word_embeddings": "yes"})
