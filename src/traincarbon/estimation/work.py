"""The work of a training: model FLOP by the most exact count that the plan allows, and the FLOP that the hardware executes."""

from typing import TYPE_CHECKING

from traincarbon.errors import PlanError
from traincarbon.estimation.contradictions import warn_of_flop, warn_of_sizes, warn_of_teacher, warn_of_tokens
from traincarbon.estimation.families import ENCODER, family_of, kind_of
from traincarbon.estimation.links import (
    ATTENTION,
    ATTENTION_SHARE,
    BY_ADAPTERS,
    BY_CAUSAL_SHAPE,
    BY_FAMILY,
    BY_SAMPLE,
    BY_SHAPE,
    HARDWARE_FLOP,
    MATMUL_PARAMS,
    PASSED,
    WITH_TEACHER,
)
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.trace import FlopCounts, Trace
from traincarbon.estimation.walk import Link
from traincarbon.uncertain import Num, any_of, where

if TYPE_CHECKING:
    from traincarbon.estimation.model.resolve import Model

LORA_SHARE = 0.01
"""Parameters in adapters as a share of the model, where a plan does not state them."""
GATED_BELOW = 3.9
"""Feed-forward parts narrower than this multiple of the model's width are taken as gated: three matrices then hold as much as two at 4."""
VOCAB = 50257.0
"""The vocabulary of GPT-2, where a plan does not state one."""
SEQ_LEN = 2048.0
"""Tokens of a context, where a plan does not state it."""
_SHAPE = ("layers", "hidden", "heads", "kv_heads", "head_dim", "ffn", "ffn_matrices", "vocab", "seq_len", "attention")
_OF_ATTENTION = ("layers", "hidden", "heads", "head_dim", "seq_len", "attention")
"""Fields of a shape, and those of them that the attention of stated parameters takes."""
_BY_SHAPES = (BY_SHAPE, BY_CAUSAL_SHAPE)
_FULL_SCORE_FLOP, _CAUSAL_SCORE_FLOP = 12.0, 6.0
"""FLOP of a score of attention and unit of width, forward and backward: of all scores, and of the half that is not masked."""
MASKED = 0.15
"""Share of the tokens that a masked language model predicts (Devlin et al. 2018, section 3.1)."""
_FULL = 1.0
_TRILLION = 1e12


def count_flop(trace: Trace, *, model: "Model | None" = None) -> None:
    """Compute the model FLOP by the most exact count that the plan allows; they stay None where the plan states hours and no work.

    Args:
        trace: The values of the plan; receives the FLOP.
        model: The model that the plan names.

    Raises:
        PlanError: the plan states neither work nor hours.
    """
    plan, number = trace.plan, trace.plan.number
    tokens, params, active = number("tokens"), number("params"), number("active_params")
    trace.values["compute_flop"] = None
    warn_of_teacher(trace)
    if plan.flop is not None:
        _take_stated(trace)
        return
    if tokens is None or (params is None and active is None and not _has_shape(plan)):
        if plan.accelerator_hours is not None:
            return
        raise _no_work(plan, model)
    if family_of(plan.family).needs:
        raise PlanError(f"the FLOP of {plan.family} do not follow from params and tokens", hint=family_of(plan.family).needs)
    trace.known("kind")
    trace.known("family")
    of_whole = _whole_link(plan)
    count = BY_ADAPTERS if trains_adapters(plan) else of_whole
    head_dim, heads = number("head_dim"), number("heads")
    trace.values["attention_width"] = number("hidden") if head_dim is None or heads is None else head_dim * heads
    by_shape, is_causal = of_whole in _BY_SHAPES, of_whole is BY_CAUSAL_SHAPE
    is_counted = by_shape and active is None and _has_shape(plan)
    if active is None:
        if is_counted or params is None:
            _count_params(trace, model)
        else:
            trace.values["active_params"] = params
    warn_of_sizes(trace, shape_params=_shape_params(trace) if is_counted else None)
    _warn_of_unused(trace, count, used=_SHAPE if is_counted or params is None else _OF_ATTENTION if by_shape else ())
    if by_shape:
        from traincarbon.estimation.text_attention import assume_shape, count_windows

        trace.values["score_flop"] = _CAUSAL_SCORE_FLOP if is_causal else _FULL_SCORE_FLOP
        if not _has_shape(plan):
            assume_shape(trace, is_causal=is_causal)
        if model is not None and model.config.context > model.seq_len == plan.seq_len:
            trace.assume("seq_len", model.seq_len, f"not stated: the model takes {model.config.context:,} tokens, but is trained on shorter contexts")
        trace.default("seq_len", SEQ_LEN, "not stated: contexts of 2,048 tokens")
        count_windows(trace, model, is_causal=is_causal)
    if count is BY_ADAPTERS:
        _count_adapters(trace)
    trace.walk((count,))
    trace.flop_counts = _counts(trace, count)
    _add_parts(trace, count)
    warn_of_tokens(trace)
    _count_executed(trace)


