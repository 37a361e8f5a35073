"""The number of parameters of a model, from its configuration, by the formulas of its parts."""

from typing import NamedTuple

from traincarbon.estimation.model.architectures import ARCHITECTURES, Architecture
from traincarbon.estimation.model.config import ModelConfig
from traincarbon.formulas import parameters

_KEY_AND_VALUE = 2


class ModelSize(NamedTuple):
    """How large a model is.

    Attributes:
        params: All parameters.
        active_params: Those that a token passes through; of a mixture of experts, neither the experts that it does not visit nor a table of
            words that is looked up alone. A table that is the output layer too is multiplied.
        embedding_params: Those of the embeddings, which are looked up and not multiplied.
    """

    params: int
    active_params: int
    embedding_params: int


def size_of(config: ModelConfig) -> ModelSize:
    """Return the number of parameters of the model that *config* states."""
    embedding = round(
        parameters.embedding_params(
            vocab=config.vocab, positions=config.positions, token_types=config.token_types, width=config.embedding_width or config.hidden
        )
    )
    total = _total(config, embedding, config.experts)
    if not config.experts:
        return ModelSize(total, total, embedding)  # as 6 N D counts a dense model
    looked_up = 0 if config.is_tied else embedding
    return ModelSize(total, _total(config, embedding, config.experts_per_token) - looked_up, embedding)


def _total(config: ModelConfig, embedding: int, experts: int) -> int:
    """Return the parameters of the model with so many experts in each layer that has any."""
    kind = ARCHITECTURES[config.architecture]
    layers = config.distinct_layers or config.layers
    layer = _dense_layer(config, kind) if not config.experts else _attention(config, kind) + _experts(config, experts)
    other_layers, other_layer = config.dense_layers, 0
    if config.dense_layers:
        layers -= config.dense_layers
        other_layer = _dense_layer(config, kind)
    elif config.decoder_layers:
        other_layers, other_layer = config.decoder_layers, _decoder_layer(config, kind)
    stacks = 2 if config.decoder_layers else 1
    norms = parameters.norm_params(norms=stacks * config.final_norms, vectors=kind.norm_vectors, width=config.hidden)
    norms += parameters.norm_params(norms=stacks * kind.embedding_norms, vectors=kind.norm_vectors, width=config.embedding_width or config.hidden)
    total = parameters.transformer_params(
        embedding_params=embedding,
        layers=layers,
        layer_params=layer,
        other_layers=other_layers,
        other_layer_params=other_layer,
        head_params=_head(config, kind),
        other_params=norms + _input(config) + config.extra_params + config.mixer_layers * (config.mixer_params - _block(config, kind)),
    )
    return round(total)


def attention_weights(config: ModelConfig) -> int:
    """Return the weights of one attention block, biases and normalisations left out."""
    hidden, heads = config.hidden, config.heads
    if not config.kv_rank:
        return round(parameters.attention_params(hidden=hidden, heads=heads, kv_heads=config.kv_heads, head_dim=config.head_dim, value_dim=config.value_dim))
    query_dim = config.head_dim + config.rope_dim
    queries = float(hidden * heads * query_dim)
    if config.query_rank:
        queries = parameters.compressed_query_params(hidden=hidden, query_rank=config.query_rank, heads=heads, query_dim=query_dim)
    rest = parameters.latent_attention_params(
        hidden=hidden, heads=heads, kv_rank=config.kv_rank, rope_dim=config.rope_dim, head_dim=config.head_dim, value_dim=config.value_dim
    )
    return round(queries + rest)


def _attention(config: ModelConfig, kind: Architecture) -> int:
    """Return the parameters of a layer without its feed-forward block: attention, its biases and normalisations, the layer's norms."""
    norms = parameters.norm_params(norms=config.norms, vectors=kind.norm_vectors, width=config.hidden)
    return _block(config, kind) + round(norms)


def _block(config: ModelConfig, kind: Architecture) -> int:
    """Return the parameters of an attention block with its biases and its own normalisations."""
    if config.kv_rank:
        inner = config.query_rank + config.kv_rank
    else:
        widths = {"head": _KEY_AND_VALUE * config.head_dim, "full": (config.heads + config.kv_heads) * config.head_dim}
        inner = _attention_biases(config, kind) + widths.get(config.qk_norm, 0)
    return attention_weights(config) + inner + config.extra_layer_params


def _attention_biases(config: ModelConfig, kind: Architecture) -> int:
    queries = config.heads * config.head_dim + config.kv_heads * (config.head_dim * kind.key_bias + config.value_dim)
    return queries * config.query_bias + config.hidden * config.output_bias


def _dense_layer(config: ModelConfig, kind: Architecture) -> int:
    return _attention(config, kind) + _feed_forward(config, config.ffn)


def _decoder_layer(config: ModelConfig, kind: Architecture) -> int:
    """Return the parameters of a layer of the decoder, which attends to itself and to the encoder."""
    norm = parameters.norm_params(norms=1, vectors=kind.norm_vectors, width=config.hidden)
    return _attention(config, kind) + attention_weights(config) + round(norm) + _attention_biases(config, kind) + _feed_forward(config, config.decoder_ffn)


def _feed_forward(config: ModelConfig, ffn: int) -> int:
    if not ffn:
        return 0
    weights = parameters.feed_forward_params(ffn_matrices=config.ffn_matrices, hidden=config.hidden, ffn=ffn)
    return round(weights) + _ffn_biases(config, ffn)


def _ffn_biases(config: ModelConfig, ffn: int) -> int:
    return ((config.ffn_matrices - 1) * ffn + config.hidden) * config.ffn_bias


def _experts(config: ModelConfig, experts: int) -> int:
    weights = parameters.expert_params(
        ffn_matrices=config.ffn_matrices,
        hidden=config.hidden,
        experts=experts,
        expert_ffn=config.expert_ffn,
        shared_ffn=config.shared_ffn,
        routed_experts=config.experts,
    )
    return round(weights) + experts * _ffn_biases(config, config.expert_ffn) + config.experts * config.ffn_bias


def _input(config: ModelConfig) -> int:
    """Return the parameters that map what is not text to vectors: patches of an image, frames of a spectrogram."""
    if not config.patch_size:
        return 0
    patches = (config.image_size // config.patch_size) ** 2
    return round(
        parameters.patch_embedding_params(hidden=config.hidden, channels=config.channels, patch_size=config.patch_size)
        + parameters.embedding_params(vocab=0, positions=patches, token_types=0, width=config.hidden)
    )


def _head(config: ModelConfig, kind: Architecture) -> int:
    """Return the parameters of what stands on the stack."""
    hidden, width = config.hidden, config.embedding_width or config.hidden
    output = 0 if config.is_tied else config.vocab * width
    bias = config.vocab * kind.head_bias
    if config.head == "mlm":
        return (hidden + config.ffn_bias + kind.norm_vectors) * width + config.vocab + output
    if config.head == "pooler":
        return hidden * hidden + hidden
    if config.head == "classes":
        return (hidden + 1) * config.classes
    return output + bias if config.head == "lm" else 0
