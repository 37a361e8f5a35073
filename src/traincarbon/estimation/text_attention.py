"""The attention of a transformer of text: the shape that it takes where a plan does not state one, and what it adds beside the count of the parameters."""

from typing import TYPE_CHECKING

from traincarbon.estimation.links import ATTENTION
from traincarbon.estimation.trace import FlopCounts, Trace
from traincarbon.estimation.usual_shapes import depth_beside, usual_depth, usual_text_width, widened_in_mixtures
from traincarbon.estimation.walk import Link
from traincarbon.formulas.post_training import forward_attention_flop_per_token
from traincarbon.uncertain import Num, any_of, median_of

if TYPE_CHECKING:
    from traincarbon.estimation.model.resolve import Model

_USUAL = "not stated: the usual {} of a transformer with so many parameters, for attention"


def assume_shape(trace: Trace, *, is_causal: bool) -> None:
    """Take the usual depth and width of a transformer of text of so many parameters where the plan does not state them."""
    plan, values = trace.plan, trace.values
    params, layers, width = values["active_params"], plan.number("layers"), values["attention_width"]
    whole = _whole(trace)
    if layers is None:
        is_of_model = plan.heads is None or plan.head_dim is None
        depth = usual_depth(params) if width is None else depth_beside(params, width=width, whole=whole, is_of_model=is_of_model)
        values["usual_layers"] = layers = trace.assume("layers", depth, _USUAL.format("depth"))
        if width is not None and whole is not None and is_of_model:
            wide = widened_in_mixtures(width, params=params, whole=whole)
            values["attention_width"] = trace.assume("attention_width", wide, "not stated: all heads of a mixture of experts are wider than hidden in most")
    if width is None:
        width = usual_text_width(params, layers=layers, whole=whole)
        values["attention_width"] = trace.assume("attention_width", width, _USUAL.format("width of all heads together"))
    if plan.attention is None and is_causal:
        trace.assume("attention", "causal", "not stated: the half of the scores that is not masked; full counts all, as published MFU does")


def _whole(trace: Trace) -> Num | None:
    """Return all parameters of a mixture of experts, None of a dense model."""
    whole = trace.plan.number("params")
    if whole is None or trace.plan.active_params is None or not any_of(median_of(trace.values["active_params"]) < median_of(whole)):
        return None
    return whole


def count_windows(trace: Trace, model: "Model | None", *, is_causal: bool) -> None:
    """Compute the tokens that a token attends to where layers of the model see a window only."""
    seq_len = trace.values["seq_len"]
    if model is None or not model.config.windowed_layers or not isinstance(seq_len, float):
        return
    from traincarbon.estimation.model.windows import attended_len

    attended = attended_len(model.config, seq_len, is_causal=is_causal)
    if attended < seq_len:
        layers = f"{model.config.windowed_layers} of {model.config.layers} layers see a window of {model.config.window:,} tokens"
        trace.values["attended_len"] = trace.assume("attended_len", attended, f"the mean over the layers: {layers}")


def add_forward_pass(trace: Trace, counts: FlopCounts, part: str, link: Link, *, params: str) -> None:
    """Add by *link* the forward passes of tokens through *params* as a *part* of the FLOP, with their attention if that of the training is counted."""
    _count_forward_attention(trace, part, params=params)
    before = trace.values["compute_flop"]
    trace.walk((link,))
    after = trace.values["compute_flop"]
    if before is not None and after is not None and after is not before:
        counts.parts[part] = after - before


def _count_forward_attention(trace: Trace, part: str, *, params: str) -> None:
    if trace.values.get("score_flop") is None:
        return
    name = f"{part}_attention_flop_per_token"
    of_training = "attention_flop_per_token"
    link = Link(name, forward_attention_flop_per_token, attention_flop_per_token=of_training, forward_params=params, active_params="active_params")
    trace.walk((ATTENTION, link))
