"""Training and serving together: what a model takes over its life, and when a smaller model pays for its training."""

import math
from collections.abc import Iterator

from traincarbon.database.load import Database
from traincarbon.database.select import prior
from traincarbon.errors import DatabaseError, OutOfRangeError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.result import Estimate
from traincarbon.explore.advice.alternative import Change, Effort, Group, NotOffered
from traincarbon.explore.advice.context import AdviceContext, Outcome, Service
from traincarbon.explore.advice.evidence import Evidence, effect_of, evidence_of
from traincarbon.explore.advice.reuse import teaching_factor
from traincarbon.explore.compared_results import Results, added
from traincarbon.explore.scaling_law import Size
from traincarbon.explore.variant import changed
from traincarbon.fitting.solve import least_by_golden_section
from traincarbon.formatting import amount
from traincarbon.formulas.scaling import tokens_of_loss
from traincarbon.formulas.serving import serving_flop
from traincarbon.formulas.throughput import accelerator_hours_h
from traincarbon.uncertain import Num, Uncertain, median_of

_SERVING = "serving_mfu"
_HALVINGS = 40
_LEAST_SHARE, _MOST_SHARE = 0.02, 2.0
"""Sizes that are tried, over that of the plan."""
_LEAST_SHIFT = 1.1
"""A best size within this factor of the planned one is the planned one."""


def serving_estimate(base: Estimate, database: Database, *, params: Num, tokens: Num) -> Estimate:
    """Return the estimate of serving *tokens* with a model on the hardware of *base*.

    The hours are those of the forward passes at the utilisation of serving; the chain does the rest.

    Args:
        base: The training, whose hardware, place and prices also serve.
        database: The facts, among them the utilisation of serving.
        params: Parameters that each token passes through. [1]
        tokens: Tokens of all requests. [1]

    Raises:
        DatabaseError: the database has no utilisation of serving.
        PlanError: no peak rate of the hardware is known.
    """
    mfu, _ = serving_mfu(database)
    flop = serving_flop(active_params=params, served_tokens=tokens)
    hours = accelerator_hours_h(compute_flop=flop, peak_flop_per_s=base.facts.need("peak_flop_per_s").value, mfu=mfu)
    nothing = dict.fromkeys(("params", "active_params", "tokens", "servers", "accelerators", "mfu", "goodput", "kind", "family", "trainable_params"))
    return estimate(changed(base.plan, **nothing, accelerator_hours=hours), database=database, level=base.level)


def serving_mfu(database: Database) -> tuple[Uncertain, Evidence]:
    """Return the utilisation of serving, and its evidence.

    Raises:
        DatabaseError: the database has none.
    """
    found = prior(database, _SERVING, "*")
    if found is None:
        raise DatabaseError("priors.csv has no serving_mfu,*", hint="carbon db check lists missing facts")
    row, value = found
    return value, evidence_of(database, row, table="priors", key=_SERVING, claim=f"utilisation of serving {value.median:g}: {row['note']}")


def served_params(context: AdviceContext) -> float | None:
    """Return the parameters that each served token passes through."""
    active = context.number("active_params")
    return context.number("params") if active is None else active


def lifetime_of(context: AdviceContext) -> Results | None:
    """Return what training and serving take together, None where no requests or no size is stated."""
    params = served_params(context)
    return None if context.service is None or params is None else _with_serving(context, context.results, params, context.service)


def over_the_lifetime(context: AdviceContext, by: str) -> Iterator[Outcome]:
    """Yield what makes training and serving together cheaper: the best size for both, quantisation, pruning and distillation."""
    whole, service, params = lifetime_of(context), context.service, served_params(context)
    if whole is None or service is None or params is None:
        reason = "it saves only in serving: state requests and tokens_per_request"
        yield NotOffered("quantise", "Quantise for serving", reason)
        yield NotOffered("prune", "Prune for serving", reason)
        return
    served = serving_estimate(context.base, context.database, params=params, tokens=service.tokens)
    yield from _best_size(context, by, whole, service)
    yield from _faster(
        context,
        whole,
        served,
        id="quantise",
        technique="gptq",
        name="Serve at 3 to 4 bits (GPTQ)",
        lost="little: hardly any perplexity with 3 to 4 bits",
        effort=Effort.LOW,
        not_when="requests are served in large batches; the published speed-up is for small ones",
        support=("llm-int8", "int8-quant"),
    )
    yield from _faster(
        context,
        whole,
        served,
        id="prune",
        technique="nm-sparsity",
        name="Prune to 2:4 sparsity",
        lost="some accuracy, which more training must recover",
        effort=Effort.MEDIUM,
        not_when="the chip has no sparse matrix units",
        support=("sparsegpt",),
    )
    yield from _distilled(context, whole, params, service)


