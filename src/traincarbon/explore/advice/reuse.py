"""Alternatives to a training from scratch: a published model, fine-tuned in full or with adapters, or a smaller one taught by it."""

from collections.abc import Iterator

from traincarbon.database.select import prior, year_of
from traincarbon.estimation.families import family_of
from traincarbon.estimation.result import Estimate
from traincarbon.explore.advice.alternative import Change, Effort, Group, NotOffered
from traincarbon.explore.advice.context import AdviceContext, Outcome
from traincarbon.explore.advice.evidence import Evidence, effect_of, title_of
from traincarbon.explore.advice.existing_models import models_as_good, size_of_run
from traincarbon.formatting import amount, counted
from traincarbon.formulas import training_state
from traincarbon.formulas.compute import training_flop
from traincarbon.formulas.serving import distillation_flop
from traincarbon.quantities import COMPARED
from traincarbon.uncertain import Num, Uncertain, median_of

_MOST_NAMED = 3
_QUANTISED_B = 0.5
"""Bytes of a weight at four bits."""
_LORA_SHARE = 0.01
_LARGE_FOR_ZERO_SHOT = 50e9
"""A sixteenth of a smaller model is not what T0 was: 11 billion parameters."""
_ENCODER = "bert-large-google"


def existing_model(context: AdviceContext) -> Iterator[Outcome]:
    """Yield a published model that is predicted to be as good, used as it is."""
    name = "Use a published model as it is"
    if context.kind != "pretrain" or context.loss is None:
        return
    until = year_of(context.plan.start) if context.plan.start is not None else None
    good = models_as_good(context.database, context.law, context.loss, until=until)
    if not good:
        when = f" until {until}" if until is not None else ""
        yield NotOffered("reuse", name, f"no published run in the database{when} is predicted to reach a loss of {context.loss:.3f}")
        return
    few = good[:_MOST_NAMED]
    listed = ", ".join(f"{model.model} ({model.year})" for model in few)
    rows = [
        Evidence(
            f"published_runs/{model.id}",
            f"{model.model}: {model.size}",
            model.source,
            title_of(context.database, model.source),
            model.locator,
            model.evidence,
        )
        for model in few
    ]
    yield context.alternative(
        "reuse",
        Group.REUSE,
        Change.MODEL,
        f"{name}: {few[0].model}",
        dict.fromkeys(COMPARED, 0.0),
        lost="no control over data, language and licence; the training data is not known in full",
        effort=Effort.LOW,
        not_when="its licence or data does not suit; the database does not say which weights are open",
        how=f"no training; the scaling law predicts a loss of at most {context.loss:.3f} for {listed}",
        evidence=(*rows, context.law.evidence),
    )


def tuning(context: AdviceContext) -> Iterator[Outcome]:
    """Yield fine-tuning of an existing model of the size: in full, with adapters, and with adapters on a quantised model."""
    if context.kind not in ("pretrain", "finetune"):
        return
    tokens, explained = _tuning_tokens(context)
    if tokens is None:
        yield NotOffered("finetune", "Fine-tune an existing model", "the plan states no tokens")
        return
    if context.kind == "pretrain":
        yield context.alternative(
            "finetune",
            Group.REUSE,
            Change.MODEL,
            "Fine-tune an existing model",
            context.estimate(kind="finetune", tokens=tokens, trainable_params=None),
            lost="the existing model stays weak in what it was not trained on",
            effort=Effort.LOW,
            not_when="no model of the size exists for the language, the domain or the licence, or the goal is a base model itself",
            how=f"the chain for fine-tuning; {explained}",
            evidence=_assumption(context),
            independent=("mfu",),
        )
    yield from _adapters(context, tokens, explained)


