"""Estimates: walk the chain from a plan, and the facts about what it leaves open, to every result."""

from collections.abc import Callable
from functools import partial
from os import path
from typing import TYPE_CHECKING, Unpack

from traincarbon.database.load import Database, calibrations_folder, open_database
from traincarbon.errors import PlanError
from traincarbon.estimation import work
from traincarbon.estimation.complete import completed
from traincarbon.estimation.contradictions import shown
from traincarbon.estimation.facts.facts import Facts
from traincarbon.estimation.facts.gather import answer, gather
from traincarbon.estimation.facts.question import CHOOSING
from traincarbon.estimation.families import family_of, kind_of
from traincarbon.estimation.links import CONDITIONS, MEMORY
from traincarbon.estimation.plan import Plan, overridden
from traincarbon.estimation.plan_fields import named
from traincarbon.estimation.ratios import image_flop, params_per_active
from traincarbon.estimation.result import Estimate
from traincarbon.estimation.trace import Trace
from traincarbon.uncertain import Num, any_of, median_of

if TYPE_CHECKING:
    from traincarbon.estimation.calibration import Calibration
    from traincarbon.estimation.layout.task import Found
    from traincarbon.estimation.plan_keywords import PlanFields

_DEGREES = ("tp", "pp", "dp")
"""Fields of a plan that split the training; all three fix the number of accelerators."""
_OF_DATA = ("samples", "audio_hours", "batch_tokens", "electricity_price", "rent_price", "purchase_price", "service_life")
"""Fields that say how the data comes and what is paid: plans of parameters and tokens need no closer look at them."""
_MANY = 1e5
"""Accelerators from which a plan gets a closer look."""
_FEW_SERVERS = 3
_SHORT_S = 1800.0
"""Fine-tunings that are shorter spend much of their time before the first step and after the last. [s]"""
_SHORT_PRETRAINING_S = 300.0
"""Trainings from scratch that are shorter are trials: ranks start, data is opened and kernels are compiled for minutes. [s]"""
_OVERRIDDEN = {"basis": "carbon_intensity", "rent": "rent_price", "rent_from": "rent_price"}
"""Fields that choose among facts, and the field that replaces such a fact."""


def estimate(
    plan: Plan | None = None, /, *, database: Database | None = None, level: float = 0.9, strict: bool = False, **fields: "Unpack[PlanFields]"
) -> Estimate:
    """Return what a training takes in time, money, energy, carbon and water, each with its interval.

    Args:
        plan: The plan, or None to give its fields by name.
        database: The facts to use; by default the built-in ones with the user's own.
        level: Confidence level of the intervals that the result shows. [1]
        strict: Refuse a plan whose accelerators cannot hold the training, instead of answering for the fewest that can.
        **fields: Fields of the plan, as in :class:`~traincarbon.estimation.plan.Plan`; they override those of *plan*.

    Raises:
        CarbonError: the plan cannot be estimated; the message says why and the hint what to do.

    Example:
        >>> answer = estimate(params=530e9, tokens=270e9, hw="dgx-a100")
        >>> f"{answer.median('compute_flop'):.4g} FLOP"
        '8.586e+23 FLOP'
    """
    if plan is None:
        plan = Plan(**fields)
    elif fields:
        plan = Plan.from_dict(overridden({name: getattr(plan, name) for name in plan.to_dict()}, named(fields)))
    return _estimate(plan, database if database is not None else open_database(), level=level, strict=strict)


def estimate_medians(plan: Plan, *, database: Database) -> Estimate:
    """Return the estimate of *plan* without any spread: the same medians in less time, for very many plans.

    Raises:
        CarbonError: the plan cannot be estimated.
    """
    return _estimate(plan, database, level=0.9, strict=False, is_exact=True)


def estimate_calibrated(plan: Plan, calibration: "Calibration", *, database: Database, level: float = 0.9) -> Estimate:
    """Return the estimate of *plan* with a *calibration* that need not be saved, whatever calibration the plan names.

    Raises:
        CarbonError: the plan cannot be estimated.
    """
    return _estimate(plan, database, level=level, strict=False, calibration=calibration)


