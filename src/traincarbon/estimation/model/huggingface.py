"""Reading a ``config.json`` as Hugging Face writes it: from keys that every architecture names its own way to one configuration."""

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike, fspath, path
from typing import NamedTuple, TypedDict

from traincarbon.errors import PlanError
from traincarbon.estimation.model.architectures import ARCHITECTURES, GATED, LINEAR_ATTENTION, TEXT_ONLY, WITHOUT_ATTENTION, Architecture
from traincarbon.estimation.model.config import ModelConfig
from traincarbon.estimation.model.size import size_of
from traincarbon.formatting import clean, shortened

MOST_BYTES = 4 * 1024 * 1024
"""No configuration is larger; a weight file given by mistake is."""
_MOST = 100_000_000
"""No width, depth or vocabulary comes near this."""
_WITH_VISION = ("gemma3",)
"""Multimodal architectures whose vision tower is counted too."""
_HINT = "it must be the config.json of a model on Hugging Face, unchanged; or state params, layers, hidden and so on in the plan"


class Reading(NamedTuple):
    """A configuration that was read, and what a reader has to know about it."""

    config: ModelConfig
    warnings: tuple[str, ...]


def read_file(file: str | PathLike[str]) -> Reading:
    """Return the configuration in a ``config.json``, or in the one of a folder.

    Raises:
        PlanError: the file cannot be read or states no model that can be counted.
    """
    place = path.join(fspath(file), "config.json") if path.isdir(file) else fspath(file)
    try:
        with open(place, "rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise PlanError(f"cannot read the model's configuration {place!r}: {reason}", hint=_HINT) from error
    return read_bytes(content, where=place)


def read_bytes(content: bytes, *, where: str) -> Reading:
    """Return the configuration that the *content* of a file or of an answer states; *where* names it in errors.

    Raises:
        PlanError: it is too large, is not JSON, or states no model that can be counted.
    """
    import json  # only who names a configuration pays for it

    name = clean(where)
    if len(content) > MOST_BYTES:
        raise PlanError(f"{name} is larger than {MOST_BYTES // 2**20} MiB", hint=f"a configuration has a few kilobytes: {_HINT}")
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise PlanError(f"{name} is not JSON: {shortened(str(error), most=80)}", hint=_HINT) from error
    if not isinstance(found, Mapping):
        raise PlanError(f"{name} holds no table of keys", hint=_HINT)
    return read_config(found, where=name)


def read_config(table: Mapping[str, object], *, where: str = "config.json") -> Reading:
    """Return the configuration that a *table* of keys states.

    Raises:
        PlanError: a key that is needed is missing, a value is of the wrong kind or impossible, or the architecture cannot be counted.
    """
    warnings: list[str] = []
    kind, keys = _language_part(table, where, warnings)
    if kind in WITHOUT_ATTENTION or kind in LINEAR_ATTENTION:
        raise PlanError(
            f"{where}: the architecture {kind!r} has layers that are not attention and cannot be counted", hint="state params (and active_params) instead"
        )
    if kind == "dbrx":
        keys = _dbrx(keys)
    if kind not in ARCHITECTURES:
        kind = _like(keys, kind, warnings)
    config = _READERS.get(kind, _decoder)(keys.with_defaults(ARCHITECTURES[kind].defaults), kind, ARCHITECTURES[kind])
    if table.get("model_type") in _WITH_VISION and table.get("vision_config"):
        config = replace(config, extra_params=config.extra_params + _vision_params(_Keys(table, where).part("vision_config"), hidden=config.hidden))
    return Reading(config, tuple(warnings))


class _Keys:
    """The keys of a configuration, read with their types and bounds."""

    def __init__(self, table: Mapping[str, object], where: str) -> None:
        self.table = table
        self.where = where

    def with_defaults(self, defaults: Mapping[str, object]) -> "_Keys":
        """Return the keys with *defaults* for those that are absent."""
        return _Keys({**defaults, **{name: value for name, value in self.table.items() if value is not None}}, self.where)

    def count(self, *names: str, default: int | None = None, least: int = 1) -> int:
        """Return the whole number under the first of *names* that is there.

        Raises:
            PlanError: none is there and there is no default, or it is no whole number from *least* up.
        """
        for name in names:
            value = self.table.get(name)
            if value is None:
                continue
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _MOST:
                shown = shortened(repr(value), most=40)
                raise PlanError(f"{self.where}: {name} is {shown}", hint=f"it must be a whole number from {least} to {_MOST:,}")
            return value
        if default is None:
            raise PlanError(f"{self.where} has no {names[0]}", hint=_HINT)
        return default

    def flag(self, *names: str, default: bool) -> bool:
        """Return the truth under the first of *names* that is there."""
        for name in names:
            value = self.table.get(name)
            if value is not None:
                if not isinstance(value, bool):
                    raise PlanError(f"{self.where}: {name} is {shortened(repr(value), most=40)}", hint="it must be true or false")
                return value
        return default

    def text(self, *names: str) -> str:
        """Return the text under the first of *names* that is there, else an empty one."""
        for name in names:
            value = self.table.get(name)
            if isinstance(value, str):
                return value
        return ""

    def part(self, name: str) -> "_Keys":
        """Return the keys of the table under *name*, none where there is no table."""
        value = self.table.get(name)
        return _Keys(value if isinstance(value, Mapping) else {}, f"{self.where}: {name}")

    def class_name(self) -> str:
        """Return the name of the class that the model is an instance of, empty if it is not stated."""
        classes = self.table.get("architectures")
        return classes[0] if isinstance(classes, list) and classes and isinstance(classes[0], str) else ""


def _language_part(table: Mapping[str, object], where: str, warnings: list[str]) -> tuple[str, _Keys]:
    """Return the architecture and the keys of the language model where a configuration holds several models."""
    keys = _Keys(table, where)
    kind = keys.text("model_type")
    text = table.get("text_config")
    if not isinstance(text, Mapping):
        return kind or _kind_of_class(keys.class_name()), keys
    if kind not in _WITH_VISION:
        warnings.append("the configuration is of a multimodal model: only its language model is counted")
    outer = {name: table[name] for name in ("tie_word_embeddings",) if name in table}
    part = _Keys({**outer, **text}, f"{where}: text_config")
    return TEXT_ONLY.get(kind) or part.text("model_type") or kind, part


def _vision_params(keys: _Keys, *, hidden: int) -> int:
    """Return the parameters of a vision tower, its projection to the width *hidden* of the language model, and the normalisation before that."""
    kind = "siglip_vision_model"
    config = _vision(keys, kind, ARCHITECTURES[kind])
    return size_of(config).params + config.hidden * (hidden + 1)


def _kind_of_class(name: str) -> str:
    """Return the architecture whose name a class starts with, as ``BertForMaskedLM`` does with BERT's; empty if there is none."""
    squeezed = name.lower()
    fitting = [kind for kind in ARCHITECTURES if squeezed.startswith(kind.replace("-", "").replace("_", ""))]
    return max(fitting, key=len, default="")


def _dbrx(keys: _Keys) -> _Keys:
    """Return the keys of DBRX, which keeps attention and experts in tables of their own, under the names that others use."""
    attention, experts = keys.part("attn_config"), keys.part("ffn_config")
    moved = {"intermediate_size": "ffn_hidden_size", "num_experts": "moe_num_experts", "num_experts_per_tok": "moe_top_k"}
    found = {name: experts.table.get(key) for name, key in moved.items()}
    return _Keys({**keys.table, "num_key_value_heads": attention.table.get("kv_n_heads"), **found}, keys.where)


def _like(keys: _Keys, kind: str, warnings: list[str]) -> str:
    """Return the architecture as which one that is not known is counted."""
    if "d_kv" in keys.table and "d_ff" in keys.table:
        known = "t5"
    elif "patch_size" in keys.table and "vocab_size" not in keys.table:
        known = "vit"
    elif "type_vocab_size" in keys.table:
        known = "bert"
    else:
        gate = keys.text("hidden_act", "activation_function", "hidden_activation")
        known = "llama" if gate in GATED or not gate else "gpt_neox"
    warnings.append(f"the architecture {kind or 'of this model'} is not known: parameters are counted as those of {known}")
    return known


def _ratio(keys: _Keys, hidden: int, heads: int) -> int:
    if hidden % heads:
        raise PlanError(f"{keys.where}: hidden_size {hidden} does not divide by {heads} attention heads", hint="is one of them wrong? or state head_dim")
    return hidden // heads


def _decoder(keys: _Keys, kind: str, common: Architecture) -> ModelConfig:
    hidden = keys.count("hidden_size", "n_embd", "d_model")
    layers = keys.count("num_hidden_layers", "n_layer", "num_layers", "n_layers")
    heads = keys.count("num_attention_heads", "n_head", "num_heads", "n_heads")
    kv_heads = _kv_heads(keys, kind, heads)
    query_rank, kv_rank = keys.count("q_lora_rank", default=0, least=0), keys.count("kv_lora_rank", default=0, least=0)
    is_latent = kv_rank > 0
    if is_latent:
        head_dim, value_dim = keys.count("qk_nope_head_dim"), keys.count("v_head_dim")
    else:
        head_dim = keys.count("head_dim", "kv_channels", default=0, least=0) or _ratio(keys, hidden, heads)
        value_dim = head_dim
    width = keys.count("word_embed_proj_dim", default=hidden)
    context = keys.count("max_position_embeddings", "n_positions", "n_ctx", "seq_length", "max_seq_len", default=0, least=0)
    scaled = keys.part("rope_scaling" if keys.table.get("rope_scaling") else "rope_parameters")
    trained = scaled.count("original_max_position_embeddings", default=0, least=0)
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
        **_experts(keys, kind, layers),
    )


