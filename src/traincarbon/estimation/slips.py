"""Numbers of a plan that few would mean: forgotten suffixes, and fields that contradict each other by far. They are said before the figures."""

from traincarbon.estimation.contradictions import shown
from traincarbon.estimation.families import family_of
from traincarbon.estimation.trace import Trace
from traincarbon.uncertain import Num, any_of, median_of

_FEW = 1000.0
"""Fewer parameters or tokens than this suggest a forgotten suffix."""
_FEW_FLOP = 1e12
"""Fewer FLOP than this take a second on any accelerator, and suggest a forgotten suffix."""
_MOST_APART = 2.0
"""Largest plausible factor between the parameters in matrix products and all parameters, embeddings included."""
_CONTRADICTION = 10.0
"""Factor between stated FLOP and those of parameters and tokens from which one of them is taken for a slip."""
_LARGEST_TEACHER = 100.0
"""Factor between a teacher and its student from which a suffix is likely wrong; a choice."""
_MOST_PARAMS = 1e14
"""More parameters than any model has."""


def warn_of_sizes(trace: Trace, *, shape_params: Num | None) -> None:
    """Warn of unlikely sizes; *shape_params* are those of the plan's shape where it counts instead of params."""
    plan = trace.plan
    params, tokens = (median_of(plan.number(name)) for name in ("params", "tokens"))
    few = [name for name, value in (("params", params), ("tokens", tokens)) if value is not None and any_of(value < _FEW)]
    if few:
        trace.slips.append(f"{' and '.join(few)} below {_FEW:,.0f}: is a suffix missing, as in 7B or 1.4T?")
    hidden, heads = plan.number("hidden"), plan.number("heads")
    if hidden is not None and heads is not None and plan.head_dim is None and any_of(hidden % heads != 0.0):
        trace.warnings.append("heads do not divide hidden: is one of them wrong?")
    if params is None:
        return
    if plan.kind in (None, "pretrain") and not family_of(plan.family).tokens_hint and any_of(tokens < params):
        trace.warnings.append("fewer tokens than parameters: models are usually trained on 20 or more tokens per parameter")
    if shape_params is not None:
        ratio = median_of(shape_params) / params
        if any_of(ratio > _MOST_APART) or any_of(ratio < 1.0 / _MOST_APART):
            missing = " (is ffn missing?)" if plan.ffn is None else ""
            trace.warnings.append(f"layers and hidden do not give the stated number of params{missing}: the estimate uses the shape")


def warn_of_tokens(trace: Trace) -> None:
    """Say what a token is where the plan states tokens of anything but text."""
    family, stated = family_of(trace.plan.family), trace.stated
    if family.tokens_hint and stated.samples is None and stated.audio_hours is None:
        trace.slips.append(family.tokens_hint)


def warn_of_teacher(trace: Trace) -> None:
    """Warn of a teacher that is larger than any, or far larger than its student."""
    plan = trace.stated
    teacher, student = (median_of(plan.number(name)) for name in ("teacher_params", "params"))
    if teacher is None:
        return
    if any_of(teacher > _MOST_PARAMS):
        trace.slips.append(f"teacher_params {shown(teacher)}: no model is so large; is its suffix wrong?")
    elif student is not None and any_of(teacher > _LARGEST_TEACHER * student):
        trace.slips.append(f"the teacher has more than {_LARGEST_TEACHER:g} times the parameters of the model that is trained: is its suffix wrong?")


def warn_of_flop(trace: Trace, flop: Num) -> None:
    """Warn of stated FLOP that are very few, or that contradict parameters and tokens by far."""
    plan = trace.plan
    if any_of(median_of(flop) < _FEW_FLOP):
        trace.slips.append(f"flop below {_FEW_FLOP:g}: is a suffix or an exponent missing, as in 3e21?")
    active, tokens = trace.values.get("active_params"), plan.number("tokens")
    family = family_of(plan.family)
    if active is None or tokens is None or family.needs:
        return
    expected = median_of(family.training_flop(active_params=active, tokens=tokens))
    ratio = median_of(flop) / expected
    if any_of(ratio >= _CONTRADICTION) or any_of(ratio <= 1.0 / _CONTRADICTION):
        words = f"{shown(median_of(flop))}, but params and tokens give {shown(expected)}"
        trace.slips.append(f"flop is {words}: they contradict each other by a factor of {_CONTRADICTION:g} or more; the estimate uses flop")
