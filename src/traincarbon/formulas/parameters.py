"""From the shape of a model to its number of parameters, part by part."""

from traincarbon.formulas.equation import equation, require


@equation("hidden × (heads + kv_heads) × (head_dim + value_dim)", source="ainslie-2023-gqa")
def attention_params(*, hidden: float, heads: float, kv_heads: float, head_dim: float, value_dim: float) -> float:
    r"""Return the weights of one attention block: queries, keys, values and output.

    Holds for multi-head, grouped-query and multi-query attention; the width of a head need not be the width of the model over the heads.

    .. math:: N = h \, (a + a_{kv}) \, (d + d_v)

    Args:
        hidden: Width of the model h. [1]
        heads: Query heads a. [1]
        kv_heads: Key and value heads. [1]
        head_dim: Width d of a query or key. [1]
        value_dim: Width of a value. [1]

    Returns:
        Weights of the block, biases left out. [1]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> attention_params(hidden=4096, heads=32, kv_heads=8, head_dim=128, value_dim=128)
        41943040

    References:
        Ainslie et al. 2023, *GQA*, arXiv:2305.13245, section 2.
    """
    require(above=0.0, hidden=hidden, heads=heads, kv_heads=kv_heads, head_dim=head_dim, value_dim=value_dim)
    return hidden * (heads + kv_heads) * (head_dim + value_dim)


@equation("query_rank × (hidden + heads × query_dim)", source="deepseek-2024-v2")
def compressed_query_params(*, hidden: float, query_rank: float, heads: float, query_dim: float) -> float:
    r"""Return the weights of queries that are compressed to a latent vector and expanded for each head.

    .. math:: N = r_q \, (h + a \, d_q)

    Args:
        hidden: Width of the model h. [1]
        query_rank: Width of the latent vector. [1]
        heads: Query heads a. [1]
        query_dim: Width of a query, its rotated part included. [1]

    Returns:
        Weights of the two matrices. [1]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> compressed_query_params(hidden=7168, query_rank=1536, heads=128, query_dim=192)
        48758784

    References:
        DeepSeek-AI 2024, *DeepSeek-V2*, arXiv:2405.04434, section 2.1.2.
    """
    require(above=0.0, hidden=hidden, query_rank=query_rank, heads=heads, query_dim=query_dim)
    return query_rank * (hidden + heads * query_dim)


@equation("hidden × (kv_rank + rope_dim) + kv_rank × heads × (head_dim + value_dim) + heads × value_dim × hidden", source="deepseek-2024-v2")
def latent_attention_params(*, hidden: float, heads: float, kv_rank: float, rope_dim: float, head_dim: float, value_dim: float) -> float:
    r"""Return the weights of keys, values and output of one latent attention block (MLA), queries left out.

    Keys and values share one latent vector; every head expands it. One rotated part of the key serves all heads.

    .. math:: N = h \, (r_{kv} + d_r) + r_{kv} \, a \, (d + d_v) + a \, d_v \, h

    Args:
        hidden: Width of the model h. [1]
        heads: Heads a. [1]
        kv_rank: Width of the latent vector of keys and values. [1]
        rope_dim: Width of the rotated part of a key. [1]
        head_dim: Width of the part of a key that is not rotated. [1]
        value_dim: Width of a value. [1]

    Returns:
        Weights of the block without its queries. [1]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> latent_attention_params(hidden=7168, heads=128, kv_rank=512, rope_dim=64, head_dim=128, value_dim=128)
        138346496

    References:
        DeepSeek-AI 2024, *DeepSeek-V2*, arXiv:2405.04434, section 2.1.
    """
    require(above=0.0, hidden=hidden, heads=heads, kv_rank=kv_rank, rope_dim=rope_dim, head_dim=head_dim, value_dim=value_dim)
    return hidden * (kv_rank + rope_dim) + kv_rank * heads * (head_dim + value_dim) + heads * value_dim * hidden


@equation("ffn_matrices × hidden × ffn", source="shazeer-2020-glu")
def feed_forward_params(*, ffn_matrices: float, hidden: float, ffn: float) -> float:
    r"""Return the weights of one feed-forward block.

    .. math:: N = m \, h \, f

    Args:
        ffn_matrices: Matrices m: 2, or 3 where the block is gated (GLU). [1]
        hidden: Width of the model h. [1]
        ffn: Inner width f. [1]

    Returns:
        Weights of the block, biases left out. [1]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> feed_forward_params(ffn_matrices=3, hidden=4096, ffn=14336)
        176160768

    References:
        Shazeer 2020, *GLU variants improve transformer*, arXiv:2002.05202, section 2.
    """
    require(above=0.0, ffn_matrices=ffn_matrices, hidden=hidden, ffn=ffn)
    return ffn_matrices * hidden * ffn