def _kv_heads(keys: _Keys, kind: str, heads: int) -> int:
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


def _ffn(keys: _Keys, kind: str, hidden: int) -> int:
    if kind == "llama4_text":
        return keys.count("intermediate_size_mlp", "intermediate_size")
    if kind == "mpt":
        return hidden * keys.count("expansion_ratio", default=4)
    if kind in ("bloom", "falcon", "gpt2", "gptj", "gpt_neo", "gpt_bigcode"):
        return keys.count("n_inner", "ffn_hidden_size", "intermediate_size", default=4 * hidden)
    return keys.count("intermediate_size", "ffn_dim", "ffn_hidden_size")


def _norms(keys: _Keys, kind: str, common: Architecture) -> int:
    if kind != "falcon":
        return common.norms
    default = 2 if keys.flag("new_decoder_architecture", default=False) or not keys.flag("parallel_attn", default=True) else 1
    return keys.count("num_ln_in_parallel_attn", default=default)


def _qk_norm(keys: _Keys, kind: str, common: Architecture) -> str:
    if kind == "glm4_moe":
        return "head" if keys.flag("use_qk_norm", default=False) else ""
    if kind == "cohere":
        return "full" if keys.flag("use_qk_norm", default=False) else ""
    return common.qk_norm


def _extra_layer_params(keys: _Keys, kind: str, *, hidden: int, heads: int, query_rank: int) -> int:
    """Return the parameters that only the architecture *kind* has in each layer."""
    if kind == "gpt_oss":
        return heads  # a learned sink of attention for each head
    if kind == "qwen2_moe":
        return hidden  # the gate of the shared expert
    if kind in ("deepseek_v32", "glm_moe_dsa"):  # the indexer that chooses the tokens attended to: queries, a key with its norm, weights
        count, width = keys.count("index_n_heads"), keys.count("index_head_dim")
        return query_rank * count * width + hidden * width + 2 * width + hidden * count
    return 0


