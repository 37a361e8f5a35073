"""Another model of the same predicted loss: compute-optimal, smaller and trained longer, sparse, or stopped early."""

from collections.abc import Iterator

from traincarbon.errors import OutOfRangeError
from traincarbon.estimation.families import family_of
from traincarbon.explore.advice.alternative import Change, Effort, Group, NotOffered
from traincarbon.explore.advice.context import AdviceContext, Outcome
from traincarbon.explore.advice.evidence import effect_of
from traincarbon.explore.scaling_law import SPREAD, Size
from traincarbon.formatting import amount
from traincarbon.formulas.scaling import predicted_loss, tokens_of_loss
from traincarbon.uncertain import Uncertain, median_of

_LEAST_SHIFT = 1.15
"""The law cannot tell sizes apart that differ by less than this factor."""
_SMALLER = 0.5
_MORE_LOSS = 1.01
"""The loss that stopping early may cost, over that of the whole run."""
_SPARSE_FROM = 1e9
_OF_LANGUAGE = (None, "decoder", "encoder-decoder")
"""Families whose mixtures of experts were published beside dense models of the same quality."""
_BEYOND = "; an extrapolation: the law was fitted on smaller models and fewer tokens"


def best_size(context: AdviceContext) -> Iterator[Outcome]:
    """Yield the size that reaches the loss with the least compute, and half of it, trained for longer."""
    name = "A compute-optimal size"
    if context.size is None or context.loss is None:
        yield NotOffered("compute-optimal", name, why_no_law(context))
        return
    best = context.law.best_for(context.loss)
    shift = max(best.params, context.size.params) / min(best.params, context.size.params)
    is_stated = context.loss != _predicted(context, context.size)
    if shift < _LEAST_SHIFT and not is_stated:
        counts = [amount(params, "count", digits=3) for params in (best.params, context.size.params)]
        yield NotOffered("compute-optimal", name, f"the plan is compute-optimal: the best size is {counts[0]}, {counts[1]} are planned")
    else:
        yield _of_size(context, "compute-optimal", best, "the size that reaches this loss with the least compute", is_combinable=True)
    smaller = _SMALLER * min(best.params, context.size.params)
    try:
        tokens = tokens_of_loss(params=smaller, loss=context.loss, law=context.law.law)
    except OutOfRangeError:
        reason = f"{amount(smaller, 'count', digits=3)} parameters do not reach that loss on any number of tokens"
        yield NotOffered("smaller", "A smaller model, trained longer", reason)
        return
    yield _of_size(context, "smaller", Size(smaller, tokens), "half of that on more tokens: more expensive to train than the best size, cheaper to serve")


def _of_size(context: AdviceContext, id: str, size: Size, why: str, *, is_combinable: bool = False) -> Outcome:
    """Return the training of another size to the wanted loss."""
    assert context.size is not None
    assert context.loss is not None
    tokens = Uncertain(size.tokens, _tokens_spread(context, size))
    ratio = size.tokens / context.size.tokens
    times = f"{ratio:.1f} × the tokens" if ratio >= 1.0 else f"{100.0 * (1.0 - ratio):.0f} % fewer tokens"
    beyond = _BEYOND if context.law.is_beyond(size) or context.law.is_beyond(context.size) else ""
    return context.alternative(
        id,
        Group.SIZE,
        Change.SIZE,
        str(size),
        context.estimate(params=size.params, tokens=tokens, active_params=None),
        lost=f"nothing of the predicted loss, {context.loss:.3f} nat/token{beyond}; abilities that come with size alone may differ",
        effort=Effort.LOW,
        not_when=f"there is not that much text ({times}), or the model is not judged by its loss",
        how=f"the scaling law: {why}; then the chain",
        evidence=(context.law.evidence, *context.support("chinchilla")),
        short=amount(size.params, "count", digits=3),
        is_combinable=is_combinable,
    )


def _tokens_spread(context: AdviceContext, size: Size) -> dict[str, float]:
    """Return the spread of the tokens with which a size equals the plan, or reaches a stated loss."""
    assert context.size is not None
    loss = context.loss
    assert loss is not None
    if loss == _predicted(context, context.size):
        return dict(context.law.same_loss_tokens(size.params, context.size).spreads)
    return {SPREAD: context.law.spread(lambda law: tokens_of_loss(params=size.params, loss=loss, law=law))}


def mixture(context: AdviceContext) -> Iterator[Outcome]:
    """Yield a mixture of experts instead of a dense model, by the published speed-up at equal quality."""
    name = "A mixture of experts, same quality"
    row = context.row("switch-moe")
    params = context.number("params")
    if context.plan.active_params is not None and context.size is None:
        yield NotOffered("moe", name, "the plan is one already")
        return
    if row is None or context.kind != "pretrain" or params is None or params < _SPARSE_FROM or context.plan.family not in _OF_LANGUAGE:
        yield NotOffered("moe", name, "published for language models of more than a billion parameters that are trained from scratch")
        return
    yield context.alternative(
        "moe",
        Group.SIZE,
        Change.MODEL,
        name,
        context.scaled(context.base, effect_of(context.database, row)),
        lost="memory: training and serving must hold several times the parameters; training is less stable",
        effort=Effort.HIGH,
        not_when="the model is served on few accelerators, or the framework has no fast experts: sparse models reach about half the utilisation of dense ones",
        how="hours and energy by the published range of speed-ups at equal quality, utilisation included",
        evidence=(*context.evidence("switch-moe"), *context.support("glam-moe")),
    )


def stop_early(context: AdviceContext) -> Iterator[Outcome]:
    """Yield fewer tokens, down to one per cent more loss."""
    name = "Stop early"
    if context.size is None:
        yield NotOffered("stop-early", name, why_no_law(context))
        return
    whole = _predicted(context, context.size)
    allowed = _MORE_LOSS * whole if context.loss is None or context.loss <= whole else context.loss
    tokens = tokens_of_loss(params=context.size.params, loss=allowed, law=context.law.law)
    share = tokens / context.size.tokens
    if share >= 1.0:
        return
    yield context.alternative(
        "stop-early",
        Group.SIZE,
        Change.SIZE,
        f"Stop at {100.0 * share:.2g} % of the tokens",
        context.estimate(tokens=tokens),
        lost=f"{100.0 * (allowed / whole - 1.0):.1f} % of the loss: {allowed:.3f} nat/token instead of {whole:.3f}",
        effort=Effort.LOW,
        not_when="the learning rate was planned for the whole run; a shorter run must be planned from the start",
        how="the scaling law at fewer tokens; then the chain",
        evidence=(context.law.evidence, *context.support("early-stop-hpo")),
    )


def why_no_law(context: AdviceContext) -> str:
    """Return why the law does not cover the plan."""
    if context.kind != "pretrain":
        return "the scaling law covers only trainings from scratch"
    if not family_of(context.plan.family).has_scaling_law:
        return "the scaling law covers only decoder-only language models"
    return "the scaling law covers only dense models of stated parameters and tokens"


def _predicted(context: AdviceContext, size: Size) -> float:
    return float(median_of(predicted_loss(params=size.params, tokens=size.tokens, law=context.law.law)))
