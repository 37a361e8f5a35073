"""The configurations of models whose layers are not attention, or not all of them: Mamba, RWKV, Jamba, Bamba, Qwen3-Next."""

from dataclasses import replace

from traincarbon.errors import PlanError
from traincarbon.estimation.model.architectures import Architecture
from traincarbon.estimation.model.config import ModelConfig
from traincarbon.estimation.model.decoders import decoder_config
from traincarbon.estimation.model.keys import ConfigKeys
from traincarbon.estimation.model.mixers import delta_rule_params, mamba2_params, mamba_params, rwkv_params


def recurrent_config(keys: ConfigKeys, kind: str, common: Architecture) -> ModelConfig:
    """Return the configuration of a model without any attention.

    Raises:
        PlanError: a key that is needed is missing, or a value is of the wrong kind or impossible.
    """
    hidden = keys.count("hidden_size", "d_model")
    layers = keys.count("num_hidden_layers", "n_layer")
    if kind == "rwkv":
        mixer, extra = rwkv_params(keys, hidden=hidden), 2 * hidden  # the first layer has a normalisation before it
    else:
        mixer, extra = mamba2_params(keys, hidden=hidden) if kind == "mamba2" else mamba_params(keys, hidden=hidden, has_norms=False), 0
    return ModelConfig(
        architecture=kind,
        layers=layers,
        hidden=hidden,
        heads=1,
        kv_heads=1,
        head_dim=hidden,
        value_dim=hidden,
        ffn=0,
        vocab=keys.count("vocab_size"),
        context=keys.count("context_length", "max_position_embeddings", default=0, least=0),
        is_tied=keys.flag("tie_word_embeddings", default=common.is_tied),
        extra_params=extra,
        norms=common.norms,
        final_norms=common.final_norms,
        mixer_layers=layers,
        mixer_params=mixer,
    )


def hybrid_config(keys: ConfigKeys, kind: str, common: Architecture) -> ModelConfig:
    """Return the configuration of a decoder of which only some layers are attention.

    Raises:
        PlanError: a key that is needed is missing, or a value is of the wrong kind or impossible.
    """
    config = decoder_config(keys, kind, common)
    attending = _attending(keys, config.layers)
    if kind == "jamba":
        mixer = mamba_params(keys, hidden=config.hidden, has_norms=True)
        with_experts = range(config.layers)[keys.count("expert_layer_offset", default=1, least=0) :: keys.count("expert_layer_period", default=2)]
        config = replace(config, dense_layers=config.layers - len(with_experts) if config.experts else 0)
    elif kind == "bamba":
        mixer = mamba2_params(keys, hidden=config.hidden)
    else:  # the queries of attention have a gate as wide as they are
        mixer = delta_rule_params(keys, hidden=config.hidden)
        gates = config.layers * config.hidden if config.shared_ffn else 0
        config = replace(config, extra_layer_params=config.heads * config.head_dim * config.hidden, extra_params=config.extra_params + gates)
    return replace(config, mixer_layers=config.layers - attending, mixer_params=mixer)


def _attending(keys: ConfigKeys, layers: int) -> int:
    """Return how many of the *layers* are attention, by a list of them, their places, or a period."""
    types, places = keys.table.get("layer_types", keys.table.get("layers_block_type")), keys.table.get("attn_layer_indices")
    if isinstance(types, list) and types:
        if len(types) != layers:
            raise PlanError(f"{keys.where}: the kinds of {len(types)} layers are stated, and there are {layers}", hint="is num_hidden_layers wrong?")
        return sum(kind in ("full_attention", "attention") for kind in types)
    if isinstance(places, list):
        return len(places)
    period = keys.count("attn_layer_period", "full_attention_interval", default=0, least=0)
    if not period:
        return 0
    return len(range(layers)[keys.count("attn_layer_offset", default=period - 1, least=0) :: period])
