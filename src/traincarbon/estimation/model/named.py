"""Models that the database knows: from their facts to a configuration."""

from collections.abc import Mapping

from traincarbon.database.records import Product
from traincarbon.estimation.model.huggingface import Reading, read_config

_DECODER = {
    "layers": "num_hidden_layers",
    "hidden": "hidden_size",
    "heads": "num_attention_heads",
    "kv_heads": "num_key_value_heads",
    "head_dim": "head_dim",
    "ffn": "intermediate_size",
    "vocab": "vocab_size",
    "context": "max_position_embeddings",
    "token_types": "type_vocab_size",
    "experts": "num_experts",
    "experts_per_token": "num_experts_per_tok",
    "expert_ffn": "moe_intermediate_size",
    "shared_ffn": "shared_expert_intermediate_size",
    "dense_layers": "first_k_dense_replace",
    "query_rank": "q_lora_rank",
    "kv_rank": "kv_lora_rank",
    "rope_dim": "qk_rope_head_dim",
    "value_dim": "v_head_dim",
    "index_heads": "index_n_heads",
    "index_dim": "index_head_dim",
    "position_buckets": "position_buckets",
    "image_size": "image_size",
    "patch_size": "patch_size",
    "window": "sliding_window",
    "windowed_layers": "windowed_layers",
}
_T5 = {
    "layers": "num_layers",
    "decoder_layers": "num_decoder_layers",
    "hidden": "d_model",
    "heads": "num_heads",
    "head_dim": "d_kv",
    "ffn": "d_ff",
    "context": "n_positions",
}
_BART = {
    "layers": "encoder_layers",
    "decoder_layers": "decoder_layers",
    "hidden": "d_model",
    "heads": "encoder_attention_heads",
    "ffn": "encoder_ffn_dim",
    "mel_bands": "num_mel_bins",
    "source_positions": "max_source_positions",
}
_KEYS: dict[str, Mapping[str, str]] = {
    "t5": {**_DECODER, **_T5},
    "bart": {**_DECODER, **_BART},
    "whisper": {**_DECODER, **_BART, "context": "max_target_positions"},
    "mamba2": {**_DECODER, "heads": "num_heads", "state_groups": "n_groups"},
}
"""Facts to the keys of a ``config.json``, by architecture; those of a decoder where nothing else is stated."""


def reading_of(product: Product) -> Reading:
    """Return the configuration of a model that the database knows.

    Raises:
        PlanError: its facts are too few or impossible.
    """
    return read_config(config_table(product), where=f"models/{product.id}.toml")


def config_table(product: Product) -> dict[str, object]:
    """Return the facts of a model under the keys of a ``config.json``."""
    kind = product.keys.get("architecture", "")
    names = _KEYS.get(kind, _DECODER)
    table: dict[str, object] = {names[name]: int(fact.value) for name, fact in product.facts.items() if name in names}
    if product.value("kv_rank") is not None and "head_dim" in table:
        table["qk_nope_head_dim"] = table.pop("head_dim")
    if kind in ("bart", "whisper"):
        table["decoder_ffn_dim"] = table["encoder_ffn_dim"]
    for flag in product.keys.get("flags", "").split():
        table[flag.removeprefix("no-")] = not flag.startswith("no-")
    return {"model_type": kind, **table}
