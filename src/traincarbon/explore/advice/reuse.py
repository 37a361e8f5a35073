"""Another way to the end: a model that exists, fine-tuned whole or by adapters, or a smaller one taught by it."""

from collections.abc import Iterator
from typing import Any

from traincarbon.database.select import prior, year_of
from traincarbon.estimation.families import family_of
from traincarbon.estimation.result import Estimate
from traincarbon.explore.advice.alternative import NotOffered
from traincarbon.explore.advice.evidence import Evidence, effect_of
from traincarbon.explore.advice.existing_models import as_good, model_of
from traincarbon.explore.advice.situation import Found, Situation
from traincarbon.explore.compared_results import FIGURES, scaled
from traincarbon.formatting import amount, counted
from traincarbon.formulas import memory
from traincarbon.formulas.compute import training_flop
from traincarbon.formulas.serving import distillation_flop
from traincarbon.uncertain import Num, Uncertain, median_of

_MOST_NAMED = 3
_QUANTISED_B = 0.5
"""Bytes of a weight at four bits."""
_LORA_SHARE = 0.01
_LARGE_FOR_ZERO_SHOT = 50e9
"""Below such a size, a sixteenth of it is not what T0 was: 11 billion parameters."""
_ENCODER = "bert-large-google"


def existing_model(at: Situation) -> Iterator[Found]:
    """Yield a published model that should be as good, taken as it is."""
    name = "Take a published model as it is"
    if at.kind != "pretrain" or at.loss is None:
        return
    until = year_of(at.plan.start) if at.plan.start is not None else None
    good = as_good(at.database, at.law, at.loss, until=until)
    if not good:
        when = f" until {until}" if until is not None else ""
        yield NotOffered("reuse", name, f"no published run in the database{when} is predicted to reach a loss of {at.loss:.3f}")
        return
    few = good[:_MOST_NAMED]
    listed = ", ".join(f"{trained.model} ({trained.year})" for trained in few)
    rows = [
        Evidence(
            f"published_runs/{trained.id}",
            f"{trained.model}: {trained.size}",
            trained.source,
            trained.source,
            "published_runs.csv",
            "unverified" if trained.evidence == "unverified" else "published",
        )
        for trained in few
    ]
    yield at.alternative(
        "reuse",
        "reuse",
        f"{name}: {few[0].model}",
        dict.fromkeys(FIGURES, 0.0),
        lost="say over data, language and licence; what the model saw is not known in full",
        effort="low",
        not_when="its licence or data does not suit: the database does not say whose weights are open",
        how=f"no training; predicted loss no higher than {at.loss:.3f} by the scaling law: {listed}",
        evidence=(*rows, at.law.evidence),
        plan=None,
    )


def tuning(at: Situation) -> Iterator[Found]:
    """Yield fine-tuning of an existing model of the size: whole, by adapters, by adapters in a quantised one."""
    if at.kind == "lora":
        return
    tokens, told = _tuning_tokens(at)
    assumed = _assumed(at)
    if tokens is None:
        yield NotOffered("finetune", "Fine-tune an existing model", "the plan states no tokens")
        return
    if at.kind == "pretrain":
        yield at.alternative(
            "finetune",
            "reuse",
            "Fine-tune an existing model",
            at.estimate(kind="finetune", tokens=tokens, trainable_params=None),
            lost="what the existing model was not trained on stays weak",
            effort="low",
            not_when="no model of the size exists for the language, the domain or the licence, or the end is a base model itself",
            how=f"the chain for fine-tuning; {told}",
            evidence=assumed,
            apart=("mfu",),
        )
    adapters, pace = at.estimate(kind="lora", tokens=tokens, trainable_params=None), adapter_spread(at)
    figures = scaled(adapters, at.money, hours=pace, accelerator_energy=pace)
    new = () if at.kind == "finetune" else ("mfu",)
    yield at.alternative(
        "lora",
        "reuse",
        "Adapters (LoRA) in an existing model",
        figures,
        lost="little: as good as full fine-tuning where published; less where much new knowledge is to be learned",
        effort="low",
        not_when="the model is to learn another language or a large new domain",
        how=f"the chain for adapters: no gradients of the frozen weights; {told if at.kind == 'pretrain' else 'tokens as planned'}",
        evidence=(*assumed, *at.support("lora-params", "lora-mem", "lora-speed")),
        apart=new,
        plan=adapters.plan,
    )
    few = _accelerators_of_quantised(at, adapters)
    yield at.alternative(
        "qlora",
        "reuse",
        "Adapters on four bits (QLoRA)",
        figures,
        lost=f"some speed, which no row of the database states: hours are those of LoRA, and what is gained is memory: the state fits on {few}",
        effort="low",
        not_when="the chip has no fast kernels for four-bit weights",
        how=f"the chain for adapters; the state fits on {few}",
        evidence=(*assumed, *at.support("qlora")),
        apart=new,
        plan=adapters.plan,
    )


def adapter_spread(at: Situation) -> Uncertain:
    """Return one, with the spread of what adapters reach of a full fine-tuning's utilisation."""
    found = prior(at.database, "mfu_factor", "kind=lora")
    return Uncertain(1.0, {"adapters": found[1].sigma} if found is not None else None)


