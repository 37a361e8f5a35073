"""Training and service together: what a model takes over its life, and where a smaller one wins back its training."""

import math
from collections.abc import Iterator

from traincarbon.database.load import Database
from traincarbon.database.select import prior
from traincarbon.errors import DatabaseError, OutOfRangeError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.result import Estimate
from traincarbon.explore.advice.alternative import NotOffered
from traincarbon.explore.advice.evidence import Evidence, effect_of, evidence_of
from traincarbon.explore.advice.situation import Found, Situation
from traincarbon.explore.compared_results import Figures, added, figures_of, scaled
from traincarbon.explore.law import Size
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
    hours = accelerator_hours_h(compute_flop=flop, peak_flop_per_s=base.facts.value("peak_flop_per_s"), mfu=mfu)
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


def served_params(at: Situation) -> float | None:
    """Return the parameters that each served token passes through."""
    active = at.number("active_params")
    return at.number("params") if active is None else active


def lifetime_of(at: Situation) -> Figures | None:
    """Return what the plan takes with its service, None where no requests or no size is stated."""
    params = served_params(at)
    if at.service is None or params is None:
        return None
    served = service_of(at.base, at.database, params=params, tokens=at.service.tokens)
    return added(_still(at.figures), _still(figures_of(served, at.money)))


def over_the_lifetime(at: Situation, by: str) -> Iterator[Found]:
    """Yield what makes training and service together cheaper: the best size for both, distilling, quantising, pruning."""
    whole = lifetime_of(at)
    if at.service is None or whole is None:
        reason = "it saves in service only: state requests and tokens per request"
        yield NotOffered("quantise", "Quantise for service", reason)
        yield NotOffered("prune", "Prune for service", reason)
        return
    params = served_params(at)
    assert params is not None
    served = service_of(at.base, at.database, params=params, tokens=at.service.tokens)
    yield from _best_size(at, by, whole)
    yield from _faster(at, whole, served, "quantise", "gptq", "Serve at 3 to 4 bits (GPTQ)", "little: hardly any perplexity with 3 to 4 bits", "low")
    yield from _faster(at, whole, served, "prune", "nm-sparsity", "Prune to 2:4 sparsity", "accuracy must be won back by tuning on", "medium")
    yield from _distilled(at, whole, params)


def _best_size(at: Situation, by: str, whole: Figures) -> Iterator[Found]:
    """Yield the size whose training to the loss and service together take the least."""
    if at.size is None or at.loss is None or at.service is None or whole[by] is None:
        return
    size = _least(at, by)
    if size is None or abs(math.log(size.params / at.size.params)) < math.log(1.1):
        yield NotOffered("lifetime-size", "The size that is best for training and service", "the planned size is within 10 % of it")
        return
    training, served = _of_size(at, size)
    total = added(_still(figures_of(training, at.money)), _still(figures_of(served, at.money)))
    before, after = at.figures[by], figures_of(training, at.money)[by]
    yield at.alternative(
        "lifetime-size",
        "lifetime",
        str(size),
        total,
        lost=f"nothing of the predicted loss, {at.loss:.3f} nat/token; abilities that come with size alone may differ",
        effort="low",
        not_when="there is not that much text, or far fewer requests come",
        how=f"the size at which training to this loss and serving {_requests(at)} take the least; {_break_even(at, before, after, whole, total, by)}",
        evidence=(at.law.evidence, serving_mfu(at.database)[1]),
        against=whole,
        plan=training.plan,
    )


def _break_even(at: Situation, before: Num | None, after: Num | None, whole: Figures, total: Figures, by: str) -> str:
    """Return in words from how many requests on the other size is the better one."""
    assert at.service is not None
    spent, kept = whole[by], total[by]
    if before is None or after is None or spent is None or kept is None:
        return ""
    more_training = float(median_of(after) - median_of(before))
    less_service = float((median_of(spent) - median_of(before)) - (median_of(kept) - median_of(after)))
    if more_training <= 0.0:
        return "it is cheaper from the first request on, since its training is too" if less_service >= 0.0 else "its service is dearer"
    requests = more_training / less_service * float(median_of(at.service.requests))
    return f"it wins back its dearer training after {amount(float(f'{requests:.2g}'), 'count', digits=3)} requests"


