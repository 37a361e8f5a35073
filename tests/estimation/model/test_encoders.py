"""Encoders, with the parts that only some of them have."""

import json
from pathlib import Path

from traincarbon.estimation.model.huggingface import read_config, read_file

DATA = Path(__file__).parent / "data"
LLAMA = json.loads((DATA / "llama-3.1-8b.json").read_text("utf-8"))


def test_narrow_embeddings_are_projected_and_layers_may_be_shared():
    config = read_file(DATA / "albert-xxlarge.json").config
    assert (config.embedding_width, config.extra_params, config.distinct_layers) == (128, 129 * 4096, 1)


def test_relative_positions_stand_in_a_table_of_their_own():
    config = read_file(DATA / "deberta-v3-base.json").config
    assert config.positions == 0
    assert config.extra_params == 2 * 256 * 768 + 2 * 768  # 256 buckets to each side, normalised; keys and queries of attention are shared


def test_what_stands_on_an_encoder_follows_from_its_class():
    table = json.loads((DATA / "bert-base.json").read_text("utf-8"))
    heads = [read_config({**table, "architectures": [name]}).config.head for name in ("BertForMaskedLM", "BertModel")]
    assert heads == ["mlm", "pooler"]