def multitask(at: Situation) -> Iterator[Found]:
    """Yield a model a sixteenth of the size that is fine-tuned on many tasks, as T0 against GPT-3."""
    row, params = at.row("t0-vs-gpt3"), at.number("params")
    tokens, told = _tuning_tokens(at)
    name = "A 16 × smaller model on many tasks (T0)"
    if at.kind != "pretrain" or row is None or params is None or tokens is None:
        return
    if at.goal is not None and at.goal.is_generation:
        yield NotOffered("t0", name, "it was held against GPT-3 in zero-shot tasks, not in writing text")
        return
    if params < _LARGE_FOR_ZERO_SHOT or not family_of(at.plan.family).is_prompted:
        yield NotOffered("t0", name, "published for 11 billion parameters against 175: the plan is not that large")
        return
    small = params / float(row["typical"])
    yield at.alternative(
        "t0",
        "reuse",
        name,
        at.estimate(params=small, active_params=None, kind="finetune", tokens=tokens, trainable_params=None),
        lost="free generation: T0 was held against GPT-3 in zero-shot tasks, where it is often better",
        effort="medium",
        not_when="the model is to write long texts or learn from examples in its prompt",
        how=f"the chain for fine-tuning {amount(small, 'count', digits=3)} parameters of an existing model; {told}",
        evidence=(*at.evidence("t0-vs-gpt3"), *_assumed(at)),
        apart=("mfu",),
    )


def small_encoder(at: Situation) -> Iterator[Found]:
    """Yield an encoder of BERT's size where the goal is to understand text, not to write it."""
    name = "Fine-tune an encoder of BERT-Large's size"
    if at.goal is None:
        return
    size = model_of(at.database, _ENCODER)
    params = at.number("params")
    if size is None or params is None or params <= size[0]:
        yield NotOffered("encoder", name, "the plan is no larger than that")
        return
    if not at.goal.is_understanding or at.goal.is_generation:
        yield NotOffered("encoder", name, f"an encoder does not write text, and the goal {at.goal.text!r} is not known to be only to classify, find or extract")
        return
    tokens: Num | None = at.finetune_tokens
    row = at.row("finetune-vs-pretrain")
    if tokens is None and row is not None:
        tokens = size[1] * effect_of(at.database, row)
    if tokens is None:
        return
    yield at.alternative(
        "encoder",
        "reuse",
        name,
        at.estimate(params=size[0], active_params=None, tokens=tokens, kind="finetune", family="encoder", trainable_params=None),
        lost="writing text; quality on the task must be measured, labels are needed",
        effort="medium",
        not_when="there are no labelled examples, or the task needs knowledge that only a large model has",
        how="the chain for fine-tuning 340 M parameters; tokens as stated, or 10 to 1,000 times fewer than BERT-Large's pre-training",
        evidence=(*_assumed(at), *at.support("distilbert")),
        apart=("mfu",),
    )


def distillation(at: Situation) -> Iterator[Found]:
    """Yield a student of 60 % of the size that learns from an existing model of the size."""
    name = "Distil an existing model to 60 %"
    row, params, tokens = at.row("distilbert"), at.number("params"), at.plan.number("tokens")
    if row is None or params is None or tokens is None or at.plan.kind == "lora":
        return
    if at.plan.active_params is not None and at.size is None:
        yield NotOffered("distil", name, "published for dense models")
        return
    student = params * (1.0 - float(row["typical"]))
    seen = float(median_of(tokens))
    taught = distillation_flop(student_params=student, teacher_params=params, tokens=seen)
    more = taught / training_flop(active_params=student, tokens=seen)
    answer = at.estimate(params=student, active_params=None)
    yield at.alternative(
        "distil",
        "reuse",
        name,
        scaled(answer, at.money, hours=more, accelerator_energy=more),
        lost="3 % of the score on language tasks where published (an encoder of 110 M)",
        effort="medium",
        not_when="no teacher of the size exists: its training would come on top",
        how="the chain for the student, × the teacher's forward pass over the same tokens; the gain is in service, where it is 60 % faster",
        evidence=(*at.evidence("distilbert"), *at.support("distilbert-speed", "tinybert")),
        plan=answer.plan,
    )


def _tuning_tokens(at: Situation) -> tuple[Num | None, str]:
    """Return the tokens of a fine-tuning, and where they are from."""
    planned = at.plan.number("tokens")
    if at.kind == "finetune":
        return planned, "tokens as planned"
    if at.finetune_tokens is not None:
        return at.finetune_tokens, "tokens as stated"
    row = at.row("finetune-vs-pretrain")
    if planned is None or row is None:
        return None, ""
    return planned * effect_of(at.database, row), f"{row['low']} to {row['high']} times fewer tokens than planned, an assumption: state finetune_tokens"


def _assumed(at: Situation) -> tuple[Evidence, ...]:
    """Return the assumption on which the tokens of a fine-tuning rest, nothing where they are stated."""
    return () if at.kind == "finetune" or at.finetune_tokens is not None else at.evidence("finetune-vs-pretrain")


def _accelerators_of_quantised(at: Situation, answer: Estimate) -> str:
    """Return in words how many accelerators hold a model of four bits with its adapters."""
    params, memory_b = at.number("params"), answer.facts.given("memory_b")
    usable: Any = answer.facts.given("usable_memory_share")
    if params is None or memory_b is None or usable is None:
        return "fewer accelerators"
    state_b = memory.training_state_b(params=params, trainable_params=_LORA_SHARE * params, weight_b=_QUANTISED_B)
    share = median_of(usable.value)
    needed = memory.fewest_accelerators(training_state_b=state_b, memory_b=memory_b.value, usable_share=share)
    full_b = memory.training_state_b(params=params, trainable_params=params)
    whole = memory.fewest_accelerators(training_state_b=full_b, memory_b=memory_b.value, usable_share=share)
    return f"{counted(max(1, -int(-needed // 1)), 'accelerator')}, {max(1, -int(-whole // 1)):,} for full fine-tuning"
