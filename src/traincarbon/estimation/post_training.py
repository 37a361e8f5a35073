"""Preference tuning, reinforcement learning and adapters on four bits: what runs forward only, how fast, and in how much memory."""

from traincarbon.estimation.families import kind_of
from traincarbon.estimation.links import PASSED
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.text_attention import add_forward_pass
from traincarbon.estimation.trace import FlopCounts, Trace
from traincarbon.estimation.walk import Link
from traincarbon.estimation.work import count_passed, trains_adapters
from traincarbon.formulas import post_training
from traincarbon.uncertain import Num, Uncertain, median_of

DEQUANTISED_FACTOR = (0.6, 0.95)
"""Speed of adapters on four-bit weights over that on 16-bit ones; a choice."""
GENERATION_RATIO = (0.015, 0.1)
"""Utilisation of generation over that of training: docs/method.md, section Post-training."""
_WEIGHT_B, _QUANTISED_WEIGHT_B = 2.0, 4.127 / 8.0
"""Bytes of a weight at 16 bits, and at four bits with the constants of its block (Dettmers et al. 2023, arXiv:2305.14314, section 3)."""
_QUANTISED_MEMORY_SHARE = 0.9
"""Share of the memory that weights and adapters take in QLoRA: 65 B parameters on 48 GB (Dettmers et al. 2023, abstract)."""


def _forward(part: str, params: str, tokens: str) -> Link:
    return Link(
        "compute_flop",
        post_training.flop_with_forward_passes,
        compute_flop="compute_flop",
        forward_params=(PASSED[params], params),
        forward_tokens=tokens,
        attention_flop_per_token=(f"{part}_attention_flop_per_token", 0.0),
    )


FORWARD = {
    part: (params, tokens, _forward(part, params, tokens))
    for part, params, tokens in (
        ("reference", "reference_params", "tokens"),
        ("evaluation", "active_params", "evaluation_tokens"),
        ("generation", "active_params", "generated_tokens"),
    )
}
"""Forward passes in the FLOP of a training, by part: the values that hold their parameters and tokens, and the link."""
GENERATED_SHARE = Link(
    "generated_share",
    post_training.forward_share,
    compute_flop="compute_flop",
    forward_params=(PASSED["active_params"], "active_params"),
    forward_tokens="generated_tokens",
    attention_flop_per_token=("generation_attention_flop_per_token", 0.0),
)
SLOWER = (
    Link("mfu", post_training.quantised_mfu, mfu="mfu", dequantised_factor="dequantised_factor"),
    Link("mfu", post_training.mfu_with_generation, mfu="mfu", generated_share="generated_share", generation_ratio="generation_ratio"),
)
"""What lowers the utilisation that is expected of the steps; it is in a utilisation that the plan states."""


def add_forward_passes(trace: Trace, counts: FlopCounts) -> None:
    """Add to the FLOP what runs forward only: a reference model, evaluation, and text that is generated."""
    plan, kind = trace.plan, kind_of(trace.plan.kind)
    if kind.has_reference and plan.reference_params is None:
        _default(trace, "reference_params", trace.values.get("active_params"), "not stated: a frozen copy of the model; 0 if computed beforehand")
    if kind.has_rollouts and plan.generated_tokens is None:
        _default(trace, "generated_tokens", plan.number("tokens"), "not stated: as many as the model learns from")
    for part, (params, tokens, link) in FORWARD.items():
        if (part == "reference" and not kind.has_reference) or (part == "generation" and not kind.has_rollouts) or trace.values.get(tokens) is None:
            continue
        count_passed(trace, params)
        add_forward_pass(trace, counts, part, link, params=params)


def slow_down(trace: Trace) -> None:
    """Lower the utilisation that is expected of the steps by generation and by quantised weights."""
    plan, kind = trace.plan, kind_of(trace.plan.kind)
    if plan.mfu is not None or plan.accelerator_hours is not None:
        return
    if kind.has_rollouts:
        trace.walk((GENERATED_SHARE,))
        ratio = Uncertain.from_interval(*GENERATION_RATIO, name="generation_ratio")
        _default(trace, "generation_ratio", ratio, "not stated: generation takes 70 to 95 % of the time in published runs")
    if kind.is_quantised:
        factor = Uncertain.from_interval(*DEQUANTISED_FACTOR, name="dequantised_factor")
        _default(trace, "dequantised_factor", factor, "weights of four bits are brought to 16 for each product")
    trace.known("mfu")
    trace.walk(SLOWER)


def memory_values(plan: Plan) -> dict[str, Num | None]:
    """Return what the memory of *plan* rests on where it is not that of one model at 16 bits: weights of four bits, or two copies of the model.

    Optimisers of adapters on four bits page their moments out to the host, and one sequence is recomputed at a time.
    Adapters need no second copy: without them the model is its own reference.
    """
    kind = kind_of(plan.kind)
    if kind.is_quantised:
        return {"weight_b": _QUANTISED_WEIGHT_B, "state_b": _WEIGHT_B, "quantised_memory_share": _QUANTISED_MEMORY_SHARE}
    if kind.has_reference and not trains_adapters(plan) and plan.reference_params != 0.0:
        return {"weight_b": 2.0 * _WEIGHT_B}
    return {}


def _default(trace: Trace, name: str, value: Num | None, reason: str) -> None:
    """Assume *value* for *name* where the plan does not state it."""
    if trace.values.get(name) is None and value is not None:
        trace.values[name] = value
        trace.assume(name, median_of(value), reason)