def _estimate(plan: Plan, database: Database, *, level: float, strict: bool, calibration: "Calibration | None" = None, is_exact: bool = False) -> Estimate:
    model = None
    if plan.model is not None:
        from traincarbon.estimation.model.resolve import with_model

        plan, model = with_model(plan, database)
    stated, (plan, links, assumed, parts, remarks) = plan, completed(plan, database)
    if any(hasattr(getattr(plan, name), "shape") for name in CHOOSING):
        facts = _facts_of_arrays(plan, database)
    else:
        facts = with_calibration(plan, gather(plan, database), database, calibration, is_moe=plan.is_moe)
    if is_exact:
        facts = facts.exact
    trace = Trace(plan, facts, stated=stated, earlier=links, assumed=assumed, sample_parts=parts)
    trace.slips += remarks
    if model is not None:
        trace.warnings += model.warnings
    work.count_flop(trace, model=model)
    values = trace.values
    asked = _accelerators(trace, database)
    values["accelerators"] = n = _fitting(trace, asked, strict=strict)
    _walk_chain(trace)
    _warn_of_gaps(trace)
    _warn_of_unlikely(trace, database)
    find_layout = partial(_find_layout, plan if n is asked else _without_fixed_degrees(trace), facts, database, n)
    layout = _stated_layout(trace, find_layout) if n is asked or any(getattr(plan, name) is None for name in _DEGREES) else None
    answer = Estimate(trace, level=level, stated_accelerators=asked, find_layout=find_layout, layout=layout)
    if facts.calibration:
        answer.find_uncalibrated = partial(estimate, stated, database=database, level=level, calibration="none")
    return answer


def may_be_calibrated(plan: Plan) -> bool:
    """Say whether the plan names a calibration, or one may fit that it does not name."""
    return plan.calibration != "none" and (plan.calibration is not None or path.isdir(calibrations_folder()))


def with_calibration(plan: Plan, facts: Facts, database: Database, calibration: "Calibration | None" = None, *, is_moe: bool) -> Facts:
    """Return *facts* with that *calibration*, or the one of the plan, if there is one."""
    if calibration is None and not may_be_calibrated(plan):
        return facts
    from traincarbon.estimation.calibration_priors import calibrated

    return calibrated(plan, facts, database, calibration, is_moe=is_moe)


def _facts_of_arrays(plan: Plan, database: Database) -> Facts:
    """Return the facts of an array of plans, with arrays of values where they differ."""
    from traincarbon.estimation.facts.arrays import combined, questions_of

    (first, _), *others = questions_of(plan)
    facts = with_calibration(plan, answer(first, database), database, is_moe=first.is_moe)
    for question, is_asked in others:
        facts = combined(facts, with_calibration(plan, answer(question, database), database, is_moe=question.is_moe), is_other=is_asked)
    return facts


def _walk_chain(trace: Trace) -> None:
    """Compute every link after the work.

    Raises:
        PlanError: the stated accelerator-hours are too few for the work, or none are stated and no peak rate is known.
    """
    plan, values = trace.plan, trace.values
    if plan.accelerator_hours is None and trace.facts.peak_flop_per_s is None:
        chip = trace.facts.accelerator
        hint = f"give accelerator_hours, or add a rate to accelerators/{chip.id}.toml in a folder of your own: carbon db path"
        raise PlanError(f"no peak rate of {chip.name} is known", hint=hint)
    values["accelerator_hours_h"] = plan.number("accelerator_hours")
    trace.known("peak_flop_per_s")
    trace.known("precision")
    if plan.accelerator_hours is None:
        trace.known("mfu")
    else:
        values["mfu"] = None
    values["median_active_params"] = median_of(plan.number("params" if plan.active_params is None else "active_params"))
    values["params_per_active"] = params_per_active(plan)
    values["image_flop"] = image_flop(plan, values["compute_flop"])
    trace.walk_chain(stated=frozenset([name for name in CONDITIONS if getattr(plan, name) is not None]))
    mfu = values["mfu"]
    if plan.accelerator_hours is not None and mfu is not None and any_of(median_of(mfu) > 1.0):
        raise PlanError("the accelerator_hours are too few for this work even at the peak rate", hint="check hours, params, tokens and precision")


