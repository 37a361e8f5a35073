"""What is common to all models of an architecture and therefore not in a configuration: biases, normalisations, tying, extra parts.

Names are the ``model_type`` of Hugging Face configurations. The counts that follow were compared with the models of the
transformers library, parameter by parameter.
"""

from typing import NamedTuple


class Architecture(NamedTuple):
    """What an architecture fixes, and what its configuration leaves unsaid.

    Attributes:
        family: The family of models that a plan calls it.
        is_gated: Whether feed-forward blocks have three matrices.
        query_bias: Whether the projections of queries, keys and values have biases, unless the configuration says.
        output_bias: The same of the projection after attention.
        ffn_bias: The same of feed-forward blocks.
        key_bias: Whether keys have a bias where queries and values do.
        norms: Normalisations of a layer.
        norm_vectors: Vectors that each has: 2 with a bias, 0 where nothing is learned.
        final_norms: Normalisations after a stack.
        embedding_norms: Normalisations after the embeddings.
        is_tied: Whether the output layer shares the weights of the embeddings, unless the configuration says.
        qk_norm: Width over which queries and keys are normalised: ``head``, ``full``, or nothing.
        position_offset: Vectors beside those of the longest context where positions are learned, None where they are not.
        head_bias: Whether the output layer has a bias.
        defaults: Keys of a configuration and the values that hold where it leaves them out.
    """

    family: str = "decoder"
    is_gated: bool = True
    query_bias: bool = False
    output_bias: bool = False
    ffn_bias: bool = False
    key_bias: bool = True
    norms: int = 2
    norm_vectors: int = 1
    final_norms: int = 1
    embedding_norms: int = 0
    is_tied: bool = False
    qk_norm: str = ""
    position_offset: int | None = None
    head_bias: bool = False
    defaults: dict[str, object] = {}  # noqa: RUF012  a NamedTuple's default, never changed


