"""The work of a training: model FLOP by the most exact count that the plan allows, and the FLOP that the hardware executes."""

from traincarbon.errors import PlanError
from traincarbon.estimation.families import family_of
from traincarbon.estimation.links import ATTENTION_SHARE, BY_ADAPTERS, BY_FAMILY, BY_SHAPE, HARDWARE_FLOP, MATMUL_PARAMS
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.trace import Trace
from traincarbon.estimation.walk import Link
from traincarbon.uncertain import Num, any_of, median_of

LORA_SHARE = 0.01
"""Parameters in adapters as a share of the model, where a plan does not state them."""
GATED_BELOW = 3.9
"""Feed-forward parts narrower than this multiple of the model's width are taken as gated: three matrices then hold as much as two at 4."""
VOCAB = 50257.0
"""The vocabulary of GPT-2, where a plan does not state one."""
SEQ_LEN = 2048.0
"""Tokens of a context, where a plan does not state it."""
_FEW = 1000.0
"""Fewer parameters or tokens than this suggest a forgotten suffix."""
_MOST_APART = 2.0
"""Largest plausible factor between the parameters in matrix products and all parameters, embeddings included."""
_SHAPE = ("layers", "hidden", "heads", "kv_heads", "ffn", "vocab", "seq_len")
_FULL = 1.0


def count_flop(trace: Trace) -> None:
    """Compute the model FLOP by the most exact count that the plan allows; they stay None where the plan states hours and no work.

    Raises:
        PlanError: the plan states neither work nor hours.
    """
    plan, number = trace.plan, trace.plan.number
    tokens, params, active = number("tokens"), number("params"), number("active_params")
    trace.values["compute_flop"] = None
    if tokens is None or (params is None and active is None and not _has_shape(plan)):
        if plan.accelerator_hours is not None:
            return
        missing, example = ("tokens", "270e9 or 1.4T") if tokens is None else ("params", "530e9 or 7B")
        raise PlanError(f"the plan states no {missing}", hint=f"give {missing}, such as {example}, or accelerator_hours if you know them")
    trace.known("kind")
    trace.known("family")
    count = flop_link(plan)
    is_shape_used = count is BY_SHAPE or (params is None and active is None)
    if active is None:
        if is_shape_used:
            _count_params(trace)
        else:
            trace.values["active_params"] = params
    _warn_of_slips(trace, shape_params=trace.values.get("active_params") if count is BY_SHAPE else None)
    _warn_of_unused(trace, is_shape_used=count is BY_SHAPE or params is None)
    if count is BY_SHAPE:
        trace.default("seq_len", SEQ_LEN, "not stated: contexts of 2,048 tokens")
    if count is BY_ADAPTERS and number("trainable_params") is None and (frozen := trace.values.get("active_params")) is not None:
        trace.values["trainable_params"] = frozen * trace.assume("trainable_share", LORA_SHARE, "not stated: adapters of 1 % of the model")
    trace.walk((count,))
    _count_executed(trace)


def flop_link(plan: Plan) -> Link:
    """Return the link that counts the FLOP of a plan.

    Example:
        >>> flop_link(Plan(params="7B", kind="lora")).formula.__name__
        'adapter_training_flop'
    """
    if plan.kind == "lora":
        return BY_ADAPTERS
    family = family_of(plan.family)
    return BY_SHAPE if _has_shape(plan) and plan.active_params is None and family.is_one_stack else BY_FAMILY[family.name]


def _has_shape(plan: Plan) -> bool:
    return plan.layers is not None and plan.hidden is not None


def _count_executed(trace: Trace) -> None:
    """Compute what the hardware executes where the plan states what is computed again."""
    recompute = trace.plan.recompute
    if recompute is None or trace.values["compute_flop"] is None:
        return
    trace.values["repeated_share"] = _FULL if recompute == "full" else 0.0
    if recompute == "selective":
        if any(trace.plan.number(name) is None for name in ("layers", "hidden", "seq_len")):
            trace.warnings.append("give layers, hidden and seq_len to see how much attention is computed again")
            return
        trace.walk((ATTENTION_SHARE,))
        trace.values["repeated_share"] = trace.values["attention_share"]
    trace.walk((HARDWARE_FLOP,))


def _count_params(trace: Trace) -> None:
    """Compute the parameters in matrix products of the shape that the plan states."""
    hidden, ffn = trace.plan.number("hidden"), trace.plan.number("ffn")
    trace.values["ffn_matrices"] = 2.0
    if ffn is None:
        trace.values["ffn"] = trace.assume("ffn_over_hidden", 4.0, "not stated: the feed-forward part is four times as wide as the model") * hidden
    elif not any_of(ffn > GATED_BELOW * hidden):
        trace.values["ffn_matrices"] = trace.assume("ffn_matrices", 3.0, "such a narrow feed-forward part is taken as gated")
    trace.default("vocab", VOCAB, "not stated: the vocabulary of GPT-2")
    trace.walk((MATMUL_PARAMS,))


def _warn_of_slips(trace: Trace, *, shape_params: Num | None) -> None:
    """Warn of unlikely sizes; *shape_params* are those of the plan's shape where it counts instead of params."""
    plan = trace.plan
    params, tokens = (median_of(plan.number(name)) for name in ("params", "tokens"))
    few = [name for name, value in (("params", params), ("tokens", tokens)) if value is not None and any_of(value < _FEW)]
    if few:
        trace.warnings.append(f"{' and '.join(few)} below {_FEW:,.0f}: is a suffix missing, as in 7B or 1.4T?")
    hidden, heads = plan.number("hidden"), plan.number("heads")
    if hidden is not None and heads is not None and any_of(hidden % heads != 0.0):
        trace.warnings.append("heads do not divide hidden: is one of them wrong?")
    if params is None:
        return
    if plan.kind in (None, "pretrain") and any_of(tokens < params):
        trace.warnings.append("fewer tokens than parameters: models are usually trained on 20 or more tokens per parameter")
    if shape_params is not None:
        ratio = median_of(shape_params) / params
        if any_of(ratio > _MOST_APART) or any_of(ratio < 1.0 / _MOST_APART):
            missing = " (is ffn missing?)" if plan.ffn is None else ""
            trace.warnings.append(f"layers and hidden do not give the stated number of params{missing}: the estimate uses the shape")


def _warn_of_unused(trace: Trace, *, is_shape_used: bool) -> None:
    """Name the fields of the plan that have no effect."""
    plan = trace.plan
    names = [] if plan.servers is not None or plan.accelerators is not None else ["batch_tokens"] if is_shape_used else [*_SHAPE, "batch_tokens"]
    names += [] if plan.kind == "lora" else ["trainable_params"]
    unused = [name for name in names if getattr(plan, name) is not None]
    if unused:
        trace.warnings.append(f"ignored {', '.join(unused)}: no effect on this estimate")
