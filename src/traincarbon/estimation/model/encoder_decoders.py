"""The configurations of encoder-decoders: T5 and BART, and what descends from them."""

from traincarbon.estimation.model.architectures import Architecture
from traincarbon.estimation.model.config import ModelConfig
from traincarbon.estimation.model.keys import ConfigKeys, head_width


def t5_config(keys: ConfigKeys, kind: str, common: Architecture) -> ModelConfig:
    """Return the configuration of an encoder-decoder of the kind of T5.

    Raises:
        PlanError: a key that is needed is missing, or a value is of the wrong kind or impossible.
    """
    hidden, heads = keys.count("d_model"), keys.count("num_heads")
    layers = keys.count("num_layers")
    decoder_layers = keys.count("num_decoder_layers", default=layers)
    ffn = keys.count("d_ff")
    stated = keys.text("feed_forward_proj")
    is_gated = keys.flag("is_gated_act", default=stated.startswith("gated") if stated else common.is_gated)
    tables = layers + decoder_layers if kind == "umt5" else 2
    return ModelConfig(
        architecture=kind,
        layers=layers,
        hidden=hidden,
        heads=heads,
        kv_heads=heads,
        head_dim=keys.count("d_kv"),
        value_dim=keys.count("d_kv"),
        ffn=ffn,
        ffn_matrices=3 if is_gated else 2,
        vocab=keys.count("vocab_size"),
        context=keys.count("n_positions", default=0, least=0),
        is_tied=keys.flag("tie_word_embeddings", default=common.is_tied),
        decoder_layers=decoder_layers,
        decoder_ffn=ffn,
        extra_params=tables * keys.count("relative_attention_num_buckets", default=32) * heads,
        norms=common.norms,
        final_norms=common.final_norms,
    )


def bart_config(keys: ConfigKeys, kind: str, common: Architecture) -> ModelConfig:
    """Return the configuration of an encoder-decoder of the kind of BART, Whisper included.

    Raises:
        PlanError: a key that is needed is missing, or a value is of the wrong kind or impossible.
    """
    hidden, heads = keys.count("d_model"), keys.count("encoder_attention_heads")
    is_speech = kind == "whisper"
    context = keys.count("max_target_positions" if is_speech else "max_position_embeddings")
    positions = 0 if common.position_offset is None else 2 * (context + common.position_offset)
    bands = keys.count("num_mel_bins") if is_speech else 0
    if is_speech:
        positions = context + keys.count("max_source_positions")
    return ModelConfig(
        architecture=kind,
        layers=keys.count("encoder_layers"),
        hidden=hidden,
        heads=heads,
        kv_heads=heads,
        head_dim=head_width(keys, hidden, heads),
        value_dim=head_width(keys, hidden, heads),
        ffn=keys.count("encoder_ffn_dim"),
        ffn_matrices=2,
        vocab=keys.count("vocab_size"),
        context=context,
        is_tied=keys.flag("tie_word_embeddings", default=common.is_tied),
        query_bias=True,
        output_bias=True,
        ffn_bias=True,
        decoder_layers=keys.count("decoder_layers"),
        decoder_ffn=keys.count("decoder_ffn_dim"),
        positions=positions,
        extra_params=hidden * (3 * bands + 1) + hidden * (3 * hidden + 1) if is_speech else 0,
        channels=bands,
        norms=common.norms,
        final_norms=common.final_norms,
    )
