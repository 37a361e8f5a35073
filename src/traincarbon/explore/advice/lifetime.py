"""Training and service together: what a model takes over its life, and where a smaller one wins back its training."""

import math
from collections.abc import Iterator

from traincarbon.database.load import Database
from traincarbon.database.select import prior
from traincarbon.errors import DatabaseError, OutOfRangeError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.result import Estimate
from traincarbon.explore.advice.alternative import NotOffered
from traincarbon.explore.advice.context import AdviceContext, Found
from traincarbon.explore.advice.evidence import Evidence, effect_of, evidence_of
from traincarbon.explore.compared_results import Figures, added, figures_of, scaled
from traincarbon.explore.scaling_law import Size
from traincarbon.explore.variant import changed
from traincarbon.formatting import amount
from traincarbon.formulas.scaling import tokens_of_loss
from traincarbon.formulas.serving import serving_flop
from traincarbon.formulas.throughput import accelerator_hours_h
from traincarbon.uncertain import Num, Uncertain, median_of

_SERVING = "serving_mfu"
_HALVINGS = 40
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
_LEAST_SHARE, _MOST_SHARE = 0.02, 2.0
"""Sizes that are tried, over that of the plan."""


def service_of(base: Estimate, database: Database, *, params: Num, tokens: Num) -> Estimate:
    """Return the estimate of serving so many tokens with a model on the hardware of *base*.

    The hours are those of the forward passes at the utilisation of service; from there it is the chain.

    Args:
        base: The training, whose hardware, place and prices serve too.
        database: Where the utilisation of service stands.
        params: Parameters that each token passes through. [1]
        tokens: Tokens of all requests. [1]

    Raises:
        DatabaseError: no utilisation of service is known.
    """
    mfu, _ = serving_mfu(database)
    flop = serving_flop(active_params=params, served_tokens=tokens)
    hours = accelerator_hours_h(compute_flop=flop, peak_flop_per_s=base.setting.given["peak_flop_per_s"].value, mfu=mfu)
    nothing = dict.fromkeys(("params", "active_params", "tokens", "servers", "accelerators", "mfu", "goodput", "kind", "family", "trainable_params"))
    return estimate(changed(base.plan, **nothing, accelerator_hours=hours), database=database, level=base.level)


def serving_mfu(database: Database) -> tuple[Uncertain, Evidence]:
    """Return the utilisation in service, and what it rests on.

    Raises:
        DatabaseError: none is known.
    """
    found = prior(database, _SERVING, "*")
    if found is None:
        raise DatabaseError("priors.csv has no serving_mfu,*", hint="carbon db check lists what is missing")
    row, value = found
    return value, evidence_of(database, row, table="priors", key=_SERVING, claim=f"utilisation of service {value.median:g}: {row['note']}")


def served_params(context: AdviceContext) -> float | None:
    """Return the parameters that each served token passes through."""
    active = context.number("active_params")
    return context.number("params") if active is None else active


def lifetime_of(context: AdviceContext) -> Figures | None:
    """Return what the plan takes with its service, None where no requests or no size is stated."""
    params = served_params(context)
    if context.service is None or params is None:
        return None
    served = service_of(context.base, context.database, params=params, tokens=context.service.tokens)
    return added(_still(context.figures), _still(figures_of(served, context.money)))


def over_the_lifetime(context: AdviceContext, by: str) -> Iterator[Found]:
    """Yield what makes training and service together cheaper: the best size for both, distilling, quantising, pruning."""
    whole = lifetime_of(context)
    if context.service is None or whole is None:
        reason = "it saves in service only: state requests and tokens per request"
        yield NotOffered("quantise", "Quantise for service", reason)
        yield NotOffered("prune", "Prune for service", reason)
        return
    params = served_params(context)
    assert params is not None
    served = service_of(context.base, context.database, params=params, tokens=context.service.tokens)
    yield from _best_size(context, by, whole)
    yield from _faster(context, whole, served, "quantise", "gptq", "Serve at 3 to 4 bits (GPTQ)", "little: hardly any perplexity with 3 to 4 bits", "low")
    yield from _faster(context, whole, served, "prune", "nm-sparsity", "Prune to 2:4 sparsity", "accuracy must be won back by tuning on", "medium")
    yield from _distilled(context, whole, params)


def _best_size(context: AdviceContext, by: str, whole: Figures) -> Iterator[Found]:
    """Yield the size whose training to the loss and service together take the least."""
    if context.size is None or context.loss is None or context.service is None or whole[by] is None:
        return
    size = _least(context, by)
    if size is None or abs(math.log(size.params / context.size.params)) < math.log(1.1):
        yield NotOffered("lifetime-size", "The size that is best for training and service", "the planned size is within 10 % of it")
        return
    training, served = _of_size(context, size)
    total = added(_still(figures_of(training, context.money)), _still(figures_of(served, context.money)))
    before, after = context.figures[by], figures_of(training, context.money)[by]
    yield context.alternative(
        "lifetime-size",
        "lifetime",
        str(size),
        total,
        lost=f"nothing of the predicted loss, {context.loss:.3f} nat/token; abilities that come with size alone may differ",
        effort="low",
        not_when="there is not that much text, or far fewer requests come",
        how=f"the size at which training to this loss and serving {_requests(context)} take the least; {_break_even(context, before, after, whole, total, by)}",
        evidence=(context.law.evidence, serving_mfu(context.database)[1]),
        against=whole,
        plan=training.plan,
    )