def _adapters(context: AdviceContext, tokens: Num, explained: str) -> Iterator[Outcome]:
    """Yield adapters in an existing model (LoRA), and in one quantised to four bits (QLoRA)."""
    is_tuning = context.kind == "finetune"
    adapters = context.estimate(kind="lora", tokens=tokens, trainable_params=None)
    results = context.scaled(adapters, adapter_spread(context))
    independent = () if is_tuning else ("mfu",)
    yield context.alternative(
        "lora",
        Group.REUSE,
        Change.ADAPTERS,
        "Adapters (LoRA) in an existing model",
        results,
        lost="little: as good as full fine-tuning where published; less where the model must learn much that is new",
        effort=Effort.LOW,
        not_when="the model must learn another language or a large new domain",
        how=f"the chain for adapters: no gradients of the frozen weights; {explained}",
        evidence=(*_assumption(context), *context.support("lora-params", "lora-mem", "lora-speed")),
        independent=independent,
        plan=adapters.plan,
        short="LoRA",
        is_combinable=is_tuning,
    )
    few = _accelerators_of_quantised(context, adapters)
    yield context.alternative(
        "qlora",
        Group.REUSE,
        Change.ADAPTERS,
        "Adapters on four bits (QLoRA)",
        results,
        lost=f"some speed: the hours are those of LoRA. The gain is memory: the state fits on {few}",
        effort=Effort.LOW,
        not_when="the chip has no fast kernels for four-bit weights",
        how=f"the chain for adapters; the state fits on {few}",
        evidence=(*_assumption(context), *context.support("qlora")),
        independent=independent,
        plan=adapters.plan,
    )


def adapter_spread(context: AdviceContext) -> Uncertain:
    """Return one, with the spread of the utilisation of adapters relative to full fine-tuning."""
    found = prior(context.database, "mfu_factor", "kind=lora")
    return Uncertain(1.0, {"adapters": found[1].sigma} if found is not None else None)


def multitask(context: AdviceContext) -> Iterator[Outcome]:
    """Yield a model of a sixteenth of the size, fine-tuned on many tasks, as T0 was compared with GPT-3."""
    row, params = context.row("t0-vs-gpt3"), context.number("params")
    tokens, explained = _tuning_tokens(context)
    name = "A 16 × smaller model on many tasks (T0)"
    if context.kind != "pretrain" or row is None or params is None or tokens is None:
        return
    if context.goal is not None and context.goal.is_generation:
        yield NotOffered("t0", name, "it was compared with GPT-3 on zero-shot tasks, not on writing text")
        return
    if params < _LARGE_FOR_ZERO_SHOT or not family_of(context.plan.family).is_prompted:
        yield NotOffered("t0", name, "published for 11 billion parameters against 175 billion; the plan is not that large")
        return
    small = params / float(row["typical"])
    yield context.alternative(
        "t0",
        Group.REUSE,
        Change.MODEL,
        name,
        context.estimate(params=small, active_params=None, kind="finetune", tokens=tokens, trainable_params=None),
        lost="free generation: T0 was compared with GPT-3 on zero-shot tasks, where it is often better",
        effort=Effort.MEDIUM,
        not_when="the model must write long texts or learn from examples in its prompt",
        how=f"the chain for fine-tuning {amount(small, 'count', digits=3)} parameters of an existing model; {explained}",
        evidence=(*context.evidence("t0-vs-gpt3"), *_assumption(context)),
        independent=("mfu",),
    )


def small_encoder(context: AdviceContext) -> Iterator[Outcome]:
    """Yield an encoder of BERT's size where the goal is to understand text and not to write it."""
    name = "Fine-tune an encoder of BERT-Large's size"
    if context.goal is None:
        return
    size = size_of_run(context.database, _ENCODER)
    params = context.number("params")
    if size is None or params is None or params <= size[0]:
        yield NotOffered("encoder", name, "the plan is no larger than that")
        return
    if not context.goal.is_understanding or context.goal.is_generation:
        reason = f"an encoder cannot write text, and the goal {context.goal.text!r} is not clearly limited to classifying, finding or extracting"
        yield NotOffered("encoder", name, reason)
        return
    tokens: Num | None = context.finetune_tokens
    row = context.row("finetune-vs-pretrain")
    if tokens is None and row is not None:
        tokens = size[1] * effect_of(context.database, row)
    if tokens is None:
        return
    yield context.alternative(
        "encoder",
        Group.REUSE,
        Change.MODEL,
        name,
        context.estimate(params=size[0], active_params=None, tokens=tokens, kind="finetune", family="encoder", trainable_params=None),
        lost="writing text; it needs labels, and its quality on the task must be measured",
        effort=Effort.MEDIUM,
        not_when="there are no labelled examples, or the task needs knowledge that only a large model has",
        how="the chain for fine-tuning 340M parameters; tokens as stated, or 10 to 1,000 times fewer than in BERT-Large's pre-training",
        evidence=(*_assumption(context), *context.support("distilbert")),
        independent=("mfu",),
    )