def _least(at: Situation, by: str) -> Size | None:
    """Return the size that takes the least over the lifetime, by golden section over its logarithm; None where no size is known to do."""
    assert at.size is not None
    assert at.loss is not None

    def cost(log_params: float) -> float:
        size = _sized(at, math.exp(log_params))
        if size is None:
            return math.inf
        training, served = _of_size(at, size)
        amounts = [figures_of(answer, at.money)[by] for answer in (training, served)]
        return math.inf if None in amounts else float(sum(median_of(amount) for amount in amounts))

    low, high = math.log(_LEAST_SHARE * at.size.params), math.log(_MOST_SHARE * at.size.params)
    return _sized(at, math.exp(least_by_golden_section(cost, low, high, rounds=_HALVINGS)))


def _sized(at: Situation, params: float) -> Size | None:
    assert at.loss is not None
    try:
        return Size(params, tokens_of_loss(params=params, loss=at.loss, law=at.law.law))
    except OutOfRangeError:
        return None


def _of_size(at: Situation, size: Size) -> tuple[Estimate, Estimate]:
    assert at.service is not None
    training = at.estimate(params=size.params, tokens=size.tokens, active_params=None)
    return training, service_of(at.base, at.database, params=size.params, tokens=at.service.tokens)


def _faster(at: Situation, whole: Figures, served: Estimate, id: str, technique: str, name: str, lost: str, effort: str) -> Iterator[Found]:
    row = at.row(technique)
    if row is None:
        return
    factor = effect_of(at.database, row)
    faster = scaled(served, at.money, hours=factor, accelerator_energy=factor)
    yield at.alternative(
        id,
        "lifetime",
        name,
        added(_still(at.figures), _still(faster)),
        lost=lost,
        effort=effort,
        not_when="requests are served in large batches: the published speed-up is of small ones" if id == "quantise" else "the chip has no sparse matrix units",
        how="the training as planned; hours and energy of service by the published speed-up",
        evidence=(*at.evidence(technique), serving_mfu(at.database)[1], *at.support(*(("llm-int8", "int8-quant") if id == "quantise" else ("sparsegpt",)))),
        against=whole,
        plan=None,
    )


def _distilled(at: Situation, whole: Figures, params: float) -> Iterator[Found]:
    row = at.row("distilbert")
    tokens = at.number("tokens")
    if row is None or tokens is None or at.service is None or at.plan.active_params is not None:
        return
    student = params * (1.0 - float(row["typical"]))
    served = service_of(at.base, at.database, params=student, tokens=at.service.tokens)
    training = at.estimate(params=student, active_params=None)
    more = (6.0 * student + 2.0 * params) / (6.0 * student)
    taught = scaled(training, at.money, hours=more, accelerator_energy=more)
    both = added(_still(at.figures), added(_still(taught), _still(figures_of(served, at.money))))
    yield at.alternative(
        "lifetime-distil",
        "lifetime",
        "Train as planned, distil, serve the student",
        both,
        lost="3 % of the score on language tasks where published (an encoder of 110 M)",
        effort="medium",
        not_when="fewer requests come than pay for the student's training",
        how="plan + student taught on as many tokens + service of 60 % of the parameters",
        evidence=(*at.evidence("distilbert"), serving_mfu(at.database)[1], *at.support("distilbert-speed")),
        against=whole,
        plan=None,
    )


def _still(figures: Figures) -> Figures:
    """Return *figures* without a wall-clock: a service has none."""
    return {**figures, "duration_s": None}


def _requests(at: Situation) -> str:
    assert at.service is not None
    return f"{amount(float(median_of(at.service.requests)), 'count', digits=3)} requests of {float(median_of(at.service.tokens_per_request)):,.0f} tokens"
