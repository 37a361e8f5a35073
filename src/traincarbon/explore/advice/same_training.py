"""The same model on the same data, cheaper or cleaner: number format, software, layout, power cap and schedule."""

from collections.abc import Iterator

from traincarbon.errors import CarbonError
from traincarbon.estimation.families import kind_of
from traincarbon.estimation.layout.search import EARLIER_HABITS, Habits, fastest
from traincarbon.estimation.layout.task import layout_task
from traincarbon.explore.advice.alternative import Change, Effort, Group, NotOffered
from traincarbon.explore.advice.context import AdviceContext, Outcome
from traincarbon.explore.advice.evidence import effect_of
from traincarbon.explore.compared_results import scaled
from traincarbon.quantities import S_PER_DAY
from traincarbon.uncertain import Num, Uncertain, median_of

_WIDE = ("fp32", "tf32")
_NARROW = ("fp8", "fp4")
_LEAST_GAIN = 1.03
"""A smaller speed-up of a step is not worth changing the layout or the software for."""
_STEP_SPREAD = 0.13
_WITHOUT_FUSED_ATTENTION = ("volta", "pascal", "maxwell", "kepler")
_FUSED = "Fused attention, overlapped communication"


def narrower_format(context: AdviceContext) -> Iterator[Outcome]:
    """Yield 16 bits instead of 32, and 8 instead of 16, where the chip supports them."""
    chip = context.accelerator
    if context.precision in _WIDE:
        wide = next((name for name in ("bf16", "fp16") if f"peak_{name}_flop_per_s" in chip.facts), None)
        if wide is not None:
            yield _in_format(
                context,
                "half-precision",
                wide,
                lost="hardly anything, with loss scaling or bf16",
                effort=Effort.LOW,
                not_when="a part of the model needs 32 bits; keep that part at 32",
                how="the chain at the peak rate and published utilisation of the other format; the interval covers the published speed-ups",
                technique="amp",
            )
    elif context.precision not in _NARROW and kind_of(context.plan.kind).is_quantised:
        yield NotOffered("fp8", "Train in fp8", "weights of four bits are multiplied at 16")
    elif context.precision not in _NARROW:
        if "peak_fp8_flop_per_s" not in chip.facts:
            yield NotOffered("fp8", "Train in fp8", f"{chip.name} has no 8-bit rate")
            return
        yield _in_format(
            context,
            "fp8",
            "fp8",
            lost="some stability: a few layers stay at 16 bits, and the loss needs watching",
            effort=Effort.MEDIUM,
            not_when="the framework has no fp8 recipe for the model, or the model is small, so that matrix products are a small part of the step",
            how="the chain at the 8-bit peak rate (Amdahl's law: only matrix products become faster); the interval covers the published speed-ups",
            technique="fp8-train",
        )


def _in_format(context: AdviceContext, id: str, precision: str, *, lost: str, effort: Effort, not_when: str, how: str, technique: str) -> Outcome:
    answer = context.estimate(precision=precision)
    return context.alternative(
        id,
        Group.SAME,
        Change.FORMAT,
        f"Train in {precision} instead of {context.precision}",
        context.scaled(answer, format_spread(context, precision)),
        lost=lost,
        effort=effort,
        not_when=not_when,
        how=how,
        evidence=context.evidence(technique),
        plan=answer.plan,
        short=precision,
        is_combinable=True,
    )


def format_spread(context: AdviceContext, precision: str) -> Uncertain:
    """Return one, with the spread of the published speed-ups of a number format; the chain has the middle of them."""
    row = context.row("fp8-train" if precision in _NARROW else "amp")
    return Uncertain(1.0, {"format": effect_of(context.database, row).sigma} if row is not None else None)


def newer_software(context: AdviceContext) -> Iterator[Outcome]:
    """Yield fused attention and overlapped communication where the plan dates from before them, by the model of the step."""
    chip = context.accelerator
    n = context.base.accelerators
    if context.kind not in ("pretrain", "finetune") or n is None or hasattr(n, "shape"):
        yield NotOffered("fuse", _FUSED, "the gain of a step needs a number of servers")
        return
    try:
        task, _ = layout_task(context.plan, context.base.facts, context.database, float(median_of(n)))
    except CarbonError as error:
        yield NotOffered("fuse", _FUSED, f"the model of the step does not cover the plan: {error}")
        return
    if task.habits != EARLIER_HABITS:
        yield NotOffered("fuse", _FUSED, "software since 2023 does this, and the published utilisation includes it")
        return
    if chip.keys.get("generation", "") in _WITHOUT_FUSED_ATTENTION:
        yield NotOffered("fuse", _FUSED, f"fused attention does not run on {chip.name}")
        return
    before, after = fastest(task), fastest(task._replace(habits=Habits(), recompute=context.plan.recompute))
    if before is None or after is None or before.s_per_sequence < _LEAST_GAIN * after.s_per_sequence:
        yield NotOffered("fuse", _FUSED, "a step gains less than 3 % by the model of its time")
        return
    yield context.alternative(
        "fuse",
        Group.SAME,
        Change.SOFTWARE,
        _FUSED,
        context.scaled(context.base, _speed_up(after.s_per_sequence, before.s_per_sequence)),
        lost="nothing: the result is the same",
        effort=Effort.MEDIUM,
        not_when="the framework has them already; the start of the plan decides how old its software is",
        how=f"the model of the step: {before.step.total_s:.3g} s a step with plain attention, {after.s_per_sequence * before.layout.sequences:.3g} s with today's software",
        evidence=context.support("flashattention", "flashattention2"),
    )


