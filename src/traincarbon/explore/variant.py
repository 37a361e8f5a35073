"""A plan with other fields, estimated so that what the user knows of the first still bears on the second."""

from typing import Any

from traincarbon.database.load import Database
from traincarbon.errors import PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.fields import Use
from traincarbon.estimation.plan import Plan, fields_with
from traincarbon.estimation.result import Estimate
from traincarbon.uncertain import any_of, clamp, median_of

PRICES = fields_with(Use.HARDWARE)
"""What a plan states of its own hardware, which is not so of other."""
_MOST_MFU = 0.95
_ELSEWHERE = frozenset(("region", "pue", "start", "rent"))
"""Fields that change what an hour costs and emits, but not how many there are."""


def changed(plan: Plan, **fields: Any) -> Plan:
    """Return *plan* with other *fields*; one that is None is not said any more.

    Another size drops the shape of the first and what is trained of it; another size or hardware drops its degrees of parallelism and how it is
    checkpointed. Fewer tokens than are in a step drop the step.
    """
    dropped: tuple[str, ...] = ()
    if "params" in fields or "active_params" in fields:
        dropped += fields_with(Use.SIZE | Use.LAYOUT)
    tokens, step = fields.get("tokens"), plan.number("batch_tokens")
    if step is not None and tokens is not None and any_of(median_of(step) > median_of(Plan(tokens=tokens).number("tokens"))):
        dropped += ("batch_tokens",)
    if "hw" in fields:
        dropped += fields_with(Use.LAYOUT | Use.HARDWARE)
    stated = {name: getattr(plan, name) for name in plan.to_dict() if name not in dropped}
    return Plan.from_dict({**stated, **fields})


def reestimate(base: Estimate, database: Database, **fields: Any) -> Estimate:
    """Return the estimate of the plan of *base* with other *fields*.

    A utilisation that the plan states, or that its accelerator-hours imply, is that of its own work on its own hardware. For another it is
    brought there by what the model expects of the two.

    Raises:
        CarbonError: the changed plan cannot be answered.
    """
    plan = base.plan
    if base.values["compute_flop"] is None:
        if not _ELSEWHERE.issuperset(fields):
            raise PlanError("the plan states hours but not the work in them", hint="give params and tokens")
        return estimate(changed(plan, **fields), database=database, level=base.level)
    if plan.mfu is None and plan.accelerator_hours is None:
        return estimate(changed(plan, **fields), database=database, level=base.level)
    unknown = {"mfu": None, "goodput": None, "accelerator_hours": None}
    before = estimate(changed(plan, **unknown), database=database, level=base.level)
    after = estimate(changed(plan, **unknown, **fields), database=database, level=base.level)
    expected, then = before.values["mfu"], after.values["mfu"]
    reached = base.values["mfu"]
    if expected is None or then is None or reached is None:
        return after
    mfu = clamp(reached * (median_of(then) / median_of(expected)), 0.0, _MOST_MFU)
    return estimate(changed(plan, **{**unknown, **fields, "mfu": mfu}), database=database, level=base.level)
