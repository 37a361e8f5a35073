"""Another model that is predicted to reach the same loss: as large as is best for it, smaller and trained longer, sparse, or stopped early."""

from collections.abc import Iterator

from traincarbon.errors import OutOfRangeError
from traincarbon.estimation.families import family_of
from traincarbon.explore.advice.alternative import NotOffered
from traincarbon.explore.advice.evidence import effect_of
from traincarbon.explore.advice.situation import Found, Situation
from traincarbon.explore.compared_results import scaled
from traincarbon.explore.law import SPREAD, Size
from traincarbon.formatting import amount
from traincarbon.formulas.scaling import predicted_loss, tokens_of_loss
from traincarbon.uncertain import Uncertain, median_of

_LEAST_SHIFT = 1.15
"""Sizes nearer to the best than this factor are the best, as far as the law can tell."""
_SMALLER = 0.5
_MORE_LOSS = 1.01
"""Loss that stopping early is allowed to cost, over that of the whole run."""
_SPARSE_FROM = 1e9
_BEYOND = "; an extrapolation: the law was fitted on smaller models and fewer tokens"


def best_size(at: Situation) -> Iterator[Found]:
    """Yield the size that reaches the loss with the least arithmetic, and half of it, trained for longer."""
    name = "A compute-optimal size"
    if at.size is None or at.loss is None:
        yield NotOffered("compute-optimal", name, why_no_law(at))
        return
    best = at.law.best_for(at.loss)
    shift = max(best.params, at.size.params) / min(best.params, at.size.params)
    is_asked = at.loss != _predicted(at, at.size)
    if shift < _LEAST_SHIFT and not is_asked:
        yield NotOffered(
            "compute-optimal",
            name,
            f"the plan is compute-optimal: {amount(best.params, 'count', digits=3)} would be, {amount(at.size.params, 'count', digits=3)} are planned",
        )
    else:
        yield _of_size(at, "compute-optimal", best, "the size that takes the least arithmetic to this loss")
    smaller = _SMALLER * min(best.params, at.size.params)
    try:
        tokens = tokens_of_loss(params=smaller, loss=at.loss, law=at.law.law)
    except OutOfRangeError:
        yield NotOffered(
            "smaller", "A smaller model, trained longer", f"{amount(smaller, 'count', digits=3)} parameters do not reach that loss on any number of tokens"
        )
        return
    yield _of_size(at, "smaller", Size(smaller, tokens), "half of that, on more tokens: dearer to train than the best size, cheaper to serve")


def _of_size(at: Situation, id: str, size: Size, why: str) -> Found:
    """Return the training of another size to the wanted loss."""
    assert at.size is not None
    assert at.loss is not None
    tokens: Uncertain | float = Uncertain(size.tokens, _tokens_spread(at, size))
    ratio = size.tokens / at.size.tokens
    times = f"{ratio:.1f} × the tokens" if ratio >= 1.0 else f"{100.0 * (1.0 - ratio):.0f} % fewer tokens"
    beyond = _BEYOND if at.law.is_beyond(size) or at.law.is_beyond(at.size) else ""
    return at.alternative(
        id,
        "size",
        str(size),
        at.estimate(params=size.params, tokens=tokens, active_params=None),
        lost=f"nothing of the predicted loss, {at.loss:.3f} nat/token{beyond}; abilities that come with size alone may differ",
        effort="low",
        not_when=f"there is not that much text ({times}), or the loss is not what the model is judged by",
        how=f"the scaling law: {why}; then the chain",
        evidence=(at.law.evidence, *at.support("chinchilla")),
    )


def _tokens_spread(at: Situation, size: Size) -> dict[str, float]:
    """Return the spread of the tokens at which a size is as good as the plan; where a loss is stated, of the tokens that reach it."""
    assert at.size is not None
    loss = at.loss
    assert loss is not None
    if loss == _predicted(at, at.size):
        return at.law.same_loss_tokens(size.params, at.size).spreads
    return {SPREAD: at.law.spread(lambda law: tokens_of_loss(params=size.params, loss=loss, law=law))}


def mixture(at: Situation) -> Iterator[Found]:
    """Yield a mixture of experts in place of a dense model, by the published speed-up at equal quality."""
    name = "A mixture of experts, same quality"
    row = at.row("switch-moe")
    params = at.number("params")
    if at.plan.active_params is not None and at.size is None:
        yield NotOffered("moe", name, "the plan is one")
        return
    if row is None or at.kind != "pretrain" or params is None or params < _SPARSE_FROM or at.plan.family == "encoder":
        yield NotOffered("moe", name, "published for language models of more than a billion parameters that are trained from scratch")
        return
    faster = effect_of(at.database, row)
    yield at.alternative(
        "moe",
        "size",
        name,
        scaled(at.base, at.money, hours=faster, accelerator_energy=faster),
        lost="memory: several times the parameters must be held, in training and in service; less stable to train",
        effort="high",
        not_when="the model is served on few accelerators, or the framework has no fast experts: sparse models reach about half the utilisation of dense ones",
        how="hours and energy by the published range of speed-ups at equal quality, utilisation included",
        evidence=(*at.evidence("switch-moe"), *at.support("glam-moe")),
        plan=None,
    )


def stop_early(at: Situation) -> Iterator[Found]:
    """Yield fewer tokens, as many as cost one per cent of loss."""
    name = "Stop early"
    if at.size is None:
        yield NotOffered("stop-early", name, why_no_law(at))
        return
    whole = _predicted(at, at.size)
    allowed = _MORE_LOSS * whole if at.loss is None or at.loss <= whole else at.loss
    tokens = tokens_of_loss(params=at.size.params, loss=allowed, law=at.law.law)
    share = tokens / at.size.tokens
    if share >= 1.0:
        return
    yield at.alternative(
        "stop-early",
        "size",
        f"Stop at {100.0 * share:.2g} % of the tokens",
        at.estimate(tokens=tokens),
        lost=f"{100.0 * (allowed / whole - 1.0):.1f} % of the loss: {allowed:.3f} nat/token in place of {whole:.3f}",
        effort="low",
        not_when="the learning rate was planned for the whole run: a shorter one must be planned from the start",
        how="the scaling law at fewer tokens; then the chain",
        evidence=(at.law.evidence, *at.support("early-stop-hpo")),
    )


def why_no_law(at: Situation) -> str:
    """Return why the law does not speak of the plan."""
    if at.kind != "pretrain":
        return "the scaling law is of trainings from scratch"
    if not family_of(at.plan.family).has_scaling_law:
        return "the scaling law is of decoder-only language models"
    return "the scaling law is of dense models of stated parameters and tokens"


def _predicted(at: Situation, size: Size) -> float:
    return float(median_of(predicted_loss(params=size.params, tokens=size.tokens, law=at.law.law)))
