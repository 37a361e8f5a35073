"""Configurations as the package mamba_ssm writes them, which name no architecture: state-spaces/mamba-2.8b and the like on Hugging Face."""

from traincarbon.errors import PlanError
from traincarbon.estimation.model.keys import ConfigKeys

_LAYERS = {"": "mamba", "Mamba1": "mamba", "Mamba2": "mamba2"}
_HEAD_DIM, _STATE, _GROUPS = 64, {"mamba": 16, "mamba2": 128}, 1
"""What such a configuration leaves out: the defaults of mamba_ssm/modules/mamba_simple.py and mamba2.py."""


def is_of_state_spaces(keys: ConfigKeys) -> bool:
    """Say whether *keys* are those of the package mamba_ssm."""
    return "ssm_cfg" in keys.table and "model_type" not in keys.table


def as_mamba(keys: ConfigKeys) -> tuple[str, ConfigKeys]:
    """Return the architecture, and the keys under the names that transformers uses.

    Raises:
        PlanError: some layers are attention or feed-forward, or a value is of the wrong kind or impossible.
    """
    layers = keys.part("ssm_cfg")
    kind = _LAYERS.get(layers.text("layer"))
    if kind is None or keys.table.get("attn_layer_idx") or keys.count("d_intermediate", default=0, least=0):
        raise PlanError(f"{keys.where}: its layers are not all those of Mamba, and cannot be counted", hint="state params (and active_params) instead")
    hidden, expand = keys.count("d_model"), layers.count("expand", default=2)
    multiple = keys.count("pad_vocab_size_multiple", default=1)
    named: dict[str, object] = {
        "hidden_size": hidden,
        "num_hidden_layers": keys.count("n_layer"),
        "vocab_size": -(-keys.count("vocab_size") // multiple) * multiple,
        "expand": expand,
        "state_size": layers.count("d_state", default=_STATE[kind]),
        "conv_kernel": layers.count("d_conv", default=4),
        "tie_word_embeddings": keys.flag("tie_embeddings", default=True),
    }
    if kind == "mamba2":
        head_dim = layers.count("headdim", default=_HEAD_DIM)
        named |= {"head_dim": head_dim, "num_heads": expand * hidden // head_dim, "n_groups": layers.count("ngroups", default=_GROUPS)}
    return kind, ConfigKeys(named, keys.where)