def _accelerators(trace: Trace, database: Database) -> Num | None:
    """Return how many accelerators work together, None where the plan does not state it.

    Raises:
        PlanError: fields of the plan contradict each other.
    """
    plan, facts = trace.plan, trace.facts
    n = plan.number("accelerators")
    if plan.servers is not None:
        if facts.hardware.folder != "servers":
            hint = f"use accelerators, or name a server as hw: {_holders(facts, database)}"
            raise PlanError(f"{facts.hardware.id} is an accelerator, not a server", hint=hint)
        from_servers = plan.number("servers") * facts.accelerator_count
        if n is not None and any_of(n != from_servers):
            raise PlanError(f"servers × {facts.accelerator_count:g} is not the stated number of accelerators", hint="give one of the two")
        n = from_servers
    degrees = [degree for name in _DEGREES if (degree := plan.number(name)) is not None]
    if len(degrees) == len(_DEGREES):
        product = degrees[0] * degrees[1] * degrees[2]
        if n is not None and any_of(n != product):
            raise PlanError("tp × pp × dp is not the number of accelerators", hint="give degrees that multiply to it")
        n = product
    return n


def _holders(facts: Facts, database: Database) -> str:
    """Return a few servers that hold the plan's accelerator, servers that anybody can own first, or how to list all."""
    found = [server for server in database.products("servers") if server.keys.get("accelerator") == facts.accelerator.id]
    found.sort(key=lambda server: server.keys.get("operator", "") != "on-prem")
    return " or ".join(server.id for server in found[:_FEW_SERVERS]) or "carbon db list servers"


