"""Layers that mix tokens without attention: state-space models, gated delta rules and RWKV, with their parameters.

The counts were compared with the models of the transformers library, parameter by parameter.
"""

from traincarbon.errors import PlanError
from traincarbon.estimation.model.keys import ConfigKeys

_MAMBA2_DEFAULTS = {"heads": 128, "head_dim": 64}
_PROJECTIONS = 2
"""Branches of a Mamba layer: the sequence and its gate."""


def mamba_params(keys: ConfigKeys, *, hidden: int, has_norms: bool) -> int:
    """Return the parameters of a layer of Mamba (Gu and Dao 2023, arXiv:2312.00752, algorithm 2 and figure 3).

    Args:
        keys: Keys of Mamba or of Jamba.
        hidden: Width of the model.
        has_norms: Whether the step, the input and the output matrices are normalised, as in Jamba.
    """
    inner = keys.count("intermediate_size", "d_inner", default=0, least=0) if not has_norms else 0
    inner = inner or keys.count("expand", "mamba_expand", default=2) * hidden
    state = keys.count("state_size", "mamba_d_state", default=16)
    stated = keys.table.get("time_step_rank", keys.table.get("mamba_dt_rank", "auto"))
    rank = -(-hidden // 16) if stated == "auto" else keys.count("time_step_rank", "mamba_dt_rank")
    bias = keys.flag("use_bias", "mamba_proj_bias", default=False) * (_PROJECTIONS * inner + hidden)
    projections = hidden * _PROJECTIONS * inner + inner * hidden + bias
    steps = inner * (rank + 2 * state) + rank * inner + inner
    decay = inner * state + inner
    return projections + _convolution(keys, inner) + steps + decay + has_norms * (rank + 2 * state)


def mamba2_params(keys: ConfigKeys, *, hidden: int) -> int:
    """Return the parameters of a layer of Mamba-2 (Dao and Gu 2024, arXiv:2405.21060, section 7)."""
    heads = keys.count("num_heads", "mamba_n_heads", default=_MAMBA2_DEFAULTS["heads"])
    inner = keys.count("expand", "mamba_expand", default=2) * hidden
    stated = keys.table.get("mamba_d_head", keys.table.get("head_dim"))
    if isinstance(stated, int) and heads * stated != inner:
        raise PlanError(f"{keys.where}: {heads} heads of {stated} are not the inner width {inner}", hint="is one of them wrong?")
    groups = keys.count("n_groups", "mamba_n_groups", default=8)
    state = keys.count("state_size", "mamba_d_state", default=128)
    mixed = inner + 2 * groups * state
    bias = keys.flag("use_bias", "mamba_proj_bias", default=False) * (inner + mixed + heads + hidden)
    projections = hidden * (inner + mixed + heads) + inner * hidden + bias
    decay = 3 * heads
    return projections + _convolution(keys, mixed) + decay + inner


def delta_rule_params(keys: ConfigKeys, *, hidden: int) -> int:
    """Return the parameters of a layer of the gated delta rule (Yang, Kautz and Hatamizadeh 2024, arXiv:2412.06464), as in Qwen3-Next."""
    value_heads, value_dim = keys.count("linear_num_value_heads"), keys.count("linear_value_head_dim")
    key_width, value_width = keys.count("linear_num_key_heads") * keys.count("linear_key_head_dim"), value_heads * value_dim
    projections = hidden * (2 * key_width + 2 * value_width + 2 * value_heads) + value_width * hidden
    convolution = (2 * key_width + value_width) * keys.count("linear_conv_kernel_dim", default=4)
    return projections + convolution + 2 * value_heads + value_dim


def rwkv_params(keys: ConfigKeys, *, hidden: int) -> int:
    """Return the parameters of both blocks of a layer of RWKV-4 (Peng et al. 2023, arXiv:2305.13048, section 3)."""
    inner = keys.count("attention_hidden_size", default=hidden)
    ffn = keys.count("intermediate_size", default=4 * hidden)
    time_mixing = 4 * hidden * inner + 2 * inner + 3 * hidden
    channel_mixing = 2 * hidden * ffn + hidden * hidden + 2 * hidden
    return time_mixing + channel_mixing


def _convolution(keys: ConfigKeys, width: int) -> int:
    has_bias = keys.flag("use_conv_bias", "mamba_conv_bias", default=True)
    return width * (keys.count("conv_kernel", "mamba_d_conv", default=4) + has_bias)