def free_layout(context: AdviceContext) -> Iterator[Outcome]:
    """Yield the fastest layout where the plan fixes a slower one, by the model of the step."""
    n = context.base.accelerators
    if (context.plan.tp, context.plan.pp, context.plan.dp) == (None, None, None) or n is None or hasattr(n, "shape"):
        return
    try:
        task, _ = layout_task(context.plan, context.base.facts, context.database, float(median_of(n)))
    except CarbonError:
        return
    fixed, free = fastest(task), fastest(task._replace(tp=None, pp=None, dp=None, recompute=None))
    if fixed is None or free is None or fixed.s_per_sequence < _LEAST_GAIN * free.s_per_sequence:
        yield NotOffered("layout", "Another layout", "the layout of the plan is within 3 % of the fastest one that fits")
        return
    degrees = " × ".join(f"{degree:g}" for degree in (free.layout.tp, free.layout.pp, free.layout.dp))
    yield context.alternative(
        "layout",
        Group.SAME,
        Change.LAYOUT,
        f"Use tensor × pipeline × data parallelism of {degrees}",
        context.scaled(context.base, _speed_up(free.s_per_sequence, fixed.s_per_sequence)),
        lost="nothing",
        effort=Effort.LOW,
        not_when="the framework does not support these degrees",
        how="the model of the step, over all layouts that fit in memory",
        evidence=context.support("megatron-mfu"),
    )


def _speed_up(after_s: float, before_s: float) -> Uncertain:
    """Return the factor on hours of a faster step, with the spread of the model of the step."""
    return Uncertain(after_s / before_s, {"step_model": _STEP_SPREAD})


def power_cap(context: AdviceContext) -> Iterator[Outcome]:
    """Yield a cap on the power of the GPUs, by its published effects."""
    saved, slower = context.row("powercap-mit"), context.row("powercap-time")
    if saved is None or slower is None or context.accelerator.keys.get("type") != "gpu":
        yield NotOffered("power-cap", "Cap the power of the GPUs", "the published effects are for GPUs only")
        return
    hours = 1.0 / effect_of(context.database, slower)
    yield context.alternative(
        "power-cap",
        Group.SAME,
        Change.POWER,
        "Cap the GPUs at 60 % of their power",
        scaled(context.base, context.money, hours=hours, accelerator_energy=effect_of(context.database, saved)),
        lost=f"about {100.0 * (hours.median - 1.0):.0f} % more time, and so more rent",
        effort=Effort.LOW,
        not_when="the provider does not allow the cap, or the run must end sooner; on rented hardware the provider keeps the saving in electricity",
        how="GPU energy and time by the published effects; the hosts run for the whole time",
        evidence=(*context.evidence("powercap-mit", "powercap-time"), *context.support("powercap-bert", "perseus", "zeus")),
    )


def pause(context: AdviceContext) -> Iterator[Outcome]:
    """Yield pausing while the grid is dirty, for runs of more than a day."""
    row = context.row("pause-resume")
    if row is None or _is_short(context):
        return
    total = _total_with_electricity(context, effect_of(context.database, row))
    if total is None:
        return
    yield context.alternative(
        "pause",
        Group.SAME,
        Change.SCHEDULE,
        "Pause while the grid is dirty",
        {**context.results, "total_kgco2e": total, "duration_s": None},
        lost="up to twice the time to the end; the cost of reserved accelerators that wait is not included",
        effort=Effort.MEDIUM,
        not_when="the accelerators cannot be released during a pause, or there is no forecast of the grid's intensity",
        how="CO2e of the electricity by the published effect; the database has no hourly intensities, so no hours are named",
        evidence=context.evidence("pause-resume"),
    )


def better_hour(context: AdviceContext) -> Iterator[Outcome]:
    """Yield starting at a cleaner hour of the day, where the run is short enough for it to matter."""
    name = "Start at a cleaner hour of the day"
    row = context.row("time-shift-short" if _is_short(context) else "time-shift-long")
    if row is None:
        return
    total = _total_with_electricity(context, effect_of(context.database, row))
    if total is None:
        return
    if not _is_short(context):
        yield NotOffered("hour", name, f"a run of more than a day gains only about {100.0 * float(row['typical']):.0f} % (Dodge 2022)")
        return
    yield context.alternative(
        "hour",
        Group.SAME,
        Change.SCHEDULE,
        name,
        {**context.results, "total_kgco2e": total},
        lost="up to a day of waiting",
        effort=Effort.LOW,
        not_when="there is no forecast of the grid's intensity",
        how="CO2e of the electricity by the published effect; the database has no hourly intensities, so no hour is named",
        evidence=context.evidence(row["technique"]),
    )


def _total_with_electricity(context: AdviceContext, factor: Num) -> Num | None:
    """Return the total CO2e where that of the electricity is *factor* times as much, None where either part is unknown."""
    operational, embodied = context.base.values["operational_kgco2e"], context.base.values["embodied_kgco2e"]
    return None if operational is None or embodied is None else operational * factor + embodied


def _is_short(context: AdviceContext) -> bool:
    """Say whether the run is known to end within a day."""
    duration = context.results["duration_s"]
    return duration is not None and float(median_of(duration)) <= S_PER_DAY