def _count_adapters(trace: Trace) -> None:
    """Compute what adapters add to the frozen weights: their own parameters, and the attention scores, of which they save nothing."""
    values = trace.values
    if values.get("trainable_params") is None and (frozen := values.get("active_params")) is not None:
        values["trainable_params"] = frozen * trace.assume("trainable_share", LORA_SHARE, "not stated: adapters of 1 % of the model")
    count_passed(trace, "active_params", "trainable_params")
    if values.get("score_flop") is not None:
        trace.walk((ATTENTION,))


def count_passed(trace: Trace, *names: str) -> None:
    """Compute those of the parameters *names* that a token passes through, where these are not all in the family of the plan."""
    share = family_of(trace.plan.family).passed_share
    for name in names if share != 1.0 else ():
        if (params := trace.values.get(name)) is not None:
            trace.values[PASSED[name]] = share * params


def _may_be_frozen(plan: Plan, count: Link) -> bool:
    """Say whether *count* counts every token alike, so that weight gradients of a part can be taken away."""
    by_tokens = count in _BY_SHAPES or family_of(plan.family).training_flop is BY_FAMILY["decoder"].formula
    return by_tokens and count is not BY_ADAPTERS


def _short(tokens: float) -> str:
    """Return *tokens* as an option takes them."""
    return f"{tokens / 1e12:g}T" if tokens >= _TRILLION else f"{tokens / 1e9:g}B"


def _no_work(plan: Plan, model: "Model | None") -> PlanError:
    """Return the error of a plan without work: what is missing, and the ways to state it."""
    family = family_of(plan.family)
    if plan.tokens is None and (family.needs or family.tokens_hint):
        return PlanError(f"the plan does not state the data of {plan.family}", hint=family.needs or family.tokens_hint)
    if plan.tokens is None:
        example = "270e9 or 1.4T"
        if model is not None and model.training_tokens is not None:
            example = f"{_short(model.training_tokens)}, the tokens of its own training, or 10M for a fine-tuning"
        hint = (
            f"give tokens, such as {example}, or samples with epochs and seq_len, or flop; if the run is known, accelerator_hours, or hours with accelerators"
        )
        return PlanError("the plan states no tokens", hint=hint)
    return PlanError("the plan states no params", hint="give params, such as 530e9 or 7B, or flop, or accelerator_hours if you know them")


def _take_stated(trace: Trace) -> None:
    """Take the FLOP that the plan states, as a total or of each sample."""
    flop = trace.plan.number("flop")
    trace.known("kind")
    trace.known("family")
    if trace.plan.active_params is None:
        trace.values["active_params"] = trace.plan.number("params")
    trace.values["compute_flop"] = flop
    how = "per_sample" if any(link is BY_SAMPLE for link, _, _ in trace.links) else "stated"
    of_sample: Num = sum(trace.sample_parts.values())
    trace.flop_counts = FlopCounts(how, {name: part * (flop / of_sample) for name, part in trace.sample_parts.items()} or {"model": flop})
    warn_of_flop(trace, flop)


