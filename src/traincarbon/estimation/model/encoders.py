"""The configurations of encoders."""

from traincarbon.estimation.model.architectures import Architecture
from traincarbon.estimation.model.config import ModelConfig
from traincarbon.estimation.model.keys import ConfigKeys, head_width
from traincarbon.estimation.model.windows import windows_of


def encoder_config(keys: ConfigKeys, kind: str, common: Architecture) -> ModelConfig:
    """Return the configuration of an encoder.

    Raises:
        PlanError: a key that is needed is missing, or a value is of the wrong kind or impossible.
    """
    hidden = keys.count("hidden_size", "dim")
    heads = keys.count("num_attention_heads", "n_heads")
    layers = keys.count("num_hidden_layers", "n_layers")
    width = keys.count("embedding_size", default=hidden)
    context = keys.count("max_position_embeddings", default=0, least=0)
    name = keys.class_name()
    has_positions = common.position_offset is not None and keys.flag("position_biased_input", default=True)
    window, windowed_layers = windows_of(keys, kind, layers)
    head = "mlm" if "MaskedLM" in name or kind == "modernbert" else "pooler"
    if kind in ("electra", "distilbert", "deberta-v2", "esm") and head == "pooler":
        head = ""
    return ModelConfig(
        architecture=kind,
        layers=layers,
        hidden=hidden,
        heads=heads,
        kv_heads=heads,
        head_dim=head_width(keys, hidden, heads),
        value_dim=head_width(keys, hidden, heads),
        ffn=keys.count("intermediate_size", "hidden_dim"),
        ffn_matrices=3 if common.is_gated else 2,
        vocab=keys.count("vocab_size"),
        context=context,
        is_tied=keys.flag("tie_word_embeddings", default=common.is_tied),
        query_bias=keys.flag("attention_bias", default=common.query_bias),
        output_bias=keys.flag("attention_bias", default=common.output_bias),
        ffn_bias=keys.flag("mlp_bias", default=common.ffn_bias),
        embedding_width=width if width != hidden else 0,
        positions=context if has_positions else 0,
        token_types=keys.count("type_vocab_size", default=0, least=0),
        extra_params=_encoder_extras(keys, kind, hidden=hidden, width=width, layers=layers),
        head=head,
        norms=common.norms,
        final_norms=common.final_norms,
        window=window,
        windowed_layers=windowed_layers,
        distinct_layers=keys.count("num_hidden_groups", default=1) * keys.count("inner_group_num", default=1) if kind == "albert" else 0,
    )


def _encoder_extras(keys: ConfigKeys, kind: str, *, hidden: int, width: int, layers: int) -> int:
    """Return the parameters that only the encoder *kind* has: a projection of narrow embeddings, relative positions, a convolution."""
    extra = (width + 1) * hidden if width != hidden else 0
    if kind == "modernbert":
        return -hidden  # the first layer has no normalisation before its attention
    if kind != "deberta-v2" or not keys.flag("relative_attention", default=False):
        return extra
    buckets = keys.table.get("position_buckets")
    reach = keys.count("max_position_embeddings")
    positions = buckets if isinstance(buckets, int) and buckets > 0 else reach
    extra += 2 * positions * hidden + 2 * hidden * (keys.table.get("norm_rel_ebd") in ("layer_norm", True))
    if not keys.flag("share_att_key", default=False):
        ways = keys.table.get("pos_att_type")
        extra += layers * hidden * (hidden + 1) * (len(ways) if isinstance(ways, list) else keys.text("pos_att_type").count("|") + 1)
    kernel = keys.count("conv_kernel_size", default=0, least=0)
    return extra + (hidden * hidden * kernel + 3 * hidden if kernel else 0)
