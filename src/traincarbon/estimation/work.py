"""The work of a training: model FLOP by the most exact count that the plan allows, and what the hardware executes."""

from traincarbon.errors import PlanError
from traincarbon.estimation.families import family_of
from traincarbon.estimation.trace import Links
from traincarbon.formulas import compute
from traincarbon.uncertain import Num, any_of, clamp, median_of

LORA_SHARE = 0.01
"""Parameters in adapters as a share of the model, where a plan does not say."""
GATED_BELOW = 3.9
"""Feed-forward widths up to this multiple of the model's are taken as gated, with three matrices: they keep the size of two at 4."""
VOCAB = 50257.0
"""The vocabulary of GPT-2, where a plan does not say."""
SEQ_LEN = 2048.0
"""Tokens of a context, where a plan does not say."""
_FEW = 1000.0
"""Parameters or tokens below which an ending was forgotten."""
_MOST_APART = 2.0
"""Factor between the parameters in matrix products and all of them, embeddings included, that no shape explains."""
_SHAPE = ("layers", "hidden", "heads", "kv_heads", "ffn", "vocab", "seq_len")


def compute_flop(chain: Links) -> Num | None:
    """Return the model FLOP by the most exact count that the plan allows, or None where it states no work."""
    plan, number = chain.plan, chain.plan.number
    tokens, params, active = number("tokens"), number("params"), number("active_params")
    shaped = plan.layers is not None and plan.hidden is not None
    if tokens is None or (params is None and active is None and not shaped):
        if plan.accelerator_hours is not None:
            return None
        missing, example = ("tokens", "270e9 or 1.4T") if tokens is None else ("params", "530e9 or 7B")
        raise PlanError(f"the plan states no {missing}", hint=f"give {missing}, as {example}, or accelerator_hours where they are known")
    for name in ("kind", "family"):
        chain.known(name)
    exact = shaped and active is None and plan.kind != "lora" and family_of(plan.family).is_one_stack
    if active is None:
        active = matmul_params(chain) if exact or params is None else params
    _warn_of_slips(chain, shape_params=active if exact else None)
    _warn_of_unused(chain, is_shape_used=exact or params is None)
    if exact:
        return chain.link(
            compute.transformer_training_flop,
            matmul_params=active,
            layers=number("layers"),
            hidden=number("hidden"),
            seq_len=chain.stated_or("seq_len", SEQ_LEN, "not said: contexts of 2,048 tokens"),
            tokens=tokens,
        )
    if plan.kind == "lora":
        trainable = number("trainable_params")
        if trainable is None:
            trainable = active * chain.assume("trainable_share", LORA_SHARE, "not said: adapters of 1 % of the model")
        return chain.link(compute.adapter_training_flop, frozen_params=active, trainable_params=trainable, tokens=tokens)
    return chain.link(family_of(plan.family).training_flop, active_params=active, tokens=tokens)


def executed_flop(chain: Links, flop: Num | None) -> None:
    """Note what the hardware executes where the plan says what it computes again; utilisation counts model FLOP, so hours stay."""
    plan, number = chain.plan, chain.plan.number
    if plan.recompute is None or flop is None:
        return
    attention_share = 0.0
    shape = [number(name) for name in ("layers", "hidden", "seq_len", "tokens")]
    if all(part is not None for part in shape):
        layers, hidden, seq_len, tokens = shape
        attention_share = median_of(12.0 * layers * hidden * seq_len * tokens / flop)
    elif plan.recompute == "selective":
        chain.warnings.append("how much attention is computed again needs layers, hidden and seq_len")
        return
    chain.link(compute.hardware_flop, compute_flop=flop, attention_share=clamp(attention_share, 0.0, 1.0), recompute=plan.recompute)


def matmul_params(chain: Links) -> Num:
    """Return the parameters in matrix products of the shape that the plan states."""
    number = chain.plan.number
    hidden, heads, kv_heads, ffn = number("hidden"), number("heads"), number("kv_heads"), number("ffn")
    matrices = 2.0
    if ffn is None:
        ffn = chain.assume("ffn_over_hidden", 4.0, "not said: the feed-forward part is four times as wide as the model") * hidden
    elif not any_of(ffn > GATED_BELOW * hidden):
        matrices = chain.assume("ffn_matrices", 3.0, "so narrow a feed-forward part is taken as gated")
    return chain.link(
        compute.matmul_params,
        layers=number("layers"),
        hidden=hidden,
        heads=1.0 if heads is None else heads,
        kv_heads=kv_heads if kv_heads is not None else 1.0 if heads is None else heads,
        ffn=ffn,
        vocab=chain.stated_or("vocab", VOCAB, "not said: the vocabulary of GPT-2"),
        ffn_matrices=matrices,
    )


def _warn_of_slips(chain: Links, *, shape_params: Num | None) -> None:
    """Point out sizes that few would mean; *shape_params* are those of the plan's shape where it counts in place of params."""
    params, tokens = (median_of(chain.plan.number(name)) for name in ("params", "tokens"))
    few = [name for name, value in (("params", params), ("tokens", tokens)) if value is not None and any_of(value < _FEW)]
    if few:
        chain.warnings.append(f"{' and '.join(few)} below {_FEW:,.0f}: is an ending missing, as in 7B or 1.4T?")
    hidden, heads = chain.plan.number("hidden"), chain.plan.number("heads")
    if hidden is not None and heads is not None and any_of(hidden % heads != 0.0):
        chain.warnings.append("heads do not divide hidden: is one of them a slip?")
    if params is None:
        return
    if chain.plan.kind in (None, "pretrain") and any_of(tokens < params):
        chain.warnings.append("fewer tokens than parameters: a model trained to serve sees 20 or more for each")
    if shape_params is not None:
        ratio = median_of(shape_params) / params
        if any_of(ratio > _MOST_APART) or any_of(ratio < 1.0 / _MOST_APART):
            missing = " (is ffn missing?)" if chain.plan.ffn is None else ""
            chain.warnings.append(f"layers and hidden do not make the number of params that is given{missing}: the estimate follows the shape")


def _warn_of_unused(chain: Links, *, is_shape_used: bool) -> None:
    """Name what the plan says to no effect."""
    plan = chain.plan
    names = [] if plan.servers is not None or plan.accelerators is not None else ["batch_tokens"] if is_shape_used else [*_SHAPE, "batch_tokens"]
    names += [] if plan.kind == "lora" else ["trainable_params"]
    unused = [name for name in names if getattr(plan, name) is not None]
    if unused:
        chain.warnings.append(f"{', '.join(unused)} do{'es' * (len(unused) == 1)} not bear on this estimate")
