"""Fields of a plan that contradict each other, that mean nothing without another, or that few would mean as they stand."""

from math import inf
from typing import TYPE_CHECKING, Any

from traincarbon.errors import PlanError
from traincarbon.estimation.families import family_of
from traincarbon.formatting import shortened
from traincarbon.uncertain import Interval, Num, Uncertain, any_of, median_of

if TYPE_CHECKING:
    from traincarbon.estimation.plan import Plan
    from traincarbon.estimation.trace import Trace

_PARTS = (
    ("frozen_params", "params", "params counts the whole model, frozen_params the part that is not updated"),
    ("active_params", "params", "params counts all experts, active_params those that a token passes through"),
    ("trainable_params", "params", "params counts the whole model, trainable_params the part that is updated"),
    ("batch_tokens", "tokens", "tokens counts the whole training, batch_tokens one step"),
    ("text_params", "params", "params counts the whole model, text_params the part that sees text"),
    ("decoder_params", "params", "params counts the whole model, decoder_params the decoder"),
    ("patch_size", "image_size", "image_size is the side of an image in pixels, patch_size that of one of its patches"),
    ("local_size", "image_size", "image_size is the side of a large crop, local_size that of a small one"),
    ("seq_len", "batch_tokens", "a step has at least one sequence of seq_len: batch_tokens counts the tokens of all its sequences"),
)
"""Numbers that are part of another, and the hint for a part that is larger."""
_FORWARD = ("padding", "evaluation_tokens", "generated_tokens", "reference_params")
_EXCLUSIVE = (
    ("mfu", "accelerator_hours", "give one; the other is computed"),
    ("mfu", "hours", "give one; the other is computed"),
    ("mfu", "days", "give one; the other is computed"),
    ("hours", "days", "give one of them"),
    ("flop", "flop_per_sample", "give the FLOP of the whole training or of one sample"),
    ("flop", "gmac_per_sample", "give the FLOP of the whole training or the multiply-adds of one sample"),
    ("flop_per_sample", "gmac_per_sample", "flop_per_sample counts forward and backward, gmac_per_sample the multiply-adds of the forward pass"),
    ("flop", "teacher_params", "flop counts the whole training, the teacher included"),
    ("flop", "frozen_params", "flop counts the whole training, frozen parts included"),
    ("flop_per_sample", "teacher_params", "flop_per_sample counts the teacher too"),
    ("flop_per_sample", "frozen_params", "flop_per_sample counts what is computed for a sample, frozen parts included"),
    *((flop, name, "flop counts the whole training") for flop in ("flop", "flop_per_sample", "gmac_per_sample") for name in _FORWARD),
    ("gmac_per_sample", "teacher_params", "give flop_per_sample, and count the teacher in it"),
    ("gmac_per_sample", "frozen_params", "give flop_per_sample, and count 4 FLOP for each frozen parameter and token"),
    ("mfu", "seconds_per_sample", "give one; the other is computed"),
    ("image_size", "seq_len", "the tokens of an image follow from its size and that of a patch"),
    ("audio_hours", "samples", "give hours of audio or samples"),
)
"""Pairs of fields of which a plan states at most one, and the hint."""
_ALSO = {"flop_per_sample": "audio_hours", "gmac_per_sample": "audio_hours", "text_tokens": "model"}
"""Fields of which another one, that few plans have, is enough too."""
_OF_IMAGES = ("images_per_sample", "mask_ratio", "global_crops", "local_crops", "local_size", "latent_factor", "frames")
_NEEDED = (
    ("kv_heads", ("heads",), "give heads too"),
    (
        "image_size",
        ("patch_size", "gmac_per_sample", "flop_per_sample", "model"),
        "give patch_size too, such as 16; of a convolution gmac_per_sample, or model",
    ),
    ("patch_size", ("image_size",), "give image_size too, such as 224"),
    ("image_size", ("samples", "tokens"), "give samples too: the images of the data set"),
    ("flop_per_sample", ("samples",), "give samples too, and epochs; of audio, a sample is a second"),
    ("gmac_per_sample", ("samples",), "give samples too, and epochs; of audio, a sample is a second"),
    ("frames_per_s", ("audio_hours",), "give audio_hours too"),
    ("seconds_per_sample", ("samples",), "give samples too, and epochs"),
    *((name, ("samples",), "give samples too: the images or clips of the data set") for name in (*_OF_IMAGES, "text_params", "frozen_gmac_per_sample")),
    ("decoder_params", ("samples", "audio_hours"), "give audio_hours of speech, or samples of a masked autoencoder"),
    (
        "text_tokens",
        ("text_params", "decoder_params", "latent_factor", "frames"),
        "give text_params of a contrastive model, decoder_params of speech, or latent_factor of a diffusion transformer; other text is in tokens",
    ),
    ("frames_per_token", ("frames",), "give frames too: those of a clip"),
    ("padding", ("tokens", "samples"), "give tokens too, those of text alone"),
    ("evaluation_tokens", ("tokens", "samples"), "give the tokens of the training too"),
    ("generated_tokens", ("tokens", "samples"), "give the tokens that the model learns from too"),
    ("startup_hours", ("accelerators", "servers", "hw"), "give a number of GPUs too"),
)
"""A field, those of which it needs one, and the hint."""