class _Experts(TypedDict, total=False):
    """The fields of a configuration about the experts of a mixture."""

    experts: int
    experts_per_token: int
    expert_ffn: int
    shared_ffn: int
    dense_layers: int


def _experts(keys: _Keys, kind: str, layers: int) -> _Experts:
    """Return what a configuration states about the experts of a mixture, nothing where it has none."""
    experts = keys.count("n_routed_experts", "num_local_experts", "num_experts", "moe_num_experts", default=0, least=0)
    if experts <= 1:
        return {}
    each = keys.count("moe_intermediate_size", "intermediate_size")
    visited = keys.count("num_experts_per_tok", "num_experts_per_token", "experts_per_token", "moe_topk", "top_k_experts")
    if visited > experts:
        raise PlanError(f"{keys.where}: a token visits {visited} of {experts} experts", hint="num_experts_per_tok is at most the number of experts")
    shared = keys.count("shared_expert_intermediate_size", "shared_intermediate_size", default=0, least=0)
    shared = shared or keys.count("n_shared_experts", default=0, least=0) * each
    return {
        "experts": experts,
        "experts_per_token": visited,
        "expert_ffn": each,
        "shared_ffn": each if kind == "llama4_text" else shared,
        "dense_layers": _dense_layers(keys, kind, layers),
    }