def _fitting(trace: Trace, n: Num | None, *, strict: bool) -> Num | None:
    """Return the stated number *n* of accelerators, or the fewest in whole servers that hold the training's state where *n* cannot.

    A run whose hours are stated has taken place, so its number is kept.

    Raises:
        PlanError: *n* are too few, and the answer is to be *strict*.
    """
    plan, each = trace.plan, trace.facts.accelerator_count
    updated = plan.number("params")
    if (kind := kind_of(plan.kind)).is_quantised or kind.has_reference:
        from traincarbon.estimation.post_training import memory_values

        trace.values |= memory_values(plan)
    if work.trains_adapters(plan) and updated is not None:
        stated = plan.number("trainable_params")
        updated = stated if stated is not None else updated * work.LORA_SHARE
    elif (frozen := trace.values.get("frozen_params")) is not None and updated is not None:
        updated = updated - frozen
    trace.values["updated_params"] = updated
    trace.walk(MEMORY)
    fewest = median_of(trace.values["fewest_accelerators"])
    if n is None or fewest is None or not any_of(is_short := median_of(n) < fewest):
        return n
    needed = -(-fewest // each) * each
    problem, more = _too_small(trace, n, needed)
    if plan.accelerator_hours is not None:
        trace.warnings.append(f"{problem}: it takes about {more}")
        return n
    if strict:
        raise PlanError(problem, hint=f"give {more} or more, or a smaller model")
    trace.warnings.insert(0, f"{problem}: the figures are for {more}, the fewest that hold it")
    return needed if is_short is True else needed * is_short + median_of(n) * (1.0 - is_short)


def _too_small(trace: Trace, n: Num, needed: Num) -> tuple[str, str]:
    """Return what *n* accelerators cannot hold, and how many are *needed*, counted as the plan counts them."""
    hardware, each = trace.facts.hardware, trace.facts.accelerator_count
    state_b, memory_b, share = (median_of(trace.values[name]) for name in ("training_state_b", "memory_b", "usable_memory_share"))
    does_state_fit = not any_of(median_of(n) * memory_b * share < state_b)
    what = "the training state and one sequence of activations do" if does_state_fit else "the training state does"
    if hasattr(n, "shape") or hasattr(needed, "shape"):
        return f"{what} not fit in the memory of so few accelerators", "more"
    if hardware.is_server and trace.plan.servers is None:
        return f"{what} not fit in the memory of {median_of(n):,.4g} accelerators of {hardware.name}", f"{needed:,.0f}"
    return f"{what} not fit in the memory of {median_of(n) / each:,.4g} × {hardware.name}", f"{needed / each:,.0f}"


def _without_fixed_degrees(trace: Trace) -> Plan:
    """Return the plan without degrees of parallelism that fix another number of accelerators, and warn that they are ignored."""
    plan = trace.plan
    if any(getattr(plan, name) is None for name in _DEGREES):
        return plan
    trace.warnings.append("ignored tp, pp and dp: they are for fewer accelerators")
    return Plan.from_dict({name: getattr(plan, name) for name in plan.to_dict() if name not in _DEGREES})


def _warn_of_gaps(trace: Trace) -> None:
    """Name the fields without effect, and say what would make each unknown result known."""
    plan, values, gaps = trace.plan, trace.values, trace.gaps
    support = trace.facts.support
    is_open = plan.mfu is None and plan.accelerator_hours is None and not trace.facts.is_known_from_own_runs
    if is_open and support is not None and not support.alike and values["compute_flop"] is not None:
        what = f"{plan.family or 'decoder'} {kind_of(plan.kind).noun} on {trace.facts.accelerator.name}"
        guess = "a wide guess" if support.is_guess else "put together from runs on such hardware and runs of such models"
        trace.warnings.append(f"no published run is like {what}: the utilisation is {guess}; give mfu if you know it")
    for name, stated in _OVERRIDDEN.items():
        if getattr(plan, name) is not None and getattr(plan, stated) is not None:
            gaps[name] = f"ignored {name}: {stated} overrides it"
    if plan.attempts is not None:
        runs = f"{shown(plan.number('attempts'))} runs' worth of work"
        trace.warnings.append(f"attempts: hours, energy, emissions, water and cost are those of {runs}, one after another; the compute is that of one run")
    if plan.startup_hours is not None and values["accelerators"] is None:
        gaps["startup_hours"] = "ignored startup_hours: give a number of GPUs too"
    duration = median_of(values["duration_s"])
    is_pretraining = kind_of(plan.kind).prior == "pretrain"
    short_s = _SHORT_PRETRAINING_S if is_pretraining else _SHORT_S
    leaves_startup_out = plan.accelerator_hours is None and plan.startup_hours is None
    if leaves_startup_out and duration is not None and any_of(duration < short_s):
        what = "starting and compiling" if is_pretraining else "loading and saving the model"
        trace.warnings.append(f"so short a run may spend as long on {what}, which the figures leave out: give startup_hours")
    if values["duration_s"] is None and values["accelerator_hours_h"] is not None:
        gaps["duration_s"] = "duration and purchase price of the cluster are unknown: give servers or accelerators"
    if trace.facts.peak_flop_per_s is None and values["compute_flop"] is not None:
        gaps["mfu"] = f"utilisation is unknown: no peak rate of {trace.facts.accelerator.name} is known"
    if values["compute_flop"] is None:
        gaps["compute_flop"] = f"compute and utilisation are unknown: give {_unstated_work(plan)}"
    if values["rent_usd"] is None:
        what, seller = (plan.rent or "on_demand").replace("_", " "), "" if plan.rent_from in (None, "market") else f" from {plan.rent_from}"
        gaps["rent_usd"] = f"no {what} price of {trace.facts.accelerator.name}{seller} is known: give rent_price"
    if values.get("purchase_price") is None:
        gaps["purchase_usd"] = f"no purchase price of {trace.facts.hardware.name} is known: give purchase_price"


def _unstated_work(plan: Plan) -> str:
    """Return what a plan without compute would have to state."""
    if family_of(plan.family).needs:
        return "flop"
    return " and ".join(name for name in ("params", "tokens") if getattr(plan, name) is None) or "params and tokens"


def _warn_of_unlikely(trace: Trace, database: Database) -> None:
    """Warn of a utilisation and of data that hardly anybody means, where the plan states what that may be."""
    plan, stated = trace.plan, vars(trace.stated).keys()
    of_utilisation = plan.mfu is not None or plan.accelerator_hours is not None
    n = median_of(trace.values["accelerators"])
    of_data = not stated.isdisjoint(_OF_DATA) or (n is not None and any_of(n > _MANY))
    if of_utilisation or of_data:
        from traincarbon.estimation.unlikely import warn_of_data, warn_of_utilisation

        if of_utilisation:
            warn_of_utilisation(trace, database)
        if of_data:
            warn_of_data(trace)


def _stated_layout(trace: Trace, find_layout: "Callable[[], Found]") -> "Found | None":
    """Return the layout of a plan that states degrees of parallelism, and warn where there is none; None for other plans, and for many at once.

    Raises:
        OutOfRangeError: no layout can have these degrees.
    """
    if all(getattr(trace.plan, name) is None for name in _DEGREES) or trace.plan.holds_arrays:
        return None
    found = find_layout()
    if found.spread is None:
        trace.warnings.append(f"ignored tp, pp and dp: {found.why_none}")
    return found


def _find_layout(plan: Plan, facts: Facts, database: Database, accelerators: Num | None) -> "Found":
    if accelerators is not None and (plan.holds_arrays or hasattr(median_of(accelerators), "shape")):
        from traincarbon.estimation.layout.array_task import find_layouts

        return find_layouts(plan, facts, database, accelerators)
    from traincarbon.estimation.layout.task import find_layout

    return find_layout(plan, facts, database, accelerators)
