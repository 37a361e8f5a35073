"""Parameters of 45 published models from their configurations, and what each part adds."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from traincarbon.estimation.model.huggingface import read_config, read_file
from traincarbon.estimation.model.size import size_of

DATA = Path(__file__).parent / "data"
PUBLISHED = list(csv.DictReader((DATA / "published.csv").read_text("utf-8").splitlines()))
ACTIVE = {
    "qwen3-235b-a22b": 22e9,  # arXiv:2505.09388, table 2
    "qwen3-coder-480b-a35b": 35e9,
    "deepseek-v3": 37e9,  # arXiv:2412.19437, abstract
    "mixtral-8x7b": 12.9e9,  # arXiv:2401.04088, section 2: 13B
    "jamba-v0.1": 12e9,  # arXiv:2403.19887, as the documentation of transformers states it
}
ACTIVE_WITH_TABLE = {
    "mixtral-8x7b": 12.9e9,
    "qwen3-30b-a3b": 3.3e9,  # arXiv:2505.09388, table 2
    "qwen1.5-moe-a2.7b": 2.7e9,
    "llama-4-maverick": 17e9,
    "qwen3-next-80b-a3b": 3_874_929_408,  # the published total less the experts that a token does not visit
}
"""Of reports that count the table in which words are looked up."""


def config(name):
    return read_file(DATA / f"{name}.json").config


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row["config"])
def test_the_count_of_a_published_model_is_within_half_a_percent(row):
    counted = size_of(config(row["config"])).params
    assert counted == pytest.approx(float(row["params"]), rel=0.005), row


def test_there_are_thirty_published_models_of_every_kind():
    assert len(PUBLISHED) >= 30
    assert all(row["config_source"] and row["params_source"] for row in PUBLISHED)
    assert {path.stem for path in DATA.glob("*.json")} == {row["config"] for row in PUBLISHED}
    kinds = {config(row["config"]).architecture for row in PUBLISHED}
    assert kinds >= {
        "llama",
        "qwen3",
        "mixtral",
        "deepseek_v3",
        "gpt_oss",
        "bert",
        "deberta-v2",
        "t5",
        "bart",
        "whisper",
        "vit",
        "mamba",
        "mamba2",
        "rwkv",
        "jamba",
        "qwen3_next",
    }


@pytest.mark.parametrize(("name", "active"), ACTIVE.items())
def test_active_parameters_are_those_of_the_report(name, active):
    assert size_of(config(name)).active_params == pytest.approx(active, rel=0.02)


@pytest.mark.parametrize(("name", "active"), ACTIVE_WITH_TABLE.items())
def test_a_table_in_which_words_are_looked_up_is_not_active(name, active):
    size = size_of(config(name))
    assert size.active_params + size.embedding_params == pytest.approx(active, rel=0.02)


def test_a_table_that_is_the_output_layer_too_is_active():
    apart = config("mixtral-8x7b")
    tied = size_of(replace(apart, is_tied=True))
    assert tied.active_params == size_of(apart).active_params
    assert tied.params == size_of(apart).params - size_of(apart).embedding_params


@pytest.mark.parametrize("name", ["llama-3.1-8b", "bert-base", "t5-large"])
def test_a_token_passes_through_every_parameter_of_a_dense_model(name):
    size = size_of(config(name))
    assert size.active_params == size.params


def test_tied_embeddings_are_counted_once():
    tied = config("qwen3-0.6b")
    assert tied.is_tied
    assert size_of(replace(tied, is_tied=False)).params - size_of(tied).params == 151936 * 1024


def test_biases_count_where_there_are_any():
    plain = config("llama-3.1-8b")
    biased = replace(plain, query_bias=True, output_bias=True, ffn_bias=True)
    assert size_of(biased).params - size_of(plain).params == 32 * ((4096 + 2 * 1024) + 4096 + (2 * 14336 + 4096))


def test_shared_experts_and_first_dense_layers_count():
    moe = config("deepseek-v3")
    assert (moe.dense_layers, moe.shared_ffn, moe.experts) == (3, 2048, 256)
    without = size_of(replace(moe, shared_ffn=0))
    assert size_of(moe).params - without.params == 58 * 3 * 7168 * 2048
    all_mixed = size_of(replace(moe, dense_layers=0))
    assert all_mixed.params - size_of(moe).params == 3 * ((256 + 1) * 3 * 7168 * 2048 + 256 * 7168 - 3 * 7168 * 18432)


def test_the_layers_of_albert_share_their_weights():
    albert = config("albert-xxlarge")
    assert size_of(albert).params == size_of(replace(albert, layers=2 * albert.layers)).params


def test_an_indexer_of_sparse_attention_counts():
    table = json.loads((DATA / "deepseek-v3.json").read_text("utf-8"))
    sparse = read_config({**table, "model_type": "deepseek_v32", "index_n_heads": 64, "index_head_dim": 128}).config
    each = 1536 * 64 * 128 + 7168 * 128 + 2 * 128 + 7168 * 64
    assert size_of(sparse).params - size_of(config("deepseek-v3")).params == 61 * each


def test_the_embeddings_are_part_of_the_whole():
    size = size_of(config("gpt2"))
    assert size.embedding_params == (50257 + 1024) * 768 < size.params