_EXCLUDING = frozenset(one for one, _, _ in _EXCLUSIVE)
_NEEDING = frozenset(name for name, _, _ in _NEEDED)
_PARTIAL = frozenset(part for part, _, _ in _PARTS)
"""The first fields of these tables: a plan that states none of them needs no closer look."""

_EPOCHS_OF_TOKENS = "tokens count all epochs already; to state epochs, give samples and seq_len"
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
_SMALLEST = 1e7
"""Fewer parameters than any language model of the published runs has; ELECTRA small has 14M."""
_MOST_TOKENS = 1e17
"""More tokens than any training sees, by a factor of a thousand and more."""


def check_together(plan: "Plan") -> None:
    """Refuse fields of *plan* that cannot stand together.

    Raises:
        PlanError: fields contradict each other, or one needs another.
    """
    stated = vars(plan).keys()
    for one, other, hint in () if stated.isdisjoint(_EXCLUDING) else _EXCLUSIVE:
        if one in stated and other in stated:
            raise PlanError(f"{one} and {other} exclude each other", hint=hint)
    for name, needed, hint in () if stated.isdisjoint(_NEEDING) else _NEEDED:
        if name in stated and not any(other in stated for other in (*needed, _ALSO.get(name, name)) if other != name):
            raise PlanError(f"{name} need{'' if name.endswith('s') else 's'} {' or '.join(needed)}", hint=hint)
    if plan.epochs is not None and plan.samples is None and plan.audio_hours is None:
        family = family_of(plan.family)
        raise PlanError("epochs need samples or audio_hours", hint=family.tokens_hint or family.needs or _EPOCHS_OF_TOKENS)
    if plan.kv_heads is not None and any_of(plan.number("heads") % plan.number("kv_heads") != 0.0):
        raise PlanError(
            f"heads {shown(plan.heads)} do not divide by kv_heads {shown(plan.kv_heads)}", hint="each key and value head serves the same number of heads"
        )
    if {"latent_factor", "patch_size", "image_size"} <= stated and any_of(
        median_of(plan.number("patch_size") * plan.number("latent_factor")) > median_of(plan.number("image_size"))
    ):
        raise PlanError(
            f"patch_size {shown(plan.patch_size)} exceeds the latent image, {shown(plan.image_size)} / {shown(plan.latent_factor)}",
            hint="patch_size counts latent pixels, image_size those of the image",
        )
    for part, whole, hint in () if stated.isdisjoint(_PARTIAL) else _PARTS:
        if part in stated and whole in stated and any_of(median_of(plan.number(part)) > median_of(plan.number(whole))):
            raise PlanError(f"{part} {shown(getattr(plan, part))} exceed{'' if part.endswith('s') else 's'} {whole} {shown(getattr(plan, whole))}", hint=hint)


def shown(value: object) -> str:
    """Return a number of a plan as an error shows it."""
    value = median_of(value) if isinstance(value, Uncertain) else value
    return f"{value:g}" if isinstance(value, float) else shortened(str(value), most=40)


def first_of(condition: Any, *values: Any) -> tuple[Num, ...]:
    """Return *values* of the first plan for which *condition* is true: their elements there where they are arrays."""
    if not getattr(condition, "shape", ()):
        return values
    place = condition.argmax()
    return tuple(float(value[place]) if getattr(value, "shape", ()) else value for value in values)


def outside(value: Num | None, *, least: Num = 0.0, most: Num = inf) -> Num | None:
    """Return the number that is not within *least* and *most*: *value*, a bound of its interval or an element of its array, None where all are."""
    if value is None:
        return None
    low, _, high = Interval.of(value)
    for bound, is_outside in ((high, high > most), (low, low < least)):
        if any_of(is_outside):
            return first_of(is_outside, bound)[0]
    return None