def _break_even(context: AdviceContext, before: Num | None, after: Num | None, whole: Figures, total: Figures, by: str) -> str:
    """Return in words from how many requests on the other size is the better one."""
    assert context.service is not None
    spent, kept = whole[by], total[by]
    if before is None or after is None or spent is None or kept is None:
        return ""
    more_training = float(median_of(after) - median_of(before))
    less_service = float((median_of(spent) - median_of(before)) - (median_of(kept) - median_of(after)))
    if more_training <= 0.0:
        return "it is cheaper from the first request on, since its training is too" if less_service >= 0.0 else "its service is dearer"
    requests = more_training / less_service * float(median_of(context.service.requests))
    return f"it wins back its dearer training after {amount(float(f'{requests:.2g}'), 'count', digits=3)} requests"


def _least(context: AdviceContext, by: str) -> Size | None:
    """Return the size that takes the least over the lifetime, by golden section over its logarithm; None where no size is known to do."""
    assert context.size is not None
    assert context.loss is not None

    def cost(log_params: float) -> float:
        size = _sized(context, math.exp(log_params))
        if size is None:
            return math.inf
        training, served = _of_size(context, size)
        amounts = [figures_of(answer, context.money)[by] for answer in (training, served)]
        return math.inf if None in amounts else float(sum(median_of(amount) for amount in amounts))

    low, high = math.log(_LEAST_SHARE * context.size.params), math.log(_MOST_SHARE * context.size.params)
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = cost(left), cost(right)
    for _ in range(_HALVINGS):
        if at_left > at_right or at_left == math.inf:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = cost(right)
        else:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = cost(left)
    return _sized(context, math.exp((low + high) / 2.0))


def _sized(context: AdviceContext, params: float) -> Size | None:
    assert context.loss is not None
    try:
        return Size(params, tokens_of_loss(params=params, loss=context.loss, law=context.law.law))
    except OutOfRangeError:
        return None


def _of_size(context: AdviceContext, size: Size) -> tuple[Estimate, Estimate]:
    assert context.service is not None
    training = context.estimate(params=size.params, tokens=size.tokens, active_params=None)
    return training, service_of(context.base, context.database, params=size.params, tokens=context.service.tokens)


def _faster(context: AdviceContext, whole: Figures, served: Estimate, id: str, technique: str, name: str, lost: str, effort: str) -> Iterator[Found]:
    row = context.row(technique)
    if row is None:
        return
    factor = effect_of(context.database, row)
    faster = scaled(served, context.money, hours=factor, accelerator_energy=factor)
    yield context.alternative(
        id,
        "lifetime",
        name,
        added(_still(context.figures), _still(faster)),
        lost=lost,
        effort=effort,
        not_when="requests are served in large batches: the published speed-up is of small ones" if id == "quantise" else "the chip has no sparse matrix units",
        how="the training as planned; hours and energy of service by the published speed-up",
        evidence=(
            *context.evidence(technique),
            serving_mfu(context.database)[1],
            *context.support(*(("llm-int8", "int8-quant") if id == "quantise" else ("sparsegpt",))),
        ),
        against=whole,
        plan=None,
    )


def _distilled(context: AdviceContext, whole: Figures, params: float) -> Iterator[Found]:
    row = context.row("distilbert")
    tokens = context.number("tokens")
    if row is None or tokens is None or context.service is None or context.plan.active_params is not None:
        return
    student = params * (1.0 - float(row["typical"]))
    served = service_of(context.base, context.database, params=student, tokens=context.service.tokens)
    training = context.estimate(params=student, active_params=None)
    more = (6.0 * student + 2.0 * params) / (6.0 * student)
    taught = scaled(training, context.money, hours=more, accelerator_energy=more)
    both = added(_still(context.figures), added(_still(taught), _still(figures_of(served, context.money))))
    yield context.alternative(
        "lifetime-distil",
        "lifetime",
        "Train as planned, distil, serve the student",
        both,
        lost="3 % of the score on language tasks where published (an encoder of 110 M)",
        effort="medium",
        not_when="fewer requests come than pay for the student's training",
        how="plan + student taught on as many tokens + service of 60 % of the parameters",
        evidence=(*context.evidence("distilbert"), serving_mfu(context.database)[1], *context.support("distilbert-speed")),
        against=whole,
        plan=None,
    )


def _still(figures: Figures) -> Figures:
    """Return *figures* without a wall-clock: a service has none."""
    return {**figures, "duration_s": None}


def _requests(context: AdviceContext) -> str:
    assert context.service is not None
    return f"{amount(float(median_of(context.service.requests)), 'count', digits=3)} requests of {float(median_of(context.service.tokens_per_request)):,.0f} tokens"
