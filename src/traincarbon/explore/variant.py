"""A plan with other fields, estimated with what the user stated of the original."""

from traincarbon.database.load import Database
from traincarbon.errors import PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.fields import Use
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import fields_with, named
from traincarbon.estimation.result import Estimate
from traincarbon.uncertain import any_of, clamp, median_of

PRICES = fields_with(Use.HARDWARE)
"""Fields that a plan states of its own hardware and that do not hold for other hardware."""
_MOST_MFU = 0.95
_NOT_WORK = frozenset(("region", "pue", "start", "rent"))
"""Fields that change the cost and emissions of an hour, but not the number of hours."""


def changed(plan: Plan, **fields: object) -> Plan:
    """Return *plan* with other *fields*; a field that is None is no longer stated.

    Another size drops the shape of the model and its trainable parameters. Another size or other hardware drops the degrees of parallelism
    and the recomputation. Fewer tokens than a step has drop the size of the step.
    """
    fields = named(fields)
    dropped: tuple[str, ...] = fields_with(Use.DATA) if "tokens" in fields else ()
    if "params" in fields or "active_params" in fields:
        dropped += fields_with(Use.SIZE | Use.LAYOUT)
    tokens, step = fields.get("tokens"), plan.number("batch_tokens")
    if step is not None and tokens is not None and any_of(median_of(step) > median_of(Plan.from_dict({"tokens": tokens}).number("tokens"))):
        dropped += ("batch_tokens",)
    if "hw" in fields:
        dropped += fields_with(Use.LAYOUT | Use.HARDWARE)
    stated = {name: getattr(plan, name) for name in plan.to_dict() if name not in dropped}
    return Plan.from_dict({**stated, **fields})


def reestimate(base: Estimate, database: Database, **fields: object) -> Estimate:
    """Return the estimate of the plan of *base* with other *fields*.

    A utilisation that the plan states, or that its accelerator-hours imply, belongs to its own work and hardware.
    For other work or hardware it is scaled by the ratio of the expected utilisations.

    Raises:
        CarbonError: the changed plan cannot be estimated.
    """
    plan = base.plan
    if base.values["compute_flop"] is None:
        if not _NOT_WORK.issuperset(fields):
            raise PlanError("the plan states hours but no params and tokens", hint="give params and tokens")
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