def warn_of_sizes(trace: "Trace", *, shape_params: Num | None) -> None:
    """Warn of unlikely sizes; *shape_params* are those of the plan's shape where it counts instead of params."""
    plan = trace.plan
    params, tokens = median_of(plan.number("params")), median_of(plan.number("tokens"))
    few = [name for name in ("params", "tokens") if outside(plan.number(name), least=_FEW) is not None]
    if few:
        trace.slips.append(f"{' and '.join(few)} below {_FEW:,.0f}: is a suffix missing, as in 7B or 1.4T?")
    if outside(plan.number("params"), most=_MOST_PARAMS) is not None:
        trace.slips.append(f"params above {_MOST_PARAMS:g}: no model is so large; is a suffix or an exponent wrong?")
    if outside(plan.number("tokens"), most=_MOST_TOKENS) is not None:
        trace.slips.append(f"tokens above {_MOST_TOKENS:g}: no training sees so many; is a suffix or an exponent wrong?")
    hidden, heads = plan.number("hidden"), plan.number("heads")
    if hidden is not None and heads is not None and plan.head_dim is None and any_of(hidden % heads != 0.0):
        trace.warnings.append("heads do not divide hidden: is one of them wrong?")
    warn_of_small_models(trace, shape_params)
    if params is None:
        return
    if plan.kind in (None, "pretrain") and not family_of(plan.family).tokens_hint and any_of(tokens < params):
        trace.warnings.append("fewer tokens than parameters: models are usually trained on 20 or more tokens per parameter")
    if shape_params is not None:
        ratio = median_of(shape_params) / params
        if any_of(ratio > _MOST_APART) or any_of(ratio < 1.0 / _MOST_APART):
            missing = " (is ffn missing?)" if plan.ffn is None else ""
            trace.slips.append(f"layers and hidden do not give the stated number of params{missing}: the estimate uses the shape")


def warn_of_small_models(trace: "Trace", shape_params: Num | None) -> None:
    """Warn where a language model is so small that its steps take what starting them takes; a processor starts none on another chip.

    Its parameters are those that the plan states, else those of its shape.
    """
    plan, stated = trace.plan, trace.stated
    is_text = not family_of(plan.family).tokens_hint and (stated.samples is None or stated.seq_len is not None)
    params = shape_params if plan.params is None else plan.number("params")
    if not is_text or outside(params, least=_SMALLEST) is None or trace.facts.accelerator.type == "cpu":
        return
    if plan.mfu is None and plan.accelerator_hours is None:
        trace.warnings.append(
            "no published run is of so small a language model: its steps take the time of starting kernels and loading data, "
            "and may reach a tenth of the utilisation or less; give mfu if you know it"
        )


def warn_of_tokens(trace: "Trace") -> None:
    """Say what a token is where the plan states tokens of anything but text."""
    family, stated = family_of(trace.plan.family), trace.stated
    if family.tokens_hint and stated.samples is None and stated.audio_hours is None:
        trace.slips.append(family.tokens_hint)


def warn_of_teacher(trace: "Trace") -> None:
    """Warn of a teacher that is larger than any, or far larger than its student."""
    plan = trace.stated
    if plan.teacher_params is None:
        return
    teacher, student = median_of(plan.number("teacher_params")), median_of(plan.number("params"))
    stated = plan.number("teacher_params")
    if (few := outside(stated, least=_FEW)) is not None:
        trace.slips.append(f"teacher_params {shown(few)}: is a suffix missing, as in 7B?")
    elif (many := outside(stated, most=_MOST_PARAMS)) is not None:
        trace.slips.append(f"teacher_params {shown(many)}: no model is so large; is its suffix wrong?")
    elif student is not None and any_of(teacher > _LARGEST_TEACHER * student):
        trace.slips.append(f"the teacher has more than {_LARGEST_TEACHER:g} times the parameters of the model that is trained: is its suffix wrong?")


def warn_of_flop(trace: "Trace", flop: Num) -> None:
    """Warn of stated FLOP that are very few, or that contradict parameters and tokens by far."""
    plan = trace.plan
    if any_of(median_of(flop) < _FEW_FLOP):
        trace.slips.append(f"flop below {_FEW_FLOP:g}: is a suffix or an exponent missing, as in 3e21?")
    active, tokens = trace.values.get("active_params"), plan.number("tokens")
    family = family_of(plan.family)
    if active is None or tokens is None or family.needs:
        return
    trace.slips += contradicting_flop("flop", flop, family.training_flop(active_params=active, tokens=tokens))


def contradicting_flop(name: str, flop: Num, expected: Num) -> list[str]:
    """Return a warning where *flop*, which the plan states as *name*, are ten times those that are *expected* of parameters and tokens, or a tenth."""
    stated, counted = median_of(flop), median_of(expected)
    ratio = stated / counted
    contradicts = (ratio >= _CONTRADICTION) | (ratio <= 1.0 / _CONTRADICTION)
    if not any_of(contradicts):
        return []
    stated, counted = first_of(contradicts, stated, counted)
    words = f"{shown(stated)}, but params and tokens give {shown(counted)}"
    return [f"{name} is {words}: they contradict each other by a factor of {_CONTRADICTION:g} or more; the estimate uses {name}"]