def _best_size(context: AdviceContext, by: str, whole: Results, service: Service) -> Iterator[Outcome]:
    """Yield the size for which training to the loss and serving together take the least."""
    if context.size is None or context.loss is None or whole[by] is None:
        return
    size = _least(context, by, context.size, context.loss, service)
    if size is None or abs(math.log(size.params / context.size.params)) < math.log(_LEAST_SHIFT):
        yield NotOffered("lifetime-size", "The best size for training and serving", "the planned size is within 10 % of it")
        return
    training = _training_of(context, size)
    results = context.results_of(training)
    total = _with_serving(context, results, size.params, service)
    requests = f"{amount(float(median_of(service.requests)), 'count', digits=3)} requests of {float(median_of(service.tokens_per_request)):,.0f} tokens"
    yield context.alternative(
        "lifetime-size",
        Group.LIFETIME,
        Change.SIZE,
        str(size),
        total,
        lost=f"nothing of the predicted loss, {context.loss:.3f} nat/token; abilities that come with size alone may differ",
        effort=Effort.LOW,
        not_when="there is not that much text, or far fewer requests come",
        how=f"the size for which training to this loss and serving {requests} take the least; "
        + _break_even(service, context.results[by], results[by], whole[by], total[by]),
        evidence=(context.law.evidence, serving_mfu(context.database)[1]),
        baseline=whole,
        plan=training.plan,
    )


def _break_even(service: Service, before: Num | None, after: Num | None, whole: Num | None, total: Num | None) -> str:
    """Return in words from how many requests the other size is better: *before* and *after* are the trainings, *whole* and *total* with serving."""
    if before is None or after is None or whole is None or total is None:
        return ""
    more_training = float(median_of(after) - median_of(before))
    less_serving = float((median_of(whole) - median_of(before)) - (median_of(total) - median_of(after)))
    if more_training <= 0.0:
        return "it is cheaper from the first request, since its training is cheaper too" if less_serving >= 0.0 else "serving it costs more"
    requests = more_training / less_serving * float(median_of(service.requests))
    return f"its more expensive training pays off after {amount(float(f'{requests:.2g}'), 'count', digits=3)} requests"


def _least(context: AdviceContext, by: str, planned: Size, loss: float, service: Service) -> Size | None:
    """Return the size that takes the least over the lifetime, by golden-section search over its logarithm; None where none reaches the loss."""

    def cost(log_params: float) -> float:
        size = _sized(context, math.exp(log_params), loss)
        if size is None:
            return math.inf
        served = serving_estimate(context.base, context.database, params=size.params, tokens=service.tokens)
        amounts = [context.results_of(answer)[by] for answer in (_training_of(context, size), served)]
        return math.inf if None in amounts else float(sum(median_of(amount) for amount in amounts))

    low, high = math.log(_LEAST_SHARE * planned.params), math.log(_MOST_SHARE * planned.params)
    return _sized(context, math.exp(least_by_golden_section(cost, low, high, rounds=_HALVINGS)), loss)


def _sized(context: AdviceContext, params: float, loss: float) -> Size | None:
    """Return the size of *params* parameters that reaches *loss*, None where no number of tokens does."""
    try:
        return Size(params, tokens_of_loss(params=params, loss=loss, law=context.law.law))
    except OutOfRangeError:
        return None


def _training_of(context: AdviceContext, size: Size) -> Estimate:
    return context.estimate(params=size.params, tokens=size.tokens, active_params=None)


def _faster(
    context: AdviceContext,
    whole: Results,
    served: Estimate,
    *,
    id: str,
    technique: str,
    name: str,
    lost: str,
    effort: Effort,
    not_when: str,
    support: tuple[str, ...],
) -> Iterator[Outcome]:
    """Yield a technique that makes serving faster."""
    row = context.row(technique)
    if row is None:
        return
    yield context.alternative(
        id,
        Group.LIFETIME,
        Change.SERVING,
        name,
        added(context.results, context.scaled(served, effect_of(context.database, row))),
        lost=lost,
        effort=effort,
        not_when=not_when,
        how="the training as planned; hours and energy of serving by the published speed-up",
        evidence=(*context.evidence(technique), serving_mfu(context.database)[1], *context.support(*support)),
        baseline=whole,
    )


def _distilled(context: AdviceContext, whole: Results, params: float, service: Service) -> Iterator[Outcome]:
    """Yield training as planned, then a student of 60 % of the size that serves."""
    row, tokens = context.row("distilbert"), context.number("tokens")
    if row is None or tokens is None or context.plan.active_params is not None:
        return
    student = params * (1.0 - float(row["typical"]))
    training = context.estimate(params=student, active_params=None)
    taught = context.scaled(training, teaching_factor(student, params, tokens))
    yield context.alternative(
        "lifetime-distil",
        Group.LIFETIME,
        Change.SERVING,
        "Train as planned, distil, serve the student",
        added(context.results, _with_serving(context, taught, student, service)),
        lost="3 % of the score on language tasks where published (an encoder of 110M)",
        effort=Effort.MEDIUM,
        not_when="too few requests come to pay for the student's training",
        how="the plan, a student taught on as many tokens, and serving with 60 % of the parameters",
        evidence=(*context.evidence("distilbert"), serving_mfu(context.database)[1], *context.support("distilbert-speed")),
        baseline=whole,
    )


def _with_serving(context: AdviceContext, training: Results, params: float, service: Service) -> Results:
    """Return the results of a *training* and of serving its model of *params* parameters; serving has no duration."""
    served = serving_estimate(context.base, context.database, params=params, tokens=service.tokens)
    return added(training, context.results_of(served))