def distillation(context: AdviceContext) -> Iterator[Outcome]:
    """Yield a student of 60 % of the size that learns from an existing model of the size."""
    name = "Distil an existing model to 60 %"
    row, params, tokens = context.row("distilbert"), context.number("params"), context.plan.number("tokens")
    if row is None or params is None or tokens is None or context.kind not in ("pretrain", "finetune"):
        return
    if context.plan.active_params is not None and context.size is None:
        yield NotOffered("distil", name, "published for dense models")
        return
    student = params * (1.0 - float(row["typical"]))
    answer = context.estimate(params=student, active_params=None)
    yield context.alternative(
        "distil",
        Group.REUSE,
        Change.MODEL,
        name,
        context.scaled(answer, teaching_factor(student, params, float(median_of(tokens)))),
        lost="3 % of the score on language tasks where published (an encoder of 110M)",
        effort=Effort.MEDIUM,
        not_when="no teacher of the size exists; its training would come on top",
        how="the chain for the student, × the teacher's forward pass over the same tokens; the gain is in serving, which is 60 % faster",
        evidence=(*context.evidence("distilbert"), *context.support("distilbert-speed", "tinybert")),
        plan=answer.plan,
    )


def teaching_factor(student_params: float, teacher_params: float, tokens: float) -> float:
    """Return the compute of training a student with a teacher, over that of training it alone. [1]."""
    taught = distillation_flop(student_params=student_params, teacher_params=teacher_params, tokens=tokens)
    return float(taught / training_flop(active_params=student_params, tokens=tokens))


def _tuning_tokens(context: AdviceContext) -> tuple[Num | None, str]:
    """Return the tokens of a fine-tuning, and where they come from."""
    planned = context.plan.number("tokens")
    if context.kind == "finetune":
        return planned, "tokens as planned"
    if context.finetune_tokens is not None:
        return context.finetune_tokens, "tokens as stated"
    row = context.row("finetune-vs-pretrain")
    if planned is None or row is None:
        return None, ""
    return planned * effect_of(context.database, row), f"assumes {row['low']} to {row['high']} times fewer tokens than planned; state finetune_tokens"


def _assumption(context: AdviceContext) -> tuple[Evidence, ...]:
    """Return the assumption behind the tokens of a fine-tuning, nothing where they are stated."""
    return () if context.kind == "finetune" or context.finetune_tokens is not None else context.evidence("finetune-vs-pretrain")


def _accelerators_of_quantised(context: AdviceContext, answer: Estimate) -> str:
    """Return in words how many accelerators hold a four-bit model with its adapters."""
    params, memory_b, usable = context.number("params"), answer.facts.value("memory_b"), answer.facts.value("usable_memory_share")
    if params is None or memory_b is None or usable is None:
        return "fewer accelerators"
    state_b = training_state.training_state_b(params=params, trainable_params=_LORA_SHARE * params, weight_b=_QUANTISED_B)
    share = median_of(usable)
    needed = training_state.fewest_accelerators(training_state_b=state_b, memory_b=memory_b, usable_share=share)
    full_b = training_state.training_state_b(params=params, trainable_params=params)
    whole = training_state.fewest_accelerators(training_state_b=full_b, memory_b=memory_b, usable_share=share)
    return f"{counted(max(1, -int(-needed // 1)), 'accelerator')}, full fine-tuning on {max(1, -int(-whole // 1)):,}"
