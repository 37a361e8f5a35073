"""The facts of an array of plans whose members ask for different ones: dense models beside mixtures of experts, one server beside several."""

from typing import TYPE_CHECKING

from traincarbon.errors import PlanError
from traincarbon.estimation.facts.facts import ATTRIBUTES, Facts
from traincarbon.estimation.facts.question import CHOOSING, MOST_IN_A_SERVER, Question
from traincarbon.estimation.plan import Plan
from traincarbon.uncertain import where

if TYPE_CHECKING:
    from traincarbon.estimation.facts.evidence import Given
    from traincarbon.uncertain import Array


def questions_of(plan: Plan) -> "list[tuple[Question, Array]]":
    """Return each question that members of the array *plan* ask, with an array that says which of them do."""
    import numpy as np

    params, active, servers, accelerators = (plan.number(name) if hasattr(getattr(plan, name), "shape") else None for name in CHOOSING)
    question = Question.of(plan)
    is_moe = question.is_moe if plan.active_params is None or (params is None and active is None) else plan.number("active_params") != plan.number("params")
    is_one = question.is_one_server if servers is None else servers == 1.0
    few = (question.few_accelerators or 0) if accelerators is None else np.where(accelerators <= MOST_IN_A_SERVER, accelerators, 0.0)
    codes = np.atleast_1d(is_moe + 2.0 * is_one + 4.0 * few)
    found = []
    for code in codes[:1] if (codes == codes[0]).all() else np.unique(codes):
        kind = int(code)
        asked = question._replace(is_moe=bool(kind & 1), is_one_server=bool(kind & 2), few_accelerators=kind >> 2 or None)
        found.append((asked, codes == code))
    return found


def combined(facts: Facts, others: Facts, *, is_other: "Array") -> Facts:
    """Return *facts* with the values of *others* for the plans where *is_other*.

    Raises:
        PlanError: a fact is known for some of the plans only.
    """
    changed: list[Given] = []
    for name in ATTRIBUTES:
        own, other = facts.given(name), others.given(name)
        if own is other or own == other:
            continue
        if own is None or other is None:
            raise PlanError(f"{name} is known for some of the plans only", hint="estimate them apart")
        value = where(is_other, other.value, own.value)
        changed.append(own._replace(value=value, reason=f"{own.reason}; for others of these plans: {other.reason}", derivation=()))
    warnings = tuple(warning for warning in others.warnings if warning not in facts.warnings)
    return facts.having(*changed, warnings=warnings)
