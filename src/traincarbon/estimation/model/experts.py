"""What a configuration states about the experts of a mixture."""

from typing import TypedDict

from traincarbon.errors import PlanError
from traincarbon.estimation.model.keys import ConfigKeys


class ExpertFields(TypedDict, total=False):
    """The fields of a configuration about the experts of a mixture."""

    experts: int
    experts_per_token: int
    expert_ffn: int
    shared_ffn: int
    dense_layers: int


def expert_fields(keys: ConfigKeys, kind: str, layers: int) -> ExpertFields:
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


def _dense_layers(keys: ConfigKeys, kind: str, layers: int) -> int:
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