@equation("ffn_matrices × hidden × (experts × expert_ffn + shared_ffn) + hidden × routed_experts", source="deepseek-2024-moe")
def expert_params(*, ffn_matrices: float, hidden: float, experts: float, expert_ffn: float, shared_ffn: float, routed_experts: float) -> float:
    r"""Return the weights of the feed-forward block of a mixture of experts, router included.

    With all experts it is what the block holds; with those that a token visits, what a token passes through.

    .. math:: N = m \, h \, (E \, f_e + f_s) + h \, E_{routed}

    Args:
        ffn_matrices: Matrices m of an expert: 2, or 3 where it is gated. [1]
        hidden: Width of the model h. [1]
        experts: Experts E that are counted. [1]
        expert_ffn: Inner width of one expert. [1]
        shared_ffn: Inner width of all shared experts together, which every token visits. [1]
        routed_experts: Experts among which the router chooses. [1]

    Returns:
        Weights of the block, biases left out. [1]

    Raises:
        OutOfRangeError: a width or a number of matrices or experts is not positive, or *shared_ffn* is negative.

    Example:
        >>> expert_params(ffn_matrices=3, hidden=4096, experts=8, expert_ffn=14336, shared_ffn=0, routed_experts=8)
        1409318912

    References:
        Dai et al. 2024, *DeepSeekMoE*, arXiv:2401.06066, section 3.
    """
    require(above=0.0, ffn_matrices=ffn_matrices, hidden=hidden, experts=experts, expert_ffn=expert_ffn, routed_experts=routed_experts)
    require(at_least=0.0, shared_ffn=shared_ffn)
    return ffn_matrices * hidden * (experts * expert_ffn + shared_ffn) + hidden * routed_experts


@equation("(vocab + positions + token_types) × width", source="devlin-2018-bert")
def embedding_params(*, vocab: float, positions: float, token_types: float, width: float) -> float:
    r"""Return the weights of the embeddings: tokens, learned positions and token types.

    .. math:: N = (V + P + T) \, h

    Args:
        vocab: Vocabulary V. [1]
        positions: Learned positions P, 0 where positions are rotated or computed. [1]
        token_types: Token types T, 0 where there are none. [1]
        width: Width of an embedding h. [1]

    Returns:
        Weights of the embeddings. [1]

    Raises:
        OutOfRangeError: *width* is not positive, or a count is negative.

    Example:
        >>> embedding_params(vocab=30522, positions=512, token_types=2, width=768)
        23835648

    References:
        Devlin et al. 2018, *BERT*, arXiv:1810.04805, section 3 and figure 2.
    """
    require(at_least=0.0, vocab=vocab, positions=positions, token_types=token_types)
    require(above=0.0, width=width)
    return (vocab + positions + token_types) * width


@equation("hidden × (channels × patch_size² + 1)", source="dosovitskiy-2020-vit")
def patch_embedding_params(*, hidden: float, channels: float, patch_size: float) -> float:
    r"""Return the weights and biases that map a patch of an image to a vector.

    .. math:: N = h \, (c \, p^2 + 1)

    Args:
        hidden: Width of the model h. [1]
        channels: Colour channels c. [1]
        patch_size: Pixels p along one side of a patch. [1]

    Returns:
        Weights and biases of the projection. [1]

    Raises:
        OutOfRangeError: an input is not positive.

    Example:
        >>> patch_embedding_params(hidden=768, channels=3, patch_size=16)
        590592

    References:
        Dosovitskiy et al. 2020, *An image is worth 16x16 words*, arXiv:2010.11929, section 3.1.
    """
    require(above=0.0, hidden=hidden, channels=channels, patch_size=patch_size)
    return hidden * (channels * patch_size * patch_size + 1)


@equation("norms × vectors × width", source="ba-2016-layer-norm")
def norm_params(*, norms: float, vectors: float, width: float) -> float:
    r"""Return the weights of normalisations: a gain, and a bias where there is one.

    .. math:: N = n \, v \, h

    Args:
        norms: Normalisations n. [1]
        vectors: Vectors v of each: 1 for a gain (RMSNorm), 2 for gain and bias (LayerNorm), 0 where nothing is learned. [1]
        width: Width that is normalised h. [1]

    Returns:
        Weights of the normalisations. [1]

    Raises:
        OutOfRangeError: an input is negative.

    Example:
        >>> norm_params(norms=2, vectors=1, width=4096)
        8192

    References:
        Ba et al. 2016, *Layer normalization*, arXiv:1607.06450, equation 4.
    """
    require(at_least=0.0, norms=norms, vectors=vectors, width=width)
    return norms * vectors * width


@equation("embedding_params + layers × layer_params + other_layers × other_layer_params + head_params + other_params", source="vaswani-2017-attention")
def transformer_params(
    *, embedding_params: float, layers: float, layer_params: float, other_layers: float, other_layer_params: float, head_params: float, other_params: float
) -> float:
    r"""Return the parameters of a transformer from those of its parts.

    Layers are of one kind or of two: many mixtures of experts begin with dense layers, and an encoder-decoder has two stacks.

    .. math:: N = N_{emb} + L \, N_{layer} + L' \, N'_{layer} + N_{head} + N_{other}

    Args:
        embedding_params: Parameters of the embeddings. [1]
        layers: Layers of the first kind. [1]
        layer_params: Parameters of one of them. [1]
        other_layers: Layers of the second kind. [1]
        other_layer_params: Parameters of one of them. [1]
        head_params: Parameters of the output layer; 0 where it shares the weights of the embeddings. [1]
        other_params: Parameters of the last normalisation and the like. [1]

    Returns:
        All parameters. [1]

    Raises:
        OutOfRangeError: an input is negative.

    Example:
        >>> transformer_params(
        ...     embedding_params=525336576, layers=32, layer_params=218112000, other_layers=0, other_layer_params=0, head_params=525336576, other_params=4096
        ... )
        8030261248

    References:
        Vaswani et al. 2017, *Attention is all you need*, arXiv:1706.03762, section 3.
    """
    require(at_least=0.0, embedding_params=embedding_params, layers=layers, layer_params=layer_params, other_layers=other_layers)
    require(at_least=0.0, other_layer_params=other_layer_params, head_params=head_params, other_params=other_params)
    return embedding_params + layers * layer_params + other_layers * other_layer_params + head_params + other_params
