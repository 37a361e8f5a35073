"""The configurations of decoders, whose keys every architecture names its own way."""

from traincarbon.errors import PlanError
from traincarbon.estimation.model.architectures import Architecture
from traincarbon.estimation.model.config import ModelConfig
from traincarbon.estimation.model.experts import expert_fields
from traincarbon.estimation.model.keys import ConfigKeys, head_width
from traincarbon.estimation.model.windows import windows_of


def decoder_config(keys: ConfigKeys, kind: str, common: Architecture) -> ModelConfig:
    """Return the configuration of a decoder.

    Raises:
        PlanError: a key that is needed is missing, or a value is of the wrong kind or impossible.
    """
    hidden = keys.count("hidden_size", "n_embd", "d_model")
    layers = keys.count("num_hidden_layers", "n_layer", "num_layers", "n_layers")
    heads = keys.count("num_attention_heads", "n_head", "num_heads", "n_heads")
    kv_heads = _kv_heads(keys, kind, heads)
    query_rank, kv_rank = keys.count("q_lora_rank", default=0, least=0), keys.count("kv_lora_rank", default=0, least=0)
    is_latent = kv_rank > 0
    if is_latent:
        head_dim, value_dim = keys.count("qk_nope_head_dim"), keys.count("v_head_dim")
    else:
        head_dim = keys.count("head_dim", "kv_channels", default=0, least=0) or head_width(keys, hidden, heads)
        value_dim = head_dim
    width = keys.count("word_embed_proj_dim", default=hidden)
    context = keys.count("max_position_embeddings", "n_positions", "n_ctx", "seq_length", "max_seq_len", default=0, least=0)
    scaled = keys.part("rope_scaling" if keys.table.get("rope_scaling") else "rope_parameters")
    trained = scaled.count("original_max_position_embeddings", default=0, least=0)
    window, windowed_layers = windows_of(keys, kind, layers)
    bias = keys.flag("use_bias", "bias", default=False)
    query_bias = keys.flag("attention_bias", "qkv_bias", "use_qkv_bias", "add_qkv_bias", default=common.query_bias or bias)
    is_llama_like = common.output_bias or kind not in ("qwen2", "qwen2_moe", "glm", "glm4", "glm4_moe", "stablelm")
    return ModelConfig(
        architecture=kind,
        layers=layers,
        hidden=hidden,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        value_dim=value_dim,
        ffn=_ffn(keys, kind, hidden),
        ffn_matrices=3 if common.is_gated else 2,
        vocab=keys.count("vocab_size", "padded_vocab_size"),
        context=trained or context,
        is_tied=keys.flag("tie_word_embeddings", default=common.is_tied),
        query_bias=query_bias,
        output_bias=common.output_bias if "attention_bias" not in keys.table else query_bias and is_llama_like,
        ffn_bias=keys.flag("mlp_bias", default=common.ffn_bias or bias),
        query_rank=query_rank,
        kv_rank=kv_rank,
        rope_dim=keys.count("qk_rope_head_dim", default=0, least=0) if is_latent else 0,
        embedding_width=width if width != hidden else 0,
        positions=0 if common.position_offset is None else context + common.position_offset,
        extra_params=2 * width * hidden if width != hidden else 0,
        extra_layer_params=_extra_layer_params(keys, kind, hidden=hidden, heads=heads, query_rank=query_rank),
        qk_norm=_qk_norm(keys, kind, common),
        norms=_norms(keys, kind, common),
        final_norms=0 if kind == "opt" and not keys.flag("do_layer_norm_before", default=True) else common.final_norms,
        window=window,
        windowed_layers=windowed_layers,
        **expert_fields(keys, kind, layers),
    )


def _kv_heads(keys: ConfigKeys, kind: str, heads: int) -> int:
    if kind == "falcon" and not keys.flag("new_decoder_architecture", default=False):
        return 1 if keys.flag("multi_query", default=True) else heads
    if kind == "gpt_bigcode":
        return 1 if keys.flag("multi_query", default=True) else heads
    found = keys.count("num_key_value_heads", "num_kv_heads", "n_head_kv", "multi_query_group_num", default=heads)
    if found > heads or heads % found:
        raise PlanError(
            f"{keys.where}: {heads} attention heads do not divide by {found} key and value heads", hint="each key and value head serves as many heads"
        )
    return found


def _ffn(keys: ConfigKeys, kind: str, hidden: int) -> int:
    if kind == "llama4_text":
        return keys.count("intermediate_size_mlp", "intermediate_size")
    if kind == "mpt":
        return hidden * keys.count("expansion_ratio", default=4)
    if kind in ("bloom", "falcon", "gpt2", "gptj", "gpt_neo", "gpt_bigcode"):
        return keys.count("n_inner", "ffn_hidden_size", "intermediate_size", default=4 * hidden)
    return keys.count("intermediate_size", "ffn_dim", "ffn_hidden_size", default=0 if kind == "qwen3_5_moe_text" else None)


def _norms(keys: ConfigKeys, kind: str, common: Architecture) -> int:
    if kind != "falcon":
        return common.norms
    default = 2 if keys.flag("new_decoder_architecture", default=False) or not keys.flag("parallel_attn", default=True) else 1
    return keys.count("num_ln_in_parallel_attn", default=default)


def _qk_norm(keys: ConfigKeys, kind: str, common: Architecture) -> str:
    if kind == "glm4_moe":
        return "head" if keys.flag("use_qk_norm", default=False) else ""
    if kind == "cohere":
        return "full" if keys.flag("use_qk_norm", default=False) else ""
    return common.qk_norm


def _extra_layer_params(keys: ConfigKeys, kind: str, *, hidden: int, heads: int, query_rank: int) -> int:
    """Return the parameters that only the architecture *kind* has in each layer."""
    if kind == "gpt_oss":
        return heads  # a learned sink of attention for each head
    if kind == "qwen2_moe":
        return hidden  # the gate of the shared expert
    if kind in ("deepseek_v32", "glm_moe_dsa"):  # the indexer that chooses the tokens attended to: queries, a key with its norm, weights
        count, width = keys.count("index_n_heads"), keys.count("index_head_dim")
        return query_rank * count * width + hidden * width + 2 * width + hidden * count
    return 0