def _counts(trace: Trace, count: Link) -> FlopCounts:
    """Return how *count* counted the FLOP, and their parts."""
    total, params, tokens = trace.values["compute_flop"], trace.values.get("active_params"), trace.plan.number("tokens")
    by_shape = "exact" if _has_shape(trace.plan) else "usual_shape"
    if count in _BY_SHAPES and params is not None:
        matmul = 6.0 * params * tokens
        return FlopCounts(by_shape, {"model": matmul, "attention": total - matmul})
    trainable = trace.values.get("trainable_params")
    if count is BY_ADAPTERS and params is not None and trainable is not None:
        attention = trace.values.get("attention_flop_per_token")
        share = family_of(trace.plan.family).passed_share
        parts = {"frozen": 4.0 * share * params * tokens, "adapters": 6.0 * share * trainable * tokens}
        if attention is None:
            return FlopCounts("6nd", parts)
        return FlopCounts(by_shape, parts | {"attention": attention * tokens})
    return FlopCounts("6nd", {"model": total})


def _add_parts(trace: Trace, count: Link) -> None:
    """Add the forward passes of a teacher, and take away the weight gradients of frozen parameters."""
    plan, counts = trace.plan, trace.flop_counts
    if counts is None:
        return
    if plan.frozen_params is not None or plan.trainable_params is not None:
        _freeze(trace, counts, count)
    if plan.teacher_params is not None:
        from traincarbon.estimation.text_attention import add_forward_pass

        add_forward_pass(trace, counts, "teacher", WITH_TEACHER, params="teacher_params")
    if (kind := kind_of(plan.kind)).has_reference or kind.is_quantised or plan.evaluation_tokens is not None:
        from traincarbon.estimation.post_training import add_forward_passes, slow_down

        add_forward_passes(trace, counts)
        slow_down(trace)


def _freeze(trace: Trace, counts: FlopCounts, count: Link) -> None:
    """Take away the weight gradients of what the plan freezes, or does not train.

    Raises:
        PlanError: the plan states frozen parameters that are not known to what it trains.
    """
    from traincarbon.estimation.frozen_parts import add_frozen, check_frozen, freeze_rest

    plan, values = trace.plan, trace.values
    if plan.frozen_params is not None and count is BY_ADAPTERS:
        raise PlanError(f"frozen_params and kind {plan.kind} exclude each other", hint=f"{plan.kind} freezes all but trainable_params")
    if not _may_be_frozen(plan, count):
        if plan.frozen_params is None:
            return
        raise PlanError(f"frozen_params are not known to {plan.family}", hint="give flop, or params without the frozen part")
    params = plan.number("params")
    whole = values["active_params"] if params is values["active_params"] else _shape_params(trace) if params is None else params
    freeze_rest(trace, whole=whole)
    if values.get("frozen_params") is not None:
        check_frozen(trace)
        add_frozen(trace, counts, whole=whole)


def flop_link(plan: Plan) -> Link:
    """Return the link that counts the FLOP of a plan.

    Example:
        >>> flop_link(Plan(params="7B", kind="lora")).formula.__name__
        'adapter_training_flop'
    """
    return BY_ADAPTERS if trains_adapters(plan) else _whole_link(plan)


def _whole_link(plan: Plan) -> Link:
    """Return the link that counts the FLOP of a plan as if all parameters were trained."""
    family, is_stated = family_of(plan.family), _has_shape(plan)
    if not family.is_one_stack or not ((is_stated and plan.active_params is None) or _states_context(plan)):
        return BY_FAMILY[family.name]
    usual = "full" if is_stated or family.name == ENCODER else "causal"
    return BY_CAUSAL_SHAPE if (plan.attention or usual) == "causal" else BY_SHAPE


def trains_adapters(plan: Plan) -> bool:
    """Say whether *plan* trains adapters on frozen weights: by its kind, or because it tunes a part of the parameters against a reference."""
    kind = kind_of(plan.kind)
    return kind.is_adapter or (kind.has_reference and plan.trainable_params is not None)


def _has_shape(plan: Plan) -> bool:
    return plan.layers is not None and plan.hidden is not None


def _states_context(plan: Plan) -> bool:
    """Say whether *plan* states a context beside parameters; a model that it names may have layers without attention."""
    return plan.seq_len is not None and plan.model is None and (plan.params is not None or plan.active_params is not None)