_LLAMA = Architecture()
_QWEN3 = Architecture(qk_norm="head")
_OLMO2 = Architecture(qk_norm="full")
_GPT = Architecture(is_gated=False, query_bias=True, output_bias=True, ffn_bias=True, norm_vectors=2)
_GPT2 = _GPT._replace(is_tied=True, position_offset=0)
_BERT = _GPT._replace(family="encoder", is_tied=True, final_norms=0, embedding_norms=1, position_offset=0)
_BART = _GPT._replace(family="encoder-decoder", is_tied=True, final_norms=0, embedding_norms=1, position_offset=2)
_T5 = Architecture(family="encoder-decoder", is_gated=False, is_tied=True)
_VIT = _GPT._replace(family="vision", position_offset=0)
_MAMBA = Architecture(is_gated=False, norms=1, is_tied=True)
_GEMMA3_DEFAULTS: dict[str, object] = {"num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "vocab_size": 262208}
_DELTA_DEFAULTS: dict[str, object] = {
    "full_attention_interval": 4,
    "head_dim": 256,
    "linear_conv_kernel_dim": 4,
    "linear_num_key_heads": 16,
    "linear_key_head_dim": 128,
    "linear_num_value_heads": 32,
    "linear_value_head_dim": 128,
}
"""What the configurations of Qwen3-Next leave out."""

ARCHITECTURES: dict[str, Architecture] = {
    **dict.fromkeys(("llama", "mistral", "mixtral", "deepseek_v2", "deepseek_v3", "kimi_k2", "granite", "granitemoe", "llama4_text", "seed_oss"), _LLAMA),
    **dict.fromkeys(("phi3", "deepseek", "deepseek_v32", "glm_moe_dsa", "internlm2", "helium", "dbrx"), _LLAMA),
    "smollm3": Architecture(is_tied=True),
    "qwen2": Architecture(query_bias=True),
    "qwen2_moe": Architecture(query_bias=True),
    "qwen3": _QWEN3,
    "qwen3_moe": _QWEN3,
    "qwen3_vl_text": _QWEN3,
    "qwen3_vl_moe_text": _QWEN3,
    "gemma": Architecture(is_tied=True, defaults={"head_dim": 256}),
    "gemma2": Architecture(norms=4, is_tied=True, defaults={"head_dim": 256}),
    "gemma3_text": Architecture(norms=4, is_tied=True, qk_norm="head", defaults=_GEMMA3_DEFAULTS),
    "olmo": Architecture(norm_vectors=0),
    "olmo2": _OLMO2,
    "olmo3": _OLMO2,
    "olmoe": _OLMO2,
    "minimax_m2": _OLMO2,
    "glm": Architecture(query_bias=True),
    "chatglm": Architecture(query_bias=True),
    "glm4": Architecture(query_bias=True, norms=4),
    "glm4_moe": _LLAMA,
    "dots1": _QWEN3,
    "gpt_oss": Architecture(query_bias=True, output_bias=True, ffn_bias=True),
    "cohere": Architecture(norms=1, is_tied=True),
    "cohere2": Architecture(norms=1, is_tied=True),
    "stablelm": Architecture(norm_vectors=2),
    "phi": _GPT._replace(norms=1, head_bias=True),
    "nemotron": Architecture(is_gated=False, norm_vectors=2),
    "starcoder2": _GPT._replace(is_tied=True),
    "gpt_neox": _GPT,
    "gpt2": _GPT2,
    "gpt_bigcode": _GPT2,
    "gptj": _GPT._replace(query_bias=False, output_bias=False, norms=1, head_bias=True),
    "gpt_neo": _GPT2._replace(query_bias=False),
    "opt": _GPT2._replace(position_offset=2),
    "bloom": _GPT._replace(is_tied=True, embedding_norms=1),
    "falcon": Architecture(is_gated=False, norm_vectors=2, is_tied=True),
    "mpt": Architecture(is_gated=False, is_tied=True),
    "bert": _BERT,
    "roberta": _BERT,
    "xlm-roberta": _BERT,
    "camembert": _BERT,
    "electra": _BERT,
    "distilbert": _BERT,
    "albert": _BERT,
    "deberta-v2": _BERT,
    "modernbert": Architecture(family="encoder", is_tied=True, embedding_norms=1),
    "nomic_bert": Architecture(family="encoder", norm_vectors=2, is_tied=True, final_norms=0, embedding_norms=1),
    "esm": _BERT._replace(final_norms=1, embedding_norms=0, position_offset=None),
    "t5": _T5,
    "mt5": _T5._replace(is_gated=True, is_tied=False),
    "umt5": _T5._replace(is_gated=True, is_tied=False),
    "bart": _BART,
    "mbart": _BART._replace(final_norms=1),
    "pegasus": _BART._replace(final_norms=1, embedding_norms=0, position_offset=0),
    "marian": _BART._replace(embedding_norms=0, position_offset=0),
    "whisper": _BART._replace(family="speech", key_bias=False, final_norms=1, embedding_norms=0, position_offset=0),
    "vit": _VIT,
    "deit": _VIT,
    "dinov2": _VIT,
    "dinov2_with_registers": _VIT,
    "dinov3_vit": _VIT._replace(key_bias=False),
    "siglip_vision_model": _VIT,
    "clip_vision_model": _VIT._replace(embedding_norms=1),
    "mamba": _MAMBA,
    "mamba2": _MAMBA._replace(is_tied=False),
    "falcon_mamba": _MAMBA._replace(is_tied=False),
    "rwkv": Architecture(is_gated=False, norm_vectors=2),
    "jamba": Architecture(defaults={"num_key_value_heads": 8, "attn_layer_period": 8, "attn_layer_offset": 4}),
    "bamba": _LLAMA._replace(defaults={"mamba_n_groups": 1, "mamba_d_state": 256}),
    **dict.fromkeys(("qwen3_next", "qwen3_5_text", "qwen3_5_moe_text"), _QWEN3._replace(defaults=_DELTA_DEFAULTS)),
}
"""Architectures by the ``model_type`` of their configurations."""

RECURRENT = ("mamba", "mamba2", "falcon_mamba", "rwkv")
"""Architectures without any attention."""
HYBRID = ("jamba", "bamba", "qwen3_next", "qwen3_5_text", "qwen3_5_moe_text")
"""Architectures of which only some layers are attention."""
NOT_COUNTED = frozenset(
    [
        *("rwkv5", "rwkv6", "rwkv7", "recurrent_gemma", "nemotron_h", "zamba", "zamba2", "granitemoehybrid", "falcon_h1", "lfm2", "lfm2_moe"),
        *("minimax", "minimax_text_01", "kimi_linear", "plamo2", "mamba3", "olmo_hybrid"),
    ]
)
"""Architectures with layers that are not attention, of which no count is known here."""
TEXT_ONLY = {
    "gemma3": "gemma3_text",
    "llama4": "llama4_text",
    "mistral3": "mistral",
    "qwen3_vl": "qwen3_vl_text",
    "qwen3_vl_moe": "qwen3_vl_moe_text",
    "qwen3_5": "qwen3_5_text",
    "qwen3_5_moe": "qwen3_5_moe_text",
}
"""Multimodal architectures to that of the language model in their ``text_config``."""
GATED = ("silu", "swish", "swiglu", "geglu", "gelu_pytorch_tanh")
"""Activations of feed-forward blocks that are gated in architectures of today."""
