"""The models of the database: each can be counted, and agrees with its published count."""

import pytest

from traincarbon.database.load import Database, builtin_root
from traincarbon.errors import PlanError
from traincarbon.estimation.model.architectures import ARCHITECTURES
from traincarbon.estimation.model.named import config_table, reading_of
from traincarbon.estimation.model.size import size_of

FACTS = Database([builtin_root()])
MODELS = list(FACTS.products("models"))
ROUND = {"kimi-k2": 0.03, "glm-4.5": 0.007, "glm-4.5-air": 0.009}
"""Models whose published count is rounded more coarsely than to half a percent, or counts a layer more."""
ROUND_ACTIVE = {"deepseek-v2-lite": 0.03, "glm-4.5": 0.03, "glm-4.5-air": 0.07}
"""Models whose published active parameters are rounded more coarsely than to 2 %."""
COUNTS_THE_TABLE = ("mixtral-8x7b", "olmoe-1b-7b", "phi-3.5-moe", "qwen3-30b-a3b")
"""Models whose report counts the table in which words are looked up as active."""


def test_there_are_models_enough():
    assert len(MODELS) >= 100


@pytest.mark.parametrize("product", MODELS, ids=lambda product: product.id)
def test_a_known_model_is_counted_as_published_and_without_a_warning(product):
    reading = reading_of(product)
    assert reading.warnings == ()
    assert product.keys["architecture"] in ARCHITECTURES
    published = product.value("params")
    if published is not None:
        assert size_of(reading.config).params == pytest.approx(published, rel=ROUND.get(product.id, 0.005))


@pytest.mark.parametrize("product", [product for product in MODELS if product.value("active_params")], ids=lambda product: product.id)
def test_active_parameters_are_near_those_published(product):
    size = size_of(reading_of(product).config)
    looked_up = size.embedding_params if product.id in COUNTS_THE_TABLE else 0
    assert size.active_params + looked_up == pytest.approx(product.value("active_params"), rel=ROUND_ACTIVE.get(product.id, 0.021))


def test_the_shapes_agree_with_those_of_the_layouts():
    for row in FACTS.all_rows("architectures"):
        product = FACTS.product("models", row["architecture"])
        if product is not None:
            config = reading_of(product).config
            assert (config.layers, config.hidden, config.heads) == (float(row["layers"]), float(row["hidden"]), float(row["heads"])), row["architecture"]


def test_facts_go_by_the_keys_of_the_architecture():
    t5, llama, whisper = (config_table(FACTS.product("models", id)) for id in ("t5-large", "llama-3-8b", "whisper-tiny"))
    assert (t5["d_model"], t5["d_kv"], t5["num_layers"]) == (1024, 64, 24)
    assert (llama["hidden_size"], llama["num_key_value_heads"]) == (4096, 8)
    assert (whisper["encoder_layers"], whisper["decoder_ffn_dim"]) == (4, 1536)


def test_a_flag_may_be_denied():
    table = config_table(FACTS.product("models", "flan-t5-xl"))
    assert table["is_gated_act"] is True
    assert table["tie_word_embeddings"] is False


def test_too_few_facts_are_refused_with_the_file(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "house-1b.toml").write_text('name = "House 1B"\narchitecture = "llama"\naliases = []\n', "utf-8")
    product = Database([str(tmp_path)]).product("models", "house-1b")
    with pytest.raises(PlanError, match=r"models/house-1b.toml has no hidden_size"):
        reading_of(product)