def _dense_layers(keys: _Keys, kind: str, layers: int) -> int:
    """Return how many of the *layers* of a mixture of experts have none."""
    if kind == "llama4_text":
        return keys.count("first_k_dense_replace", default=layers - layers // keys.count("interleave_moe_layer_step", default=1), least=0)
    without = keys.table.get("mlp_only_layers")
    named = len(without) if isinstance(without, list) else 0
    step = keys.count("decoder_sparse_step", "moe_layer_freq", default=1) if not isinstance(keys.table.get("moe_layer_freq"), list) else 1
    first = keys.count("first_k_dense_replace", default=0, least=0)
    dense = max(named, first, layers - layers // step if "decoder_sparse_step" in keys.table else 0)
    if dense >= layers:
        raise PlanError(f"{keys.where}: all {layers} layers are dense although there are experts", hint="is first_k_dense_replace or mlp_only_layers wrong?")
    return dense


def _encoder(keys: _Keys, kind: str, common: Architecture) -> ModelConfig:
    hidden = keys.count("hidden_size", "dim")
    heads = keys.count("num_attention_heads", "n_heads")
    layers = keys.count("num_hidden_layers", "n_layers")
    width = keys.count("embedding_size", default=hidden)
    context = keys.count("max_position_embeddings", default=0, least=0)
    name = keys.class_name()
    has_positions = common.position_offset is not None and keys.flag("position_biased_input", default=True)
    head = "mlm" if "MaskedLM" in name or kind == "modernbert" else "pooler"
    if kind in ("electra", "distilbert", "deberta-v2") and head == "pooler":
        head = ""
    return ModelConfig(
        architecture=kind,
        layers=layers,
        hidden=hidden,
        heads=heads,
        kv_heads=heads,
        head_dim=_ratio(keys, hidden, heads),
        value_dim=_ratio(keys, hidden, heads),
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
        distinct_layers=keys.count("num_hidden_groups", default=1) * keys.count("inner_group_num", default=1) if kind == "albert" else 0,
    )


def _encoder_extras(keys: _Keys, kind: str, *, hidden: int, width: int, layers: int) -> int:
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


def _t5(keys: _Keys, kind: str, common: Architecture) -> ModelConfig:
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


def _bart(keys: _Keys, kind: str, common: Architecture) -> ModelConfig:
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
        head_dim=_ratio(keys, hidden, heads),
        value_dim=_ratio(keys, hidden, heads),
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


def _vision(keys: _Keys, kind: str, common: Architecture) -> ModelConfig:
    hidden, heads = keys.count("hidden_size"), keys.count("num_attention_heads")
    layers = keys.count("num_hidden_layers")
    image, patch = keys.count("image_size"), keys.count("patch_size")
    if patch > image:
        raise PlanError(f"{keys.where}: a patch of {patch} pixels is larger than the image of {image}", hint="is patch_size or image_size wrong?")
    labels = keys.table.get("id2label")
    is_classifier = "ImageClassification" in keys.class_name()
    tokens = {"vit": 1, "deit": 2, "dinov2": 1, "clip_vision_model": 1}.get(kind, 0)
    return ModelConfig(
        architecture=kind,
        layers=layers,
        hidden=hidden,
        heads=heads,
        kv_heads=heads,
        head_dim=_ratio(keys, hidden, heads),
        value_dim=_ratio(keys, hidden, heads),
        ffn=keys.count("intermediate_size", default=hidden * keys.count("mlp_ratio", default=4)),
        query_bias=keys.flag("qkv_bias", default=True),
        output_bias=True,
        ffn_bias=True,
        extra_params=(2 * tokens + (kind == "dinov2")) * hidden - hidden * (kind == "clip_vision_model"),
        extra_layer_params=2 * hidden if kind == "dinov2" else 0,
        head="classes" if is_classifier else "pooler" if keys.class_name() in ("ViTModel", "DeiTModel") else "",
        classes=len(labels) if is_classifier and isinstance(labels, Mapping) else 2 if is_classifier else 0,
        image_size=image,
        patch_size=patch,
        channels=keys.count("num_channels", default=3),
        norms=common.norms,
        final_norms=common.final_norms,
    )


_READERS = {
    **{kind: _encoder for kind, common in ARCHITECTURES.items() if common.family == "encoder"},
    **{kind: _vision for kind, common in ARCHITECTURES.items() if common.family == "vision"},
    **dict.fromkeys(("t5", "mt5", "umt5"), _t5),
    **dict.fromkeys(("bart", "mbart", "pegasus", "marian", "whisper"), _bart),
}
