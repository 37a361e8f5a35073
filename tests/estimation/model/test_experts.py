"""Mixtures of experts: how many, how wide, in which layers."""

import json
from pathlib import Path

import pytest

from traincarbon.errors import PlanError
from traincarbon.estimation.model.huggingface import read_config

DATA = Path(__file__).parent / "data"
LLAMA = json.loads((DATA / "llama-3.1-8b.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_local_experts": 8, "num_experts_per_tok": 9}, "visits 9 of 8"),
        ({"num_local_experts": 8, "num_experts_per_tok": 2, "first_k_dense_replace": 32}, "all 32 layers are dense"),
        ({"num_local_experts": 8}, "no num_experts_per_tok"),
    ],
)
def test_contradictions_are_refused(change, message):
    with pytest.raises(PlanError, match=message):
        read_config({**LLAMA, **change})


@pytest.mark.parametrize(
    ("change", "dense"),
    [({}, 0), ({"mlp_only_layers": [0, 1, 2]}, 3), ({"decoder_sparse_step": 2}, 16), ({"first_k_dense_replace": 1}, 1), ({"moe_layer_freq": [0, 1]}, 0)],
)
def test_layers_without_experts_are_found_however_they_are_stated(change, dense):
    config = read_config({**LLAMA, "num_local_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 1024, **change}).config
    assert (config.experts, config.experts_per_token, config.expert_ffn, config.dense_layers) == (8, 2, 1024, dense)