def _count_executed(trace: Trace) -> None:
    """Compute what the hardware executes where the plan states what is computed again."""
    recompute = trace.plan.recompute
    if recompute is None or trace.values["compute_flop"] is None:
        return
    trace.values["repeated_share"] = _FULL if recompute == "full" else 0.0
    if recompute == "selective":
        if trace.values.get("score_flop") is None and any(trace.plan.number(name) is None for name in ("layers", "hidden", "seq_len")):
            trace.warnings.append("give layers, hidden and seq_len to see how much attention is computed again; seq_len alone takes a usual shape")
            return
        trace.walk((ATTENTION_SHARE,))
        trace.values["repeated_share"] = trace.values["attention_share"]
    trace.walk((HARDWARE_FLOP,))


def _count_params(trace: Trace, model: "Model | None") -> None:
    """Compute the parameters in matrix products of the shape that the plan states."""
    hidden, ffn = trace.plan.number("hidden"), trace.plan.number("ffn")
    stated = trace.plan.number("ffn_matrices")
    trace.values["ffn_matrices"] = 2.0 if stated is None else stated
    if ffn is None:
        trace.values["ffn"] = trace.assume("ffn_over_hidden", 4.0, "not stated: the feed-forward part is four times as wide as the model") * hidden
    elif stated is None and any_of(is_gated := ffn <= GATED_BELOW * hidden):
        trace.values["ffn_matrices"] = trace.assume("ffn_matrices", where(is_gated, 3.0, 2.0), "such a narrow feed-forward part is taken as gated")
    trace.default("vocab", VOCAB, "not stated: the vocabulary of GPT-2")
    if family_of(trace.plan.family).name == ENCODER:
        _count_head(trace, model)
    trace.walk((MATMUL_PARAMS,))


def _count_head(trace: Trace, model: "Model | None") -> None:
    """Take the share of the tokens that pass the output layer of an encoder, and its width where embeddings are narrower than the model."""
    share, reason = MASKED, "not stated: the masked tokens alone pass the output layer, 15 % in BERT; code that computes it for all tokens does more"
    if kind_of(trace.plan.kind).prior != "pretrain":
        share, reason = 0.0, "not stated: a fine-tuned encoder has no output layer over the vocabulary"
    elif model is not None and model.config.architecture == "electra" and model.config.head != "mlm":
        share, reason = 0.0, "not stated: a discriminator has no output layer over the vocabulary; the generator is not counted"
    trace.values["head_share"] = trace.assume("head_share", share, reason)
    if model is not None and model.config.embedding_width:
        trace.values["head_width"] = float(model.config.embedding_width)


def _shape_params(trace: Trace) -> Num:
    """Return the parameters in matrix products of the shape, those of the whole output layer whatever tokens pass it."""
    values = trace.values
    active, share = values["active_params"], values.get("head_share")
    if share is None:
        return active
    width = values["hidden"] if values.get("head_width") is None else values["head_width"]
    return active + (1.0 - share) * width * values["vocab"]


def _warn_of_unused(trace: Trace, count: Link, *, used: tuple[str, ...]) -> None:
    """Name the fields of the plan that have no effect; those of a shape have one if they are *used*."""
    plan = trace.plan
    shape: list[str] = [] if plan.model is not None else [name for name in _SHAPE if name not in (*used, "attention")]
    if (plan.heads is None or plan.head_dim is None) and "head_dim" in used and plan.model is None:  # one of them alone gives no width
        shape += ["head_dim"] if "kv_heads" in used else ["heads", "head_dim"]
    names = [] if plan.servers is not None or plan.accelerators is not None else [*shape, "batch_tokens"]
    if trace.stated.samples is not None:  # the context then gives the tokens
        names = [name for name in names if name != "seq_len"]
    names += [] if plan.trainable_params is None or count is BY_ADAPTERS or _may_be_frozen(plan, count) else ["trainable_params"]
    kind = kind_of(plan.kind)
    names += [] if kind.has_reference else ["reference_params"]
    names += [] if kind.has_rollouts else ["generated_tokens", "generation_ratio"]
    names += [] if "attention" in used else ["attention"]
    unused = [name for name in names if getattr(plan, name) is not None]
    if unused:
        trace.warnings.append(f"ignored {', '.join(unused)}: no effect on this estimate")
