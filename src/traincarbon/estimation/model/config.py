"""The configuration of a model in our own fields, read from the forms of several libraries."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """The sizes that fix the number of parameters of a model; 0 where a model has no such part.

    Attributes:
        architecture: A key of :data:`~traincarbon.estimation.model.architectures.ARCHITECTURES`.
        layers: Layers of the stack; of an encoder-decoder, those of the encoder.
        hidden: Width of the model.
        heads: Query heads.
        kv_heads: Key and value heads.
        head_dim: Width of a query or key; of latent attention, of its part that is not rotated.
        value_dim: Width of a value.
        ffn: Inner width of a dense feed-forward block; of an encoder-decoder, in the encoder.
        ffn_matrices: Matrices of a feed-forward block or an expert: 2, or 3 where it is gated.
        vocab: Size of the vocabulary.
        context: Longest context that the configuration states; the one before the positions were stretched, where it states that.
        is_tied: Whether the output layer shares the weights of the embeddings.
        query_bias: Whether the projections of queries, keys and values have biases.
        output_bias: Whether the projection after attention has one.
        ffn_bias: Whether feed-forward blocks have biases.
        decoder_layers: Layers of the decoder of an encoder-decoder.
        decoder_ffn: Inner width of its feed-forward blocks.
        dense_layers: Layers without experts in a mixture of experts.
        experts: Routed experts of a layer.
        experts_per_token: Routed experts that a token visits.
        expert_ffn: Inner width of an expert.
        shared_ffn: Inner width of all shared experts of a layer together.
        query_rank: Width of the latent vector of queries.
        kv_rank: Width of the latent vector of keys and values.
        rope_dim: Width of the rotated part of a key in latent attention.
        embedding_width: Width of the embeddings where a projection maps it to that of the model.
        positions: Learned positions of a stack.
        token_types: Token types.
        extra_params: Parameters of parts that only this architecture has.
        head: What stands on the stack: ``lm``, ``mlm``, ``pooler``, ``classes`` or nothing.
        classes: Classes of a classifier.
        image_size: Pixels along one side of an image.
        patch_size: Pixels along one side of a patch.
        channels: Colour channels of an image, or Mel bands of a spectrogram.
        qk_norm: Width over which queries and keys are normalised: ``head``, ``full``, or nothing.
        norms: Normalisations of a layer.
        final_norms: Normalisations after a stack.
        distinct_layers: Layers with weights of their own, where layers share them.
        extra_layer_params: Parameters that only this architecture has in each layer; in a hybrid, in each layer of attention.
        mixer_layers: Layers in which something else stands in the place of attention.
        mixer_params: Parameters of that, in each.
        window: Tokens that a layer with a window sees.
        windowed_layers: Layers that see no more than that.
    """

    architecture: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    value_dim: int
    ffn: int
    ffn_matrices: int = 2
    vocab: int = 0
    context: int = 0
    is_tied: bool = False
    query_bias: bool = False
    output_bias: bool = False
    ffn_bias: bool = False
    decoder_layers: int = 0
    decoder_ffn: int = 0
    dense_layers: int = 0
    experts: int = 0
    experts_per_token: int = 0
    expert_ffn: int = 0
    shared_ffn: int = 0
    query_rank: int = 0
    kv_rank: int = 0
    rope_dim: int = 0
    embedding_width: int = 0
    positions: int = 0
    token_types: int = 0
    extra_params: int = 0
    head: str = "lm"
    classes: int = 0
    image_size: int = 0
    patch_size: int = 0
    channels: int = 0
    qk_norm: str = ""
    norms: int = 2
    final_norms: int = 1
    distinct_layers: int = 0
    extra_layer_params: int = 0
    mixer_layers: int = 0
    mixer_params: int = 0
    window: int = 0
    windowed_layers: int = 0
